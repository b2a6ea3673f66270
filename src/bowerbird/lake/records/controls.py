"""This file is about controls: what a person has set about their own feed."""

import json
from dataclasses import asdict, dataclass, replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert  # SQLite understands the same clauses

from bowerbird.core.clock import Clock
from bowerbird.core.errors import InputError, TooLargeError
from bowerbird.lake.records.engine import reading
from bowerbird.lake.records.tables import person_control

MOST_BLOCKED = 1_000
USUAL_ADVENTURE = 0.5


@dataclass(frozen=True, slots=True)
class Controls:
    """What holds for one person; who set nothing has these.

    Attributes:
        adventure: 0: only what I like; 0.5: the usual mix; 1: surprise me.
        history_from_ms: what was done before says nothing any more; 0: all counts.
        is_incognito: nothing of what is done now is kept.
        country: two letters; items for other countries are left out. Empty: none are.
        blocked_owners: of whom nothing is shown.
    """

    adventure: float = USUAL_ADVENTURE
    history_from_ms: int = 0
    is_incognito: bool = False
    country: str = ""
    blocked_owners: tuple[str, ...] = ()


class PersonControls:
    """Reads and sets them; each change counts from the next page on."""

    def __init__(self, engine: sa.Engine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock

    def of(self, person_id: str) -> Controls:
        """What holds for a person."""
        query = sa.select(person_control).where(person_control.c.person_id == person_id)
        with reading(self._engine).connect() as connection:
            row = connection.execute(query).one_or_none()
        return Controls() if row is None else _controls(row)

    def change(self, person_id: str, **changes: Any) -> Controls:
        """What holds afterwards.

        Raises:
            InputError: a value is out of bounds.
            TooLargeError: too many owners are blocked.
        """
        with self._engine.begin() as connection:
            query = sa.select(person_control).where(person_control.c.person_id == person_id)
            row = connection.execute(query).one_or_none()
            changed = _checked(replace(Controls() if row is None else _controls(row), **changes))
            values = asdict(changed) | {
                "blocked_owners": json.dumps(changed.blocked_owners),
                "person_id": person_id,
                "changed_ms": self._clock.now_ms(),
            }
            statement = insert(person_control).values(values)
            connection.execute(statement.on_conflict_do_update(index_elements=["person_id"], set_=values))
        return changed

    def history_of(self, person_id: str) -> tuple[int, int]:
        """From when the person's history counts, and when they last changed anything; zeros where never."""
        columns = (person_control.c.history_from_ms, person_control.c.changed_ms)
        query = sa.select(*columns).where(person_control.c.person_id == person_id)
        with reading(self._engine).connect() as connection:
            row = connection.execute(query).one_or_none()
        return (0, 0) if row is None else (row.history_from_ms, row.changed_ms)

    def newest_ms(self) -> int:
        """When anybody last changed anything; 0 where nobody did."""
        with reading(self._engine).connect() as connection:
            found = connection.scalar(sa.select(sa.func.max(person_control.c.changed_ms)))
        return int(found or 0)

    def cleared(self) -> list[tuple[str, int]]:
        """(person id, from when their history counts) of everyone who cleared it."""
        query = sa.select(person_control.c.person_id, person_control.c.history_from_ms)
        with reading(self._engine).connect() as connection:
            rows = connection.execute(query.where(person_control.c.history_from_ms > 0)).all()
        return [(row.person_id, row.history_from_ms) for row in rows]


def _controls(row: Any) -> Controls:
    return Controls(
        row.adventure,
        row.history_from_ms,
        row.is_incognito,
        row.country,
        tuple(json.loads(row.blocked_owners)),
    )


def _checked(controls: Controls) -> Controls:
    if not 0 <= controls.adventure <= 1:
        raise InputError(
            f"adventure {controls.adventure} was received; needed is 0 (only what I like) to 1 (surprise me)"
        )
    if controls.country and not (len(controls.country) == 2 and controls.country.isalpha()):
        raise InputError(
            f"country {controls.country[:20]!r} was received; needed are two letters, such as DE, or nothing"
        )
    if len(controls.blocked_owners) > MOST_BLOCKED:
        raise TooLargeError(
            f"{len(controls.blocked_owners):,} owners would be blocked; at most {MOST_BLOCKED:,} can be; "
            "unblock some first"
        )
    return replace(controls, country=controls.country.upper())
