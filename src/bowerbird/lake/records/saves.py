"""This file is about saves: which item is on which board, in which section, since when."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert  # SQLite understands the same clauses

from bowerbird.core.clock import Clock
from bowerbird.core.errors import NotFoundError
from bowerbird.lake.records.boards import no_section
from bowerbird.lake.records.engine import IDS_PER_QUERY, reading
from bowerbird.lake.records.tables import board, save, section


@dataclass(frozen=True, slots=True)
class Save:
    """One item on one board."""

    board_id: str
    item_id: str
    section_id: str | None
    saved_ms: int
    position: int


@dataclass(frozen=True, slots=True)
class SavesPage:
    """Saves, newest first, and where the next page goes on; None at the end."""

    saves: tuple[Save, ...]
    after: tuple[int, str] | None


class Saves:
    """What people have saved."""

    def __init__(self, engine: sa.Engine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock

    def save(self, board_id: str, item_id: str, *, section_id: str | None = None) -> Save:
        """The item is on the board. Saved again it keeps its time, and moves where a section is given."""
        now_ms = self._clock.now_ms()
        with self._engine.begin() as connection:
            _check_place(connection, board_id, section_id)
            row = {"board_id": board_id, "item_id": item_id, "section_id": section_id}
            made = insert(save).values(**row, saved_ms=now_ms, position=now_ms)
            changed = {"section_id": section_id} if section_id is not None else {"saved_ms": save.c.saved_ms}
            connection.execute(
                made.on_conflict_do_update(index_elements=["board_id", "item_id"], set_=changed)
            )
            _touch(connection, board_id, now_ms)
            return _one(connection, board_id, item_id)

    def add_many(self, board_id: str, item_ids: Sequence[str]) -> int:
        """All these items are on the board, the first one as the newest of them; gives how many were not."""
        now_ms = self._clock.now_ms()
        rows = [
            {"board_id": board_id, "item_id": item_id, "saved_ms": now_ms, "position": now_ms - place}
            for place, item_id in enumerate(item_ids)
        ]
        if not rows:
            return 0
        with self._engine.begin() as connection:
            _check_place(connection, board_id, None)
            made = insert(save).on_conflict_do_nothing(index_elements=["board_id", "item_id"])
            added = len(connection.execute(made.returning(save.c.item_id), rows).all())
            if added:
                _touch(connection, board_id, now_ms)
        return added

    def put_many(self, saves: Sequence[Save]) -> int:
        """Saves with times of their own, on boards that are there; gives how many are new.

        A board was last changed when the newest of them was saved, or later.
        """
        if not saves:
            return 0
        newest: dict[str, int] = {}
        for each in saves:
            newest[each.board_id] = max(newest.get(each.board_id, 0), each.saved_ms)
        touched = (
            sa.update(board)
            .where((board.c.id == sa.bindparam("which")) & (board.c.updated_ms < sa.bindparam("at_ms")))
            .values(updated_ms=sa.bindparam("at_ms"))
        )
        with self._engine.begin() as connection:
            made = insert(save).on_conflict_do_nothing(index_elements=["board_id", "item_id"])
            added = len(
                connection.execute(made.returning(save.c.item_id), [asdict(each) for each in saves]).all()
            )
            connection.execute(touched, [{"which": id_, "at_ms": at_ms} for id_, at_ms in newest.items()])
        return added

    def unsave(self, board_id: str, item_id: str) -> bool:
        """The item is not on the board any more; False if it was not there."""
        with self._engine.begin() as connection:
            gone = connection.execute(sa.delete(save).where(_is(board_id, item_id))).rowcount
            if gone:
                _touch(connection, board_id, self._clock.now_ms())
        return bool(gone)

    def move(
        self, board_id: str, item_id: str, *, to_board_id: str, to_section_id: str | None = None
    ) -> Save:
        """The item is on the other board or in the other section, and keeps the time it was saved.

        Raises:
            NotFoundError: the item is not on the board, or there is no such board or section.
        """
        now_ms = self._clock.now_ms()
        with self._engine.begin() as connection:
            _check_place(connection, to_board_id, to_section_id)
            found = _one(connection, board_id, item_id)
            connection.execute(sa.delete(save).where(_is(board_id, item_id)))
            row = {"board_id": to_board_id, "item_id": item_id, "section_id": to_section_id}
            made = insert(save).values(**row, saved_ms=found.saved_ms, position=found.position)
            connection.execute(
                made.on_conflict_do_update(
                    index_elements=["board_id", "item_id"], set_={"section_id": to_section_id}
                )
            )
            for changed in {board_id, to_board_id}:
                _touch(connection, changed, now_ms)
            return _one(connection, to_board_id, item_id)

    def page(
        self,
        board_id: str,
        limit: int,
        *,
        section_id: str | None = None,
        after: tuple[int, str] | None = None,
    ) -> SavesPage:
        """One page of a board, newest first; `after` is the cursor (saved_ms, item_id) of the page before."""
        query = sa.select(save).where(save.c.board_id == board_id)
        if section_id is not None:
            query = query.where(save.c.section_id == section_id)
        if after is not None:
            query = query.where(sa.tuple_(save.c.saved_ms, save.c.item_id) < sa.tuple_(*after))
        query = query.order_by(save.c.saved_ms.desc(), save.c.item_id.desc()).limit(limit + 1)
        with reading(self._engine).connect() as connection:
            found = [Save(**row._mapping) for row in connection.execute(query)]
        shown = tuple(found[:limit])
        has_more = len(found) > limit and bool(shown)
        return SavesPage(shown, (shown[-1].saved_ms, shown[-1].item_id) if has_more else None)

    def boards_of_item(self, person_id: str, item_id: str) -> list[str]:
        """Ids of the person's boards that hold the item, the one saved to last first."""
        query = (
            sa.select(save.c.board_id)
            .join(board, board.c.id == save.c.board_id)
            .where((save.c.item_id == item_id) & (board.c.owner == person_id))
            .order_by(save.c.saved_ms.desc(), save.c.board_id)
        )
        with reading(self._engine).connect() as connection:
            return list(connection.scalars(query))

    def all_saved(self, person_id: str) -> list[Save]:
        """Everything on all boards of the person, newest first."""
        query = (
            sa.select(save)
            .join(board, board.c.id == save.c.board_id)
            .where(board.c.owner == person_id)
            .order_by(save.c.saved_ms.desc(), save.c.item_id.desc())
        )
        with reading(self._engine).connect() as connection:
            return [Save(**row._mapping) for row in connection.execute(query)]

    def forget_items(self, item_ids: Sequence[str]) -> int:
        """These items are on no board of anybody; gives how many saves that were."""
        gone = 0
        with self._engine.begin() as connection:
            for start in range(0, len(item_ids), IDS_PER_QUERY):
                part = item_ids[start : start + IDS_PER_QUERY]
                gone += int(connection.execute(sa.delete(save).where(save.c.item_id.in_(part))).rowcount)
        return gone

    def savers_since(self, since_ms: int) -> list[tuple[str, int]]:
        """Items saved to boards that are not secret, and by how many people; most people first."""
        people = sa.func.count(sa.distinct(board.c.owner))
        query = (
            sa.select(save.c.item_id, people)
            .join(board, board.c.id == save.c.board_id)
            .where((save.c.saved_ms >= since_ms) & ~board.c.is_secret)
            .group_by(save.c.item_id)
            .order_by(people.desc(), save.c.item_id)
        )
        with reading(self._engine).connect() as connection:
            return [(row[0], int(row[1])) for row in connection.execute(query)]

    def count_of(self, person_id: str) -> int:
        """How many saves the person has on all boards."""
        query = sa.select(sa.func.count()).select_from(save.join(board, board.c.id == save.c.board_id))
        with reading(self._engine).connect() as connection:
            return int(connection.scalar(query.where(board.c.owner == person_id)) or 0)


def _is(board_id: str, item_id: str) -> sa.ColumnElement[bool]:
    return (save.c.board_id == board_id) & (save.c.item_id == item_id)


def _one(connection: sa.Connection, board_id: str, item_id: str) -> Save:
    row = connection.execute(sa.select(save).where(_is(board_id, item_id))).one_or_none()
    if row is None:
        raise NotFoundError(f"item {item_id!r} is not on board {board_id!r}; save it there first")
    return Save(**row._mapping)


def _touch(connection: sa.Connection, board_id: str, now_ms: int) -> None:
    connection.execute(sa.update(board).where(board.c.id == board_id).values(updated_ms=now_ms))


def _check_place(connection: sa.Connection, board_id: str, section_id: str | None) -> None:
    if connection.scalar(sa.select(board.c.id).where(board.c.id == board_id)) is None:
        raise NotFoundError(f"there is no board {board_id!r}; list the boards for their ids")
    if section_id is None:
        return
    mine = (section.c.id == section_id) & (section.c.board_id == board_id)
    if connection.scalar(sa.select(section.c.id).where(mine)) is None:
        raise no_section(board_id, section_id)
