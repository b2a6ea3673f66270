"""This file is about registered sources: catalogues that are synchronised again and again, and their runs."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import sqlalchemy as sa

from bowerbird.core.clock import Clock
from bowerbird.core.errors import ConflictError, NotFoundError
from bowerbird.core.ids import new_id
from bowerbird.lake.records.engine import reading
from bowerbird.lake.records.tables import source, source_run

State = Literal["ready", "waiting", "failing"]
Outcome = Literal["running", "done", "unchanged", "waiting", "failed", "stopped"]

RUNS_KEPT = 100
_FIRST_REST_MS = 60_000
_LONGEST_REST_MS = 6 * 3_600_000


@dataclass(frozen=True, slots=True)
class Source:
    """A registered source.

    Attributes:
        place: its path, pattern or address.
        options: what its imports are told, as JSON.
        every_s: seconds between two runs; 0 only by hand.
        state: `waiting` for somebody to agree to a removal, `failing` since its last run, else `ready`.
        failures: runs in a row that failed.
        held_missing: items that its last run would have removed.
        agreed_missing: items that its next run may remove though they are many; 0 where nobody has agreed.
        last_good_ms: end of the last run that did not fail; None before the first.
    """

    name: str
    place: str
    options: str
    every_s: int
    state: State
    next_run_ms: int
    failures: int
    held_missing: int
    agreed_missing: int
    last_good_ms: int | None
    made_ms: int


@dataclass(frozen=True, slots=True)
class SourceRun:
    """One run of a source.

    Attributes:
        outcome: `stopped` for one that was killed.
        report: of the import, as JSON; empty where there is none.
        said: why it waits or failed.
    """

    id: str
    source: str
    began_ms: int
    ended_ms: int | None
    outcome: Outcome
    report: str
    said: str


class Sources:
    """The registered sources. Who runs one holds its lock, so that there is one run at a time."""

    def __init__(self, engine: sa.Engine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock

    def add(self, name: str, place: str, options: str, *, every_s: int) -> Source:
        """A new source, due at once.

        Raises:
            ConflictError: there is one of this name.
        """
        now_ms = self._clock.now_ms()
        made = Source(name, place, options, every_s, "ready", now_ms, 0, 0, 0, None, now_ms)
        values = {column.name: getattr(made, column.name) for column in source.columns}
        try:
            with self._engine.begin() as connection:
                connection.execute(sa.insert(source).values(values))
        except sa.exc.IntegrityError as error:
            raise ConflictError(
                f"there is a source {name!r} already; remove it, or take another name"
            ) from error
        return made

    def get(self, name: str) -> Source:
        """The source.

        Raises:
            NotFoundError: there is none of this name.
        """
        with reading(self._engine).connect() as connection:
            row = connection.execute(sa.select(source).where(source.c.name == name)).one_or_none()
        if row is None:
            raise NotFoundError(f"there is no source {name[:80]!r}; list them for their names")
        return Source(**row._mapping)

    def all(self) -> list[Source]:
        """Every source, by name."""
        with reading(self._engine).connect() as connection:
            rows = connection.execute(sa.select(source).order_by(source.c.name)).all()
        return [Source(**row._mapping) for row in rows]

    def due(self) -> list[Source]:
        """Those whose next run is due, the longest due first."""
        is_due = (source.c.next_run_ms <= self._clock.now_ms()) & (source.c.every_s > 0)
        statement = sa.select(source).where(is_due).order_by(source.c.next_run_ms, source.c.name)
        with reading(self._engine).connect() as connection:
            return [Source(**row._mapping) for row in connection.execute(statement)]

    def remove(self, name: str) -> None:
        """The source and its runs are gone; its items stay."""
        with self._engine.begin() as connection:
            gone = connection.execute(sa.delete(source).where(source.c.name == name)).rowcount
        if not gone:
            raise NotFoundError(f"there is no source {name[:80]!r}; list them for their names")

    def agree(self, name: str) -> Source:
        """The removal that the source waits with may be done by its next run, which is due now.

        Raises:
            ConflictError: it waits for nothing.
        """
        found = self.get(name)
        if found.state != "waiting":
            raise ConflictError(f"source {name!r} waits for nothing; there is nothing to agree to")
        self._change(name, agreed_missing=found.held_missing, next_run_ms=self._clock.now_ms())
        return self.get(name)

    def call(self, name: str) -> Source:
        """The source's next run is due now."""
        self._change(name, next_run_ms=self._clock.now_ms())
        return self.get(name)

    def begin(self, name: str) -> str:
        """The id of a run that begins now; runs that never ended were stopped. The caller holds the lock.

        Until it ends it counts as failed: a run that kills its process is not begun again at once.
        """
        run_id, now_ms = new_id("run"), self._clock.now_ms()
        failures = self.get(name).failures + 1
        unended = (source_run.c.source == name) & (source_run.c.outcome == "running")
        with self._engine.begin() as connection:
            connection.execute(
                sa.update(source_run).where(unended).values(outcome="stopped", ended_ms=now_ms)
            )
            values = {"id": run_id, "source": name, "began_ms": now_ms, "outcome": "running"}
            connection.execute(sa.insert(source_run).values(**values, report="", said=""))
            changed = {"failures": failures, "next_run_ms": now_ms + _rest_ms(failures)}
            connection.execute(sa.update(source).where(source.c.name == name).values(changed))
            newest = sa.select(source_run.c.id).where(source_run.c.source == name)
            kept = newest.order_by(source_run.c.began_ms.desc(), source_run.c.id).limit(RUNS_KEPT)
            old = (source_run.c.source == name) & source_run.c.id.not_in(kept.scalar_subquery())
            connection.execute(sa.delete(source_run).where(old))
        return run_id

    def finish(
        self, name: str, run_id: str, outcome: Outcome, *, report: str = "", said: str = "", missing: int = 0
    ) -> SourceRun:
        """The run has ended, and the source knows when it is to run again: later and later while it fails."""
        now_ms, found = self._clock.now_ms(), self.get(name)
        ended = {"outcome": outcome, "ended_ms": now_ms, "report": report, "said": said}
        changed: dict[str, object]
        if outcome == "failed":
            changed = {"state": "failing", "next_run_ms": now_ms + _rest_ms(found.failures)}
        else:
            changed = {
                "state": "waiting" if outcome == "waiting" else "ready",
                "failures": 0,
                "held_missing": missing if outcome == "waiting" else 0,
                "agreed_missing": 0,
                "last_good_ms": now_ms,
                "next_run_ms": now_ms + found.every_s * 1_000,
            }
        with self._engine.begin() as connection:
            connection.execute(sa.update(source_run).where(source_run.c.id == run_id).values(ended))
            connection.execute(sa.update(source).where(source.c.name == name).values(changed))
        return self.runs(name, limit=1)[0]

    def runs(self, name: str, *, limit: int = 20) -> list[SourceRun]:
        """The last runs, newest first."""
        statement = sa.select(source_run).where(source_run.c.source == name)
        statement = statement.order_by(source_run.c.began_ms.desc(), source_run.c.id.desc()).limit(limit)
        with reading(self._engine).connect() as connection:
            return [SourceRun(**row._mapping) for row in connection.execute(statement)]

    def last_runs(self) -> Mapping[str, SourceRun]:
        """Source → its newest run."""
        place = sa.func.row_number().over(
            partition_by=source_run.c.source, order_by=(source_run.c.began_ms.desc(), source_run.c.id.desc())
        )
        ranked = sa.select(source_run, place.label("place")).subquery()
        columns = [ranked.c[column.name] for column in source_run.columns]
        with reading(self._engine).connect() as connection:
            rows = connection.execute(sa.select(*columns).where(ranked.c.place == 1))
            return {row.source: SourceRun(**row._mapping) for row in rows}

    def _change(self, name: str, **values: object) -> None:
        with self._engine.begin() as connection:
            changed = connection.execute(sa.update(source).where(source.c.name == name).values(values))
        if not changed.rowcount:
            raise NotFoundError(f"there is no source {name[:80]!r}; list them for their names")


def _rest_ms(failures: int) -> int:
    return min(_FIRST_REST_MS << min(failures - 1, 20), _LONGEST_REST_MS)
