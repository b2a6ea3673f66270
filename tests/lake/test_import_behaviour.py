"""Exports of recommenders bring their items, of words alone, and what people did, each event once."""

import gzip
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_import_job import counts, refusals

from bowerbird.core.actions import Action
from bowerbird.core.errors import ConfigError, InputError
from bowerbird.encode.config import EncodeConfig
from bowerbird.encode.job import encode_missing
from bowerbird.encode.registry import load_encoders
from bowerbird.lake.catalogue import Catalogue
from bowerbird.lake.importing.acting import Acting
from bowerbird.lake.importing.job import ImportOptions, import_source
from bowerbird.lake.items import delete_items, item
from bowerbird.lake.lake import Lake
from bowerbird.lake.types import ImportReport

ONE = ImportOptions(workers=1)
SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"


@pytest.fixture
def lake(tmp_path: Path) -> Iterator[Lake]:
    with Lake.open(tmp_path / "lake", create=True) as made:
        yield made


def lines(path: Path, rows: list[object]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{row if isinstance(row, str) else json.dumps(row)}\n" for row in rows))


def feedback(user: str, item_id: str, kind: str = "read", **more: object) -> dict[str, object]:
    return {
        "FeedbackType": kind,
        "UserId": user,
        "ItemId": item_id,
        "Timestamp": "2024-03-01T12:00:00Z",
        **more,
    }


def gorse(folder: Path, said: list[object]) -> Path:
    labels = {"genre": ["Drama", "War"], "director": "A. Person", "embedding": [0.1, 0.2]}
    lines(folder / "items.jsonl", [
        {"ItemId": "1", "IsHidden": False, "Categories": ["Films", "Old"],
         "Timestamp": "1995-01-01T00:00:00Z", "Labels": labels, "Comment": "A film (1995)"},
        {"ItemId": "2", "IsHidden": True, "Categories": None, "Timestamp": "0001-01-01T00:00:00Z",
         "Labels": ["Comedy"], "Comment": "Another"},
        {"item_id": "3", "comment": "By other names"},
    ])  # fmt: skip
    lines(folder / "users.jsonl", [{"UserId": "anna", "Labels": None, "Comment": ""}])
    lines(folder / "feedback.jsonl", said)
    return folder


def events(lake: Lake) -> list[tuple[str, str, Action, int, dict[str, object]]]:
    told = [event for _, event in lake.events.replay()]
    return [(each.person_id, each.item_id, each.action, each.at_ms, each.facts) for each in told]


def happened(report: ImportReport) -> tuple[int, int, int, int]:
    return report.events, report.events_known, report.events_refused, report.events_of_unknown_items


def test_export_of_gorse_brings_items_of_words_and_events(lake: Lake, tmp_path: Path) -> None:
    said = [
        feedback("anna", "1"), feedback("anna", "2", "like"), feedback("ben", "9"), "{broken",
        feedback("ben", "1", "teleport"), feedback("", "1"), feedback("ben", "1", Timestamp="soon"),
    ]  # fmt: skip

    report = import_source(lake, gorse(tmp_path / "shop", said), ONE)

    assert counts(report) == (3, 3, 0, 0)
    assert happened(report) == (2, 0, 4, 1)
    first = item(lake, "1")
    assert (first.fields.title, first.fields.category) == ("A film (1995)", ("Films", "Old"))
    assert (first.fields.keywords, first.fields.attributes) == (("Drama", "War"), {"director": "A. Person"})
    assert (first.fields.created_ms, first.media_ids) == (788_918_400_000, ())
    assert (item(lake, "2").safety, item(lake, "3").fields.title) == ("hidden", "By other names")
    assert events(lake) == [
        ("shop/anna", "1", Action.CLOSEUP, 1_709_294_400_000, {"feedback": "read"}),
        ("shop/anna", "2", Action.REACT, 1_709_294_400_000, {"feedback": "like"}),
    ]
    assert lake.records.people.get("shop/anna") is not None
    assert sorted(refusals(report).values()) == ["bad-event", "bad-line", "bad-time", "unknown-action"]


def test_second_import_adds_no_event_and_later_items_get_theirs(lake: Lake, tmp_path: Path) -> None:
    folder = gorse(tmp_path / "shop", [feedback("anna", "1"), feedback("anna", "4")])
    import_source(lake, folder, ONE)

    again = import_source(lake, folder, ONE)
    with (folder / "items.jsonl").open("a") as file:
        file.write('{"ItemId": "4", "Comment": "New"}\n')
    later = import_source(lake, folder, ONE)

    assert (counts(again), happened(again)) == ((3, 0, 0, 3), (0, 1, 0, 1))
    assert (counts(later), happened(later)) == ((4, 1, 0, 3), (1, 1, 0, 0))


def test_words_for_actions_can_be_said(lake: Lake, tmp_path: Path) -> None:
    folder = gorse(tmp_path / "shop", [feedback("anna", "1", "Teleport"), feedback("anna", "1", "read")])

    import_source(lake, folder, replace(ONE, actions={"teleport": "purchase", "read": "impression"}))

    assert [action for _, _, action, _, _ in events(lake)] == [Action.PURCHASE, Action.IMPRESSION]
    with pytest.raises(ConfigError, match="needed is one of"):
        import_source(lake, folder, replace(ONE, actions={"read": "teleport"}))


def test_hidden_items_are_never_shown_and_items_of_words_are_found(lake: Lake, tmp_path: Path) -> None:
    import_source(lake, gorse(tmp_path / "shop", []), ONE)
    catalogue = Catalogue.open(lake)

    done = encode_missing(lake, load_encoders(EncodeConfig()))

    assert catalogue.live.tolist() == [True, False, True]
    assert json.loads(catalogue.card(0))["picture"] is None
    assert (done.pictures, done.words, done.skipped) == (0, 3, 0)


def atomic(folder: Path, interactions: str) -> Path:
    folder.mkdir(parents=True)
    (folder / "x.item").write_text(
        "item_id:token\tmovie_title:token_seq\trelease_year:token\tclass:token_seq\n"
        "1\tToy Story\t1995\tAnimation Children's\n2\tGoldenEye\t1995\tAction, Thriller\n"
    )
    (folder / "x.user").write_text("user_id:token\tage:token\n7\t24\n")
    (folder / "x.inter").write_text(interactions)
    return folder


def test_atomic_files_of_recbole_bring_items_and_ratings(lake: Lake, tmp_path: Path) -> None:
    said = "user_id:token\titem_id:token\trating:float\ttimestamp:float\n"
    folder = atomic(
        tmp_path / "ml", said + "7\t1\t5\t881250949\n7\t2\t2\t881250950\n8\t3\t4\t881250951\n8\t1\tx\t1\n"
    )

    report = import_source(lake, folder, ONE)

    assert (counts(report), happened(report)) == ((2, 2, 0, 0), (2, 0, 1, 1))
    assert item(lake, "1").fields.title == "Toy Story"
    assert item(lake, "2").fields.attributes == {"release_year": "1995"}
    assert item(lake, "2").fields.category == ("Action", "Thriller")
    assert events(lake) == [
        ("ml/7", "1", Action.REACT, 881_250_949_000, {"rating": 5.0}),
        ("ml/7", "2", Action.CLOSEUP, 881_250_950_000, {"rating": 2.0}),
    ]


@pytest.mark.parametrize(
    ("header", "row", "actions", "action"),
    [
        ("user_id:token\titem_id:token", "7\t1", {}, Action.CLICK),
        ("user_id:token\titem_id:token\tlabel:float", "7\t1\t0", {}, Action.IMPRESSION),
        ("user_id:token\titem_id:token\tlabel:float", "7\t1\t1.0", {}, Action.CLICK),
        ("user_id:token\titem_id:token\trating:float", "7\t1\t8", {}, Action.REACT),
        ("user_id:token\titem_id:token\trating:float", "7\t1\t8", {"inter": "purchase"}, Action.PURCHASE),
    ],
)
def test_interaction_is_what_its_columns_say(
    lake: Lake, tmp_path: Path, header: str, row: str, actions: dict[str, str], action: Action
) -> None:
    import_source(lake, atomic(tmp_path / "x", f"{header}\n{row}\n"), replace(ONE, actions=actions))

    assert [each[2] for each in events(lake)] == [action]


def test_folder_with_several_data_sets_is_refused(lake: Lake, tmp_path: Path) -> None:
    folder = atomic(tmp_path / "x", "user_id:token\titem_id:token\n")
    (folder / "y.item").write_text("item_id:token\n1\n")

    with pytest.raises(InputError, match="needed is one"):
        import_source(lake, folder, ONE)


def test_events_of_deleted_items_stay_out(lake: Lake, tmp_path: Path) -> None:
    folder = gorse(tmp_path / "shop", [feedback("anna", "1")])
    import_source(lake, folder, ONE)
    delete_items(lake, ["2"])
    lines(folder / "feedback.jsonl", [feedback("ben", "1"), feedback("ben", "2")])
    lines(folder / "items.jsonl", [{"ItemId": "1", "Comment": "A film (1995)"}])

    assert happened(import_source(lake, folder, ONE)) == (1, 0, 0, 1)


def test_rows_of_words_come_in_where_that_is_allowed(lake: Lake, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("id,title,image\na,Words alone,\nb,Lost,gone.jpg\n")

    refused = import_source(lake, tmp_path / "t.csv", ONE)
    allowed = import_source(lake, tmp_path / "t.csv", replace(ONE, allow_no_picture=True))

    assert refused.by_code == {"no-picture": 1, "missing-file": 1}
    assert (counts(allowed), allowed.by_code) == ((2, 1, 1, 0), {"missing-file": 1})


VALUES = (
    st.none()
    | st.text(max_size=8)
    | st.integers()
    | st.lists(st.text(max_size=3), max_size=3)
    | st.booleans()
)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.dictionaries(st.sampled_from(["FeedbackType", "UserId", "ItemId", "Timestamp", "Value"]), VALUES)
        | st.builds(
            feedback, st.sampled_from("ab"), st.sampled_from("139"), st.sampled_from(["read", "like"])
        ),
        max_size=12,
    )
)
def test_every_event_is_counted_once(tmp_path_factory: pytest.TempPathFactory, said: list[object]) -> None:
    folder = tmp_path_factory.mktemp("export")
    with Lake.open(folder / "lake", create=True) as lake:
        report = import_source(lake, gorse(folder / "shop", said), ONE)

        assert sum(happened(report)) == len(said)
        assert lake.events.count() == report.events


def test_words_of_other_systems_are_known() -> None:
    acting = Acting({})

    assert [acting.of(word) for word in ("Read", "add-to-cart", "bookmark")] == [
        Action.CLOSEUP, Action.ADD_TO_CART, Action.SAVE,
    ]  # fmt: skip


@pytest.mark.shared_data
@pytest.mark.slow
def test_movielens_as_atomic_files_comes_in_whole(lake: Lake, tmp_path: Path) -> None:
    source = SHARED / "movielens-latest-small"
    if not source.is_dir():
        pytest.skip("no shared data")
    folder = tmp_path / "ml"
    folder.mkdir()
    films = gzip.decompress((source / "movies.csv.gz").read_bytes()).decode().splitlines()[1:]
    ratings = gzip.decompress((source / "ratings.csv.gz").read_bytes()).decode().splitlines()[1:]
    rows = (row.partition(",") for row in films)
    (folder / "ml.item").write_text(
        "item_id:token\tmovie_title:token_seq\n"
        + "".join(f"{id_}\t{rest.rpartition(',')[0].strip(chr(34))}\n" for id_, _, rest in rows)
    )
    header = "user_id:token\titem_id:token\trating:float\ttimestamp:float\n"
    (folder / "ml.inter").write_text(header + "".join(row.replace(",", "\t") + "\n" for row in ratings))

    report = import_source(lake, folder, ONE)

    assert counts(report) == (9_125, 9_125, 0, 0)
    assert happened(report) == (100_004, 0, 0, 0)
    assert lake.records.people.count() == 671
