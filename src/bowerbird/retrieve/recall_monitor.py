"""This file is about knowing the recall that people really get: live queries, asked again exactly."""

import threading
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from bowerbird.core.arrays import Embeddings, ItemNumbers
from bowerbird.core.filters import Filter
from bowerbird.retrieve.recall_table import recall_at
from bowerbird.retrieve.types import Hits, VectorIndex

DEPTH = 10


@dataclass(frozen=True, slots=True)
class RecallReport:
    """What was seen lately.

    Attributes:
        recall: mean recall@10 over the window; NaN before the first check.
        worst: the lowest in the window; NaN before the first check.
        checked: queries compared since the start, or since the last calibration.
        waiting: sampled queries not compared yet.
    """

    recall: float
    worst: float
    checked: int
    waiting: int


class RecallMonitor:
    """Samples queries on the request path at next to no cost; compares them wherever `check` is called."""

    def __init__(self, *, every: int = 50, room: int = 64, window: int = 512) -> None:
        """Keep one query of `every`, at most `room` of them waiting, and judge by the last `window`."""
        self._every = every
        self._waiting: deque[tuple[np.ndarray, Filter | None, float]] = deque(maxlen=room)
        self._recalls: deque[float] = deque(maxlen=window)
        self._recent: deque[np.ndarray] = deque(maxlen=window)
        self._seen = 0
        self._checked = 0
        self._lock = threading.Lock()

    def observe(self, queries: Embeddings, where: Filter | None = None, effort: float = 0.97) -> None:
        """Take note of queries [Q, D] that have just been answered; the oldest waiting ones give way."""
        with self._lock:
            before = self._seen // self._every
            self._seen += len(queries)
            if self._seen // self._every > before:
                self._waiting.append((np.array(queries[-1]), where, effort))

    def check(self, index: VectorIndex, limit: int = 8) -> int:
        """Ask up to `limit` waiting queries again, as people did and exactly. Gives how many were."""
        for done in range(limit):
            with self._lock:
                if not self._waiting:
                    return done
                query, where, effort = self._waiting.popleft()
            if len(query) != index.width:
                continue  # the space was changed since
            found = index.search(query[None], DEPTH, where, effort).numbers
            truth = index.search(query[None], DEPTH, where, 1.0).numbers
            with self._lock:
                self._recalls.append(float(recall_at(truth, found, DEPTH)[0]))
                self._recent.append(query)
                self._checked += 1
        return limit

    def recent_queries(self) -> np.ndarray:
        """[Q, D] the last compared queries, to calibrate an index with."""
        with self._lock:
            width = len(self._recent[-1]) if self._recent else 0
            alike = [query for query in self._recent if len(query) == width]
        return np.stack(alike) if alike else np.empty((0, 0), np.float32)

    def forget(self) -> None:
        """Begin anew, after an index was calibrated with what was learnt."""
        with self._lock:
            self._recalls.clear()
            self._recent.clear()
            self._checked = 0

    def report(self) -> RecallReport:
        """What was seen lately."""
        with self._lock:
            if not self._recalls:
                return RecallReport(np.nan, np.nan, self._checked, len(self._waiting))
            recalls = np.array(self._recalls)
            return RecallReport(
                float(recalls.mean()), float(recalls.min()), self._checked, len(self._waiting)
            )


@dataclass(frozen=True, slots=True)
class WatchedIndex:
    """A `VectorIndex` whose searches a monitor takes note of; everything else is the index's own."""

    index: VectorIndex
    monitor: RecallMonitor

    @property
    def stamp_text(self) -> str:
        """Which encoder, version and space the vectors come from."""
        return self.index.stamp_text

    @property
    def width(self) -> int:
        """D, the width of its vectors."""
        return self.index.width

    def __len__(self) -> int:
        return len(self.index)

    def search(self, queries: Embeddings, k: int, where: Filter | None = None, effort: float = 0.97) -> Hits:
        """The k nearest items of each query."""
        hits = self.index.search(queries, k, where, effort)
        if effort < 1:
            self.monitor.observe(queries, where, effort)
        return hits

    def vectors(self, numbers: ItemNumbers) -> Embeddings:
        """[C, D] the stored vectors; a row of zeros where the item is not there."""
        return self.index.vectors(numbers)

    def upsert(
        self,
        numbers: ItemNumbers,
        vectors: Embeddings,
        payload: Sequence[Mapping[str, Any]] | None = None,
    ) -> None:
        """Add or replace; searchable on return."""
        self.index.upsert(numbers, vectors, payload)

    def delete(self, numbers: ItemNumbers) -> None:
        """Forget; gone from searches on return."""
        self.index.delete(numbers)
