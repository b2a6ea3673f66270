"""This file is about fetching: addresses checked hop by hop, hosts treated politely, limits kept."""

import hashlib
import random
import threading
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO
from urllib.parse import urljoin

from bowerbird.lake.fetching.addresses import Address, Lookup, checked_ips, parse_address, system_lookup
from bowerbird.lake.fetching.connection import Answer, ask
from bowerbird.lake.fetching.types import Fetched, FetchedFile, FetchError, FetchLimits, Stamp

_REDIRECTS = (301, 302, 303, 307, 308)
_NOT_MODIFIED = 304
_LONGEST_STAMP = 500
_COME_BACK = (429, 500, 502, 503, 504)
_NO_PICTURE = ("text/html", "application/xhtml+xml")
_FIRST_REST_S = 0.5


class Fetcher:
    """Fetches addresses. Safe for threads; meant for one import, whose threads it makes wait their turn."""

    def __init__(
        self,
        limits: FetchLimits | None = None,
        *,
        allowed_hosts: Collection[str] = (),
        lookup: Lookup = system_lookup,
    ) -> None:
        """A fetcher.

        Args:
            limits: what one address may cost.
            allowed_hosts: hosts that may lie in a private net.
            lookup: the name service.
        """
        self.limits = limits or FetchLimits()
        self._allowed = frozenset(host.lower() for host in allowed_hosts)
        self._lookup = lookup
        self._hosts: dict[str, _Host] = {}
        self._meeting = threading.Lock()

    def fetch(self, address: str) -> Fetched:
        """The picture at an address; what the server itself calls a web page is refused.

        Raises:
            FetchError: nothing that can be used; the message says why.
        """
        answer, at = self._followed(address, None, None)
        return Fetched(answer.body, _usable_type(answer), at.text, _stamp(answer))

    def fetch_changed(self, address: str, stamp: Stamp) -> Fetched | None:
        """Like `fetch`, or None where the server says that it is still the content of this stamp.

        Raises:
            FetchError: nothing that can be used; the message says why.
        """
        answer, at = self._followed(address, stamp, None)
        if answer.status == _NOT_MODIFIED:
            return None
        return Fetched(answer.body, _usable_type(answer), at.text, _stamp(answer))

    def fetch_file(self, address: str, path: Path, stamp: Stamp | None = None) -> FetchedFile | None:
        """What is at an address, in a file; None where the server says that it is that of the stamp.

        Raises:
            FetchError: nothing that can be used; the message says why.
        """
        with path.open("w+b") as file:
            answer, at = self._followed(address, stamp, file)
            if answer.status == _NOT_MODIFIED and stamp is not None:
                return None
            media_type = _usable_type(answer)
            file.seek(0)
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            return FetchedFile(file.tell(), digest, _stamp(answer), media_type, at.text)

    def _followed(self, address: str, stamp: Stamp | None, into: BinaryIO | None) -> tuple[Answer, Address]:
        """The answer at the end of the redirects, and where that is."""
        until_s = time.monotonic() + self.limits.total_s
        now = parse_address(address.strip())
        for _ in range(self.limits.max_redirects + 1):
            answer = self._asked(now, until_s, stamp, into)
            if answer.status not in _REDIRECTS:
                return answer, now
            now = parse_address(urljoin(now.text, answer.headers.get("location", "")))
        raise FetchError(
            f"more than {self.limits.max_redirects} redirects",
            code="too-many-redirects",
            hint="name the final address",
        )

    def _asked(self, address: Address, until_s: float, stamp: Stamp | None, into: BinaryIO | None) -> Answer:
        """An answer that does not ask to come back later; every IP is checked before each try."""
        host = self._host(address)
        for attempt in range(1, self.limits.tries + 1):
            is_last = attempt == self.limits.tries
            try:
                with host.turn(self.limits, until_s):
                    ips = checked_ips(address, self._lookup, self._allowed)
                    answer = ask(address, ips[(attempt - 1) % len(ips)], self.limits, until_s, stamp, into)
            except FetchError as error:
                if error.code != "unreachable" or is_last:
                    raise
                rest_s = _backoff_s(attempt)
            else:
                rest_s = _rest_s(answer, attempt)
                if answer.status not in _COME_BACK or is_last or rest_s > self.limits.longest_rest_s:
                    return answer
                if answer.status in (429, 503):
                    host.rest(rest_s)
            if time.monotonic() + rest_s >= until_s:
                raise FetchError("the server took too long", code="too-slow-server", hint="try again later")
            time.sleep(rest_s)
        raise AssertionError("the last try returns or raises")

    def _host(self, address: Address) -> "_Host":
        with self._meeting:
            return self._hosts.setdefault(
                address.host_header, _Host(threading.Semaphore(self.limits.at_once))
            )


@dataclass(slots=True)
class _Host:
    """One host's queue: so many at once, a pause between them, and rest where it asks for rest."""

    places: threading.Semaphore
    next_s: float = 0.0
    lock: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def turn(self, limits: FetchLimits, until_s: float) -> Iterator[None]:
        if not self.places.acquire(timeout=max(until_s - time.monotonic(), 0.0)):
            raise FetchError(
                "too many others wait for the host", code="too-slow-server", hint="try again later"
            )
        try:
            with self.lock:
                start_s = max(time.monotonic(), self.next_s)
                self.next_s = start_s + limits.pause_s
            time.sleep(max(0.0, min(start_s, until_s) - time.monotonic()))
            yield
        finally:
            self.places.release()

    def rest(self, seconds: float) -> None:
        with self.lock:
            self.next_s = max(self.next_s, time.monotonic() + seconds)


def _usable_type(answer: Answer) -> str:
    """The media type of an answer that can be used.

    Raises:
        FetchError: it cannot.
    """
    if answer.status != 200:
        raise FetchError(
            f"the server answered {answer.status}", code=_code_of(answer.status), hint="check the address"
        )
    media_type = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type in _NO_PICTURE:
        raise FetchError(
            "the address leads to a web page", code="web-page", hint="give the address of the file itself"
        )
    return media_type


def _stamp(answer: Answer) -> Stamp:
    etag, modified = answer.headers.get("etag", ""), answer.headers.get("last-modified", "")
    is_plain = all(len(value) <= _LONGEST_STAMP and value.isprintable() for value in (etag, modified))
    return Stamp(etag, modified) if is_plain else Stamp()


def _code_of(status: int) -> str:
    if status in (404, 410):
        return "not-found"
    return "server-busy" if status in _COME_BACK else "refused-by-server"


def _rest_s(answer: Answer, attempt: int) -> float:
    asked = answer.headers.get("retry-after", "").strip()
    return float(asked) if asked.isdigit() else _backoff_s(attempt)


def _backoff_s(attempt: int) -> float:
    # A little at random, so that many that were refused together do not come back together.
    return _FIRST_REST_S * 2.0 ** (attempt - 1) * random.uniform(0.5, 1.0)  # noqa: S311
