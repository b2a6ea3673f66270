"""This file is about decayed counters on the stream: for each key its counts as of its newest action.

A counter is kept as (value, at). A newer action moves it on to its own time, an older one adds what is left
of it by then: both give the same sum, whatever the order of arrival.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bowerbird.core.actions import ACTION_CODES
from bowerbird.rank.declared.definitions import NEVER, Feature, Kind, Tally
from bowerbird.rank.declared.key_rows import KeyRows

_NONE_YET_MS = -1
_ROOM = 1.5


@dataclass(slots=True)
class _Column:
    """The memory of one tally: [rows] newest action, [rows, half-lives] counts as of it."""

    tally: Tally
    counts_action: np.ndarray
    half_lives_ms: np.ndarray
    newest_ms: np.ndarray
    values: np.ndarray


class Counters:
    """The tallies of one kind of owner, by key. One thread writes."""

    def __init__(self, features: Sequence[Feature]) -> None:
        """Decayed counts and times since the last, all of one kind of owner."""
        self._rows = KeyRows()
        self._columns = [_column(tally, features) for tally in dict.fromkeys(each.tally for each in features)]
        self._asked = [self._place_of(each) for each in features]

    def __len__(self) -> int:
        return len(self._rows) - 1

    @property
    def size_bytes(self) -> int:
        """Of keys and counts."""
        counts = sum(each.newest_ms.nbytes + each.values.nbytes for each in self._columns)
        return self._rows.size_bytes + counts

    def add(self, keys: np.ndarray, actions: np.ndarray, at_ms: np.ndarray) -> None:
        """Actions are counted.

        Args:
            keys: int64 [E]; -1 is nobody's.
        """
        for column in self._columns:
            counts = np.flatnonzero(column.counts_action[actions] & (keys >= 0))
            if not len(counts):
                continue
            rows = self._rows.rows_of(keys[counts])
            self._make_room()
            _count(column, rows, at_ms[counts])

    def read(self, keys: np.ndarray, t_ms: int) -> np.ndarray:
        """float64 [B, features] as of t, which is not before anything that was counted."""
        rows = self._rows.find(keys)
        out = np.empty((len(keys), len(self._asked)))
        ages: dict[int, np.ndarray] = {}
        for to, (place, half_life) in enumerate(self._asked):
            column = self._columns[place]
            if place not in ages:
                ages[place] = np.maximum(t_ms - column.newest_ms[rows], 0)
            if half_life < 0:
                is_never = column.newest_ms[rows] == _NONE_YET_MS
                out[:, to] = np.where(is_never, NEVER, ages[place] / 1_000)
            else:
                left = np.exp2(-ages[place] / column.half_lives_ms[half_life])
                out[:, to] = column.values[rows, half_life] * left
        return out

    def columns(self) -> list[np.ndarray]:
        """Everything that is kept: keys, then for each tally its times and counts."""
        size = len(self._rows)
        kept = [each[:size] for column in self._columns for each in (column.newest_ms, column.values)]
        return [self._rows.keys, *kept]

    def take(self, kept: Sequence[np.ndarray]) -> None:
        """Goes on from what `columns` gave.

        Raises:
            ValueError: it is of other features.
        """
        self._rows = KeyRows(kept[0])
        for place, column in enumerate(self._columns):
            newest_ms, values = kept[1 + 2 * place], kept[2 + 2 * place]
            if newest_ms.shape != (len(self._rows),) or values.shape[1:] != column.values.shape[1:]:
                raise ValueError(f"columns {newest_ms.shape} and {values.shape}")
            column.newest_ms, column.values = newest_ms, values

    def _place_of(self, feature: Feature) -> tuple[int, int]:
        place = [column.tally for column in self._columns].index(feature.tally)
        if feature.kind is Kind.SINCE:
            return place, -1
        return place, self._columns[place].half_lives_ms.tolist().index(feature.half_life_ms)

    def _make_room(self) -> None:
        size = len(self._rows)
        if size <= len(self._columns[0].newest_ms):
            return
        room = int(size * _ROOM)
        for column in self._columns:
            old = len(column.newest_ms)
            newest_ms = np.full(room, _NONE_YET_MS, np.int64)
            values = np.zeros((room, column.values.shape[1]))
            newest_ms[:old], values[:old] = column.newest_ms, column.values
            column.newest_ms, column.values = newest_ms, values


def _column(tally: Tally, features: Sequence[Feature]) -> _Column:
    counts_action = np.zeros(len(ACTION_CODES), bool)
    counts_action[[ACTION_CODES[action] for action in tally.actions]] = True
    spans = sorted({each.half_life_ms for each in features if each.tally == tally and each.half_life_ms})
    newest_ms = np.full(1, _NONE_YET_MS, np.int64)
    return _Column(tally, counts_action, np.array(spans, np.float64), newest_ms, np.zeros((1, len(spans))))


def _count(column: _Column, rows: np.ndarray, at_ms: np.ndarray) -> None:
    touched, place = np.unique(rows, return_inverse=True)
    before_ms = column.newest_ms[touched]
    newest_ms = before_ms.copy()
    np.maximum.at(newest_ms, place, at_ms)
    moved = newest_ms - before_ms
    age = newest_ms[place] - at_ms
    for half_life, span_ms in enumerate(column.half_lives_ms):
        kept = column.values[touched, half_life] * np.exp2(-moved / span_ms)
        added = np.bincount(place, np.exp2(-age / span_ms), len(touched))
        column.values[touched, half_life] = kept + added
    column.newest_ms[touched] = newest_ms
