"""This file is about the event log: what happened, stored once, durable before it is acknowledged."""

import json
import queue
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter

from bowerbird.core.clock import Clock, SystemClock
from bowerbird.core.errors import LakeError
from bowerbird.lake.config import LakeConfig
from bowerbird.lake.types import AppendResult, Event

_SCHEMA = """
CREATE TABLE IF NOT EXISTS event (
    offset INTEGER PRIMARY KEY AUTOINCREMENT,
    event_id TEXT NOT NULL UNIQUE,
    person_id TEXT NOT NULL,
    body BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS reader (name TEXT PRIMARY KEY, offset INTEGER NOT NULL) WITHOUT ROWID;
"""
_INSERT = "INSERT OR IGNORE INTO event (event_id, person_id, body) VALUES (?, ?, ?)"
_GIVEN_OUT = "SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'event'), 0)"
_JSON = TypeAdapter(Event)
_TEXT = "CAST(body AS TEXT)"
_IS_WANTED = "IN (SELECT value FROM json_each(?))"
_HAS_FACT = f"EXISTS (SELECT 1 FROM json_tree({_TEXT}, '$.facts') WHERE atom {_IS_WANTED})"  # noqa: S608
_NAMES_ITEM = f"json_extract({_TEXT}, '$.item_id') {_IS_WANTED} OR {_HAS_FACT}"
_NAMES_BOARD = f"json_extract({_TEXT}, '$.board_id') = ?"
_WAIT_S = 30.0
_FORGET_ROWS = 100_000

_Row = tuple[str, str, bytes]


@dataclass(slots=True)
class _Submission:
    rows: list[_Row]
    done: "Future[AppendResult]"


class EventLog:
    """An append-only log in one SQLite file; one thread gathers appends into group commits."""

    def __init__(self, path: Path, config: LakeConfig | None = None, clock: Clock | None = None) -> None:
        self._config = config or LakeConfig()
        self._clock = clock or SystemClock()
        self._path = path
        self._reader = _connect(path)
        self._reader.executescript(_SCHEMA)
        self._reading = threading.Lock()
        self._waiting: queue.SimpleQueue[_Submission | None] = queue.SimpleQueue()
        self._commits = 0
        # Offsets that were given out between two appends of ours went to another process.
        self._ends = threading.Lock()
        self._own_end = self._given_out(self._reader)
        self._have_others_stored = False
        self._opening = threading.Lock()
        self._is_closed = False
        self._writer = threading.Thread(target=self._write_groups, name="event-log-writer", daemon=True)
        self._writer.start()

    def append(self, events: Sequence[Event]) -> AppendResult:
        """Stores the events; durable on return. An event id that is known, or comes twice, counts once.

        Raises:
            LakeError: the disk refuses; nothing of this batch is stored.
        """
        return self.append_soon(events).result()

    def append_soon(self, events: Sequence[Event]) -> "Future[AppendResult]":
        """Like `append`, for callers that must not wait: done when the events are durable."""
        now_ms = self._clock.now_ms()
        submission = _Submission([_row(event, now_ms) for event in events], Future())
        with self._opening:
            if self._is_closed:
                raise LakeError("the event log is closed; open the lake again")
            self._waiting.put(submission)
        return submission.done

    def read(self, group: str, limit: int) -> list[tuple[int, Event]]:
        """The next events that `group` has not committed, oldest first, with their offsets."""
        return self.after(self.committed(group), limit)

    def commit(self, group: str, offset: int) -> None:
        """`group` has dealt with everything up to `offset`; an older offset changes nothing."""
        statement = (
            "INSERT INTO reader VALUES (?, ?) "
            "ON CONFLICT (name) DO UPDATE SET offset = max(offset, excluded.offset)"
        )
        with self._reading:
            self._reader.execute(statement, (group, offset))

    def committed(self, group: str) -> int:
        """The offset that `group` has committed; 0 at the beginning."""
        with self._reading:
            row = self._reader.execute("SELECT offset FROM reader WHERE name = ?", (group,)).fetchone()
        return int(row[0]) if row else 0

    def replay(self, after: int = 0, *, batch: int = 10_000) -> Iterator[tuple[int, Event]]:
        """Every event after an offset, oldest first, as the log stands when the end is reached."""
        while found := self.after(after, batch):
            yield from found
            after = found[-1][0]

    def last_offset(self) -> int:
        """The offset of the newest event; 0 where there is none."""
        with self._reading:
            return int(self._reader.execute("SELECT coalesce(max(offset), 0) FROM event").fetchone()[0])

    def count(self) -> int:
        """How many events are stored."""
        with self._reading:
            return int(self._reader.execute("SELECT count(*) FROM event").fetchone()[0])

    def others_stored(self) -> bool:
        """Whether another process (an import) has stored events since this log was opened or last asked."""
        with self._ends:
            with self._reading:
                end = self._given_out(self._reader)
            have_stored = self._have_others_stored or end != self._own_end
            self._own_end, self._have_others_stored = end, False
        return have_stored

    def group_commits(self) -> int:
        """Durable commits since this log was opened; far fewer than appends when many append at once."""
        return self._commits

    def forget(self, person_id: str) -> int:
        """Every event of the person is gone; gives how many. In steps, so that appends go on meanwhile."""
        gone, last = 0, self.last_offset()
        for start in range(0, last + 1, _FORGET_ROWS):
            statement = "DELETE FROM event WHERE offset > ? AND offset <= ? AND person_id = ?"
            with self._reading:
                gone += self._reader.execute(statement, (start, start + _FORGET_ROWS, person_id)).rowcount
        return gone

    def forget_items(self, item_ids: Sequence[str]) -> int:
        """Every event on one of these items, or with one in its facts, is gone; gives how many. In steps."""
        wanted = json.dumps(list(item_ids))
        return len(self._forget_where(_NAMES_ITEM, (wanted, wanted)))

    def forget_board(self, board_id: str) -> list[Event]:
        """Every event on the board is gone; gives them."""
        bodies = self._forget_where(_NAMES_BOARD, (board_id,))
        return [_JSON.validate_json(body) for body in bodies]

    def count_of(self, *, person_id: str = "", item_ids: Sequence[str] = (), board_id: str = "") -> int:
        """How many events `forget`, `forget_items` or `forget_board` would remove."""
        where, values = _NAMES_ITEM, [json.dumps(list(item_ids))] * 2
        if person_id:
            where, values = "person_id = ?", [person_id]
        elif board_id:
            where, values = _NAMES_BOARD, [board_id]
        with self._reading:
            found = self._reader.execute(f"SELECT count(*) FROM event WHERE {where}", values)  # noqa: S608
            return int(found.fetchone()[0])

    def _forget_where(self, where: str, values: tuple[str, ...]) -> list[bytes]:
        bodies: list[bytes] = []
        statement = f"DELETE FROM event WHERE offset > ? AND offset <= ? AND ({where}) RETURNING body"  # noqa: S608
        for start in range(0, self.last_offset() + 1, _FORGET_ROWS):
            with self._reading:
                found = self._reader.execute(statement, (start, start + _FORGET_ROWS, *values)).fetchall()
            bodies += [body for (body,) in found]
        return bodies

    def close(self) -> None:
        """Everything given to `append_soon` is durable; nothing can be appended any more."""
        with self._opening:
            if self._is_closed:
                return
            self._is_closed = True
            self._waiting.put(None)
        self._writer.join()
        self._reader.close()

    def after(self, offset: int, limit: int) -> list[tuple[int, Event]]:
        """The next events after an offset, oldest first, with their offsets."""
        query = "SELECT offset, body FROM event WHERE offset > ? ORDER BY offset LIMIT ?"
        with self._reading:
            rows = self._reader.execute(query, (offset, limit)).fetchall()
        return [(row[0], _JSON.validate_json(row[1])) for row in rows]

    def _write_groups(self) -> None:
        connection = _connect(self._path)
        try:
            while (first := self._waiting.get()) is not None:
                group, is_last = self._gather(first)
                self._commit_group(connection, group)
                if is_last:
                    return
        finally:
            connection.close()

    def _gather(self, first: _Submission) -> tuple[list[_Submission], bool]:
        group, rows = [first], len(first.rows)
        until = time.monotonic() + self._config.group_commit_ms / 1_000
        while rows < self._config.group_commit_events:
            try:
                more = self._waiting.get(timeout=max(until - time.monotonic(), 0.0))
            except queue.Empty:
                return group, False
            if more is None:
                return group, True
            group.append(more)
            rows += len(more.rows)
        return group, False

    def _commit_group(self, connection: sqlite3.Connection, group: list[_Submission]) -> None:
        try:
            with self._ends:
                results = self._stored(connection, group)
        except sqlite3.Error as error:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            for submission in group:
                submission.done.set_exception(
                    LakeError(
                        f"events were not stored: {error}; needed is a writable disk with room; free some"
                    )
                )
            return
        for submission, result in zip(group, results, strict=True):
            submission.done.set_result(result)

    def _stored(self, connection: sqlite3.Connection, group: list[_Submission]) -> list[AppendResult]:
        results: list[AppendResult] = []
        connection.execute("BEGIN IMMEDIATE")
        before = self._given_out(connection)
        for submission in group:
            added = connection.executemany(_INSERT, submission.rows).rowcount if submission.rows else 0
            last = connection.execute("SELECT coalesce(max(offset), 0) FROM event").fetchone()[0]
            results.append(AppendResult(added, len(submission.rows) - added, last))
        end = self._given_out(connection)
        connection.execute("COMMIT")
        self._commits += 1
        self._have_others_stored |= before != self._own_end
        self._own_end = end
        return results

    @staticmethod
    def _given_out(connection: sqlite3.Connection) -> int:
        return int(connection.execute(_GIVEN_OUT).fetchone()[0])


def _row(event: Event, now_ms: int) -> _Row:
    body: bytes = _JSON.dump_json(event, exclude_defaults=True)
    if event.received_ms == 0:
        # Spliced in, because copying a pydantic model costs more than all the rest.
        body = b'%s,"received_ms":%d}' % (body[:-1], now_ms)
    return event.event_id, event.person_id, body


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=_WAIT_S, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute(
        "PRAGMA secure_delete = ON"
    )  # what is deleted is overwritten: people are forgotten here
    return connection
