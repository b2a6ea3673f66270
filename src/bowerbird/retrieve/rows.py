"""This file is about settled rows: vectors by item number, and exact search in them."""

from dataclasses import dataclass

import numpy as np

from bowerbird.core.arrays import Embeddings, ItemMask, ItemNumbers, Mask, Queries
from bowerbird.retrieve.fresh_rows import scan
from bowerbird.retrieve.inverted_lists import dot_rows
from bowerbird.retrieve.nearest import best
from bowerbird.retrieve.types import Hits


@dataclass(frozen=True, slots=True)
class Selection:
    """The rows of one snapshot that one filter keeps.

    Attributes:
        rows: [M] rising.
        bits: little-endian bitmap over item numbers.
        per_list: [L] how many of them each list holds.
        visited: [V] lists that hold at least one.
    """

    rows: np.ndarray
    bits: np.ndarray
    per_list: np.ndarray
    visited: np.ndarray


@dataclass(frozen=True, slots=True)
class Rows:
    """Immutable rows; in memory or memory-mapped.

    Attributes:
        numbers: [N] item numbers, rising.
        vectors: [N, D] float32.
        row_of: [highest number + 1] int32 row of a number, -1 where there is none.
    """

    numbers: ItemNumbers
    vectors: Embeddings
    row_of: np.ndarray

    def __len__(self) -> int:
        return len(self.numbers)

    @property
    def size(self) -> int:
        """Highest number + 1."""
        return len(self.row_of)

    def rows_of(self, numbers: np.ndarray) -> np.ndarray:
        """Int64 rows, in the shape of the numbers; -1 where a number has none."""
        inside = (numbers >= 0) & (numbers < self.size)
        if not self.size:
            return np.full(numbers.shape, -1, dtype=np.int64)
        return np.where(inside, self.row_of[np.where(inside, numbers, 0)], -1).astype(np.int64)

    def scored(self, queries: Queries, proposed: np.ndarray, k: int) -> Hits:
        """The k best of [Q, C] proposed numbers by their full vectors; each is one of these rows, or -1."""
        if not self.size:
            return best(np.empty((len(queries), 0), np.float32), proposed[:, :0], k)
        rows = self.row_of[proposed].astype(np.int64)
        np.copyto(rows, -1, where=proposed < 0)
        return best(dot_rows(queries, self.vectors, rows), proposed, k)

    def exact(self, queries: Queries, k: int, allowed: Mask | None = None) -> Hits:
        """The k nearest of all rows, or of the allowed [N], exactly."""
        return scan(queries, self.numbers, self.vectors, k, allowed)

    def exact_among(self, queries: Queries, k: int, rows: np.ndarray) -> Hits:
        """The k nearest of these rows, exactly, without reading any other."""
        rows = np.ascontiguousarray(rows, dtype=np.int64)
        parts = [
            best(dot_rows(query[None], self.vectors, rows[None]), self.numbers[rows], k) for query in queries
        ]
        return Hits(
            np.concatenate([np.empty((0, k), np.int64), *(part.numbers for part in parts)]),
            np.concatenate([np.empty((0, k), np.float32), *(part.scores for part in parts)]),
        )


def rows_from(numbers: ItemNumbers, vectors: Embeddings) -> Rows:
    """Rows in the order of their numbers, which are unique."""
    order = np.argsort(numbers, kind="stable")
    if not np.array_equal(order, np.arange(len(order))):
        numbers, vectors = numbers[order], vectors[order]
    row_of = np.full(int(numbers[-1]) + 1 if len(numbers) else 0, -1, dtype=np.int32)
    row_of[numbers] = np.arange(len(numbers), dtype=np.int32)
    return Rows(numbers, np.ascontiguousarray(vectors), row_of)


def select(rows: Rows, list_of: np.ndarray | None, lists: int, keep: ItemMask) -> Selection:
    """What a mask over item numbers [`rows.size`] keeps here.

    `list_of` [N] says which of the `lists` each row is in; None: there are none.
    """
    chosen = rows.row_of[np.flatnonzero(keep)].astype(np.int64)
    per_list = np.empty(0, np.int64) if list_of is None else np.bincount(list_of[chosen], minlength=lists)
    bits = np.packbits(keep, bitorder="little")
    return Selection(chosen, bits, per_list, np.flatnonzero(per_list))
