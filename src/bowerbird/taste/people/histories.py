"""This file is about a person's past as the model reads it: items, what was done, and when."""

from dataclasses import dataclass

import numpy as np

from bowerbird.taste.encoder.types import Links

NO_ITEM = -1
CLOCKS_HOURS = (24.0, 24.0 * 7, 24.0 * 365.25)
"""Day, week and year: what comes again."""
FEATURES = 1 + 2 * len(CLOCKS_HOURS)
_HOUR_MS = 3_600_000


@dataclass(frozen=True, slots=True)
class Past:
    """One row a person, the oldest action first, -1 after the last.

    Attributes:
        items: int64 [B, T].
        actions: int64 [B, T] codes of `core.actions`, -1 where none is known.
        at_ms: int64 [B, T].
    """

    items: np.ndarray
    actions: np.ndarray
    at_ms: np.ndarray

    @property
    def lengths(self) -> np.ndarray:
        """int64 [B]."""
        counts: np.ndarray = (self.items >= 0).sum(axis=1)
        return counts

    def __len__(self) -> int:
        return len(self.items)


def past_at(acted: Links, persons: np.ndarray, at_ms: int, longest: int) -> Past:
    """The newest actions of these persons strictly before a moment; only those that say "I like this".

    Args:
        persons: int64 [B].
    """
    rows = np.flatnonzero((acted.weights > 0) & (acted.at_ms < at_ms) & np.isin(acted.sources, persons))
    rows = rows[np.lexsort((acted.at_ms[rows], acted.sources[rows]))]
    owners = acted.sources[rows]
    firsts, lasts = np.searchsorted(owners, persons), np.searchsorted(owners, persons, side="right")
    firsts = np.maximum(firsts, lasts - longest)
    width = int((lasts - firsts).max(initial=1))
    entry = firsts[:, None] + np.arange(max(width, 1))
    is_there = entry < lasts[:, None]
    if not len(rows):
        empty = np.full(entry.shape, NO_ITEM, dtype=np.int64)
        return Past(empty, empty, np.zeros(entry.shape, dtype=np.int64))
    held = rows[np.where(is_there, entry, 0)]
    return Past(
        np.where(is_there, acted.targets[held], NO_ITEM),
        np.where(is_there, acted.actions[held].astype(np.int64), -1),
        np.where(is_there, acted.at_ms[held], 0),
    )


def features_of(at_ms: np.ndarray) -> np.ndarray:
    """float32 [B, T, F] how long after the action before, and where in day, week and year.

    Args:
        at_ms: int64 [B, T], oldest first; what stands after the last action does not matter.
    """
    hours = at_ms.astype(np.float64) / _HOUR_MS
    since = np.diff(hours, axis=1, prepend=hours[:, :1])
    parts = [np.log1p(np.maximum(since, 0)) / 5]
    for period in CLOCKS_HOURS:
        turn = hours / period * 2 * np.pi
        parts += [np.sin(turn), np.cos(turn)]
    found: np.ndarray = np.stack(parts, axis=2).astype(np.float32)
    return found
