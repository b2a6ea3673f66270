"""This file is about playing videos: originals in the parts that players ask for, never all at once."""

import re
from dataclasses import dataclass
from io import BufferedIOBase

from bowerbird.core.errors import NotFoundError
from bowerbird.lake.lake import Lake
from bowerbird.lake.video.formats import MEDIA_TYPES

_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


@dataclass(frozen=True, slots=True)
class Film:
    """An original that can be read in parts; close `file` after use."""

    file: BufferedIOBase
    size_bytes: int
    media_type: str

    def part(self, start: int, most_bytes: int) -> bytes:
        """At most so many bytes from `start` on."""
        self.file.seek(start)
        return bytes(self.file.read(most_bytes))


@dataclass(frozen=True, slots=True)
class Span:
    """Bytes from `start` up to but without `end`."""

    start: int
    end: int


class Videos:
    """Opens the originals of videos."""

    def __init__(self, lake: Lake) -> None:
        self._lake = lake

    def open(self, sha: str) -> Film:
        """The original.

        Raises:
            NotFoundError: there is no such video.
        """
        found = self._lake.media.take([sha], ["format", "size_bytes"]).to_pylist()
        media_type = MEDIA_TYPES.get(found[0]["format"]) if found else None
        file = self._lake.blobs.open_blob(sha) if media_type else None
        if media_type is None or file is None:
            raise NotFoundError(f"there is no video {sha[:12]}…; it was never here, or it was deleted")
        return Film(file, int(found[0]["size_bytes"]), media_type)


def span_of(header: str, size_bytes: int) -> Span | None:
    """The part that a `Range` header asks for; None where all of it is to be sent.

    Several parts, and units that are not bytes, are answered with all of it, as RFC 9110 allows.

    Raises:
        ValueError: the part lies outside.
    """
    asked = _RANGE.fullmatch(header.replace(" ", ""))
    if asked is None or asked.groups() == ("", ""):
        return None
    first, last = asked.groups()
    if not first:
        start, end = max(size_bytes - int(last), 0), size_bytes
    else:
        start, end = int(first), min(int(last) + 1 if last else size_bytes, size_bytes)
        if last and int(last) < int(first):
            return None  # makes no sense, and is passed over like what nobody understands
    if start >= end:
        raise ValueError(f"bytes {header} of {size_bytes:,}")
    return Span(start, end)
