"""This file is about an online store in Valkey or Redis, which servers on several machines share.

Everything of one person lies in one slot of a cluster, and one script stores a push whole. What a process has
read it keeps, and asks with each read whether it still holds: one round trip, of two small values.

Keys, after `bowerbird:LAKE:`: `{PERSON}:actions` and `{PERSON}:seen` are sorted by time, `{PERSON}:hidden` by
twice the time, plus one where the item is hidden; `{PERSON}:facts` holds version, horizon and a stamp that is
another one after each change; `people`, `epoch` and `marks:LOG` are of all.
"""

import itertools
import struct
import uuid
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Any, cast

import numpy as np
import redis

from bowerbird.core.actions import ACTION_CODES, Action
from bowerbird.core.errors import StageUnavailableError
from bowerbird.lake.config import LakeConfig
from bowerbird.lake.online_state import Numbers, RecentActions

_IMPRESSION = ACTION_CODES[Action.IMPRESSION]
_HIDES = {ACTION_CODES[Action.HIDE]: 1, ACTION_CODES[Action.UNHIDE]: 0}
# Big end first: members of equal times then sort by number, and then by action.
_ACTION, _ACTION_COLUMNS = (
    struct.Struct(">qBq"),
    np.dtype([("number", ">i8"), ("action", "u1"), ("at_ms", ">i8")]),
)
_ITEM, _ITEM_COLUMN = struct.Struct(">q"), np.dtype(">i8")
_LAST = 2**63 - 1
_SLACK = 1.2
_PEOPLE_AT_ONCE = 500

# ARGV: stamp, most actions, most seen, kept actions, kept seen, then count and (time, member) of each kind.
_PUSH = """
local at = 6
local function each(act)
  local count = tonumber(ARGV[at])
  for n = 1, count do act(ARGV[at + 2 * n - 1], ARGV[at + 2 * n]) end
  at = at + 2 * count + 1
end
local function trim(key, most, keep)
  if redis.call('ZCARD', key) <= tonumber(most) then return end
  local last = redis.call('ZREVRANGE', key, keep, keep, 'WITHSCORES')
  redis.call('ZREMRANGEBYSCORE', key, '-inf', '(' .. last[2])
end
each(function(time, member) redis.call('ZADD', KEYS[1], time, member) end)
each(function(time, member) redis.call('ZADD', KEYS[2], 'GT', time, member) end)
each(function(time, member)
  local before = redis.call('ZSCORE', KEYS[3], member)
  if not before or math.floor(tonumber(before) / 2) <= math.floor(tonumber(time) / 2) then
    redis.call('ZADD', KEYS[3], time, member)
  end
end)
trim(KEYS[1], ARGV[2], ARGV[4])
trim(KEYS[2], ARGV[3], ARGV[5])
redis.call('HSET', KEYS[4], 'stamp', ARGV[1])
return redis.call('HINCRBY', KEYS[4], 'version', 1)
"""
# Each set comes as one text: a client that takes members one by one spends milliseconds on a thousand.
_READ = """
local hides = redis.call('ZRANGE', KEYS[3], 0, -1, 'WITHSCORES')
local hidden = {}
for n = 1, #hides, 2 do
  if tonumber(hides[n + 1]) % 2 == 1 then table.insert(hidden, hides[n]) end
end
return {
  table.concat(redis.call('ZREVRANGE', KEYS[1], 0, ARGV[1])),
  table.concat(redis.call('ZRANGE', KEYS[2], 0, -1)),
  table.concat(hidden),
  redis.call('HGET', KEYS[4], 'version') or '0',
  redis.call('HGET', KEYS[4], 'horizon') or '-1',
}
"""
_GROW_MARK = """
local before = tonumber(redis.call('HGET', KEYS[1], ARGV[1]) or '0')
if before < tonumber(ARGV[2]) then redis.call('HSET', KEYS[1], ARGV[1], ARGV[2]) end
"""


@dataclass(frozen=True, slots=True)
class _State:
    """What was read of a person, and the (epoch, stamp) that it was true of."""

    true_of: tuple[bytes | None, bytes | None]
    recent: RecentActions
    seen: np.ndarray
    hidden: np.ndarray
    version: int


def open_online(address: str, lake_id: str, log_id: str, config: LakeConfig) -> "ValkeyOnlineStore":
    """The store of one lake, with marks of one event log.

    Args:
        address: `valkey://host:port/database` or `redis://…`; with one more s, over TLS.

    Raises:
        StageUnavailableError: nobody answers there.
    """
    scheme, _, rest = address.partition("://")
    client = redis.Redis.from_url(f"{scheme.replace('valkey', 'redis')}://{rest}")
    try:
        client.ping()
    except redis.RedisError as error:
        raise StageUnavailableError(
            f"no online store answers at {rest.rpartition('@')[2]}: {error}; needed is a Valkey or Redis "
            "server; start it, or correct $BOWERBIRD_ONLINE"
        ) from error
    return ValkeyOnlineStore(client, f"bowerbird:{lake_id}:", f"marks:{log_id}", config)


class ValkeyOnlineStore:
    """Recent actions, seen and hidden items of each person, as `OnlineState` says."""

    def __init__(self, client: "redis.Redis", prefix: str, marks: str, config: LakeConfig) -> None:
        # Replies are untyped: whether they come at once depends on the client.
        self._client = cast(Any, client)
        self._prefix = prefix
        self._marks = f"{prefix}{marks}"
        self._config = config
        self._push = self._client.register_script(_PUSH)
        self._read = self._client.register_script(_READ)
        self._grow_mark = self._client.register_script(_GROW_MARK)
        self._cache: OrderedDict[str, _State] = OrderedDict()
        self._lock = Lock()

    def push(self, person_id: str, numbers: Numbers, actions: Numbers, at_ms: int | np.ndarray) -> int:
        """Remembers actions on items; gives the person's new version."""
        given = np.asarray(numbers, np.int64)
        columns = np.asarray(actions, np.int64), np.broadcast_to(np.asarray(at_ms, np.int64), given.shape)
        acted: list[int | bytes] = []
        seen: list[int | bytes] = []
        hidden: list[int | bytes] = []
        for number, action, at in zip(given.tolist(), *(each.tolist() for each in columns), strict=True):
            if number < 0:
                continue
            if action == _IMPRESSION:
                seen += [at, _member_of(number)]
                continue
            acted += [at, _member(number, action, at)]
            if action in _HIDES:
                hidden += [2 * at + _HIDES[action], _member_of(number)]
        return self._store(person_id, acted, seen, hidden)

    def mark_seen(self, person_id: str, numbers: Numbers, at_ms: int) -> int:
        """Remembers that the items were on a page; gives the person's new version."""
        return self.push(person_id, numbers, [_IMPRESSION] * len(numbers), at_ms)

    def count_from(self, person_id: str, at_ms: int) -> int:
        """From now on only actions after this moment are recent; gives the person's new version."""
        self._client.hset(self._of(person_id, "facts"), "horizon", at_ms)
        return self._store(person_id, [], [], [])

    def counts_from(self, person_id: str) -> int:
        """The moment after which actions are recent; 0 where all are."""
        return int(self._client.hget(self._of(person_id, "facts"), "horizon") or 0)

    def recent(self, person_id: str, n: int = 200) -> RecentActions:
        """The newest `n` actions, newest first."""
        every = self._state(person_id).recent
        return RecentActions(every.numbers[:n], every.actions[:n], every.at_ms[:n])

    def seen(self, person_id: str) -> np.ndarray:
        """[S] int64 numbers of the items seen last, ascending."""
        return self._state(person_id).seen

    def last_seen(self, person_id: str, n: int) -> RecentActions:
        """The newest `n` items that were on the person's screen, newest first; all are impressions."""
        rows = self._client.zrevrange(self._of(person_id, "seen"), 0, n - 1, withscores=True) if n else []
        numbers = _numbers(b"".join(member for member, _ in rows))
        at_ms = np.array([int(score) for _, score in rows], np.int64)
        return RecentActions(numbers, np.full(len(rows), _IMPRESSION, np.int8), at_ms)

    def hidden(self, person_id: str) -> np.ndarray:
        """[S] int64 numbers of all items hidden and not unhidden since, ascending."""
        return self._state(person_id).hidden

    def version(self, person_id: str) -> int:
        """Grows with each push; 0 for someone unknown."""
        return self._state(person_id).version

    def forget(self, person_id: str) -> None:
        """Nothing about the person is left."""
        self._client.delete(*self._keys(person_id))
        self._client.srem(f"{self._prefix}people", person_id)

    def forget_with(self, prefix: str) -> int:
        """Nothing is left of whoever's id begins with `prefix`; gives how many rows that were."""
        gone = 0
        for person_id in [each for each in self._people() if each.startswith(prefix)]:
            is_counted = bool(self._client.hexists(self._of(person_id, "facts"), "horizon"))
            gone += self.count_of(person_id) + 1 + is_counted
            self.forget(person_id)
        return gone

    def count_of(self, person_id: str) -> int:
        """How many actions, seen and hidden items of the person there are."""
        pipe = self._client.pipeline(transaction=False)
        for key in self._keys(person_id)[:3]:
            pipe.zcard(key)
        return int(sum(pipe.execute()))

    def forget_items(self, numbers: Numbers) -> int:
        """Nobody has acted on these items; gives how many rows that were. Looks at everybody's."""
        wanted = {int(number) for number in numbers}
        gone = 0
        people = list(self._people())
        for start in range(0, len(people), _PEOPLE_AT_ONCE):
            some = people[start : start + _PEOPLE_AT_ONCE]
            reading, removing = (self._client.pipeline(transaction=False) for _ in range(2))
            for person_id in some:
                reading.zrange(self._of(person_id, "actions"), 0, -1)
                for number in wanted:
                    removing.zrem(self._of(person_id, "seen"), _member_of(number))
                    removing.zrem(self._of(person_id, "hidden"), _member_of(number))
            for person_id, members in zip(some, reading.execute(), strict=True):
                is_wanted = np.isin(_parts(b"".join(members))[:, 0], list(wanted))
                theirs = list(itertools.compress(members, is_wanted.tolist()))
                if theirs:
                    removing.zrem(self._of(person_id, "actions"), *theirs)
            gone += sum(removing.execute())
        self._client.incr(f"{self._prefix}epoch")
        return int(gone)

    def forget_actions(self, person_id: str, rows: Sequence[tuple[int, int, int]]) -> int:
        """The person has not done these: (at_ms, number, action code); gives how many there were."""
        members = [_member(number, action, at_ms) for at_ms, number, action in rows]
        gone = int(self._client.zrem(self._of(person_id, "actions"), *members)) if members else 0
        self._client.incr(f"{self._prefix}epoch")
        return gone

    def clear(self) -> None:
        """Nothing about anyone is left: the store is about to be built again."""
        for person_id in list(self._people()):
            self.forget(person_id)
        self._client.delete(f"{self._prefix}people", *self._client.scan_iter(f"{self._prefix}marks:*"))
        self._client.incr(f"{self._prefix}epoch")

    def mark(self, name: str) -> int:
        """The number kept under `name`, 0 at first. It goes with what it is true of."""
        return int(self._client.hget(self._marks, name) or 0)

    def set_mark(self, name: str, value: int) -> None:
        """Keep a number under `name`; a smaller one than is there changes nothing."""
        self._grow_mark(keys=[self._marks], args=[name, value])

    def close(self) -> None:
        """No call after this one."""
        self._client.close()

    def _store(
        self, person_id: str, acted: list[int | bytes], seen: list[int | bytes], hidden: list[int | bytes]
    ) -> int:
        keep_actions, keep_seen = self._config.keep_actions, self._config.keep_seen
        bounds = [int(keep_actions * _SLACK), int(keep_seen * _SLACK), keep_actions, keep_seen]
        several = [part for each in (acted, seen, hidden) for part in (len(each) // 2, *each)]
        # First, so that whoever forgets everybody's finds them.
        self._client.sadd(f"{self._prefix}people", person_id)
        return int(self._push(keys=self._keys(person_id), args=[uuid.uuid4().hex, *bounds, *several]))

    def _state(self, person_id: str) -> _State:
        pipe = self._client.pipeline(transaction=False)
        pipe.get(f"{self._prefix}epoch")
        pipe.hget(self._of(person_id, "facts"), "stamp")
        true_of = tuple(pipe.execute())
        with self._lock:
            kept = self._cache.get(person_id)
            if kept is not None:
                self._cache.move_to_end(person_id)
        if kept is not None and kept.true_of == true_of:
            return kept
        state = self._load(person_id, (true_of[0], true_of[1]))
        with self._lock:
            self._cache[person_id] = state
            while len(self._cache) > self._config.cached_people:
                self._cache.popitem(last=False)
        return state

    def _load(self, person_id: str, true_of: tuple[bytes | None, bytes | None]) -> _State:
        most = int(self._config.keep_actions * _SLACK)
        actions, seen, hidden, version, horizon = self._read(keys=self._keys(person_id), args=[most])
        rows = _parts(actions)
        rows = rows[rows[:, 2] > int(horizon)][: self._config.keep_actions]
        numbers, is_hidden = np.sort(_numbers(seen)), np.sort(_numbers(hidden))
        recent = RecentActions(_frozen(rows[:, 0]), _frozen(rows[:, 1].astype(np.int8)), _frozen(rows[:, 2]))
        return _State(true_of, recent, _frozen(numbers), _frozen(is_hidden), int(version))

    def _people(self) -> Iterator[str]:
        return (each.decode() for each in self._client.sscan_iter(f"{self._prefix}people", count=1_000))

    def _keys(self, person_id: str) -> list[str]:
        return [self._of(person_id, kind) for kind in ("actions", "seen", "hidden", "facts")]

    def _of(self, person_id: str, kind: str) -> str:
        # A cluster puts keys with the same braces into one slot.
        return f"{self._prefix}{{{person_id}}}:{kind}"


def _member(number: int, action: int, at_ms: int) -> bytes:
    return _ACTION.pack(number, action, at_ms)


def _parts(members: bytes) -> np.ndarray:
    """int64 [H, 3] number, action, at_ms."""
    rows = np.frombuffer(members, _ACTION_COLUMNS)
    return np.stack([rows[name].astype(np.int64) for name in ("number", "action", "at_ms")], axis=1)


def _member_of(number: int) -> bytes:
    """Turned round, so that of equal times the lowest number comes first from the newest end."""
    return _ITEM.pack(_LAST - number)


def _numbers(members: bytes) -> np.ndarray:
    turned = np.frombuffer(members, _ITEM_COLUMN).astype(np.int64)
    numbers: np.ndarray = _LAST - turned
    return numbers


def _frozen(column: np.ndarray) -> np.ndarray:
    column = np.ascontiguousarray(column)
    column.setflags(write=False)
    return column
