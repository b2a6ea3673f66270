"""This file is about the spool of the request log: records that are durable and not yet in files of a day."""

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bowerbird.lake.database_damage import damage_told

_SCHEMA = """
CREATE TABLE IF NOT EXISTS request (
    offset INTEGER PRIMARY KEY AUTOINCREMENT,
    request_id TEXT NOT NULL, person_id TEXT NOT NULL, at_ms INTEGER NOT NULL, body BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS request_person ON request (person_id);
CREATE INDEX IF NOT EXISTS request_at ON request (at_ms);
"""
_INSERT = "INSERT INTO request (request_id, person_id, at_ms, body) VALUES (?, ?, ?, ?)"
_ROWS = "SELECT offset, request_id, person_id, at_ms, body FROM request"
_WAIT_S = 30.0

NewRow = tuple[str, str, int, bytes]
"""Request id, person id, time in ms, the rest packed."""


@dataclass(frozen=True, slots=True)
class SpoolRow:
    """One record of the spool; offsets grow, and are never given twice."""

    offset: int
    request_id: str
    person_id: str
    at_ms: int
    body: bytes


class Spool:
    """One SQLite file that is made when the first record comes. Safe for threads and processes."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._turn = threading.RLock()
        self._opened: sqlite3.Connection | None = None

    def append(self, rows: Sequence[NewRow]) -> None:
        """All of them are on the disk on return, or none.

        Raises:
            LakeError: the disk refuses, or the file is damaged.
        """
        self._change(_INSERT, rows, make=True)

    def rows(self, *, since_ms: int = 0, until_ms: int = 2**62, limit: int = -1) -> list[SpoolRow]:
        """Records of `since_ms` <= time < `until_ms`, in order of their offsets."""
        where = f"{_ROWS} WHERE at_ms >= ? AND at_ms < ? ORDER BY offset LIMIT ?"
        return [SpoolRow(*row) for row in self._read(where, (since_ms, until_ms, limit))]

    def newest(self, limit: int) -> list[SpoolRow]:
        """The newest records, newest first."""
        return [SpoolRow(*row) for row in self._read(f"{_ROWS} ORDER BY offset DESC LIMIT ?", (limit,))]

    def count(self, person_id: str | None = None) -> int:
        """How many records there are, or are of one person."""
        where, values = ("", ()) if person_id is None else (" WHERE person_id = ?", (person_id,))
        found = self._read(f"SELECT count(*) FROM request{where}", values)  # noqa: S608
        return int(found[0][0]) if found else 0

    def oldest_ms(self) -> int | None:
        """The time of the oldest record; None where there is none."""
        found = self._read("SELECT min(at_ms) FROM request", ())
        return None if not found or found[0][0] is None else int(found[0][0])

    def people(self) -> list[str]:
        """Whoever has a record here."""
        return [str(row[0]) for row in self._read("SELECT DISTINCT person_id FROM request", ())]

    def remove(self, offsets: Sequence[int]) -> None:
        """These records are gone."""
        self._change("DELETE FROM request WHERE offset = ?", [(each,) for each in offsets])

    def remove_person(self, person_id: str) -> int:
        """Records of the person are gone; gives how many."""
        with self._connection() as opened:
            if opened is None:
                return 0
            return opened.execute("DELETE FROM request WHERE person_id = ?", (person_id,)).rowcount

    def remove_prefixed(self, prefix: str) -> int:
        """Records of whoever's id begins so are gone; gives how many."""
        with self._connection() as opened:
            if opened is None:
                return 0
            where = "DELETE FROM request WHERE substr(person_id, 1, ?) = ?"
            return opened.execute(where, (len(prefix), prefix)).rowcount

    def replace(self, bodies: Sequence[tuple[bytes, int]]) -> None:
        """Other bodies, for these offsets."""
        self._change("UPDATE request SET body = ? WHERE offset = ?", bodies)

    def close(self) -> None:
        """The file is closed; it opens again when it is needed."""
        with self._turn:
            if self._opened is not None:
                self._opened.close()
                self._opened = None

    def _change(self, statement: str, rows: Sequence[tuple[object, ...]], *, make: bool = False) -> None:
        """All of it in one durable commit, or none."""
        with self._connection(make=make) as opened:
            if opened is None:
                return
            opened.execute("BEGIN IMMEDIATE")
            try:
                opened.executemany(statement, rows)
                opened.execute("COMMIT")
            except BaseException:
                opened.execute("ROLLBACK")
                raise

    def _read(self, statement: str, values: tuple[object, ...]) -> list[tuple]:  # type: ignore[type-arg]
        with self._connection() as opened:
            return [] if opened is None else opened.execute(statement, values).fetchall()

    @contextmanager
    def _connection(self, *, make: bool = False) -> Iterator[sqlite3.Connection | None]:
        """The file, for one thread at a time; None where there is none and none is to be made."""
        with self._turn, damage_told(self._path):
            if self._opened is None and (make or self._path.exists()):
                self._opened = _connect(self._path)
            yield self._opened


def _connect(path: Path) -> sqlite3.Connection:
    opened = sqlite3.connect(path, timeout=_WAIT_S, isolation_level=None, check_same_thread=False)
    try:
        opened.execute("PRAGMA journal_mode = WAL")
        opened.execute("PRAGMA synchronous = FULL")
        opened.execute("PRAGMA secure_delete = ON")  # people are forgotten here
        opened.executescript(_SCHEMA)
    except BaseException:
        opened.close()
        raise
    return opened
