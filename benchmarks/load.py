"""This file is about load: requests over loopback with httptools, one after another or at a fixed rate.

Open loop: requests leave by the clock, whether or not earlier ones are answered, so that a slow server is
not spared by slow clients (no coordinated omission). Every loop is bounded by a count.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import httptools
import numpy as np

LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Ask:
    """One request, as bytes."""

    content: bytes

    @classmethod
    def get(cls, path: str, person: str) -> "Ask":
        """A GET as `person` (a signed token)."""
        return cls(f"GET {path} HTTP/1.1\r\nHost: {LOOPBACK}\r\nBowerbird-Person: {person}\r\n\r\n".encode())

    @classmethod
    def json(cls, path: str, person: str, body: bytes) -> "Ask":
        """A POST of JSON as `person`."""
        head = (
            f"POST {path} HTTP/1.1\r\nHost: {LOOPBACK}\r\nBowerbird-Person: {person}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        return cls(head.encode() + body)

    @classmethod
    def form(cls, path: str, person: str, fields: dict[str, str | bytes]) -> "Ask":
        """A multipart POST; bytes are sent as a file."""
        mark = "bowerbird-bench"
        parts = []
        for name, value in fields.items():
            is_file = isinstance(value, bytes)
            file = '; filename="a.jpg"\r\nContent-Type: image/jpeg' if is_file else ""
            head = f'--{mark}\r\nContent-Disposition: form-data; name="{name}"{file}\r\n\r\n'
            body = value if isinstance(value, bytes) else value.encode()
            parts.append(head.encode() + body + b"\r\n")
        body = b"".join(parts) + f"--{mark}--\r\n".encode()
        head = (
            f"POST {path} HTTP/1.1\r\nHost: {LOOPBACK}\r\nBowerbird-Person: {person}\r\n"
            f"Content-Type: multipart/form-data; boundary={mark}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        return cls(head.encode() + body)


@dataclass(frozen=True, slots=True)
class Measured:
    """What a run gave. Times are in milliseconds, from when a request was due."""

    times_ms: np.ndarray
    statuses: np.ndarray
    degraded: int
    seconds: float

    @property
    def p50_ms(self) -> float:
        """Median."""
        return float(np.percentile(self.times_ms, 50))

    @property
    def p99_ms(self) -> float:
        """99th percentile."""
        return float(np.percentile(self.times_ms, 99))

    @property
    def good(self) -> int:
        """Full answers: status 200 and not degraded."""
        return int((self.statuses == 200).sum()) - self.degraded

    @property
    def per_second(self) -> float:
        """Full answers a second."""
        return self.good / self.seconds

    def facts(self) -> dict[str, float | int]:
        """For a result line."""
        return {
            "p50_ms": round(self.p50_ms, 2),
            "p99_ms": round(self.p99_ms, 2),
            "per_second": round(self.per_second, 1),
            "answers": len(self.times_ms),
            "not_200": int((self.statuses != 200).sum()),
            "degraded": self.degraded,
        }


class Connection(asyncio.Protocol):
    """One keep-alive connection, one request at a time."""

    def __init__(self) -> None:
        self._parser = httptools.HttpResponseParser(self)
        self._done: asyncio.Future[tuple[int, bytes]] | None = None
        self._body: list[bytes] = []
        self._transport: asyncio.Transport | None = None

    @classmethod
    async def open(cls, port: int) -> "Connection":
        """Connected to this machine; never to another."""
        _, connection = await asyncio.get_running_loop().create_connection(cls, LOOPBACK, port)
        return connection

    @property
    def is_open(self) -> bool:
        """Whether the server has not hung up."""
        return self._transport is not None and not self._transport.is_closing()

    async def ask(self, ask: Ask) -> tuple[int, bytes]:
        """Status and body."""
        assert self._transport is not None
        self._done = asyncio.get_running_loop().create_future()
        self._body = []
        self._transport.write(ask.content)
        return await asyncio.wait_for(self._done, 60)

    def close(self) -> None:
        """Hang up."""
        assert self._transport is not None
        self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        if self._done is not None and not self._done.done():
            self._done.set_exception(ConnectionError("the server hung up"))

    def on_body(self, body: bytes) -> None:
        self._body.append(body)

    def on_message_complete(self) -> None:
        assert self._done is not None
        status = self._parser.get_status_code()
        self._parser = httptools.HttpResponseParser(self)
        if not self._done.done():
            self._done.set_result((status, b"".join(self._body)))


def one_client(port: int, asks: Sequence[Ask], *, warm: int = 20) -> Measured:
    """Requests one after another on one connection."""
    return asyncio.run(_one_client(port, asks, warm))


def open_loop(port: int, asks: Sequence[Ask], *, per_second: float, connections: int = 64) -> Measured:
    """Requests that leave at a fixed rate, over up to `connections` connections."""
    return asyncio.run(_open_loop(port, asks, per_second, connections))


def highest_rate(
    run: Callable[[float], Measured], rates: Sequence[float], *, p99_ms: float
) -> tuple[float, Measured | None]:
    """The highest rate with p99 under the bound and every answer full; rates are tried in order."""
    best: tuple[float, Measured | None] = (0.0, None)
    for rate in rates:
        measured = run(rate)
        if measured.p99_ms > p99_ms or measured.good < len(measured.times_ms):
            return best
        best = (rate, measured)
    return best


async def _one_client(port: int, asks: Sequence[Ask], warm: int) -> Measured:
    connection = await Connection.open(port)
    times, statuses, degraded = [], [], 0
    for ask in asks[:warm]:
        await connection.ask(ask)
    started = time.perf_counter()
    for ask in asks:
        sent = time.perf_counter()
        status, body = await connection.ask(ask)
        times.append((time.perf_counter() - sent) * 1000)
        statuses.append(status)
        degraded += _is_degraded(body)
    seconds = time.perf_counter() - started
    connection.close()
    return Measured(np.array(times), np.array(statuses), degraded, seconds)


async def _open_loop(port: int, asks: Sequence[Ask], per_second: float, connections: int) -> Measured:
    free: asyncio.LifoQueue[Connection] = asyncio.LifoQueue()
    every = [await Connection.open(port) for _ in range(connections)]
    for connection in every:
        free.put_nowait(connection)
    times, statuses, degraded = [], [], 0
    started = time.perf_counter()

    async def send(ask: Ask, due: float) -> None:
        nonlocal degraded
        connection = await free.get()
        try:
            status, body = await connection.ask(ask)
        finally:
            free.put_nowait(connection)
        times.append((time.perf_counter() - due) * 1000)
        statuses.append(status)
        degraded += _is_degraded(body)

    sending = []
    for place, ask in enumerate(asks):
        due = started + place / per_second
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        sending.append(asyncio.ensure_future(send(ask, due)))
    await asyncio.gather(*sending)
    seconds = time.perf_counter() - started
    for connection in every:
        connection.close()
    return Measured(np.array(times), np.array(statuses), degraded, seconds)


def _is_degraded(body: bytes) -> bool:
    # The queue's own cheaper page; what else a page does without is told by its own words.
    return b'"overloaded"' in body
