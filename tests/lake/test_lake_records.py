import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from bowerbird.core.clock import HeldClock
from bowerbird.core.errors import ConflictError, NotFoundError
from bowerbird.lake.records import Answer, Records
from bowerbird.lake.records.tables import metadata


@pytest.fixture
def clock() -> HeldClock:
    return HeldClock(at_ms=1_000)


@pytest.fixture
def records(tmp_path: Path, clock: HeldClock) -> Iterator[Records]:
    opened = Records(tmp_path / "records.sqlite", clock=clock)
    yield opened
    opened.close()


# Numbers.


def test_numbers_are_dense_in_order_and_stay(records: Records) -> None:
    assert records.numbers_for(["a", "b", "a"]).tolist() == [0, 1, 0]
    assert records.numbers_for(["c", "b"]).tolist() == [2, 1]
    assert records.numbers.size() == 3


def test_numbers_say_which_ids_are_new(records: Records) -> None:
    records.numbers_for(["a"])

    given = records.numbers.allocate(["a", "b", "b"])

    assert given.is_new.tolist() == [False, True, True]


def test_numbers_found_for_unknown_ids_are_minus_one(records: Records) -> None:
    records.numbers_for(["a"])

    assert records.numbers.find(["zz", "a"]).tolist() == [-1, 0]
    assert records.numbers.find([]).tolist() == []
    assert records.numbers.size() == 1


def test_numbers_for_more_ids_than_one_query_takes_are_all_given(records: Records) -> None:
    ids = [f"i{n}" for n in range(12_345)]

    assert np.array_equal(records.numbers_for(ids), np.arange(12_345))
    assert np.array_equal(records.numbers.find(ids[::-1]), np.arange(12_345)[::-1])


ALLOCATOR = """
import sys
from pathlib import Path
from bowerbird.lake.records import Records
records = Records(Path(sys.argv[1]))
sys.stdin.readline()
ids = [f"i{n}" for n in range(3_000)]
if sys.argv[2] == "backwards":
    ids.reverse()
for start in range(0, 3_000, 50):
    records.numbers_for(ids[start:start + 50])
records.close()
"""


def test_two_processes_asking_for_the_same_ids_get_the_same_numbers(records: Records, tmp_path: Path) -> None:
    words = [sys.executable, "-c", ALLOCATOR, str(tmp_path / "records.sqlite")]
    with (
        subprocess.Popen([*words, "forwards"], stdin=subprocess.PIPE) as first,
        subprocess.Popen([*words, "backwards"], stdin=subprocess.PIPE) as second,
    ):
        for process in (first, second):
            assert process.stdin is not None
            process.stdin.write(b"go\n")
            process.stdin.flush()
        assert [first.wait(60), second.wait(60)] == [0, 0]

    numbers = records.numbers.find([f"i{n}" for n in range(3_000)])
    assert sorted(numbers.tolist()) == list(range(3_000))


# People.


def test_person_created_twice_is_the_same_person(records: Records, clock: HeldClock) -> None:
    made = records.people.create("p1")
    clock.advance(by_ms=5)

    assert records.people.create("p1") == made
    assert records.people.create().id != records.people.create().id
    assert records.people.count() == 3


def test_person_forgotten_leaves_nothing_behind(records: Records) -> None:
    records.people.create("p1")
    board = records.boards.create("p1", "Mine")
    section = records.boards.create_section(board.id, "Part")
    records.saves.save(board.id, "item", section_id=section.id)
    records.idempotency.begin("p1", "key", "hash")
    kept = records.boards.create("p2", "Theirs")

    assert records.people.forget("p1")
    assert not records.people.forget("p1")

    with records.engine.connect() as connection:
        left = {table.name: connection.execute(sa.select(table)).all() for table in metadata.sorted_tables}
    assert [row.id for row in left.pop("board")] == [kept.id]
    assert all(not rows for rows in left.values())


# Boards and sections.


def test_board_created_changed_and_deleted(records: Records, clock: HeldClock) -> None:
    board = records.boards.create("p1", "Chairs", description="to sit on", is_secret=True)
    assert records.boards.get(board.id) == board
    clock.advance(by_ms=7)

    changed = records.boards.change(board.id, name="Seats", is_secret=False)

    assert (changed.name, changed.description, changed.is_secret) == ("Seats", "to sit on", False)
    assert changed.updated_ms == changed.created_ms + 7
    records.boards.delete(board.id)
    with pytest.raises(NotFoundError, match="no board"):
        records.boards.get(board.id)
    with pytest.raises(NotFoundError):
        records.boards.delete(board.id)
    with pytest.raises(NotFoundError):
        records.boards.change(board.id, name="x")


def test_boards_of_owner_come_last_changed_first_with_counts_and_covers(
    records: Records, clock: HeldClock
) -> None:
    old, new = records.boards.create("p1", "Old"), records.boards.create("p1", "New")
    records.boards.create("p2", "Other")
    for number in range(6):
        clock.advance(by_ms=1)
        records.saves.save(old.id, f"item-{number}")

    listed = records.boards.of_owner("p1")

    assert [board.id for board in listed] == [old.id, new.id]
    assert [board.count for board in listed] == [6, 0]
    assert listed[0].cover == ("item-5", "item-4", "item-3", "item-2")
    assert listed[1].cover == ()


def test_section_renamed_and_deleted_keeps_its_items_on_the_board(records: Records) -> None:
    board = records.boards.create("p1", "Rooms")
    section = records.boards.create_section(board.id, "Kitchn")
    records.saves.save(board.id, "sink", section_id=section.id)

    assert records.boards.rename_section(board.id, section.id, "Kitchen").count == 1
    assert records.boards.get(board.id).sections[0].name == "Kitchen"
    records.boards.delete_section(board.id, section.id)

    assert records.boards.get(board.id).sections == ()
    assert records.saves.page(board.id, 10).saves[0].section_id is None
    for missing in (records.boards.delete_section, lambda b, s: records.boards.rename_section(b, s, "x")):
        with pytest.raises(NotFoundError, match="no section"):
            missing(board.id, section.id)
    with pytest.raises(NotFoundError, match="no board"):
        records.boards.create_section("nowhere", "x")


def test_section_of_another_board_cannot_be_used(records: Records) -> None:
    mine, other = records.boards.create("p1", "Mine"), records.boards.create("p1", "Other")
    section = records.boards.create_section(other.id, "Part")

    with pytest.raises(NotFoundError, match="no section"):
        records.saves.save(mine.id, "item", section_id=section.id)


# Saves.


def test_save_twice_keeps_the_first_time_and_moves_to_the_given_section(
    records: Records, clock: HeldClock
) -> None:
    board = records.boards.create("p1", "Mine")
    section = records.boards.create_section(board.id, "Part")
    first = records.saves.save(board.id, "item")
    clock.advance(by_ms=9)

    again = records.saves.save(board.id, "item")
    moved = records.saves.save(board.id, "item", section_id=section.id)
    kept = records.saves.save(board.id, "item")

    assert again == first
    assert (moved.saved_ms, moved.section_id) == (first.saved_ms, section.id)
    assert kept.section_id == section.id
    assert records.boards.get(board.id).count == 1


def test_unsave_of_item_that_is_not_there_says_so(records: Records) -> None:
    board = records.boards.create("p1", "Mine")
    records.saves.save(board.id, "item")

    assert records.saves.unsave(board.id, "item")
    assert not records.saves.unsave(board.id, "item")
    assert records.saves.page(board.id, 10).saves == ()


def test_save_on_unknown_board_is_refused(records: Records) -> None:
    with pytest.raises(NotFoundError, match="no board"):
        records.saves.save("nowhere", "item")


def test_move_takes_the_item_along_with_its_time(records: Records, clock: HeldClock) -> None:
    here, there = records.boards.create("p1", "Here"), records.boards.create("p1", "There")
    section = records.boards.create_section(there.id, "Part")
    saved = records.saves.save(here.id, "item")
    clock.advance(by_ms=50)

    moved = records.saves.move(here.id, "item", to_board_id=there.id, to_section_id=section.id)

    assert (moved.board_id, moved.section_id, moved.saved_ms) == (there.id, section.id, saved.saved_ms)
    assert records.saves.boards_of_item("p1", "item") == [there.id]
    with pytest.raises(NotFoundError, match="not on board"):
        records.saves.move(here.id, "item", to_board_id=there.id)
    back = records.saves.move(there.id, "item", to_board_id=there.id)
    assert back.section_id is None


def test_pages_of_a_board_show_every_save_once_newest_first(records: Records, clock: HeldClock) -> None:
    board = records.boards.create("p1", "Mine")
    for number in range(7):
        clock.advance(by_ms=number % 2)  # some are saved in the same millisecond
        records.saves.save(board.id, f"item-{number}")
    found, after = [], None

    for _ in range(10):
        page = records.saves.page(board.id, 3, after=after)
        found += page.saves
        after = page.after
        if after is None:
            break

    keys = [(save.saved_ms, save.item_id) for save in found]
    assert keys == sorted(keys, reverse=True)
    assert len(set(keys)) == 7
    assert records.saves.page(board.id, 7).after is None


def test_page_of_a_section_shows_only_its_items(records: Records) -> None:
    board = records.boards.create("p1", "Mine")
    section = records.boards.create_section(board.id, "Part")
    records.saves.save(board.id, "in", section_id=section.id)
    records.saves.save(board.id, "out")

    assert [save.item_id for save in records.saves.page(board.id, 9, section_id=section.id).saves] == ["in"]


def test_all_saved_is_everything_of_the_person_and_nothing_of_others(records: Records) -> None:
    one, two = records.boards.create("p1", "One"), records.boards.create("p1", "Two")
    other = records.boards.create("p2", "Other")
    for board, item in ((one, "a"), (two, "a"), (two, "b"), (other, "c")):
        records.saves.save(board.id, item)

    assert {(save.board_id, save.item_id) for save in records.saves.all_saved("p1")} == {
        (one.id, "a"),
        (two.id, "a"),
        (two.id, "b"),
    }
    assert records.saves.count_of("p1") == 3
    assert records.saves.boards_of_item("p2", "a") == []


def test_savers_since_counts_people_and_leaves_out_secret_boards_and_older_saves(records: Records) -> None:
    boards = [records.boards.create(owner, "Mine") for owner in ("p1", "p1", "p2")]
    secret = records.boards.create("p3", "Hidden", is_secret=True)
    for board, item in (
        (boards[0], "a"),
        (boards[1], "a"),
        (boards[2], "a"),
        (boards[2], "b"),
        (secret, "c"),
    ):
        saved_ms = records.saves.save(board.id, item).saved_ms

    assert records.saves.savers_since(0) == [("a", 2), ("b", 1)]
    assert records.saves.savers_since(saved_ms + 1) == []


# Idempotency keys.


def test_key_answers_the_same_again(records: Records) -> None:
    assert records.idempotency.begin("p1", "k", "hash") is None
    records.idempotency.finish("p1", "k", Answer(201, b"made"))

    assert records.idempotency.begin("p1", "k", "hash") == Answer(201, b"made")
    assert records.idempotency.begin("p2", "k", "hash") is None


def test_key_used_for_another_request_or_under_way_conflicts(records: Records) -> None:
    records.idempotency.begin("p1", "k", "hash")

    with pytest.raises(ConflictError, match="under way"):
        records.idempotency.begin("p1", "k", "hash")
    records.idempotency.finish("p1", "k", Answer(200, b""))
    with pytest.raises(ConflictError, match="another request"):
        records.idempotency.begin("p1", "k", "other")


def test_key_given_up_abandoned_or_old_can_be_used_again(records: Records, clock: HeldClock) -> None:
    records.idempotency.begin("p1", "k", "hash")
    records.idempotency.give_up("p1", "k")
    assert records.idempotency.begin("p1", "k", "other") is None

    clock.advance(by_ms=61_000)
    assert records.idempotency.begin("p1", "k", "third") is None

    records.idempotency.finish("p1", "k", Answer(200, b""))
    clock.advance(by_ms=25 * 3_600_000)
    assert records.idempotency.begin("p1", "k", "fourth") is None


# Durability and portability.


def test_records_are_durable_and_wait_for_each_other(records: Records) -> None:
    with records.engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1


def test_reading_does_not_wait_for_a_writer(records: Records) -> None:
    records.people.create("p1")
    with records.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE person SET consent = 0")

        assert records.people.get("p1") is not None


def test_statements_of_records_compile_for_postgresql(records: Records) -> None:
    compiled: list[str] = []

    def compile_again(connection: object, statement: object, *_: object) -> None:
        if isinstance(statement, sa.ClauseElement):
            compiled.append(str(statement.compile(dialect=postgresql.dialect())))

    sa.event.listen(records.engine, "before_execute", compile_again)
    records.people.create("p1")
    board = records.boards.create("p1", "Mine")
    section = records.boards.create_section(board.id, "Part")
    records.numbers_for(["a"])
    records.saves.save(board.id, "a", section_id=section.id)
    records.saves.page(board.id, 3, after=(5, "a"))
    records.boards.of_owner("p1")
    records.idempotency.begin("p1", "k", "hash")
    records.people.forget("p1")

    assert sum("ON CONFLICT" in statement for statement in compiled) >= 3
