"""This file is about item numbers: one for each id, given once, never reused, dense from 0."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert  # SQLite understands the same clauses

from bowerbird.lake.records.engine import IDS_PER_QUERY, reading
from bowerbird.lake.records.tables import counter, item_number

_ITEMS = "item"


@dataclass(frozen=True, slots=True)
class Allocation:
    """Numbers of some ids.

    Attributes:
        numbers: [B] int64, in the order of the ids.
        is_new: [B] true where the id had no number before.
    """

    numbers: np.ndarray
    is_new: np.ndarray


class Numbers:
    """Gives out item numbers; safe for several processes."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def allocate(self, ids: Sequence[str]) -> Allocation:
        """Numbers of these ids; ids seen for the first time get the next ones, in order."""
        known = self._find(reading(self._engine), ids)
        fresh = [id_ for id_ in dict.fromkeys(ids) if id_ not in known]
        is_new = set(self._add(fresh, known)) if fresh else set()
        numbers = np.fromiter((known[id_] for id_ in ids), np.int64, len(ids))
        return Allocation(numbers, np.fromiter((id_ in is_new for id_ in ids), np.bool_, len(ids)))

    def find(self, ids: Sequence[str]) -> np.ndarray:
        """[B] int64 numbers; -1 for an id that never had one."""
        known = self._find(reading(self._engine), ids)
        return np.fromiter((known.get(id_, -1) for id_ in ids), np.int64, len(ids))

    def size(self) -> int:
        """The highest number given so far, plus one."""
        with reading(self._engine).connect() as connection:
            return int(connection.scalar(sa.select(counter.c.next).where(counter.c.name == _ITEMS)) or 0)

    def restore(self, given: Iterable[tuple[Sequence[str], Sequence[int]]], *, if_none: bool = False) -> int:
        """Takes over ids and their numbers in place of all that is known; gives how many there are.

        The next number is above all of them and not below what it was. With `if_none` nothing is taken over
        where a number has been given by now: another process may have begun while the caller was looking.
        """
        count = 0
        with self._engine.begin() as connection:
            given_so_far = sa.select(counter.c.next).where(counter.c.name == _ITEMS)
            following = int(connection.scalar(given_so_far) or 0)
            if if_none and following:
                return 0
            connection.execute(sa.delete(item_number))
            for ids, numbers in given:
                rows = [{"id": id_, "number": number} for id_, number in zip(ids, numbers, strict=True)]
                if rows:
                    connection.execute(sa.insert(item_number), rows)
                    count, following = count + len(rows), max(following, max(numbers) + 1)
            connection.execute(sa.delete(counter).where(counter.c.name == _ITEMS))
            connection.execute(sa.insert(counter).values(name=_ITEMS, next=following))
        return count

    def forget(self, ids: Sequence[str]) -> None:
        """These ids have no number any more; their numbers stay used up, because the counter only grows."""
        with self._engine.begin() as connection:
            for start in range(0, len(ids), IDS_PER_QUERY):
                part = ids[start : start + IDS_PER_QUERY]
                connection.execute(sa.delete(item_number).where(item_number.c.id.in_(part)))

    def _add(self, fresh: list[str], known: dict[str, int]) -> list[str]:
        mine = counter.c.name == _ITEMS
        with self._engine.begin() as connection:
            connection.execute(
                insert(counter).values(name=_ITEMS, next=0).on_conflict_do_nothing(index_elements=["name"])
            )
            # The counter's row is the lock: whoever has touched it sees every number given before.
            touch = sa.update(counter).where(mine).values(next=counter.c.next).returning(counter.c.next)
            first = connection.execute(touch).scalar_one()
            known |= self._find_in(connection, fresh)
            added = [id_ for id_ in fresh if id_ not in known]
            given = dict(zip(added, range(first, first + len(added)), strict=True))
            if given:
                rows = [{"id": id_, "number": number} for id_, number in given.items()]
                connection.execute(sa.insert(item_number), rows)
                connection.execute(sa.update(counter).where(mine).values(next=first + len(rows)))
        known |= given
        return added

    def _find(self, engine: sa.Engine, ids: Sequence[str]) -> dict[str, int]:
        with engine.connect() as connection:
            return self._find_in(connection, ids)

    def _find_in(self, connection: sa.Connection, ids: Sequence[str]) -> dict[str, int]:
        found: dict[str, int] = {}
        for start in range(0, len(ids), IDS_PER_QUERY):
            wanted = item_number.c.id.in_(ids[start : start + IDS_PER_QUERY])
            rows = connection.execute(sa.select(item_number.c.id, item_number.c.number).where(wanted))
            found.update((row.id, row.number) for row in rows)
        return found
