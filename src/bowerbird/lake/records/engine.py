"""This file is about the connection to the records database: durable, and one writer at a time."""

import sqlite3
from functools import partial
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.pool import ConnectionPoolEntry

from bowerbird.lake.database_damage import plain_error
from bowerbird.lake.records.tables import metadata

IDS_PER_QUERY = 5_000
_WAIT_MS = 30_000


def open_engine(path: Path) -> sa.Engine:
    """An engine on a SQLite file: WAL, fsync at each commit, foreign keys kept.

    Every transaction begins with BEGIN IMMEDIATE. So two writers never both read and then find that they
    cannot write: the second waits. What SQLite says about a damaged, busy or full file is raised as
    `DatabaseDamagedError` or `LakeError`, here and at each use.
    """
    engine = sa.create_engine(
        f"sqlite:///{path}", connect_args={"check_same_thread": False, "timeout": _WAIT_MS / 1000}
    )
    sa.event.listen(engine, "connect", _on_connect)
    sa.event.listen(engine, "begin", _on_begin)
    sa.event.listen(engine, "handle_error", partial(_tell, path))
    with engine.begin() as connection:
        metadata.create_all(connection)
    return engine


def reading(engine: sa.Engine) -> sa.Engine:
    """The same database for reads: takes no write lock, so that it never waits for a writer."""
    return engine.execution_options(bowerbird_is_reading=True)


def _on_connect(raw: sqlite3.Connection, _: ConnectionPoolEntry) -> None:
    # The driver's own transaction handling begins late and not IMMEDIATE; `_on_begin` does it instead.
    raw.isolation_level = None
    cursor = raw.cursor()
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.execute("PRAGMA secure_delete = ON")  # what is deleted is overwritten: people are forgotten here
    cursor.close()


def _on_begin(connection: sa.Connection) -> None:
    is_reading = connection.get_execution_options().get("bowerbird_is_reading", False)
    connection.exec_driver_sql("BEGIN DEFERRED" if is_reading else "BEGIN IMMEDIATE")


def _tell(path: Path, context: sa.ExceptionContext) -> None:
    if isinstance(context.original_exception, sqlite3.Error):
        told = plain_error(path, context.original_exception)
        if told is not None:
            raise told from context.original_exception
