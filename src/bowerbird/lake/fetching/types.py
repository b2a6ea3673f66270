"""This file is about what fetching is allowed to cost, and how it fails."""

from dataclasses import dataclass

from bowerbird.core.errors import InputError


@dataclass(frozen=True, slots=True)
class FetchLimits:
    """What one address may cost.

    Attributes:
        max_bytes: of the body; one more byte and it is given up.
        total_s: from the first lookup to the last byte, redirects and waiting included.
        idle_s: without a single byte.
        max_redirects: hops after the first address.
        at_once: connections to one host.
        pause_s: between the starts of two requests to one host.
        tries: for answers that ask to come back later (429, 503) and connections that break.
        longest_rest_s: what a `Retry-After` may ask for; a longer one ends the try.
    """

    max_bytes: int = 64 * 2**20
    total_s: float = 60.0
    idle_s: float = 10.0
    max_redirects: int = 5
    at_once: int = 4
    pause_s: float = 0.02
    tries: int = 3
    longest_rest_s: float = 20.0


@dataclass(frozen=True, slots=True)
class Fetched:
    """What came back.

    Attributes:
        media_type: as the server says, in lower case, without parameters; empty where it says nothing.
        address: where it came from in the end, after redirects.
        stamp: to ask with the next time.
    """

    content: bytes
    media_type: str
    address: str
    stamp: "Stamp"


@dataclass(frozen=True, slots=True)
class Stamp:
    """What a server says by which it knows its own content again; empty where it says nothing."""

    etag: str = ""
    last_modified: str = ""

    @property
    def headers(self) -> dict[str, str]:
        """Headers of a request that wants the content only if it is another one."""
        given = {"If-None-Match": self.etag, "If-Modified-Since": self.last_modified}
        return {name: value for name, value in given.items() if value}


@dataclass(frozen=True, slots=True)
class FetchedFile:
    """What was written to a file.

    Attributes:
        sha256: hex of what was written.
        stamp: to ask with the next time.
    """

    size_bytes: int
    sha256: str
    stamp: Stamp
    media_type: str
    address: str


class FetchError(InputError):
    """An address that gave nothing that can be used; `code` is one of `docs/lake-import.md`."""

    def __init__(self, message: str, *, code: str, hint: str) -> None:
        super().__init__(f"{message}; {hint}")
        self.code = code
        self.hint = hint
