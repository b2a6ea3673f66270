"""This file is about decayed counters on the stream: for each key its counts as of its newest action.

A counter is kept as (value, at). A newer action moves it on to its own time, an older one adds what is left
of it by then: both give the same sum, whatever the order of arrival.
"""

from collections.abc import Sequence

import numpy as np

from bowerbird.core.actions import ACTION_CODES
from bowerbird.rank.declared.definitions import NEVER, Feature, Kind
from bowerbird.rank.declared.key_rows import KeyRows

_NONE_YET_MS = -1
_ROOM = 1.25
_LOG_HALF = np.log(0.5)


class Counters:
    """The tallies of one kind of owner, by key, in two tables. One thread writes.

    A row is a key's. [rows, T] holds the newest action of each tally, [rows, H] counts as of it, one for each
    tally and half-life; `_first` and `_spans_ms` say which columns are whose.
    """

    def __init__(self, features: Sequence[Feature]) -> None:
        """Decayed counts and times since the last, all of one kind of owner."""
        tallies = list(dict.fromkeys(each.tally for each in features))
        columns = [
            (tally, span)
            for tally in tallies
            for span in sorted({each.half_life_ms for each in features if each.tally == tally} - {0})
        ]
        self._counts_action = np.zeros((len(tallies), len(ACTION_CODES)), bool)
        for place, tally in enumerate(tallies):
            self._counts_action[place, [ACTION_CODES[action] for action in tally.actions]] = True
        self._spans_ms = np.array([span for _, span in columns], np.float64)
        self._tally_of = np.array([tallies.index(tally) for tally, _ in columns], np.int64)
        self._first = np.searchsorted(self._tally_of, np.arange(len(tallies)))
        self._several = np.bincount(self._tally_of, minlength=len(tallies))
        self._rows = KeyRows()
        self._newest_ms = np.full((1, len(tallies)), _NONE_YET_MS, np.int64)
        self._values = np.zeros((1, len(columns)))
        since = [place for place, each in enumerate(features) if each.kind is Kind.SINCE]
        self._since_of = np.array([tallies.index(features[place].tally) for place in since], np.int64)
        named = {
            (each.tally, each.half_life_ms): place for place, each in enumerate(features) if each.half_life_ms
        }
        self.order = [*since, *(named[column] for column in columns)]
        """Which of the features each column of what is read is."""
        # [T, H] turns ages of tallies into exponents of columns, in one product.
        self._rates = np.zeros((len(tallies), len(columns)))
        self._rates[self._tally_of, np.arange(len(columns))] = _LOG_HALF / self._spans_ms

    def __len__(self) -> int:
        return len(self._rows) - 1

    @property
    def size_bytes(self) -> int:
        """Of keys and counts."""
        return self._rows.size_bytes + self._newest_ms.nbytes + self._values.nbytes

    def add(self, keys: np.ndarray, actions: np.ndarray, at_ms: np.ndarray) -> None:
        """Actions are counted.

        Args:
            keys: int64 [E]; -1 is nobody's.
        """
        tallies, events = np.nonzero(self._counts_action[:, actions] & (keys >= 0))
        if not len(events):
            return
        rows = self._rows.rows_of(keys[events])
        self._make_room()
        width = self._newest_ms.shape[1]
        cells, place = np.unique(rows * width + tallies, return_inverse=True)
        newest_ms = self._newest_ms.reshape(-1)
        before_ms = newest_ms[cells]
        after_ms = before_ms.copy()
        np.maximum.at(after_ms, place, at_ms[events])
        newest_ms[cells] = after_ms
        self._count(
            cells // width, cells % width, place, after_ms - before_ms, after_ms[place] - at_ms[events]
        )

    def _count(
        self,
        rows: np.ndarray,
        tallies: np.ndarray,
        place: np.ndarray,
        moved_ms: np.ndarray,
        age_ms: np.ndarray,
    ) -> None:
        """Counts move on, and events are added as old as they are by then.

        Args:
            rows, tallies, moved_ms: [U] of what is touched; `place` [E] says which of them an event touches.
        """
        several = self._several[tallies]
        for nth in range(int(several.max())):
            has = several > nth
            column = np.where(has, self._first[tallies] + nth, 0)
            span_ms = self._spans_ms[column]
            added = np.bincount(place, _left(age_ms, span_ms[place]), len(rows))
            kept = self._values[rows, column] * _left(moved_ms, span_ms)
            self._values[rows[has], column[has]] = (kept + added)[has]

    def read(self, keys: np.ndarray, t_ms: int, out: np.ndarray) -> None:
        """Features as of t, which is not before anything that was counted.

        Args:
            out: float64 [B, features], filled in the order of `order`.
        """
        rows, since = self._rows.find(keys), len(self._since_of)
        newest_ms = self._newest_ms[rows]
        age_ms = np.maximum(t_ms - newest_ms, 0.0)
        seconds = age_ms[:, self._since_of] / 1_000
        seconds[newest_ms[:, self._since_of] == _NONE_YET_MS] = NEVER
        out[:, :since] = seconds
        np.multiply(self._values[rows], np.exp(age_ms @ self._rates), out=out[:, since:])

    def columns(self) -> list[np.ndarray]:
        """Everything that is kept: keys, times and counts."""
        size = len(self._rows)
        return [self._rows.keys, self._newest_ms[:size], self._values[:size]]

    def take(self, kept: Sequence[np.ndarray]) -> None:
        """Goes on from what `columns` gave.

        Raises:
            ValueError: it is of other features.
        """
        keys, newest_ms, values = kept
        size = len(keys) + 1
        wanted = (size, self._newest_ms.shape[1]), (size, self._values.shape[1])
        if (newest_ms.shape, values.shape) != wanted:
            raise ValueError(f"columns {newest_ms.shape} and {values.shape}")
        self._rows, self._newest_ms, self._values = KeyRows(keys), newest_ms, values

    def _make_room(self) -> None:
        size, old = len(self._rows), len(self._newest_ms)
        if size <= old:
            return
        more = int(size * _ROOM) - old
        self._newest_ms = np.pad(self._newest_ms, ((0, more), (0, 0)), constant_values=_NONE_YET_MS)
        self._values = np.pad(self._values, ((0, more), (0, 0)))


def _left(age_ms: np.ndarray, span_ms: np.ndarray) -> np.ndarray:
    """What is left of 1 after a time; `exp` is several times as fast as `exp2` here."""
    left: np.ndarray = np.exp(age_ms * (_LOG_HALF / span_ms))
    return left
