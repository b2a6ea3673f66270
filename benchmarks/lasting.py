"""This file is about load that outlasts the server: requests by the clock, whose failures are kept beside their times.

Where `load.open_loop` measures a server that stays, this goes on while one is killed and started again: a connection
that breaks is opened anew, and a request that failed is a row with the name of its failure.
"""

import asyncio
import time
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from load import Ask, Connection

ASK_LIMIT_S = 30.0


class Row(NamedTuple):
    """One request that ended; times in seconds of `time.perf_counter`."""

    kind: str
    due_s: float
    end_s: float
    outcome: str
    """`200`, `503`, … or the name of what went wrong on the way."""

    @property
    def is_good(self) -> bool:
        """Whether the answer says that it was done."""
        return self.outcome.startswith("2")

    @property
    def ms(self) -> float:
        """From when it was due to its end."""
        return (self.end_s - self.due_s) * 1000


@dataclass(slots=True)
class Line:
    """A few connections that are made again when they break."""

    port: int
    rows: list[Row] = field(default_factory=list)
    _free: list[Connection] = field(default_factory=list)

    async def ask(self, kind: str, ask: Ask, due_s: float | None = None) -> tuple[Row, bytes]:
        """The answer's row, which is kept, and its body; a failure is a row too."""
        due_s = time.perf_counter() if due_s is None else due_s
        connection, body = None, b""
        try:
            connection = await self._connection()
            status, body = await asyncio.wait_for(connection.ask(ask), ASK_LIMIT_S)
            outcome = "degraded" if b'"overloaded"' in body and status == 200 else str(status)
            self._free.append(connection)
        except (OSError, TimeoutError) as error:
            outcome = type(error).__name__
            if connection is not None:
                connection.close()
        row = Row(kind, due_s, time.perf_counter(), outcome)
        self.rows.append(row)
        return row, body

    async def _connection(self) -> Connection:
        while self._free:
            connection = self._free.pop()
            if connection.is_open:
                return connection
        return await Connection.open(self.port)

    def close(self) -> None:
        """Hang up."""
        for connection in self._free:
            connection.close()
        self._free.clear()


async def by_the_clock(
    count: int, per_second: float, send: Callable[[int, float], Coroutine[None, None, None]]
) -> None:
    """`send(place, due)` at a fixed rate, never waiting for an earlier one; ends when all have ended."""
    started = time.perf_counter()
    sending = []
    for place in range(count):
        due_s = started + place / per_second
        await asyncio.sleep(max(0.0, due_s - time.perf_counter()))
        sending.append(asyncio.ensure_future(send(place, due_s)))
    await asyncio.gather(*sending)


def percentiles(rows: Sequence[Row]) -> dict[str, float]:
    """p50 and p99 of the answers that were good, in ms; nothing where there are none."""
    times = np.array([row.ms for row in rows if row.is_good])
    if not len(times):
        return {}
    return {
        "p50_ms": round(float(np.percentile(times, 50)), 2),
        "p99_ms": round(float(np.percentile(times, 99)), 2),
    }
