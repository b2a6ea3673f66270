"""This file is about tar files of strangers, read from front to back: nothing is written, nothing followed.

Python's reader takes whatever length a header claims; here no read may be longer than `LONGEST_READ`, and
only plain members are handed on. So lying headers, links and names such as `../../x` come to nothing.
"""

import tarfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

from bowerbird.lake.importing.files import BROKEN_FILE, cut_off, opened_bytes

LONGEST_READ = 128 * 2**20
_STEP_BYTES = 2**20
_NO_TAR = (tarfile.TarError, ValueError, OverflowError, *BROKEN_FILE)


@dataclass(frozen=True, slots=True)
class TarMember:
    """A plain file in a tar; `content` is None where it is longer than was asked for."""

    name: str
    size: int
    content: bytes | None


def members_of(path: Path, max_bytes: int) -> Iterator[TarMember]:
    """The plain files of a tar (also packed with gzip), in their order.

    Raises:
        RowError: `broken-file`: it cannot be read any further.
    """
    try:
        with closing(_Forward(path)) as file, tarfile.open(fileobj=cast("IO[bytes]", file), mode="r:") as tar:
            while (info := tar.next()) is not None:
                cast("Any", tar).members.clear()  # the list of all that came would grow with the tar
                if info.isreg() and not info.issparse():
                    content = None
                    if info.size <= max_bytes and (inside := tar.extractfile(info)) is not None:
                        content = inside.read()
                    yield TarMember(info.name, info.size, content)
            if not file.has_ended():
                raise tarfile.ReadError("it breaks off without its end mark")
    except _NO_TAR as error:
        raise cut_off(error) from error


class _Forward:
    """A file that is read forward only, as far as tarfile needs it: it may step back by one byte."""

    def __init__(self, path: Path) -> None:
        self._file = opened_bytes(path)
        self._at = 0
        self._last = b""
        self._is_back = False
        self._is_zero = False

    def tell(self) -> int:
        return self._at - self._is_back

    def seek(self, to: int) -> int:
        if to == self._at - 1 and self._last:
            self._is_back = True
            return to
        self._is_back = False
        if to < self._at:
            raise tarfile.ReadError("a member begins before the one in front of it has ended")
        while self._at < to and self._take(min(to - self._at, _STEP_BYTES)):
            pass
        return self._at

    def read(self, count: int) -> bytes:
        if count > LONGEST_READ:
            raise tarfile.ReadError(f"a header claims {count:,} bytes")
        if count > 0 and self._is_back:
            self._is_back = False
            return self._last + self._take(count - 1)
        return self._take(count)

    def has_ended(self) -> bool:
        """Whether a tar's end mark was read last: what was cut off has none."""
        return self._is_zero

    def close(self) -> None:
        self._file.close()

    def _take(self, count: int) -> bytes:
        part = self._file.read(count)
        if part:
            self._at += len(part)
            self._last = part[-1:]
            self._is_zero = len(part) == tarfile.BLOCKSIZE and not part.strip(b"\0")
        return part
