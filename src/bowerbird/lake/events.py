"""This file is about the event log: what happened, stored once, durable before it is acknowledged."""

import json
import logging
import queue
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from bowerbird.core.clock import Clock, SystemClock
from bowerbird.core.errors import DatabaseDamagedError, LakeError
from bowerbird.lake.config import LakeConfig
from bowerbird.lake.database_damage import damage_told, is_damage, plain_error
from bowerbird.lake.types import AppendResult, Event

log = logging.getLogger(__name__)

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
_IS_WANTED = "IN (SELECT value FROM json_each(:items))"
_HAS_FACT = f"EXISTS (SELECT 1 FROM json_tree({_TEXT}, '$.facts') WHERE atom {_IS_WANTED})"  # noqa: S608
# A damaged event may be no JSON any more: there the id is looked for as bytes, so that it is forgotten too.
_NAMES_ITEM = (
    f"CASE WHEN json_valid({_TEXT}) THEN json_extract({_TEXT}, '$.item_id') {_IS_WANTED} OR {_HAS_FACT} "  # noqa: S608
    "ELSE EXISTS (SELECT 1 FROM json_each(:items) WHERE instr(body, CAST(value AS BLOB))) END"
)
_NAMES_BOARD = (
    f"CASE WHEN json_valid({_TEXT}) THEN json_extract({_TEXT}, '$.board_id') = :board "
    "ELSE instr(body, CAST(:board AS BLOB)) END"
)
_NAMES_PERSON = "person_id = :person"
_WAIT_S = 30.0
_FORGET_ROWS = 100_000
_READ_ROWS = 10_000

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
        self._reader = _opened(path)
        self._reading = threading.Lock()
        self._told_unreadable: set[int] = set()
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
        with self._in_turn():
            self._reader.execute(statement, (group, offset))

    def committed(self, group: str) -> int:
        """The offset that `group` has committed; 0 at the beginning."""
        with self._in_turn():
            row = self._reader.execute("SELECT offset FROM reader WHERE name = ?", (group,)).fetchone()
        return int(row[0]) if row else 0

    def replay(self, after: int = 0, *, batch: int = 10_000) -> Iterator[tuple[int, Event]]:
        """Every event after an offset, oldest first, as the log stands when the end is reached."""
        while found := self.after(after, batch):
            yield from found
            after = found[-1][0]

    def last_offset(self) -> int:
        """The offset of the newest event; 0 where there is none."""
        with self._in_turn():
            return int(self._reader.execute("SELECT coalesce(max(offset), 0) FROM event").fetchone()[0])

    def count(self) -> int:
        """How many events are stored."""
        with self._in_turn():
            return int(self._reader.execute("SELECT count(*) FROM event").fetchone()[0])

    def others_stored(self) -> bool:
        """Whether another process (an import) has stored events since this log was opened or last asked."""
        with self._ends:
            with self._in_turn():
                end = self._given_out(self._reader)
            have_stored = self._have_others_stored or end != self._own_end
            self._own_end, self._have_others_stored = end, False
        return have_stored

    def group_commits(self) -> int:
        """Durable commits since this log was opened; far fewer than appends when many append at once."""
        return self._commits

    def forget(self, person_id: str) -> int:
        """Every event of the person is gone; gives how many. In steps, so that appends go on meanwhile."""
        return len(self._forget_where(_NAMES_PERSON, {"person": person_id}))

    def forget_with(self, prefix: str) -> int:
        """Every event of whoever's id begins with `prefix` is gone; gives how many. In steps, as `forget`."""
        gone = 0
        within = "offset > ? AND offset <= ? AND substr(person_id, 1, ?) = ?"
        for start in range(0, self.last_offset() + 1, _FORGET_ROWS):
            bounds = (start, start + _FORGET_ROWS, len(prefix), prefix)
            with self._in_turn():
                gone += self._reader.execute(f"DELETE FROM event WHERE {within}", bounds).rowcount  # noqa: S608
        return gone

    def forget_items(self, item_ids: Sequence[str]) -> int:
        """Every event on one of these items, or with one in its facts, is gone; gives how many. In steps."""
        return len(self._forget_where(_NAMES_ITEM, {"items": json.dumps(list(item_ids))}))

    def forget_board(self, board_id: str) -> list[Event]:
        """Every event on the board is gone; gives those of them that can be read."""
        return [event for _, event in self._readable(self._forget_where(_NAMES_BOARD, {"board": board_id}))]

    def count_of(self, *, person_id: str = "", item_ids: Sequence[str] = (), board_id: str = "") -> int:
        """How many events `forget`, `forget_items` or `forget_board` would remove."""
        where, values = _NAMES_ITEM, {"items": json.dumps(list(item_ids))}
        if person_id:
            where, values = _NAMES_PERSON, {"person": person_id}
        elif board_id:
            where, values = _NAMES_BOARD, {"board": board_id}
        with self._in_turn():
            found = self._reader.execute(f"SELECT count(*) FROM event WHERE {where}", values)  # noqa: S608
            return int(found.fetchone()[0])

    def of_people(self, person_ids: Sequence[str], *, until: int = 2**63 - 1) -> list[Event]:
        """Every event of these people up to an offset, in order of arrival; reads through the log once."""
        theirs = (
            "SELECT offset, body FROM event "
            "WHERE person_id IN (SELECT value FROM json_each(?)) AND offset <= ? ORDER BY offset"
        )
        with self._in_turn():
            rows = self._reader.execute(theirs, (json.dumps(list(person_ids)), until))
            found = rows.fetchall()
        return [event for _, event in self._readable(found)]

    def _forget_where(self, where: str, values: dict[str, str]) -> list[tuple[int, bytes]]:
        gone: list[tuple[int, bytes]] = []
        within = "offset > :start AND offset <= :end"
        statement = f"DELETE FROM event WHERE {within} AND ({where}) RETURNING offset, body"  # noqa: S608
        for start in range(0, self.last_offset() + 1, _FORGET_ROWS):
            with self._in_turn():
                bounds = {"start": start, "end": start + _FORGET_ROWS}
                gone += self._reader.execute(statement, values | bounds).fetchall()
        return gone

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
        """The next events after an offset, oldest first, with their offsets.

        A damaged event that can be read no more is left out, and said in the log.
        """
        found: list[tuple[int, Event]] = []
        is_end = False
        while len(found) < limit and not is_end:
            rows = self._rows_after(offset, limit - len(found))
            is_end = len(rows) < limit - len(found)
            found += self._readable(rows)
            offset = rows[-1][0] if rows else offset
        return found

    def unreadable(self) -> list[int]:
        """Offsets of damaged events, which readers leave out; looks at every event."""
        offset, found = 0, []
        while rows := self._rows_after(offset, _READ_ROWS):
            found += [at for at, body in rows if _read(body) is None]
            offset = rows[-1][0]
        return found

    def _rows_after(self, offset: int, limit: int) -> list[tuple[int, bytes]]:
        query = "SELECT offset, body FROM event WHERE offset > ? ORDER BY offset LIMIT ?"
        with self._in_turn():
            return self._reader.execute(query, (offset, limit)).fetchall()

    def _readable(self, rows: list[tuple[int, bytes]]) -> Iterator[tuple[int, Event]]:
        for offset, body in rows:
            if (event := _read(body)) is not None:
                yield offset, event
            elif offset not in self._told_unreadable:
                self._told_unreadable.add(offset)
                log.error("damaged event left out", extra={"offset": offset, "file": str(self._path)})

    @contextmanager
    def _in_turn(self) -> Iterator[None]:
        """One thread at a time uses the connection; damage of the file is told as such."""
        with self._reading, damage_told(self._path):
            yield

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
            told: LakeError = LakeError(
                f"events were not stored: {error}; needed is a writable disk with room; free some"
            )
            if is_damage(error):
                told = DatabaseDamagedError(f"events were not stored: {plain_error(self._path, error)}")
            for submission in group:
                submission.done.set_exception(told)
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


def _read(body: bytes) -> Event | None:
    try:
        return _JSON.validate_json(body)
    except ValidationError:
        return None


def _opened(path: Path) -> sqlite3.Connection:
    """The connection of readers, to a log that is made where there is none."""
    with damage_told(path):
        connection = _connect(path)
        try:
            connection.executescript(_SCHEMA)
            connection.execute("SELECT max(offset) FROM event").fetchone()
        except BaseException:
            connection.close()
            raise
        return connection


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=_WAIT_S, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute(
        "PRAGMA secure_delete = ON"
    )  # what is deleted is overwritten: people are forgotten here
    return connection
