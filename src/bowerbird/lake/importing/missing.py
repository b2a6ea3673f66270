"""This file is about ids: which ones a source has shown so far, and which items it no longer has."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from bowerbird.core.filters import Eq
from bowerbird.lake.items import delete_items
from bowerbird.lake.lake import Lake

REMOVABLE_SHARE = 0.3
"""Of an import's items, how many may vanish at once without a person saying yes."""

_IDS_AT_ONCE = 500


class SeenIds:
    """The ids of one run, in a temporary file of SQLite's own: a million of them need no memory."""

    def __init__(self) -> None:
        self._rows = sqlite3.connect("", isolation_level=None)
        self._rows.execute("PRAGMA synchronous = OFF")
        self._rows.execute("CREATE TABLE seen (id TEXT PRIMARY KEY) WITHOUT ROWID")
        self._rows.execute("BEGIN")

    def add(self, id_: str) -> bool:
        """Whether the id is new."""
        return self._rows.execute("INSERT OR IGNORE INTO seen VALUES (?)", (id_,)).rowcount == 1

    def unseen(self, ids: Sequence[str]) -> list[str]:
        """Those of `ids` that were not added."""
        seen: set[str] = set()
        for start in range(0, len(ids), _IDS_AT_ONCE):
            part = ids[start : start + _IDS_AT_ONCE]
            marks = ",".join("?" * len(part))
            sql = f"SELECT id FROM seen WHERE id IN ({marks})"  # noqa: S608 - only question marks are put in
            seen.update(id_ for (id_,) in self._rows.execute(sql, part))
        return [id_ for id_ in ids if id_ not in seen]

    def close(self) -> None:
        """The temporary file is gone."""
        self._rows.close()


@dataclass(frozen=True, slots=True)
class Removal:
    """What became of items that a source no longer has.

    Attributes:
        removed: how many were deleted.
        missing: how many are missing.
        held: why none of them was deleted until a person agrees; empty where nothing is held.
    """

    removed: int = 0
    missing: int = 0
    held: str = ""


NOTHING_REMOVED = Removal()


def remove_missing(
    lake: Lake, source: str, seen: SeenIds, *, unreadable_rows: int, is_agreed: bool, agreed_missing: int = 0
) -> Removal:
    """Deletes the items that came with this import and are no longer in its source.

    None is deleted where they are more than `REMOVABLE_SHARE` of them, or where rows could not be read that
    may be theirs, unless somebody has agreed: to all (`is_agreed`), or to so many (`agreed_missing`).
    """
    missing: list[str] = []
    total = 0
    for part in lake.items.scan(["id"], where=Eq("source", source)):
        ids = part.column(0).to_pylist()
        total += len(ids)
        missing.extend(seen.unseen(ids))
    if is_agreed or len(missing) <= agreed_missing:
        return Removal(delete_items(lake, missing), len(missing))
    if missing and unreadable_rows:
        held = (
            f"{unreadable_rows:,} rows could not be read, and {len(missing):,} items of import {source!r} "
            "are in no other row, so that those may be theirs (the other rows are in, nothing was removed); "
            "mend the rows that the rejects file names, or say --yes"
        )
        return Removal(0, len(missing), held)
    if len(missing) > REMOVABLE_SHARE * total:
        held = (
            f"{len(missing):,} of the {total:,} items of import {source!r} are no longer in the source; "
            f"removing more than {REMOVABLE_SHARE:.0%} has to be agreed to (the rows are in, nothing was "
            "removed); say --yes if the source is complete"
        )
        return Removal(0, len(missing), held)
    return Removal(delete_items(lake, missing), len(missing))
