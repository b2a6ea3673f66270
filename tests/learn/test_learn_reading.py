import gzip
import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from learn_world import NOW_MS

from bowerbird.core.actions import ACTION_CODES, Action
from bowerbird.core.clock import HeldClock
from bowerbird.core.errors import InputError
from bowerbird.lake.items import StoredItem, delete_items, put_items
from bowerbird.lake.lake import Lake
from bowerbird.lake.types import Event, ItemFields
from bowerbird.learn.data import DataConfig, Reading, read

SHARED = Path(
    os.environ.get("BOWERBIRD_SHARED_DATA", Path(__file__).resolve().parents[3] / "shared" / "data")
)


def ids(reading: Reading) -> list[tuple[str, str]]:
    rows = reading.interactions
    return [
        (rows.person_ids[person], rows.catalogue.ids[item])
        for person, item in zip(rows.persons, rows.items, strict=True)
    ]


def test_sequences_keep_their_order_and_unlisted_and_unmet_items_are_in_the_catalogue(tmp_path: Path) -> None:
    (tmp_path / "sequences.txt").write_text("7 3 1 10\n\n8 10 3\n")
    (tmp_path / "items.csv").write_text('item_id,title,attributes\n1,"Red, shoe",A|B\n2,Never met,\n')

    found = read(tmp_path)

    assert ids(found) == [("7", "3"), ("7", "1"), ("7", "10"), ("8", "10"), ("8", "3")]
    assert found.interactions.catalogue.ids == ("1", "2", "3", "10")
    assert found.interactions.catalogue.words()[0] == "Red, shoe A B"
    assert found.interactions.time == "order"


def test_packed_and_plain_sequences_read_alike(tmp_path: Path) -> None:
    (tmp_path / "plain").mkdir()
    (tmp_path / "packed").mkdir()
    text = "a x y z\nb z y x\n"
    (tmp_path / "plain" / "sequences.txt").write_text(text)
    (tmp_path / "packed" / "sequences.txt.gz").write_bytes(gzip.compress(text.encode()))

    assert ids(read(tmp_path / "plain")) == ids(read(tmp_path / "packed"))
    assert ids(read(tmp_path / "plain" / "sequences.txt")) == ids(read(tmp_path / "plain"))


def test_bad_lines_of_sequences_are_refused_with_a_code_and_the_others_go_in(tmp_path: Path) -> None:
    (tmp_path / "sequences.txt").write_text("a 1 2\na 3\nb\nc 1 2 3\nd 1 2\n")
    (tmp_path / "intervals.txt").write_text("a 0 60\nc 0 60\nd 0 nan\n")

    found = read(tmp_path)

    assert ids(found) == [("a", "1"), ("a", "2")]
    assert found.rejects.by_code == {"person-twice": 1, "no-items": 1, "intervals-differ": 2}
    assert found.interactions.at_ms.tolist() == [0, 60_000]
    assert found.interactions.time == "relative"


def test_recbole_files_read_with_their_items(tmp_path: Path) -> None:
    (tmp_path / "toy.inter").write_text(
        "user_id:token\titem_id:token\trating:float\ttimestamp:float\n"
        "u2\ti1\t5\t20\nu1\ti2\t4\t30\nu1\ti1\t3\t10\nu1\ti1\tx\t10\nu1\ti1\t3\n"
    )
    (tmp_path / "toy.item").write_text("item_id:token\tprice:float\ttitle:token_seq\ni1\t3.5\tBlue hat\n")

    found = read(tmp_path)

    assert ids(found) == [("u2", "i1"), ("u1", "i1"), ("u1", "i2")]
    assert found.interactions.at_ms.tolist() == [20_000, 10_000, 30_000]
    assert found.interactions.catalogue.words() == ["Blue hat", ""]
    assert found.rejects.by_code == {"unreadable": 2}


def test_recbole_folder_with_two_files_asks_which(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / f"{name}.inter").write_text("user_id:token\titem_id:token\nu\ti\n")

    with pytest.raises(InputError, match="name the one you mean"):
        read(tmp_path)
    assert ids(read(tmp_path / "a.inter")) == [("u", "i")]


def test_movielens_1m_files_read_in_time_with_ties_in_file_order(tmp_path: Path) -> None:
    (tmp_path / "ratings.dat").write_text("1::30::5::100\n1::10::3::50\n1::20::4::100\nbad\n")
    (tmp_path / "movies.dat").write_bytes(
        "10::Amélie (2001)::Comedy|Romance\n40::Unseen::Drama\n".encode("latin-1")
    )

    found = read(tmp_path)

    assert ids(found) == [("1", "10"), ("1", "30"), ("1", "20")]
    assert found.interactions.catalogue.ids == ("10", "20", "30", "40")
    assert found.interactions.catalogue.words()[0] == "Amélie (2001) Comedy Romance"
    assert found.rejects.by_code == {"unreadable": 1}


def test_ratings_say_what_was_done_only_where_it_is_asked_for(tmp_path: Path) -> None:
    (tmp_path / "ratings.dat").write_text("1::10::5::50\n1::20::3::60\n1::30::4::70\n")

    plain = read(tmp_path).interactions
    told = read(tmp_path, DataConfig(liked_from=4.0)).interactions

    save, closeup = ACTION_CODES[Action.SAVE], ACTION_CODES[Action.CLOSEUP]
    assert plain.actions.tolist() == [save] * 3
    assert told.actions.tolist() == [save, closeup, save]
    assert told.weights[1] < told.weights[0] == plain.weights[0]


def test_lake_gives_chosen_actions_of_known_items_with_consent(tmp_path: Path) -> None:
    clock = HeldClock(NOW_MS)
    with Lake.open(tmp_path / "lake", create=True, clock=clock) as lake:
        put_items(
            lake, [StoredItem(ItemFields(id=id_, title=f"the {id_}")) for id_ in ("hat", "shoe", "vase")]
        )
        told = [
            ("e1", Action.SAVE, "hat", True),
            ("e2", Action.IMPRESSION, "shoe", True),
            ("e3", Action.CLICK, "shoe", True),
            ("e4", Action.SAVE, "vase", True),
            ("e5", Action.SAVE, "never", True),
            ("e6", Action.SAVE, "shoe", False),
        ]
        lake.events.append(
            [
                Event(
                    event_id=id_,
                    action=action,
                    at_ms=NOW_MS - 100 + place,
                    person_id="p",
                    item_id=item,
                    consent=yes,
                )
                for place, (id_, action, item, yes) in enumerate(told)
            ]
        )
        delete_items(lake, ["vase"])

    found = read(tmp_path / "lake", clock=clock)

    assert ids(found) == [("p", "hat"), ("p", "shoe")]
    assert found.interactions.weights.tolist() == pytest.approx([1.0, 0.4])
    assert found.report.unknown_items == 2
    assert found.version.startswith("items@")
    assert found.version.endswith("events@6")


def test_lake_as_of_a_version_has_the_items_of_then(tmp_path: Path) -> None:
    with Lake.open(tmp_path / "lake", create=True) as lake:
        put_items(lake, [StoredItem(ItemFields(id="hat"))])
        version = lake.items.version
        put_items(lake, [StoredItem(ItemFields(id="shoe"))])

    assert read(tmp_path / "lake", as_of=str(version)).interactions.catalogue.ids == ("hat",)
    assert read(tmp_path / "lake").interactions.catalogue.ids == ("hat", "shoe")


def test_path_without_interactions_says_what_is_needed(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(InputError, match="RecBole"):
            read(path)


def test_cut_off_gzip_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "sequences.txt.gz").write_bytes(gzip.compress(b"a 1 2 3\n" * 500)[:-9])

    with pytest.raises(InputError, match="needed is the whole file"):
        read(tmp_path)


@pytest.mark.shared_data
@pytest.mark.skipif(not SHARED.is_dir(), reason="needs the shared data")
def test_shared_sets_have_the_counts_that_their_readmes_say() -> None:
    beauty = read(SHARED / "amazon-beauty").interactions
    films = read(SHARED / "movielens-latest-small").interactions

    assert (beauty.person_count, beauty.item_count, len(beauty)) == (22_363, 12_101, 198_502)
    assert (films.person_count, films.item_count, len(films)) == (671, 9_125, 100_004)
    assert sum(1 for title in beauty.catalogue.titles if title) == 12_094
