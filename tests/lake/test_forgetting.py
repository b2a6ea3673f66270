"""Forgetting in the lake: what goes at once, what goes with old versions, and what is told meanwhile."""

import hashlib
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from canaries import Canaries

from bowerbird.core.actions import ACTION_CODES, Action
from bowerbird.core.clock import HeldClock
from bowerbird.core.errors import NotFoundError
from bowerbird.lake.catalogue import Catalogue
from bowerbird.lake.config import LakeConfig
from bowerbird.lake.forgetting.purging import purge, settled
from bowerbird.lake.forgetting.remaining import remains_of, state_of
from bowerbird.lake.forgetting.removing import finish_removals, forget
from bowerbird.lake.forgetting.traces import traces_of
from bowerbird.lake.forgetting.types import Counts
from bowerbird.lake.items import StoredItem, item, put_items
from bowerbird.lake.lake import Lake
from bowerbird.lake.schemas import BLOB, MEDIA
from bowerbird.lake.types import Event, ItemFields


@pytest.fixture
def lake(tmp_path: Path) -> Iterator[Lake]:
    with Lake.open(tmp_path / "lake", create=True, clock=HeldClock()) as opened:
        yield opened


def put_picture(lake: Lake, content: bytes) -> str:
    """A picture whose facts are made up; gives its sha."""
    sha = hashlib.sha256(content).hexdigest()
    lake.blobs.upsert(pa.table({"id": [sha], "content": [content]}, schema=BLOB.schema))
    row = {name: [None] for name in MEDIA.schema.names} | {"id": [sha], "thumb": [content[:64]]}
    lake.media.upsert(pa.table(row, schema=MEDIA.schema))
    return sha


def put(lake: Lake, id_: str, *shas: str, **fields: object) -> None:
    put_items(lake, [StoredItem(ItemFields.model_validate({"id": id_, **fields}), shas)])


def event(n: int, person: str, item_id: str, **more: object) -> Event:
    given = {"event_id": f"e{n}", "action": "save", "at_ms": n, "person_id": person, "item_id": item_id}
    return Event.model_validate({**given, **more})


def test_forgotten_item_is_nowhere_and_others_are_as_they_were(lake: Lake) -> None:
    mine, shared = put_picture(lake, b"m" * 900), put_picture(lake, b"s" * 900)
    put(lake, "a", mine, shared, title="red vase")
    put(lake, "b", shared, title="red lamp")

    report = forget(lake, "item", ["a", "nobody"])

    assert (report.forgotten, report.unknown) == (1, ("nobody",))
    assert report.removed == {"items": 1, "media rows": 1, "blob rows": 1}
    assert lake.items.read(["id"])["id"].to_pylist() == ["b"]
    assert lake.media.read(["id"])["id"].to_pylist() == [shared]  # `b` shows it
    assert lake.blobs.blob(mine) is None
    assert lake.items.search_words("vase", 5).num_rows == 0
    with pytest.raises(NotFoundError):
        item(lake, "a")


def test_forgetting_what_never_was_changes_nothing_and_says_so(lake: Lake) -> None:
    put(lake, "a")
    for kind in ("item", "board", "person"):
        with pytest.raises(NotFoundError, match=f"there is no {kind} 'nobody'"):
            forget(lake, kind, ["nobody"])

    assert lake.records.forgotten.entries() == []


def test_dry_run_says_what_would_go_and_takes_nothing(lake: Lake) -> None:
    put(lake, "a", put_picture(lake, b"m" * 900))
    lake.events.append([event(1, "p", "a")])

    report = forget(lake, "item", ["a"], is_dry_run=True)

    assert report.is_dry_run
    assert report.removed == {"items": 1, "media rows": 1, "blob rows": 1, "events": 1}
    assert lake.items.count() == 1
    assert lake.records.forgotten.entries() == []


def test_readers_of_changes_hear_of_a_forgotten_item_by_its_number_alone(lake: Lake) -> None:
    put(lake, "a")
    put(lake, "b")
    catalogue = Catalogue.open(lake)

    forget(lake, "item", ["a"])

    assert catalogue.refresh().deleted.tolist() == [0]
    assert catalogue.live.tolist() == [False, True]
    found = lake.items.scan(["id", "number", "source"], with_tombstones=True)
    stones = [row for batch in found for row in batch.to_pylist() if row["id"] != "b"]
    assert stones == [{"id": "\x7fforgotten/0", "number": 0, "source": None}]
    assert Catalogue.open(lake).live.tolist() == [False, True]


def test_number_of_a_forgotten_item_is_never_given_again(lake: Lake) -> None:
    put(lake, "a")
    put(lake, "b")
    forget(lake, "item", ["b"])
    put(lake, "c")
    put(lake, "b")

    assert lake.records.numbers.find(["a", "b", "c"]).tolist() == [0, 3, 2]


def test_forgotten_item_takes_its_saves_events_and_actions_along(lake: Lake) -> None:
    put(lake, "a")
    put(lake, "b")
    board = lake.records.boards.create("p", "Mine")
    for id_ in ("a", "b"):
        lake.records.saves.save(board.id, id_)
    lake.events.append([event(1, "p", "a"), event(2, "p", "b"), event(3, "p", "b", facts={"from": ["a"]})])
    lake.online.push("p", [0, 1], [ACTION_CODES[Action.SAVE]] * 2, 5)

    forget(lake, "item", ["a"])

    assert [save.item_id for save in lake.records.saves.all_saved("p")] == ["b"]
    assert [each.event_id for _, each in lake.events.replay()] == ["e2"]
    assert lake.online.recent("p").numbers.tolist() == [1]


def test_forgotten_board_leaves_its_owner_with_the_rest(lake: Lake) -> None:
    put(lake, "a")
    board, kept = lake.records.boards.create("p", "Gone"), lake.records.boards.create("p", "Kept")
    for each in (board, kept):
        lake.records.saves.save(each.id, "a")
    lake.events.append([event(1, "p", "a", board_id=board.id), event(2, "p", "a", board_id=kept.id)])
    lake.online.push("p", [0, 0], [ACTION_CODES[Action.SAVE]] * 2, np.array([1, 2]))

    report = forget(lake, "board", [board.id])

    assert report.removed == {"saves": 1, "boards": 1, "events": 1, "actions of people": 1}
    assert [each.id for each in lake.records.boards.of_owner("p")] == [kept.id]
    assert [each.event_id for _, each in lake.events.replay()] == ["e2"]
    assert lake.online.recent("p").at_ms.tolist() == [2]


def test_forgotten_person_is_in_no_record_and_others_stay(lake: Lake) -> None:
    for person in ("p", "other"):
        lake.records.people.create(person)
        lake.records.boards.create(person, "Board")
        lake.events.append([event(1 if person == "p" else 2, person, "a")])
        lake.online.push(person, [0], [ACTION_CODES[Action.SAVE]], 5)

    report = forget(lake, "person", ["p"])

    assert report.removed == {"boards": 1, "actions of people": 1, "events": 1}
    assert lake.records.people.get("p") is None
    assert [each.person_id for _, each in lake.events.replay()] == ["other"]
    assert len(lake.online.recent("p")) == 0
    assert len(lake.online.recent("other")) == 1


def test_killed_forget_is_finished_by_the_next(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    sha = put_picture(lake, b"m" * 900)
    put(lake, "a", sha, title="red vase")
    traces = traces_of(lake, ["a"])
    lake.records.forgotten.begin("item", {"a": (traces[0].number, traces[0].as_json())})
    put(lake, "b")
    assert [each.why for each in remains_of(lake)] == ["a forget was stopped before its last row"]

    finish_removals(lake, Counts())

    assert lake.items.read(["id"])["id"].to_pylist() == ["b"]
    assert lake.blobs.blob(sha) is None
    (entry,) = lake.records.forgotten.entries()
    assert (entry.work, state_of(entry)) == (None, "pending")


def test_old_versions_keep_what_was_forgotten_as_long_as_they_are_kept(tmp_path: Path) -> None:
    canaries = Canaries()
    with Lake.open(tmp_path / "lake", create=True) as lake:
        put(lake, canaries.text("id"), title=canaries.text("title"))
        put(lake, "b")
        forget(lake, "item", [canaries.texts["id"]])
        assert canaries.read(tmp_path / "lake").keys() == {"id", "title"}

        report = purge(lake, [])

        (remains,) = report.remains
        assert remains.where.startswith("older versions of blob, frame, item")
        assert remains.until_ms is not None
        assert abs(remains.until_ms - (time.time() + 14 * 24 * 3_600) * 1_000) < 60_000
        assert canaries.found(tmp_path / "lake").keys() == {"id", "title"}
    # The same lake when that time is over.
    with Lake.open(tmp_path / "lake", config=LakeConfig(keep_versions_hours=0)) as lake:
        lake.maintain()
        assert settled(lake) == ()
        assert [state_of(entry) for entry in lake.records.forgotten.entries()] == ["gone"]
        assert lake.items.read(["id"])["id"].to_pylist() == ["b"]
    assert canaries.found(tmp_path / "lake") == canaries.read(tmp_path / "lake") == {}


def test_tag_keeps_a_forgotten_item_and_the_report_names_it(tmp_path: Path) -> None:
    canaries = Canaries()
    with Lake.open(tmp_path / "lake", create=True) as lake:
        put(lake, canaries.text("id"))
        lance_table = lake.items._newest()
        lance_table.tags.create("training", lance_table.version)
        forget(lake, "item", [canaries.texts["id"]])

        kept = purge(lake, [], keeps_versions=False)

        assert [(each.where, each.why) for each in kept.remains] == [
            (f"version {lance_table.version} of table item", "tag 'training' holds on to it")
        ]
        assert "id" in canaries.found(tmp_path / "lake")

        lake.items._newest().tags.delete("training")
        assert purge(lake, [], keeps_versions=False).remains == ()
    assert canaries.found(tmp_path / "lake") == {}


def test_purge_drops_pictures_that_an_import_left_without_an_item(tmp_path: Path) -> None:
    canaries = Canaries()
    canaries.content("picture", b"left by an import that died" * 40)
    with Lake.open(tmp_path / "lake", create=True) as lake:
        put_picture(lake, canaries.contents["picture"])
        kept = put_picture(lake, b"k" * 900)
        put(lake, "a")
        put(lake, "b", kept)
        forget(lake, "item", ["a"])

        purge(lake, [], keeps_versions=False)

        assert lake.media.read(["id"])["id"].to_pylist() == [kept]
    assert canaries.found(tmp_path / "lake") == {}


def test_rejects_files_are_scrubbed_of_a_forgotten_item_only(lake: Lake) -> None:
    put(lake, "shoe-1234567", title="Canary yellow shoe")
    path = lake.path / "imports" / "x.rejects.jsonl"
    line = '{"row":%d,"where":"%s","field":"picture","code":"truncated","hint":"h","received":"%s"}\n'
    kept = line % (1, "feed.csv, line 1", "another shoe")
    lines = [
        kept,
        line % (2, "shoes/shoe-1234567.png", "x"),
        line % (3, "f", "Canary yellow shoe"),
    ]
    path.write_text("".join(lines))

    report = forget(lake, "item", ["shoe-1234567"])

    assert report.removed["lines of refused rows"] == 2
    assert path.read_text().startswith(kept)
    assert "shoe-1234567" not in path.read_text()
    assert "Canary" not in path.read_text()
    assert len(path.read_text().splitlines()) == 3


def test_models_that_learnt_from_what_was_forgotten_are_named(lake: Lake) -> None:
    put(lake, "a")
    for name, made_ms in (("old", lake.clock.now_ms() - 1), ("new", lake.clock.now_ms() + 1)):
        folder = lake.path / "models" / "retrievers" / "walk" / name
        folder.mkdir(parents=True)
        (folder / "card.json").write_text(f'{{"made_ms": {made_ms}}}')
    forget(lake, "item", ["a"])

    (remains,) = purge(lake, [], keeps_versions=False).remains

    assert (remains.where, remains.until_ms) == ("trained model walk/old", None)


def test_ledger_holds_no_id_and_can_be_asked_for_one(lake: Lake) -> None:
    put(lake, "a-very-telling-id")
    forget(lake, "item", ["a-very-telling-id"])
    purge(lake, [], keeps_versions=False)

    assert lake.records.forgotten.refused("item", ["a-very-telling-id", "b"]) == {"a-very-telling-id"}
    assert b"a-very-telling-id" not in (lake.path / "records.sqlite").read_bytes()
    assert lake.records.forgotten.take_back(["a-very-telling-id"]) == 1
    assert lake.records.forgotten.refused("item", ["a-very-telling-id"]) == set()
