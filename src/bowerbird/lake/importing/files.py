"""This file is about the files of a catalogue: opened, unpacked where they are packed, and looked at.

What is packed is told by its first bytes, never by its name. Unpacking is streamed, so that memory stays
flat, and ends where a file unpacks to far more than any catalogue does.
"""

import codecs
import gzip
import io
import zlib
from io import TextIOBase
from pathlib import Path

from bowerbird.core.errors import InputError
from bowerbird.lake.importing.types import RowError

BROKEN_FILE = (OSError, EOFError, zlib.error)
"""What reading a file that is damaged, or cut off, raises."""

SAMPLE_BYTES = 64 * 1024
_GZIP = b"\x1f\x8b"
_UNPACKED_FREELY = 2**30
_UNPACKED_RATIO = 500


def is_packed(path: Path) -> bool:
    """Whether the file is packed with gzip."""
    with path.open("rb") as file:
        return file.read(2) == _GZIP


def opened_bytes(path: Path) -> io.BufferedReader:
    """The file's content, unpacked."""
    if not is_packed(path):
        return path.open("rb")
    return io.BufferedReader(_Unpacking(path), 256 * 1024)


def opened_text(path: Path, encoding: str) -> TextIOBase:
    """The file's text, unpacked; bytes that are no letters become U+FFFD."""
    return io.TextIOWrapper(opened_bytes(path), encoding=encoding, errors="replace", newline="")


def sample_of(path: Path) -> bytes:
    """The beginning, as far as it can be read: that a file breaks off later is for its rows to find.

    Raises:
        InputError: not even the first byte can be read.
    """
    sample = b""
    try:
        with opened_bytes(path) as file:
            while len(sample) < SAMPLE_BYTES and (part := file.read1(SAMPLE_BYTES)):
                sample += part
    except BROKEN_FILE as error:
        if not sample:
            raise unreadable(path, error) from error
    return sample[:SAMPLE_BYTES]


def encoding_of(sample: bytes) -> str:
    """UTF-8 where the beginning reads as it, UTF-16 where it is marked, else what old spreadsheets write."""
    if sample.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    try:
        codecs.getincrementaldecoder("utf-8")().decode(sample)
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8-sig"


def stem_of(path: Path) -> str:
    """The file's name without its endings."""
    name = path.name
    for ending in (".gz", path.with_suffix("").suffix if path.suffix == ".gz" else path.suffix):
        name = name.removesuffix(ending) if ending else name
    return name


def cut_off(error: Exception) -> RowError:
    """The error of the row at which a file cannot be read any further."""
    return RowError(
        f"the file cannot be read any further ({str(error)[:100]})",
        field="row",
        code="broken-file",
        hint="copy or download it again; what stood before it is taken in",
    )


def unreadable(path: Path, error: Exception) -> InputError:
    """The error of a file of which nothing can be read."""
    return InputError(f"{path} cannot be read ({str(error)[:200]}); needed is a whole file; copy it again")


class _Unpacking(io.RawIOBase):
    """A gzip file being unpacked, with an end to how far it may grow."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("rb")
        self._gzip = gzip.GzipFile(fileobj=self._file)
        self._read = 0

    def readable(self) -> bool:
        return True

    def readinto(self, target: "memoryview | bytearray") -> int:  # type: ignore[override]
        # Not `readinto`, which throws away what it has when the file breaks off.
        part = self._gzip.read1(len(target))
        count = len(part)
        target[:count] = part
        self._read += count
        if self._read > _UNPACKED_FREELY and self._read > _UNPACKED_RATIO * self._file.tell():
            raise OSError(f"it unpacks to more than {_UNPACKED_RATIO} times its size")
        return count

    def close(self) -> None:
        self._gzip.close()
        self._file.close()
        super().close()
