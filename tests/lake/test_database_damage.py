"""Records and events whose file is damaged: told in one plain line, never by a traceback."""

import logging
import random
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from bowerbird.cli.main import main
from bowerbird.core.actions import Action
from bowerbird.core.errors import BowerbirdError, DatabaseDamagedError, LakeError
from bowerbird.lake.database_damage import plain_error
from bowerbird.lake.events import EventLog
from bowerbird.lake.lake import Lake
from bowerbird.lake.records import Records
from bowerbird.lake.types import Event
from bowerbird.lake.verifying import verify
from bowerbird.serve.http.problems import problem_of

FILES = ("records.sqlite", "events.sqlite")


def event(place: int, **facts: object) -> Event:
    given = {"event_id": f"e{place}", "action": Action.SAVE, "person_id": f"p{place % 7}", "at_ms": place}
    return Event.model_validate(given | facts)


def use_events(path: Path) -> None:
    """All that is done with a log, on a log with content."""
    log = EventLog(path)
    try:
        log.append([event(place, item_id=f"item{place}") for place in range(200)])
        log.commit("reader", len(log.read("reader", 50)))
        list(log.replay(batch=30))
        log.count_of(item_ids=["item3"])
        log.forget_items(["item3"])
        log.forget("p2")
        log.unreadable()
        log.others_stored()
    finally:
        log.close()


def use_records(path: Path) -> None:
    """The same with records."""
    records = Records(path)
    try:
        records.numbers_for([f"item{place}" for place in range(300)])
        person = records.people.create("someone").id
        board = records.boards.create(person, "mine").id
        for place in range(20):
            records.saves.save(board, f"item{place}")
        records.boards.of_owner(person)
        records.saves.savers_since(0)
        records.numbers.find(["item5"])
    finally:
        records.close()


def flip_a_bit(path: Path, place: int) -> None:
    content = bytearray(path.read_bytes())
    content[place % len(content)] ^= 0x15
    path.write_bytes(content)


def settled(path: Path) -> Path:
    """Everything is in the one file."""
    with sqlite3.connect(path) as opened:
        opened.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return path


@pytest.mark.parametrize("use", [use_events, use_records])
def test_wherever_a_byte_is_wrong_what_happens_is_an_answer_or_an_error_of_ours(
    tmp_path: Path, use: Callable[[Path], None]
) -> None:
    whole = tmp_path / "whole.sqlite"
    use(whole)
    content = settled(whole).read_bytes()
    rng = random.Random(7)
    places = [0, 16, 18, 20, 24, 40, 56, 100, *(rng.randrange(len(content)) for _ in range(40))]
    told = 0

    for place in places:
        path = tmp_path / f"{place}.sqlite"
        path.write_bytes(content)
        flip_a_bit(path, place)
        try:
            use(path)
        except BowerbirdError as error:
            told += path.name in str(error)

    assert told > 0


@pytest.mark.parametrize("name", FILES)
def test_damaged_database_is_one_line_of_every_command(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "lake"
    Lake.open(path, create=True).close()
    flip_a_bit(path / name, 3)

    for words in (["lake", "status"], ["lake", "verify"], ["retrieve", "build-index"]):
        assert main([*words, "--lake", str(path)]) == 1
        said = capsys.readouterr().err
        assert f"{name} is damaged" in said
        assert "bowerbird lake restore" in said
    assert main(["doctor", "--lake", str(path)]) == 1
    assert f"{name} is damaged" in capsys.readouterr().out


@pytest.fixture
def lake(tmp_path: Path) -> Iterator[Lake]:
    with Lake.open(tmp_path / "lake", create=True) as opened:
        opened.events.append([event(place, item_id=f"item{place}", board_id="b") for place in range(5)])
        with sqlite3.connect(opened.path / "events.sqlite") as direct:
            broken = "CAST(replace(CAST(body AS TEXT), '{', '[') AS BLOB)"
            direct.execute(f"UPDATE event SET body = {broken} WHERE offset IN (2, 5)")
        yield opened


def test_damaged_events_are_left_out_and_told_once(lake: Lake, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        found = [offset for offset, _ in lake.events.after(0, 2)]
        everything = [offset for offset, _ in lake.events.replay(batch=1)]

    assert found == [1, 3]
    assert everything == [1, 3, 4]
    assert [record.message for record in caplog.records] == ["damaged event left out"] * 2


def test_verify_tells_of_damaged_events_and_notes(lake: Lake) -> None:
    (lake.path / "active.json").write_bytes(b'{"layout": 1')

    found = {finding.check: finding.what for finding in verify(lake, is_full=True) if finding.is_damage}

    assert set(found) == {"events", "notes"}
    assert "of 5 events 2 are damaged" in found["events"]
    assert "at offsets 2, 5" in found["events"]
    assert "active.json is damaged" in found["notes"]


def test_damaged_events_are_forgotten_with_what_they_name(lake: Lake) -> None:
    assert lake.events.count_of(item_ids=["item1", "item2"]) == 2

    assert lake.events.forget_items(["item1", "item2"]) == 2
    assert [found.event_id for found in lake.events.forget_board("b")] == ["e0", "e3"]
    assert lake.events.count() == 0


def test_busy_and_forbidden_files_are_not_called_damaged(tmp_path: Path) -> None:
    use_records(tmp_path / "records.sqlite")
    writer = sqlite3.connect(tmp_path / "records.sqlite", isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")
    other = sqlite3.connect(tmp_path / "records.sqlite", isolation_level=None, timeout=0)

    with pytest.raises(sqlite3.OperationalError) as raised:
        other.execute("BEGIN IMMEDIATE")

    told = plain_error(tmp_path / "records.sqlite", raised.value)
    assert isinstance(told, LakeError)
    assert not isinstance(told, DatabaseDamagedError)
    assert "locked" in str(told)
    writer.close()
    other.close()


def test_broken_constraint_is_still_told_as_one(tmp_path: Path) -> None:
    records = Records(tmp_path / "records.sqlite")
    twice = sa.text("INSERT INTO item_number (id, number) VALUES ('a', 1), ('a', 2)")

    with pytest.raises(sa.exc.IntegrityError), records.engine.begin() as connection:
        connection.execute(twice)
    records.close()


def test_server_tells_damage_apart_from_its_own_mistakes() -> None:
    answer = problem_of(DatabaseDamagedError("/srv/lake/records.sqlite is damaged"), "/v1/boards")

    assert answer.status_code == 500
    assert b'"lake-damaged"' in answer.body
    assert b"/srv/lake" not in answer.body
