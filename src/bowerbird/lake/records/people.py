"""This file is about people: that they exist, since when, and whether they consent to being remembered."""

from collections.abc import Iterable
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert  # SQLite understands the same clauses

from bowerbird.core.clock import Clock
from bowerbird.core.ids import new_id
from bowerbird.lake.records.engine import reading
from bowerbird.lake.records.tables import board, idempotency_key, interest_wish, person, person_control, save


@dataclass(frozen=True, slots=True)
class Person:
    """Someone who uses Bowerbird."""

    id: str
    created_ms: int
    consent: bool


class People:
    """Who there is."""

    def __init__(self, engine: sa.Engine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock

    def create(self, person_id: str | None = None, *, consent: bool = True) -> Person:
        """The person, new or known; a new id where none is given."""
        made = Person(person_id or new_id("person"), self._clock.now_ms(), consent)
        values = {"id": made.id, "created_ms": made.created_ms, "consent": consent}
        with self._engine.begin() as connection:
            connection.execute(insert(person).values(values).on_conflict_do_nothing(index_elements=["id"]))
        return self.get(made.id) or made

    def create_many(self, person_ids: Iterable[str]) -> int:
        """All of them are known; gives how many were new."""
        now_ms = self._clock.now_ms()
        rows = [{"id": id_, "created_ms": now_ms, "consent": True} for id_ in dict.fromkeys(person_ids)]
        if not rows:
            return 0
        with self._engine.begin() as connection:
            made = insert(person).on_conflict_do_nothing(index_elements=["id"]).returning(person.c.id)
            return len(connection.execute(made, rows).all())

    def get(self, person_id: str) -> Person | None:
        """The person, or None."""
        with reading(self._engine).connect() as connection:
            row = connection.execute(sa.select(person).where(person.c.id == person_id)).one_or_none()
        return Person(row.id, row.created_ms, row.consent) if row else None

    def count(self, prefix: str = "") -> int:
        """How many there are, or how many whose id begins with `prefix`."""
        query = sa.select(sa.func.count()).select_from(person)
        if prefix:
            # A range, unlike LIKE, is read off the index of ids: quick among millions of others.
            after = prefix[:-1] + chr(ord(prefix[-1]) + 1)
            query = query.where((person.c.id >= prefix) & (person.c.id < after))
        with reading(self._engine).connect() as connection:
            return int(connection.scalar(query) or 0)

    def forget(self, person_id: str) -> bool:
        """Everything records hold about the person is gone; False if there was no such person."""
        with self._engine.begin() as connection:
            connection.execute(sa.delete(board).where(board.c.owner == person_id))
            connection.execute(sa.delete(idempotency_key).where(idempotency_key.c.person_id == person_id))
            for table in (interest_wish, person_control):
                connection.execute(sa.delete(table).where(table.c.person_id == person_id))
            gone = connection.execute(sa.delete(person).where(person.c.id == person_id))
        return bool(gone.rowcount)

    def forget_with(self, prefix: str) -> tuple[int, int, int]:
        """Whoever's id begins with `prefix` is gone; gives how many saves, boards and people went."""
        theirs = sa.select(board.c.id).where(board.c.owner.startswith(prefix, autoescape=True))
        mine = idempotency_key.c.person_id.startswith(prefix, autoescape=True)
        them = person.c.id.startswith(prefix, autoescape=True)
        with self._engine.begin() as connection:
            saves = connection.execute(sa.delete(save).where(save.c.board_id.in_(theirs))).rowcount
            boards = connection.execute(sa.delete(board).where(board.c.id.in_(theirs))).rowcount
            connection.execute(sa.delete(idempotency_key).where(mine))
            for table in (interest_wish, person_control):
                connection.execute(
                    sa.delete(table).where(table.c.person_id.startswith(prefix, autoescape=True))
                )
            people = connection.execute(sa.delete(person).where(them)).rowcount
        return int(saves), int(boards), int(people)
