"""This file is about what is learned from: pages as people saw them, and what they did with each item on it.

Only items that were on the screen are rows. Everything a row knows of its person happened strictly before the
page came, and what counts as its label happened after; a test holds both against drawn events.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from bowerbird.core.actions import ACTION_CODES
from bowerbird.lake.lake import Lake
from bowerbird.rank.ranker.heads import HEAD_CODES, HEADS, IMPRESSION_CODE, LABEL_WITHIN_MS
from bowerbird.rank.ranker.sides import DAY_MS, PersonSide, likes_among

_EVENTS_AT_ONCE = 10_000


@dataclass(frozen=True, slots=True)
class Acts:
    """Everything that people did with items, sorted by time.

    Attributes:
        persons, items: int64 [E]; items below 0 are left out by `of`.
        actions: int8 [E] codes of `core.actions`.
        at_ms: int64 [E].
        positions: int64 [E] on the page; -1 where unknown.
        requests: int64 [E] which page it was on; -1 where unknown.
    """

    persons: np.ndarray
    items: np.ndarray
    actions: np.ndarray
    at_ms: np.ndarray
    positions: np.ndarray
    requests: np.ndarray

    def __len__(self) -> int:
        return len(self.items)

    def where(self, keep: np.ndarray) -> "Acts":
        """Only the rows where `keep` is true."""
        return Acts(*(getattr(self, name)[keep] for name in Acts.__slots__))

    @classmethod
    def of(
        cls, persons: np.ndarray, items: np.ndarray, actions: np.ndarray, at_ms: np.ndarray,
        positions: np.ndarray, requests: np.ndarray,
    ) -> "Acts":  # fmt: skip
        """Columns in any order; sorted here."""
        rows = np.flatnonzero(items >= 0)
        rows = rows[np.argsort(at_ms[rows], kind="stable")]
        wide = (persons, items, at_ms, positions, requests)
        person, item, at, position, request = (each[rows].astype(np.int64) for each in wide)
        return cls(person, item, actions[rows].astype(np.int8), at, position, request)


@dataclass(frozen=True, slots=True)
class Requests:
    """Pages in order of time, and the items of each that were on the screen.

    Attributes:
        persons, at_ms: int64 [Q].
        bounds: int64 [Q + 1] borders of each page's rows.
        items, positions: int64 [R].
        labels: bool [R, heads] which actions followed; several may.
    """

    persons: np.ndarray
    at_ms: np.ndarray
    bounds: np.ndarray
    items: np.ndarray
    positions: np.ndarray
    labels: np.ndarray

    def __len__(self) -> int:
        return len(self.persons)

    @property
    def request_of_row(self) -> np.ndarray:
        """int64 [R]."""
        return np.repeat(np.arange(len(self)), np.diff(self.bounds))

    def rows(self, start: int, stop: int) -> "Requests":
        """The pages from `start` up to `stop`."""
        inside = slice(int(self.bounds[start]), int(self.bounds[stop]))
        return Requests(
            self.persons[start:stop],
            self.at_ms[start:stop],
            self.bounds[start : stop + 1] - self.bounds[start],
            self.items[inside],
            self.positions[inside],
            self.labels[inside],
        )

    def since(self, at_ms: int) -> "Requests":
        """The pages from a moment on."""
        return self.rows(int(np.searchsorted(self.at_ms, at_ms)), len(self))

    def split(self, share: float) -> "tuple[Requests, Requests]":
        """Those before the newest `share`, and the newest."""
        cut = len(self) - max(int(share * len(self)), 1)
        return self.rows(0, cut), self.rows(cut, len(self))


def requests_of(acts: Acts) -> Requests:
    """Pages out of impressions; where no page is named, what one person saw within a minute is one.

    A page begins a millisecond before its first impression, so that nothing of it is known to it.
    """
    shown = np.flatnonzero(acts.actions == IMPRESSION_CODE)
    named = acts.requests[shown]
    minute = acts.at_ms[shown] // 60_000
    key = np.where(named >= 0, named, -2 - minute)
    order = np.lexsort((acts.at_ms[shown], key, acts.persons[shown]))
    shown, key = shown[order], key[order]
    persons = acts.persons[shown]
    is_first = np.ones(len(shown), dtype=bool)
    is_first[1:] = (persons[1:] != persons[:-1]) | (key[1:] != key[:-1])
    starts = np.flatnonzero(is_first)
    at_ms = acts.at_ms[shown[starts]] - 1
    by_time = np.argsort(at_ms, kind="stable")
    lengths = np.diff(np.append(starts, len(shown)))[by_time]
    bounds = np.concatenate([[0], np.cumsum(lengths)])
    rows = np.repeat(starts[by_time] - bounds[:-1], lengths) + np.arange(len(shown))
    shown = shown[rows]
    return Requests(
        persons[starts][by_time], at_ms[by_time], bounds, acts.items[shown], acts.positions[shown],
        _labels(acts, shown),
    )  # fmt: skip


def _labels(acts: Acts, shown: np.ndarray) -> np.ndarray:
    """bool [R, heads]: an action counts for the newest impression of its item before it, for a day."""
    found = np.zeros((len(shown), len(HEADS)), dtype=bool)
    pair = acts.persons * (int(acts.items.max(initial=0)) + 1) + acts.items
    order = np.lexsort((acts.at_ms[shown], pair[shown]))
    pairs, times = pair[shown][order], acts.at_ms[shown][order]
    for head, code in enumerate(HEAD_CODES):
        did = np.flatnonzero(acts.actions == code)
        if not len(did) or not len(shown):
            continue
        place = _newest_before(pairs, times, pair[did], acts.at_ms[did])
        safe = np.maximum(place, 0)
        follows = (place >= 0) & (pairs[safe] == pair[did])
        follows &= acts.at_ms[did] - times[safe] <= LABEL_WITHIN_MS
        found[order[safe[follows]], head] = True
    return found


def _newest_before(
    pairs: np.ndarray, times: np.ndarray, of_pairs: np.ndarray, of_times: np.ndarray
) -> np.ndarray:
    """int64 for each asked (pair, time) the last of the sorted rows that is not after it; -1: none."""
    keys = np.concatenate([pairs, of_pairs]), np.concatenate([times, of_times])
    is_asked = np.repeat([False, True], [len(pairs), len(of_pairs)])
    order = np.lexsort((is_asked, keys[1], keys[0]))
    rank = np.cumsum(~is_asked[order]) - 1
    found = np.empty(len(of_pairs), dtype=np.int64)
    asked = order[is_asked[order]] - len(pairs)
    found[asked] = rank[is_asked[order]]
    return found


class Pasts:
    """What each person did before any moment."""

    def __init__(self, acts: Acts) -> None:
        order = np.lexsort((acts.at_ms, acts.persons))
        self._acts = Acts(*(getattr(acts, name)[order] for name in Acts.__slots__))
        count = int(acts.persons.max(initial=-1)) + 1
        self._bounds = np.searchsorted(self._acts.persons, np.arange(count + 1))

    def of(self, person: int, at_ms: int) -> PersonSide:
        """Strictly before the moment."""
        acts = self._acts
        if person + 1 >= len(self._bounds):
            return side_of(acts.items[:0], acts.actions[:0], acts.at_ms[:0])
        first, last = self._bounds[person], self._bounds[person + 1]
        last = first + int(np.searchsorted(acts.at_ms[first:last], at_ms))
        return side_of(acts.items[first:last], acts.actions[first:last], acts.at_ms[first:last])


def side_of(items: np.ndarray, actions: np.ndarray, at_ms: np.ndarray) -> PersonSide:
    """The person's side from everything they did and saw, oldest first."""
    is_like = likes_among(actions)
    is_shown = actions == IMPRESSION_CODE
    seen = np.unique(items[is_shown])
    is_left = is_shown & ~np.isin(items, items[~is_shown])
    return PersonSide(items[is_like], actions[is_like], at_ms[is_like], items[is_left], at_ms[is_left], seen)


class Popularity:
    """How many people saved each item in the days before each one, as a share of the most saved one's log."""

    def __init__(self, acts: Acts, count: int, save_code: int, days: float = 7.0) -> None:
        saves = np.flatnonzero(acts.actions == save_code)
        self._days = acts.at_ms[saves] // DAY_MS
        self._pairs = acts.persons[saves] * count + acts.items[saves]
        self._count, self._over_days = count, days
        self._kept: dict[int, np.ndarray] = {}

    def at(self, at_ms: int) -> np.ndarray:
        """float32 [N] as of the beginning of the day: a page knows nothing of the same day."""
        day = at_ms // DAY_MS
        if day not in self._kept:
            inside = (self._days < day) & (self._days >= day - self._over_days)
            people = np.bincount(np.unique(self._pairs[inside]) % self._count, minlength=self._count)
            self._kept[day] = (np.log1p(people) / np.log1p(max(int(people.max(initial=0)), 1))).astype(
                np.float32
            )
        return self._kept[day]


def acts_of_lake(
    lake: Lake,
    numbers_of: Callable[[list[str]], np.ndarray],
    tell: Callable[[str], None] = lambda _: None,
    persons: dict[str, int] | None = None,
) -> Acts:
    """What everyone who consents did; the log is streamed.

    Args:
        persons: gets the number of each person id.
    """
    persons = {} if persons is None else persons
    requests: dict[str, int] = {}
    parts = [Acts.of(*columns) for columns in _columns(lake, numbers_of, persons, requests, tell)]
    if not parts:
        nothing = np.zeros(0, dtype=np.int64)
        return Acts.of(nothing, nothing, nothing, nothing, nothing, nothing)
    joined = (np.concatenate([getattr(part, name) for part in parts]) for name in Acts.__slots__)
    return Acts.of(*joined)


def _columns(
    lake: Lake, numbers_of: Callable[[list[str]], np.ndarray], persons: dict[str, int],
    requests: dict[str, int], tell: Callable[[str], None],
) -> Iterator[tuple[np.ndarray, ...]]:  # fmt: skip
    after, total = 0, 0
    while found := lake.events.after(after, _EVENTS_AT_ONCE):
        after, total = found[-1][0], total + len(found)
        kept = [event for _, event in found if event.item_id and event.consent]
        rows = [
            (
                persons.setdefault(event.person_id, len(persons)), ACTION_CODES[event.action], event.at_ms,
                event.position,
                requests.setdefault(event.request_id, len(requests)) if event.request_id else -1,
            )
            for event in kept
        ]  # fmt: skip
        table = np.array(rows, dtype=np.int64).reshape(-1, 5)
        items = numbers_of([event.item_id for event in kept])
        tell(f"{total:,} events read")
        yield table[:, 0], items, table[:, 1], table[:, 2], table[:, 3], table[:, 4]
