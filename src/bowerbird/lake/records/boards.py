"""This file is about boards and their sections: a person's named collections."""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert  # SQLite understands the same clauses

from bowerbird.core.clock import Clock
from bowerbird.core.errors import NotFoundError
from bowerbird.core.ids import new_id
from bowerbird.lake.records.engine import reading
from bowerbird.lake.records.tables import board, save, section

COVER_ITEMS = 4


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a board."""

    id: str
    board_id: str
    name: str
    count: int


@dataclass(frozen=True, slots=True)
class Board:
    """A person's named collection of items.

    Attributes:
        count: saved items, sections included.
        cover: ids of up to four newest saved items.
        sections: oldest first.
    """

    id: str
    owner: str
    name: str
    description: str
    is_secret: bool
    created_ms: int
    updated_ms: int
    count: int
    cover: tuple[str, ...]
    sections: tuple[Section, ...]


class Boards:
    """Boards and sections. Who may see or change one is decided above; every board knows its owner."""

    def __init__(self, engine: sa.Engine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock

    def secrecy(self) -> dict[str, bool]:
        """Of every board, whether it is secret."""
        with reading(self._engine).connect() as connection:
            found = connection.execute(sa.select(board.c.id, board.c.is_secret)).all()
        return {row.id: bool(row.is_secret) for row in found}

    def create(self, owner: str, name: str, *, description: str = "", is_secret: bool = False) -> Board:
        """A new, empty board."""
        now_ms, board_id = self._clock.now_ms(), new_id("board")
        values = {
            "id": board_id,
            "owner": owner,
            "name": name,
            "description": description,
            "is_secret": is_secret,
        }
        with self._engine.begin() as connection:
            connection.execute(sa.insert(board).values(**values, created_ms=now_ms, updated_ms=now_ms))
        return Board(board_id, owner, name, description, is_secret, now_ms, now_ms, 0, (), ())

    def put(
        self, board_id: str, owner: str, name: str, *, description: str = "", is_secret: bool = False
    ) -> bool:
        """A board under an id of its own; whether it is new. One that is there stays as its owner left it."""
        now_ms = self._clock.now_ms()
        row = {
            "id": board_id,
            "owner": owner,
            "name": name,
            "description": description,
            "is_secret": is_secret,
            "created_ms": now_ms,
            "updated_ms": now_ms,
        }
        with self._engine.begin() as connection:
            made = insert(board).values(row).on_conflict_do_nothing(index_elements=["id"])
            return bool(connection.execute(made).rowcount)

    def put_many(self, boards: Sequence[Board]) -> int:
        """Boards with ids and times of their own; gives how many are new.

        Those that are there stay as they are. Sections and saves are put by themselves.
        """
        names = ("id", "owner", "name", "description", "is_secret", "created_ms", "updated_ms")
        rows = [{name: getattr(each, name) for name in names} for each in boards]
        if not rows:
            return 0
        with self._engine.begin() as connection:
            made = insert(board).on_conflict_do_nothing(index_elements=["id"]).returning(board.c.id)
            return len(connection.execute(made, rows).all())

    def get(self, board_id: str) -> Board:
        """The board.

        Raises:
            NotFoundError: there is none.
        """
        with reading(self._engine).connect() as connection:
            found = _boards(connection, board.c.id == board_id)
        if not found:
            raise _no_board(board_id)
        return found[0]

    def of_owner(self, owner: str) -> list[Board]:
        """All boards of a person, the one last changed first."""
        with reading(self._engine).connect() as connection:
            return _boards(connection, board.c.owner == owner)

    def change(
        self,
        board_id: str,
        *,
        name: str | None = None,
        description: str | None = None,
        is_secret: bool | None = None,
    ) -> Board:
        """The board, with the given values changed."""
        given = {"name": name, "description": description, "is_secret": is_secret}
        changed = {column: value for column, value in given.items() if value is not None}
        with self._engine.begin() as connection:
            statement = sa.update(board).where(board.c.id == board_id)
            if not connection.execute(statement.values(**changed, updated_ms=self._clock.now_ms())).rowcount:
                raise _no_board(board_id)
        return self.get(board_id)

    def delete(self, board_id: str) -> None:
        """The board, its sections and its saves are gone."""
        with self._engine.begin() as connection:
            if not connection.execute(sa.delete(board).where(board.c.id == board_id)).rowcount:
                raise _no_board(board_id)

    def create_section(self, board_id: str, name: str) -> Section:
        """A new, empty section of a board."""
        section_id = new_id("section")
        with self._engine.begin() as connection:
            if connection.scalar(sa.select(board.c.id).where(board.c.id == board_id)) is None:
                raise _no_board(board_id)
            row = {"id": section_id, "board_id": board_id, "name": name, "created_ms": self._clock.now_ms()}
            connection.execute(sa.insert(section).values(row))
        return Section(section_id, board_id, name, 0)

    def rename_section(self, board_id: str, section_id: str, name: str) -> Section:
        """The section, renamed."""
        with self._engine.begin() as connection:
            mine = (section.c.id == section_id) & (section.c.board_id == board_id)
            if not connection.execute(sa.update(section).where(mine).values(name=name)).rowcount:
                raise no_section(board_id, section_id)
            return next(part for part in _sections(connection, [board_id]) if part.id == section_id)

    def delete_section(self, board_id: str, section_id: str) -> None:
        """The section is gone; its items stay on the board."""
        with self._engine.begin() as connection:
            mine = (section.c.id == section_id) & (section.c.board_id == board_id)
            if not connection.execute(sa.delete(section).where(mine)).rowcount:
                raise no_section(board_id, section_id)


def no_section(board_id: str, section_id: str) -> NotFoundError:
    """The error for a section that the board does not have."""
    return NotFoundError(f"board {board_id!r} has no section {section_id!r}; list the board's sections")


def _no_board(board_id: str) -> NotFoundError:
    return NotFoundError(f"there is no board {board_id!r}; list the boards for their ids")


def _boards(connection: sa.Connection, where: sa.ColumnElement[bool]) -> list[Board]:
    rows = connection.execute(
        sa.select(board).where(where).order_by(board.c.updated_ms.desc(), board.c.id)
    ).all()
    ids = [row.id for row in rows]
    counts, covers = _counts(connection, ids), _covers(connection, ids)
    sections = _sections(connection, ids)
    return [
        Board(
            **row._mapping,
            count=counts.get(row.id, 0),
            cover=tuple(covers.get(row.id, ())),
            sections=tuple(part for part in sections if part.board_id == row.id),
        )
        for row in rows
    ]


def _counts(connection: sa.Connection, board_ids: list[str]) -> dict[str, int]:
    counted = sa.select(save.c.board_id, sa.func.count()).where(save.c.board_id.in_(board_ids))
    return {row[0]: row[1] for row in connection.execute(counted.group_by(save.c.board_id))}


def _covers(connection: sa.Connection, board_ids: list[str]) -> dict[str, list[str]]:
    newest = sa.func.row_number().over(
        partition_by=save.c.board_id, order_by=(save.c.saved_ms.desc(), save.c.item_id.desc())
    )
    ranked = sa.select(save.c.board_id, save.c.item_id, newest.label("place")).where(
        save.c.board_id.in_(board_ids)
    )
    inner = ranked.subquery()
    rows = connection.execute(sa.select(inner).where(inner.c.place <= COVER_ITEMS).order_by(inner.c.place))
    covers: dict[str, list[str]] = {}
    for row in rows:
        covers.setdefault(row.board_id, []).append(row.item_id)
    return covers


def _sections(connection: sa.Connection, board_ids: list[str]) -> list[Section]:
    count = sa.select(sa.func.count()).where(save.c.section_id == section.c.id).scalar_subquery()
    rows = connection.execute(
        sa.select(section.c.id, section.c.board_id, section.c.name, count.label("count"))
        .where(section.c.board_id.in_(board_ids))
        .order_by(section.c.created_ms, section.c.id)
    )
    return [Section(*row) for row in rows]
