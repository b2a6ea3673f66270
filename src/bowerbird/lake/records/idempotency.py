"""This file is about idempotency keys: the same request sent twice is done once and answered the same."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert  # SQLite understands the same clauses

from bowerbird.core.clock import Clock
from bowerbird.core.errors import ConflictError
from bowerbird.lake.records.engine import reading
from bowerbird.lake.records.tables import idempotency_key

_MS_PER_HOUR = 3_600_000
# A request that began and neither answered nor gave its key back: its process died.
_ABANDONED_MS = 60_000


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered to a request."""

    status: int
    body: bytes


class Idempotency:
    """Remembers answers by (person, key)."""

    def __init__(self, engine: sa.Engine, clock: Clock, *, keep_hours: float) -> None:
        self._engine = engine
        self._clock = clock
        self._keep_ms = int(keep_hours * _MS_PER_HOUR)

    def begin(self, person_id: str, key: str, request_hash: str) -> Answer | None:
        """The answer given before, or None: then do the work and call `finish`, or `give_up` where it failed.

        Raises:
            ConflictError: the key was used for another request, or the same request is under way.
        """
        now_ms = self._clock.now_ms()
        table = idempotency_key
        mine = (table.c.person_id == person_id) & (table.c.key == key)
        abandoned = table.c.status.is_(None) & (table.c.made_ms < now_ms - _ABANDONED_MS)
        with self._engine.begin() as connection:
            connection.execute(
                sa.delete(table).where((table.c.made_ms < now_ms - self._keep_ms) | (mine & abandoned))
            )
            begun = connection.execute(
                insert(table)
                .values(person_id=person_id, key=key, request_hash=request_hash, made_ms=now_ms)
                .on_conflict_do_nothing(index_elements=["person_id", "key"])
            )
            if begun.rowcount:
                return None
            row = connection.execute(sa.select(table).where(mine)).one()
        if row.request_hash != request_hash:
            raise ConflictError(
                f"key {key!r} was used for another request; send a fresh key with a new request"
            )
        if row.status is None:
            raise ConflictError(f"a request with key {key!r} is under way; wait and send it again")
        return Answer(row.status, row.body)

    def finish(self, person_id: str, key: str, answer: Answer) -> None:
        """From now on the key gives this answer."""
        self._change(
            person_id, key, sa.update(idempotency_key).values(status=answer.status, body=answer.body)
        )

    def give_up(self, person_id: str, key: str) -> None:
        """The work failed: the key may be used again."""
        self._change(person_id, key, sa.delete(idempotency_key))

    def count_of(self, person_id: str) -> int:
        """How many keys of the person are remembered."""
        count = sa.select(sa.func.count()).where(idempotency_key.c.person_id == person_id)
        with reading(self._engine).connect() as connection:
            return int(connection.scalar(count) or 0)

    def forget_answers(self, texts: Sequence[str]) -> int:
        """Answers that hold one of these texts as a whole JSON string are gone; gives how many that were."""
        gone = 0
        with self._engine.begin() as connection:
            for text in texts:
                # As the server writes JSON: not escaped beyond what it must be.
                told = json.dumps(text, ensure_ascii=False).encode("utf-8", "surrogatepass")
                holds = sa.func.instr(idempotency_key.c.body, sa.literal(told, sa.LargeBinary)) > 0
                gone += int(connection.execute(sa.delete(idempotency_key).where(holds)).rowcount)
        return gone

    def _change(self, person_id: str, key: str, change: sa.Update | sa.Delete) -> None:
        table = idempotency_key
        with self._engine.begin() as connection:
            connection.execute(change.where((table.c.person_id == person_id) & (table.c.key == key)))
