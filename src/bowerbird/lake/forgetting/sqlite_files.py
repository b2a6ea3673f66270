"""This file is about what SQLite leaves on the disk: deleted rows in unused pages and in the WAL."""

import sqlite3
from dataclasses import dataclass
from pathlib import Path

_WAIT_S = 30.0


@dataclass(frozen=True, slots=True)
class CleanFile:
    """What was done to a database file.

    Attributes:
        bytes_freed: how much smaller it is, its WAL included.
        is_rewritten: its pages hold nothing but live rows; otherwise it was too large for that.
        is_wal_empty: the WAL is gone; otherwise somebody was reading from it all the time.
    """

    bytes_freed: int
    is_rewritten: bool
    is_wal_empty: bool


def clean(path: Path, *, rewrite_below_bytes: int) -> CleanFile:
    """Deleted rows are in no page of the file, and the WAL is empty.

    Deletes overwrite what they delete, yet splitting pages leaves copies of rows behind; only writing the
    whole file anew is sure to drop those. Writers wait meanwhile: some 5 s a GB.
    """
    before = _size(path)
    connection = sqlite3.connect(path, timeout=_WAIT_S, isolation_level=None)
    try:
        # Also decides what new pages hold besides rows: zeros, or what lay in memory before.
        connection.execute("PRAGMA secure_delete = ON")
        is_small = before < rewrite_below_bytes
        if is_small:
            connection.execute("VACUUM")
        busy = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
    finally:
        connection.close()
    return CleanFile(max(before - _size(path), 0), is_small, not busy)


def _size(path: Path) -> int:
    files = (path, path.with_name(f"{path.name}-wal"))
    return sum(file.stat().st_size for file in files if file.exists())
