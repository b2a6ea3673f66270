"""This file is about wishes: what people said of their interests, every word of it, oldest first."""

from dataclasses import dataclass

import sqlalchemy as sa

from bowerbird.core.clock import Clock
from bowerbird.core.errors import TooLargeError
from bowerbird.lake.records.engine import reading
from bowerbird.lake.records.tables import interest_wish

MOST_OF_A_PERSON = 5_000


@dataclass(frozen=True, slots=True)
class WishRow:
    """One thing said; `until_ms` is -1 where it has no end."""

    interest_id: str
    wish: str
    at_ms: int
    until_ms: int


class InterestWishes:
    """What was said is never changed: a later word counts in place of an earlier one."""

    def __init__(self, engine: sa.Engine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock

    def add(self, person_id: str, interest_id: str, wish: str, *, until_ms: int = -1) -> WishRow:
        """One more word, as of now.

        Raises:
            TooLargeError: the person has said thousands of them.
        """
        row = WishRow(interest_id, wish, self._clock.now_ms(), until_ms)
        theirs = interest_wish.c.person_id == person_id
        with self._engine.begin() as connection:
            held = connection.scalar(sa.select(sa.func.count()).select_from(interest_wish).where(theirs))
            if int(held or 0) >= MOST_OF_A_PERSON:
                raise TooLargeError(
                    f"{held:,} wishes of this person are kept; at most {MOST_OF_A_PERSON:,} are; "
                    "forget the person's wishes first"
                )
            connection.execute(
                sa.insert(interest_wish).values(
                    person_id=person_id,
                    interest_id=interest_id,
                    wish=wish,
                    at_ms=row.at_ms,
                    until_ms=until_ms,
                )
            )
        return row

    def of(self, person_id: str) -> tuple[WishRow, ...]:
        """All that a person said, oldest first; of one moment in the order in which it was said."""
        query = sa.select(interest_wish).where(interest_wish.c.person_id == person_id)
        query = query.order_by(interest_wish.c.at_ms, interest_wish.c.number)
        with reading(self._engine).connect() as connection:
            found = connection.execute(query).all()
        return tuple(WishRow(row.interest_id, row.wish, row.at_ms, row.until_ms) for row in found)

    def newest(self) -> tuple[int, int]:
        """(number, at_ms) of the last word that anybody said, or zeros: changes with each new word.

        The number alone would not: after a person was forgotten, the next word may get a number again.
        """
        query = sa.select(interest_wish.c.number, interest_wish.c.at_ms)
        query = query.order_by(interest_wish.c.number.desc()).limit(1)
        with reading(self._engine).connect() as connection:
            found = connection.execute(query).first()
        return (0, 0) if found is None else (found.number, found.at_ms)
