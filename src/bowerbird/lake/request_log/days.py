"""This file is about files of days: the request log in Parquet, a folder for each day (UTC).

A file is named for the offsets that its rows had in the spool. So a move that was killed half-way is known
for what it is: a row of the spool is in the files already where a file of its day covers its offset.
"""

import os
import re
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from bowerbird.lake.journal import sync_folder

MS_PER_DAY = 86_400_000
_FILE = re.compile(r"(\d+)-(\d+)\.parquet")
_FOLDER = re.compile(r"day=(\d{4}-\d\d-\d\d)")
_EPOCH = date(1970, 1, 1).toordinal()
_ROWS_A_GROUP = 2_000
_STALE_S = 3_600


@dataclass(frozen=True, slots=True)
class DayFile:
    """One file: the day as a number of days since 1970, and the first and last offset in it."""

    path: Path
    day: int
    first: int
    last: int

    def covers(self, day: int, offset: int) -> bool:
        """Whether the record with this offset, of this day, was moved into it."""
        return day == self.day and self.first <= offset <= self.last


@dataclass(frozen=True, slots=True)
class Days:
    """The folder of all days."""

    folder: Path

    def files(self, *, since_ms: int = 0, until_ms: int = 2**62) -> list[DayFile]:
        """Files of days that have some of this time, oldest first."""
        found = []
        for path in self.folder.glob("day=*/*.parquet"):
            named, day = _FILE.fullmatch(path.name), _day_named(path.parent.name)
            if named is None or day is None:
                continue
            if (day + 1) * MS_PER_DAY > since_ms and day * MS_PER_DAY < until_ms:
                found.append(DayFile(path, day, int(named[1]), int(named[2])))
        return sorted(found, key=lambda file: (file.day, file.first))

    def write(self, day: int, first: int, last: int, table: pa.Table) -> DayFile:
        """A file with these rows, on the disk on return."""
        folder = self.folder / f"day={_name(day)}"
        is_new = not folder.exists()
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{first:012d}-{last:012d}.parquet"
        _write_whole(path, table)
        if is_new:
            for above in (self.folder, self.folder.parent):
                sync_folder(above)
        return DayFile(path, day, first, last)

    def rewrite(
        self, column: str, touches: Callable[[pa.ChunkedArray], bool], keep: Callable[[pa.Table], pa.Table]
    ) -> int:
        """Files whose `column` is touched hold what `keep` leaves of them; gives how many files those are.

        A file of which nothing is left stays without rows: its name still says what was moved.
        """
        changed = 0
        for file in self.files():
            (one,) = self.tables([file], [column])
            if touches(one[column]):
                (table,) = self.tables([file])
                _write_whole(file.path, keep(table))
                changed += 1
        return changed

    def drop_before(self, day: int) -> int:
        """Days before this one are gone; gives how many. Files that were never finished go too."""
        gone = 0
        for folder in self.folder.glob("day=*"):
            named = _day_named(folder.name)
            if named is not None and named < day:
                shutil.rmtree(folder)
                gone += 1
                continue
            for left in folder.glob(".making-*"):
                if left.stat().st_mtime < time.time() - _STALE_S:
                    left.unlink(missing_ok=True)
        return gone

    def tables(self, files: Sequence[DayFile], columns: Sequence[str] | None = None) -> Iterator[pa.Table]:
        """The rows of these files, one table a file."""
        for file in files:
            yield pq.read_table(
                file.path, columns=None if columns is None else list(columns), partitioning=None
            )


def day_of(at_ms: int) -> int:
    """Days since 1970, in UTC."""
    return at_ms // MS_PER_DAY


def _name(day: int) -> str:
    return date.fromordinal(_EPOCH + day).isoformat()


def _day_named(name: str) -> int | None:
    found = _FOLDER.fullmatch(name)
    if found is None:
        return None
    return date.fromisoformat(found[1]).toordinal() - _EPOCH


def _write_whole(path: Path, table: pa.Table) -> None:
    """The file is there whole, and on the disk, or is as it was."""
    beside = path.with_name(f".making-{path.name}")
    floats = [
        f"{field.name}.list.element"
        for field in table.schema
        if pa.types.is_list(field.type) and pa.types.is_floating(field.type.value_type)
    ]
    pq.write_table(
        table,
        beside,
        compression="zstd",
        row_group_size=_ROWS_A_GROUP,
        use_dictionary=[
            field.name if pa.types.is_string(field.type) else f"{field.name}.list.element"
            for field in table.schema
            if not pa.types.is_integer(field.type) and f"{field.name}.list.element" not in floats
        ],
        use_byte_stream_split=floats,
    )
    with beside.open("rb") as file:
        os.fsync(file.fileno())
    beside.replace(path)
    sync_folder(path.parent)
