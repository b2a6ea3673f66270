"""This file is about vectors that are scanned whole: the fresh tail of an index, and small catalogues.

Readers hold one `FreshRows` and are never disturbed: writers make the next one, which shares the buffers
(they are only ever written beyond what any older version can see) and copies only the flags.
"""

import numpy as np

from bowerbird.core.arrays import Embeddings, ItemNumbers, Mask, Queries
from bowerbird.retrieve.nearest import best
from bowerbird.retrieve.types import Hits

_BLOCK_SCORES = 8_000_000  # scores held at once in a batch of queries


class FreshRows:
    """Vectors by item number, immutable; `with_rows` and `without` give the next version.

    Attributes:
        numbers: [T] item numbers; a number may come again, of which at most the last row is live.
        vectors: [T, D]
        is_live: [T] false: replaced or deleted.
    """

    __slots__ = ("_buffers", "_lookup", "is_live", "numbers", "vectors")

    def __init__(self, numbers: ItemNumbers, vectors: Embeddings, is_live: Mask) -> None:
        self.numbers = numbers
        self.vectors = vectors
        self.is_live = is_live
        self._buffers: tuple[np.ndarray, np.ndarray] = (numbers, vectors)
        self._lookup: tuple[np.ndarray, np.ndarray] | None = None

    @classmethod
    def empty(cls, width: int) -> "FreshRows":
        """No rows yet."""
        return cls(np.empty(0, np.int64), np.empty((0, width), np.float32), np.empty(0, bool))

    def __len__(self) -> int:
        return int(np.count_nonzero(self.is_live))

    def with_rows(self, numbers: ItemNumbers, vectors: Embeddings) -> "FreshRows":
        """The next version, with these rows added or replaced; numbers are unique."""
        old, new = len(self.numbers), len(self.numbers) + len(numbers)
        held_numbers, held_vectors = self._room_for(new)
        held_numbers[old:new] = numbers
        held_vectors[old:new] = vectors
        is_live = np.ones(new, dtype=bool)
        is_live[:old] = self.is_live & ~np.isin(self.numbers, numbers)
        rows = FreshRows(held_numbers[:new], held_vectors[:new], is_live)
        rows._buffers = (held_numbers, held_vectors)
        return rows

    def without(self, numbers: ItemNumbers) -> "FreshRows":
        """The next version, without these items."""
        is_live = self.is_live & ~np.isin(self.numbers, numbers)
        rows = FreshRows(self.numbers, self.vectors, is_live)
        rows._buffers = self._buffers
        return rows

    def since(self, row: int) -> "FreshRows":
        """Only what was added from this row on; copied, so that older rows can be let go."""
        return FreshRows(self.numbers[row:].copy(), self.vectors[row:].copy(), self.is_live[row:].copy())

    def rows_of(self, numbers: ItemNumbers) -> np.ndarray:
        """[C] live row of each number; -1 where there is none."""
        if self._lookup is None:
            live = np.flatnonzero(self.is_live)
            live = live[np.argsort(self.numbers[live], kind="stable")]
            self._lookup = (self.numbers[live], live)
        held, live = self._lookup
        if len(held) == 0:
            return np.full(len(numbers), -1, dtype=np.int64)
        place = np.minimum(np.searchsorted(held, numbers), len(held) - 1)
        return np.where(held[place] == numbers, live[place], -1)

    def search(self, queries: Queries, k: int, keep: Mask | None = None) -> Hits:
        """The k nearest live rows of each query, exactly.

        Args:
            queries: [Q, D]
            k: at least 1.
            keep: [T] further restriction of the rows.
        """
        allowed = self.is_live if keep is None else self.is_live & keep
        return scan(queries, self.numbers, self.vectors, k, None if allowed.all() else allowed)

    def _room_for(self, rows: int) -> tuple[np.ndarray, np.ndarray]:
        numbers, vectors = self._buffers
        if rows <= len(numbers):
            return numbers, vectors
        held, capacity = len(self.numbers), max(rows, 2 * len(self.numbers), 64)
        grown = np.empty(capacity, np.int64), np.empty((capacity, vectors.shape[1]), np.float32)
        grown[0][:held] = self.numbers
        grown[1][:held] = self.vectors
        return grown


def scan(queries: Queries, numbers: ItemNumbers, vectors: Embeddings, k: int, allowed: Mask | None) -> Hits:
    """The k nearest of all allowed rows by inner product, exactly.

    Args:
        queries: [Q, D]
        numbers: [N] item numbers of the rows.
        vectors: [N, D]
        k: at least 1.
        allowed: [N] rows that may be found; None: all.
    """
    if allowed is not None and 4 * np.count_nonzero(allowed) < len(allowed):
        numbers, vectors, allowed = numbers[allowed], vectors[allowed], None
    step = max(1, _BLOCK_SCORES // max(1, len(numbers)))
    parts = []
    for start in range(0, max(1, len(queries)), step):
        scores = queries[start : start + step] @ vectors.T  # [Q, D] @ [D, N] -> [Q, N]
        if allowed is not None:
            scores[:, ~allowed] = -np.inf
        parts.append(best(scores, numbers, k))
    if len(parts) == 1:
        return parts[0]
    return Hits(np.concatenate([p.numbers for p in parts]), np.concatenate([p.scores for p in parts]))
