"""This file is about the online store: what one person did lately, read in microseconds.

It is derived: replaying the event log builds it again. So it is written without fsync, which a killed process
survives; after a power cut it is replayed. Pushing the same action twice changes nothing.
"""

import json
import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bowerbird.core.actions import ACTION_CODES, Action
from bowerbird.lake.config import LakeConfig
from bowerbird.lake.online_file import open_online
from bowerbird.lake.online_state import RecentActions

_SCHEMA = """
CREATE TABLE IF NOT EXISTS action (
    person_id TEXT NOT NULL, at_ms INTEGER NOT NULL, number INTEGER NOT NULL, action INTEGER NOT NULL,
    PRIMARY KEY (person_id, at_ms, number, action)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS seen (
    person_id TEXT NOT NULL, number INTEGER NOT NULL, at_ms INTEGER NOT NULL, PRIMARY KEY (person_id, number)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS hidden (
    person_id TEXT NOT NULL, number INTEGER NOT NULL, at_ms INTEGER NOT NULL, is_hidden INTEGER NOT NULL,
    PRIMARY KEY (person_id, number)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS horizon (person_id TEXT PRIMARY KEY, at_ms INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS person (person_id TEXT PRIMARY KEY, version INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS mark (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
"""
_TABLES = ("action", "seen", "hidden", "horizon", "person")
_IMPRESSION = ACTION_CODES[Action.IMPRESSION]
_HIDE = ACTION_CODES[Action.HIDE]
_UNHIDE = ACTION_CODES[Action.UNHIDE]
_SLACK = 1.2  # trimmed when this much over the bound, so that not every push trims
_UPSERT_SEEN = (
    "INSERT INTO seen VALUES (?, ?, ?) "
    "ON CONFLICT (person_id, number) DO UPDATE SET at_ms = max(at_ms, excluded.at_ms)"
)
_UPSERT_HIDDEN = (
    "INSERT INTO hidden VALUES (?, ?, ?, ?) ON CONFLICT (person_id, number) DO UPDATE "
    "SET at_ms = excluded.at_ms, is_hidden = excluded.is_hidden WHERE excluded.at_ms >= at_ms"
)
_NEWEST_ACTIONS = (
    "SELECT at_ms, number, action FROM action WHERE person_id = ? AND at_ms > ? "
    "ORDER BY at_ms DESC, number DESC, action DESC LIMIT ?"
)
_GROW_VERSION = "INSERT INTO person VALUES (?, 1) ON CONFLICT (person_id) DO UPDATE SET version = version + 1"


@dataclass(frozen=True, slots=True)
class _State:
    actions: np.ndarray  # [H, 3] int64 at_ms, number, action; newest first
    seen: np.ndarray
    hidden: np.ndarray
    version: int

    def after(self, pushed: np.ndarray, version: int, keep: int) -> "_State":
        """The state with more rows of `actions`, none of which it holds, and no hides among them."""
        is_seen = pushed[:, 2] == _IMPRESSION
        actions = _with_rows(self.actions, pushed[~is_seen])[:keep]
        return _State(
            _frozen(actions), _frozen(_with_numbers(self.seen, pushed[is_seen, 1])), self.hidden, version
        )


class OnlineStore:
    """Recent actions, seen and hidden items of each person. Safe for threads and several processes."""

    def __init__(self, path: Path, config: LakeConfig | None = None) -> None:
        self._config = config or LakeConfig()
        self._connection = open_online(path, _SCHEMA)
        self._lock = threading.RLock()
        self._cache: OrderedDict[str, _State] = OrderedDict()
        self._data_version = self._read_data_version()

    def push(
        self,
        person_id: str,
        numbers: Sequence[int] | np.ndarray,
        actions: Sequence[int] | np.ndarray,
        at_ms: int | np.ndarray,
    ) -> int:
        """Remembers actions on items; gives the person's new version.

        Impressions mark items as seen and nothing else; hides and unhides also change the hidden items.

        Args:
            numbers: [B] item numbers; negative ones are passed over.
            actions: [B] action codes.
            at_ms: when they happened, one time for all or [B].
        """
        pushed = _columns(numbers, actions, at_ms)
        with self._lock:
            before = self._cached(person_id)
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                version, is_simple = self._store(person_id, pushed, before)
                self._connection.execute("COMMIT")
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            if before is not None and is_simple:
                self._cache[person_id] = before.after(pushed, version, self._config.keep_actions)
            else:
                self._cache.pop(person_id, None)
        return version

    def count_from(self, person_id: str, at_ms: int) -> int:
        """From now on only actions after this moment are recent; gives the person's new version.

        What was done before stays, and counts again from an earlier moment on; 0 lets all count.
        """
        with self._lock:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                self._connection.execute("INSERT OR REPLACE INTO horizon VALUES (?, ?)", (person_id, at_ms))
                version, _ = self._store(person_id, _columns([], [], 0), None)
                self._connection.execute("COMMIT")
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._cache.pop(person_id, None)
        return version

    def counts_from(self, person_id: str) -> int:
        """The moment after which actions are recent; 0 where all are."""
        with self._lock:
            row = self._connection.execute(
                "SELECT at_ms FROM horizon WHERE person_id = ?", (person_id,)
            ).fetchone()
        return int(row[0]) if row else 0

    def mark_seen(self, person_id: str, numbers: Sequence[int] | np.ndarray, at_ms: int) -> int:
        """Remembers that the items were on a page; gives the person's new version."""
        return self.push(person_id, numbers, [_IMPRESSION] * len(numbers), at_ms)

    def recent(self, person_id: str, n: int = 200) -> RecentActions:
        """The newest `n` actions, newest first."""
        found = self._state(person_id).actions[:n]
        return RecentActions(found[:, 1], found[:, 2].astype(np.int8), found[:, 0])

    def seen(self, person_id: str) -> np.ndarray:
        """[S] int64 numbers of the items seen last, ascending; about `keep_seen` at most."""
        return self._state(person_id).seen

    def last_seen(self, person_id: str, n: int) -> RecentActions:
        """The newest `n` items that were on the person's screen, newest first; all are impressions."""
        query = "SELECT number, at_ms FROM seen WHERE person_id = ? ORDER BY at_ms DESC, number LIMIT ?"
        with self._lock:
            rows = self._connection.execute(query, (person_id, n)).fetchall()
        found = np.array(rows, dtype=np.int64).reshape(-1, 2)
        return RecentActions(found[:, 0], np.full(len(found), _IMPRESSION, dtype=np.int8), found[:, 1])

    def hidden(self, person_id: str) -> np.ndarray:
        """[S] int64 numbers of all items hidden and not unhidden since, ascending."""
        return self._state(person_id).hidden

    def version(self, person_id: str) -> int:
        """Grows with each push; 0 for someone unknown."""
        return self._state(person_id).version

    def forget(self, person_id: str) -> None:
        """Nothing about the person is left."""
        with self._lock:
            for table in _TABLES:
                self._connection.execute(f"DELETE FROM {table} WHERE person_id = ?", (person_id,))  # noqa: S608
            self._cache.pop(person_id, None)

    def forget_with(self, prefix: str) -> int:
        """Nothing is left of whoever's id begins with `prefix`; gives how many rows that were."""
        gone = 0
        with self._lock:
            for table in _TABLES:
                statement = f"DELETE FROM {table} WHERE substr(person_id, 1, ?) = ?"  # noqa: S608
                gone += self._connection.execute(statement, (len(prefix), prefix)).rowcount
            self._cache.clear()
        return gone

    def count_of(self, person_id: str) -> int:
        """How many actions, seen and hidden items of the person there are."""
        tables = ("action", "seen", "hidden")
        query = "SELECT " + " + ".join(f"(SELECT count(*) FROM {t} WHERE person_id = ?1)" for t in tables)  # noqa: S608
        with self._lock:
            return int(self._connection.execute(query, (person_id,)).fetchone()[0])

    def forget_items(self, numbers: Sequence[int] | np.ndarray) -> int:
        """Nobody has acted on these items; gives how many rows that were."""
        listed, gone = json.dumps([int(number) for number in numbers]), 0
        with self._lock:
            for table in ("action", "seen", "hidden"):
                statement = f"DELETE FROM {table} WHERE number IN (SELECT value FROM json_each(?))"  # noqa: S608
                gone += self._connection.execute(statement, (listed,)).rowcount
            self._cache.clear()
        return gone

    def forget_actions(self, person_id: str, rows: Sequence[tuple[int, int, int]]) -> int:
        """The person has not done these: (at_ms, number, action code); gives how many there were."""
        statement = "DELETE FROM action WHERE person_id = ? AND at_ms = ? AND number = ? AND action = ?"
        with self._lock:
            gone = self._connection.executemany(statement, [(person_id, *row) for row in rows]).rowcount
            self._cache.pop(person_id, None)
        return max(gone, 0)

    def clear(self) -> None:
        """Nothing about anyone is left: the store is about to be built again."""
        with self._lock:
            for table in _TABLES:
                self._connection.execute(f"DELETE FROM {table}")  # noqa: S608
            self._connection.execute("DELETE FROM mark")
            self._cache.clear()

    def mark(self, name: str) -> int:
        """The number kept under `name`, 0 at first: up to which offset of the log events are in here, say.

        It lies beside what it is true of: who loses the file or clears the store loses both.
        """
        with self._lock:
            row = self._connection.execute("SELECT value FROM mark WHERE name = ?", (name,)).fetchone()
        return int(row[0]) if row else 0

    def set_mark(self, name: str, value: int) -> None:
        """Keep a number under `name`; a smaller one than is there changes nothing."""
        statement = (
            "INSERT INTO mark VALUES (?, ?) "
            "ON CONFLICT (name) DO UPDATE SET value = max(value, excluded.value)"
        )
        with self._lock:
            self._connection.execute(statement, (name, value))

    def close(self) -> None:
        """Closes the file."""
        with self._lock:
            self._connection.close()

    def _store(self, person_id: str, pushed: np.ndarray, before: _State | None) -> tuple[int, bool]:
        """The person's new version, and whether adding to what is cached gives what is stored."""
        execute, many = self._connection.execute, self._connection.executemany
        is_seen = pushed[:, 2] == _IMPRESSION
        acted = [(person_id, *row) for row in pushed[~is_seen].tolist()]
        seen = [(person_id, number, at_ms) for at_ms, number, _ in pushed[is_seen].tolist()]
        hides = [
            (person_id, number, at_ms, action == _HIDE)
            for _, at_ms, number, action in acted
            if action in (_HIDE, _UNHIDE)
        ]
        is_simple = not hides
        if acted:
            added = many("INSERT OR IGNORE INTO action VALUES (?, ?, ?, ?)", acted).rowcount
            is_simple &= added == len(acted)
            is_simple &= not self._trim("action", person_id, self._config.keep_actions)
        if seen:
            many(_UPSERT_SEEN, seen)
            # Counting thousands of rows costs more than the rest; a cached state knows how many there can be.
            is_many = before is None or len(before.seen) + len(seen) > self._config.keep_seen * _SLACK
            is_simple &= not (is_many and self._trim("seen", person_id, self._config.keep_seen))
        if hides:
            many(_UPSERT_HIDDEN, hides)
        execute(_GROW_VERSION, (person_id,))
        version = execute("SELECT version FROM person WHERE person_id = ?", (person_id,)).fetchone()
        return int(version[0]), is_simple

    def _trim(self, table: str, person_id: str, keep: int) -> bool:
        count = f"SELECT count(*) FROM {table} WHERE person_id = ?"  # noqa: S608 (table is ours)
        if self._connection.execute(count, (person_id,)).fetchone()[0] <= keep * _SLACK:
            return False
        oldest = f"SELECT at_ms FROM {table} WHERE person_id = ? ORDER BY at_ms DESC LIMIT 1 OFFSET ?"  # noqa: S608
        row = self._connection.execute(oldest, (person_id, keep)).fetchone()
        # Rows of one moment stay or go together, so that the newest `keep` always stay.
        delete = f"DELETE FROM {table} WHERE person_id = ? AND at_ms < ?"  # noqa: S608
        self._connection.execute(delete, (person_id, row[0]))
        return True

    def _state(self, person_id: str) -> _State:
        with self._lock:
            state = self._cached(person_id)
            if state is None:
                state = self._cache[person_id] = self._load(person_id)
                if len(self._cache) > self._config.cached_people:
                    self._cache.popitem(last=False)
            return state

    def _cached(self, person_id: str) -> _State | None:
        if (now := self._read_data_version()) != self._data_version:  # another process has written
            self._cache.clear()
            self._data_version = now
        state = self._cache.get(person_id)
        if state is not None:
            self._cache.move_to_end(person_id)
        return state

    def _load(self, person_id: str) -> _State:
        execute = self._connection.execute
        horizon = execute("SELECT at_ms FROM horizon WHERE person_id = ?", (person_id,)).fetchone()
        after_ms = horizon[0] if horizon else -1
        actions = execute(_NEWEST_ACTIONS, (person_id, after_ms, self._config.keep_actions)).fetchall()
        seen = execute("SELECT number FROM seen WHERE person_id = ? ORDER BY number", (person_id,)).fetchall()
        hidden = execute(
            "SELECT number FROM hidden WHERE person_id = ? AND is_hidden ORDER BY number", (person_id,)
        ).fetchall()
        version = execute("SELECT version FROM person WHERE person_id = ?", (person_id,)).fetchone()
        return _State(
            _frozen(np.array(actions, np.int64).reshape(-1, 3)),
            _frozen(np.array(seen, np.int64).reshape(-1)),
            _frozen(np.array(hidden, np.int64).reshape(-1)),
            int(version[0]) if version else 0,
        )

    def _read_data_version(self) -> int:
        return int(self._connection.execute("PRAGMA data_version").fetchone()[0])


def _columns(
    numbers: Sequence[int] | np.ndarray, actions: Sequence[int] | np.ndarray, at_ms: int | np.ndarray
) -> np.ndarray:
    given = np.asarray(numbers, np.int64)
    pushed = np.empty((len(given), 3), np.int64)
    pushed[:, 0], pushed[:, 1], pushed[:, 2] = at_ms, given, np.asarray(actions, np.int64)
    return pushed[given >= 0]


def _with_rows(newest_first: np.ndarray, more: np.ndarray) -> np.ndarray:
    order = np.lexsort((more[:, 2], more[:, 1], more[:, 0]))[::-1]
    together = np.concatenate([more[order], newest_first])
    if len(more) and len(newest_first) and more[:, 0].min() <= newest_first[0, 0]:  # some came late
        together = together[np.lexsort((together[:, 2], together[:, 1], together[:, 0]))[::-1]]
    return together


def _with_numbers(ascending: np.ndarray, more: np.ndarray) -> np.ndarray:
    if len(more) == 0:
        return ascending
    more = np.unique(more)
    places = np.searchsorted(ascending, more)
    is_known = np.zeros(len(more), np.bool_)
    inside = places < len(ascending)
    is_known[inside] = ascending[places[inside]] == more[inside]
    return np.insert(ascending, places[~is_known], more[~is_known])


def _frozen(column: np.ndarray) -> np.ndarray:
    column = np.ascontiguousarray(column)
    column.setflags(write=False)
    return column
