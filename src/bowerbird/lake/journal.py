"""This file is about the redo journal of a table: rows on the disk before their commit, to be applied again.

A table commit is a dozen new files, and the newest files are what a power cut or a lying disk damages. So the
rows of a write first go into one synced file with a checksum, in a folder apart from the table (it may be a
link to another disk). The commit is noted in it afterwards. The last few entries are kept: whatever becomes
of the newest versions of the table, applying all kept entries again in their order gives its rows back.

One process at a time writes (a lock on the folder), so that the order of entries is the order of commits.
"""

import mmap
import os
import struct
import time
import zlib
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa

from bowerbird.core.claims import claimed
from bowerbird.core.errors import LakeError

UPSERT, DELETE = "upsert", "delete"
ADD = "add"  # one row with a large content, whose key was not there
BIRTH = "birth"  # the table was made and was empty: all that it ever held is in the entries that follow
MARK = "mark"  # entries before this one were not kept

_SUFFIX = ".redo"
_MAGIC = b"BBREDO1\n"
# The version that was committed and synced; 0 until then. The one thing that changes after writing.
_ACKED = struct.Struct("<Q")
# Operation, trusted version, base version, boot, bytes of rows, their checksum; then the checksum of these.
_HEADER = struct.Struct("<8sQQ36sQI")
_CHECKSUM = struct.Struct("<I")
_HEADER_AT = len(_MAGIC) + _ACKED.size
_CHECKSUM_AT = _HEADER_AT + _HEADER.size
_START = 128  # the engine wants rows aligned in memory
_BOOT_FILE = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True, slots=True)
class Entry:
    """One write to the table, as it says itself.

    Attributes:
        acked: the version that it became, with all files synced; 0 while that is not known.
        trusted: the newest version known to be synced when the entry was written.
        base: the version of the table when the entry was written.
        boot: which run of the machine wrote it; empty where machines do not say.
    """

    path: Path
    sequence: int
    operation: str
    acked: int
    trusted: int
    base: int
    boot: str
    size_bytes: int

    @property
    def is_pending(self) -> bool:
        """Whether its writer was not heard of again."""
        return self.acked == 0

    def rows(self) -> pa.Table | None:
        """The rows as they were given to the table; None where the entry is damaged."""
        with pa.memory_map(str(self.path)) as file:
            content = file.read_buffer()
        rows = content.slice(_START)
        if zlib.crc32(rows) != _HEADER.unpack_from(content, _HEADER_AT)[-1]:
            return None
        return pa.ipc.open_stream(rows).read_all()


class Journal:
    """The last entries of one table, in a folder of its own."""

    def __init__(self, folder: Path, *, keep_entries: int, keep_bytes: int) -> None:
        """Makes the folder where there is none."""
        self._folder = folder
        self._keep_entries = keep_entries
        self._keep_bytes = keep_bytes
        if not folder.is_dir():
            folder.mkdir(parents=True, exist_ok=True)
            for above in list(folder.parents)[:3]:
                sync_folder(above)

    def held(self, *, wait: bool = True) -> AbstractContextManager[bool]:
        """No other process writes in the block; False where one does and `wait` is false."""
        return claimed(self._folder / ".lock", wait=wait)

    def entries(self) -> list[Entry]:
        """The kept entries, oldest first; only those that lead without a gap to the newest."""
        found: list[Entry] = []
        for path in sorted(self._folder.glob(f"*{_SUFFIX}"), reverse=True):
            entry = _read_entry(path)
            if entry is None:  # torn by a power cut, so nobody was told of it; or dropped meanwhile
                continue
            if found and entry.sequence != found[-1].sequence - 1:
                break
            found.append(entry)
        return found[::-1]

    def has_pending(self) -> bool:
        """Whether a writer was not heard of again; only while held."""
        entries = self.entries()
        return not entries or entries[-1].is_pending

    def begin(self, operation: str, rows: pa.Table | None, *, base: int, acked: int = 0) -> Entry:
        """Notes what is about to be done; durable on return. Only while held.

        Raises:
            LakeError: the disk refuses.
        """
        before = self.entries()
        sequence = before[-1].sequence + 1 if before else 1
        trusted, boot = trusted_of(before), boot_id()
        path = self._folder / f"{sequence:016d}{_SUFFIX}"
        try:
            with path.open("w+b") as file:
                size, checksum = _write_rows(file, rows)
                header = _HEADER.pack(operation.encode(), trusted, base, boot.encode(), size, checksum)
                file.seek(0)
                file.write(_MAGIC + _ACKED.pack(acked) + header + _CHECKSUM.pack(zlib.crc32(header)))
                file.flush()
                os.fsync(file.fileno())
            sync_folder(self._folder)
        except OSError as error:
            path.unlink(missing_ok=True)
            raise LakeError(
                f"the journal in {self._folder} cannot be written: {error}; needed is a disk with room; "
                "free some"
            ) from error
        return Entry(path, sequence, operation, acked, trusted, base, boot, size)

    def acknowledge(self, entry: Entry, version: int, *, is_durable: bool = False) -> None:
        """Every file of `version` is on the disk.

        Not synced by itself for a write: if it is lost, the entry is applied again, which changes nothing.
        """
        with _opened_if_there(entry.path) as file:
            if file is None:  # dropped by another process: later entries say more
                return
            os.pwrite(file.fileno(), _ACKED.pack(version), len(_MAGIC))
            if is_durable:
                os.fsync(file.fileno())

    def acknowledge_upkeep(self, version: int) -> None:
        """A version that holds the same rows as before is on the disk; durable on return."""
        done = [entry for entry in self.entries() if not entry.is_pending]
        if done and done[-1].acked < version:
            self.acknowledge(done[-1], version, is_durable=True)

    def void(self, entry: Entry) -> None:
        """The write failed and its caller was told so. Only while held."""
        entry.path.unlink(missing_ok=True)

    def drop_old(self) -> None:
        """Keeps the newest entries that fit. Only while held."""
        entries = self.entries()
        kept_bytes = 0
        for place, entry in enumerate(reversed(entries)):
            kept_bytes += entry.size_bytes
            is_over = place >= self._keep_entries or kept_bytes > self._keep_bytes
            if place > 0 and is_over:
                for old in entries[: len(entries) - place]:
                    old.path.unlink(missing_ok=True)
                return

    def clear(self, *, min_age_s: float = 0.0) -> None:
        """Lets go of the rows of entries of this age, unless one is pending. Only while held."""
        entries = self.entries()
        for stray in set(self._folder.glob(f"*{_SUFFIX}")) - {entry.path for entry in entries}:
            stray.unlink(missing_ok=True)  # nothing is ever read of it, but it may hold rows
        latest_s = time.time() - min_age_s
        old = [entry for entry in entries if not entry.is_pending and _written_s(entry) <= latest_s]
        if not old or old != entries[: len(old)]:
            return
        if old[-1].operation in (MARK, BIRTH):
            old = old[:-1]  # what a clearing that was cut off has left before its mark
        elif len(old) == len(entries):
            # All versions from the last write on hold the same rows.
            self.begin(MARK, None, base=old[-1].acked, acked=old[-1].acked)
        for entry in old:
            entry.path.unlink(missing_ok=True)


@cache
def boot_id() -> str:
    """Differs after each start of this machine; empty where the system does not say."""
    try:
        return _BOOT_FILE.read_text().strip()[:36]
    except OSError:
        return ""


def trusted_of(entries: list[Entry]) -> int:
    """The newest version whose files are known to be synced; 0 where nothing is known."""
    return max((max(entry.acked, entry.trusted) for entry in entries), default=0)


def sync_folder(folder: Path) -> None:
    """The names in the folder are on the disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _write_rows(file: BinaryIO, rows: pa.Table | None) -> tuple[int, int]:
    """Bytes and checksum of the rows, written behind the header; nothing is copied in memory."""
    file.truncate(_START)
    if rows is None:
        return 0, 0
    file.seek(_START)
    with pa.ipc.new_stream(pa.PythonFile(file, "w"), rows.schema) as writer:
        writer.write_table(rows)
    file.flush()
    size = file.tell() - _START
    with mmap.mmap(file.fileno(), _START + size, access=mmap.ACCESS_READ) as content:
        view = memoryview(content)
        try:
            return size, zlib.crc32(view[_START:])
        finally:
            view.release()


def _read_entry(path: Path) -> Entry | None:
    with _opened_if_there(path) as file:
        if file is None:
            return None
        start = file.read(_START)
        if len(start) < _START or not start.startswith(_MAGIC):
            return None
        header = start[_HEADER_AT:_CHECKSUM_AT]
        operation, trusted, base, boot, size, _ = _HEADER.unpack(header)
        is_whole = os.fstat(file.fileno()).st_size == _START + size
    if not is_whole or _CHECKSUM.unpack_from(start, _CHECKSUM_AT)[0] != zlib.crc32(header):
        return None
    (acked,) = _ACKED.unpack_from(start, len(_MAGIC))
    name, written_in = operation.rstrip(b"\0").decode(), boot.rstrip(b"\0").decode()
    return Entry(path, int(path.stem), name, acked, trusted, base, written_in, size)


def _written_s(entry: Entry) -> float:
    try:
        return entry.path.stat().st_mtime
    except FileNotFoundError:
        return float("inf")


@contextmanager
def _opened_if_there(path: Path) -> Iterator[BinaryIO | None]:
    try:
        file = path.open("r+b", buffering=0)
    except FileNotFoundError:
        yield None
        return
    with file:
        yield file
