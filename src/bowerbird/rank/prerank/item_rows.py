"""This file is about the items' side of pre-ranking, kept by item number, so that pages only gather it."""

import threading
from collections.abc import Callable

import numpy as np

from bowerbird.rank.prerank.served import ServedPrerank

RowsOf = Callable[[np.ndarray], np.ndarray]
"""int64 [M] numbers → float32 [M, B] content; rows of zeros where an item has none yet."""
_GROWN = 1.25
_NEVER_MS = -(2**62)


class ItemRows:
    """Rows of one pre-ranker, made when they are first asked for. Safe to share between threads.

    A row is made again when it is older than `max_age_ms`: an item whose picture or words have changed is
    judged by what it was for no longer than that. One without content is never kept.
    """

    def __init__(self, prerank: ServedPrerank, max_age_ms: int) -> None:
        self._prerank, self._max_age_ms = prerank, max_age_ms
        self._kept = np.zeros((0, prerank.row_width), np.float32), np.zeros(0, np.int64)
        self._growing = threading.Lock()

    @property
    def version(self) -> str:
        """Of the pre-ranker whose rows these are."""
        return self._prerank.version

    @property
    def size_bytes(self) -> int:
        """Of what is kept, made or not."""
        rows, made_ms = self._kept
        return int(rows.nbytes + made_ms.nbytes)

    def of(self, numbers: np.ndarray, now_ms: int, content_of: RowsOf) -> np.ndarray:
        """float32 [C, row_width] of these items."""
        rows, made_ms = self._held(int(numbers.max(initial=-1)) + 1)
        found: np.ndarray = rows[numbers]
        missing = np.flatnonzero(made_ms[numbers] <= now_ms - self._max_age_ms)
        if len(missing):
            content = content_of(numbers[missing])
            made = self._prerank.item_rows(content)
            found[missing] = made
            has = content.any(axis=1)
            kept = numbers[missing][has]
            # Two threads that make the same row write the same numbers; the age comes last.
            rows[kept] = made[has]
            made_ms[kept] = now_ms
        return found

    def _held(self, count: int) -> tuple[np.ndarray, np.ndarray]:
        if len(self._kept[1]) >= count:
            return self._kept
        with self._growing:
            rows, made_ms = self._kept
            if len(made_ms) < count:
                room = int(count * _GROWN)
                grown = np.zeros((room, rows.shape[1]), np.float32)
                ages = np.full(room, _NEVER_MS, np.int64)
                # Ages first: a row that another thread makes meanwhile is made again, never taken for made.
                ages[: len(made_ms)] = made_ms
                grown[: len(rows)] = rows
                self._kept = grown, ages
            return self._kept
