"""This file is about the file of the online store: opened if it is whole, and begun anew if it is not.

What it holds is derived, so a damaged file costs a replay of the event log and nothing else.
"""

import logging
import sqlite3
from pathlib import Path

from bowerbird.lake.journal import boot_id

log = logging.getLogger(__name__)

_WAIT_S = 30.0
_BOOT = "CREATE TABLE IF NOT EXISTS boot (one INTEGER PRIMARY KEY CHECK (one = 1), id TEXT NOT NULL)"


def open_online(path: Path, schema: str) -> sqlite3.Connection:
    """A connection to a whole file with this schema; what was damaged is gone."""
    try:
        return _opened(path, schema)
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.OperationalError):  # locked, full, no rights: nothing is damaged
            raise
        log.warning("damaged online store begun anew", extra={"file": path.name, "error": str(error)})
    for suffix in ("", "-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    return _opened(path, schema)


def _opened(path: Path, schema: str) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=_WAIT_S, isolation_level=None, check_same_thread=False)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA secure_delete = ON")
        connection.executescript(schema)
        connection.execute(_BOOT)
        _check_after_restart(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _check_after_restart(connection: sqlite3.Connection) -> None:
    """Reads the whole file once after each start of the machine; a killed process leaves nothing damaged."""
    seen = connection.execute("SELECT id FROM boot").fetchone()
    if seen is not None and seen[0] == boot_id():
        return
    (found,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    if found != "ok":
        raise sqlite3.DatabaseError(found)
    connection.execute("INSERT OR REPLACE INTO boot VALUES (1, ?)", (boot_id(),))
