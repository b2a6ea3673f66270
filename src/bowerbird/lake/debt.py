"""This file is about the debt of a table: what its upkeep would put right."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TableDebt:
    """What maintenance would put right, as figures to watch.

    Attributes:
        rows: all rows, tombstones included.
        fragments: files that a full scan opens.
        deleted_rows: rows that still take space.
        unindexed_rows: rows that a word search scans without the index.
        versions: states that can be read with `as-of`.
        oldest_ms: when the oldest of them was made that no tag holds.
        unkeyed_rows: rows that every write scans for its keys without the index.
    """

    rows: int
    fragments: int
    deleted_rows: int
    unindexed_rows: int
    versions: int
    oldest_ms: int
    unkeyed_rows: int = 0
