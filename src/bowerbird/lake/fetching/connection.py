"""This file is about one request to one checked machine: what is sent, and how much is read of the answer."""

import http.client
import io
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import BinaryIO

from bowerbird import __version__
from bowerbird.lake.fetching.addresses import Address
from bowerbird.lake.fetching.types import FetchError, FetchLimits, Stamp

_CHUNK_BYTES = 64 * 1024
_HEADERS = {
    "User-Agent": f"bowerbird/{__version__} (catalogue import)",
    "Accept": "image/*,*/*;q=0.5",
    # Packed bodies are refused, so that none can be a bomb.
    "Accept-Encoding": "identity",
    "Connection": "close",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server said; `body` is empty unless the status is 200."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def ask(
    address: Address,
    ip: str,
    limits: FetchLimits,
    until_s: float,
    stamp: Stamp | None = None,
    into: BinaryIO | None = None,
) -> Answer:
    """One GET of `address` from the machine `ip`; `until_s` is the monotonic time at which it is given up.

    Args:
        stamp: the content is wanted only if it is not the one of this stamp.
        into: takes the body, from its beginning, instead of `Answer.body`.

    Raises:
        FetchError: the connection breaks, it takes too long, or the body is not to be had.
    """
    left_s = until_s - time.monotonic()
    if left_s <= 0:
        raise _too_slow()
    try:
        with (
            _opened(address, ip, min(limits.idle_s, left_s)) as (connection, wire),
            _alarm(wire, left_s),
        ):
            if isinstance(wire, ssl.SSLSocket):
                wire.do_handshake()
            connection.putrequest("GET", address.target, skip_host=True, skip_accept_encoding=True)
            wanted = stamp.headers if stamp is not None else {}
            for name, value in {"Host": address.host_header, **_HEADERS, **wanted}.items():
                connection.putheader(name, value)
            connection.endheaders()
            with connection.getresponse() as answer:
                headers = {name.lower(): value for name, value in answer.getheaders()}
                return Answer(answer.status, headers, _body(answer, headers, limits, into))
    except http.client.IncompleteRead as error:
        raise _cut_off(len(error.partial)) from error
    except ssl.SSLError as error:
        raise FetchError(
            f"the server's certificate or TLS cannot be trusted ({error.reason or error})",
            code="bad-certificate",
            hint="the owner of the server has to mend it",
        ) from error
    except (OSError, http.client.HTTPException, ValueError) as error:
        if isinstance(error, TimeoutError) or time.monotonic() >= until_s:
            raise _too_slow() from error
        raise FetchError(
            f"the connection failed ({type(error).__name__}: {str(error)[:100]})",
            code="unreachable",
            hint="try again later, or check the address",
        ) from error


@contextmanager
def _opened(
    address: Address, ip: str, idle_s: float
) -> Iterator[tuple[http.client.HTTPConnection, socket.socket]]:
    """A connection to `ip`, whatever the host's name would be looked up to by now, and what it runs over."""
    connection = http.client.HTTPConnection(address.host, address.port, timeout=idle_s)
    wire = socket.create_connection((ip, address.port), timeout=idle_s)
    try:
        if address.scheme == "https":
            # Without the handshake, which can drip as slowly as an answer: the alarm has to be set before.
            wire = _tls().wrap_socket(wire, server_hostname=address.host, do_handshake_on_connect=False)
        connection.sock = wire
        yield connection, wire
    finally:
        connection.close()
        wire.close()


@contextmanager
def _alarm(wire: socket.socket, seconds: float) -> Iterator[None]:
    """Ends the connection when its time is over: a server that drips is never idle.

    Raises:
        FetchError: the time was over; what came may look like an answer that has ended.
    """
    is_late = threading.Event()

    def end_it() -> None:
        is_late.set()
        with suppress(OSError):  # it has ended by itself
            wire.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(seconds, end_it)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        if is_late.is_set():
            raise _too_slow()


def _body(
    answer: http.client.HTTPResponse,
    headers: Mapping[str, str],
    limits: FetchLimits,
    into: BinaryIO | None,
) -> bytes:
    if answer.status != 200:
        return b""
    # Files are unpacked by their reader, which knows where to stop.
    taken = ("", "identity") if into is None else ("", "identity", "gzip", "x-gzip")
    if headers.get("content-encoding", "identity").lower() not in taken:
        raise FetchError(
            f"the body came packed ({headers['content-encoding'][:20]}) without having been asked for so",
            code="packed-body",
            hint="the owner of the server has to mend it",
        )
    announced = headers.get("content-length", "")
    if announced.isdigit() and int(announced) > limits.max_bytes:
        raise _too_long(limits)
    sink = io.BytesIO() if into is None else into
    sink.seek(0)
    sink.truncate()
    read = 0
    while part := answer.read(min(_CHUNK_BYTES, limits.max_bytes + 1 - read)):
        sink.write(part)
        read += len(part)
        if read > limits.max_bytes:
            raise _too_long(limits)
    if announced.isdigit() and read < int(announced):
        raise _cut_off(read)
    return sink.getvalue() if isinstance(sink, io.BytesIO) else b""


def _cut_off(read_bytes: int) -> FetchError:
    return FetchError(
        f"only {read_bytes:,} bytes came, fewer than were announced", code="truncated", hint="try again later"
    )


def _too_long(limits: FetchLimits) -> FetchError:
    return FetchError(
        f"the body has more than {limits.max_bytes:,} bytes", code="too-many-bytes", hint="save it smaller"
    )


def _too_slow() -> FetchError:
    return FetchError("the server took too long", code="too-slow-server", hint="try again later")


@lru_cache(maxsize=1)
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()
