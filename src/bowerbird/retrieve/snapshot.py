"""This file is about the settled part of an index: rows that no longer change, and lists that find them."""

from dataclasses import dataclass

import numpy as np

from bowerbird.core.arrays import Embeddings, ItemMask, ItemNumbers, Mask, Queries
from bowerbird.retrieve.config import IndexConfig
from bowerbird.retrieve.fresh_rows import scan
from bowerbird.retrieve.inverted_lists import InvertedLists, dot_rows
from bowerbird.retrieve.nearest import best
from bowerbird.retrieve.recall_table import RANKS, RecallTable, measured
from bowerbird.retrieve.types import Hits

_BLOCK_ROWS = 65_536


@dataclass(frozen=True, slots=True)
class Lists:
    """Inverted lists, which list each row is in, and what was measured about them.

    Attributes:
        inverted: the lists.
        list_of: [N] int32.
        sizes: [L] how many rows each list holds.
        recall: how many lists an effort needs.
        trained_rows: how many rows there were when the centres were found.
    """

    inverted: InvertedLists
    list_of: np.ndarray
    sizes: np.ndarray
    recall: RecallTable
    trained_rows: int


@dataclass(frozen=True, slots=True)
class Selection:
    """The rows of one snapshot that one filter keeps.

    Attributes:
        rows: [M] rising.
        bits: little-endian bitmap over item numbers.
        per_list: [L] how many of them each list holds.
    """

    rows: np.ndarray
    bits: np.ndarray
    per_list: np.ndarray


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Immutable rows; in memory or memory-mapped.

    Attributes:
        numbers: [N] item numbers, rising.
        vectors: [N, D] float32.
        row_of: [highest number + 1] int32 row of a number, -1 where there is none.
        lists: None: few enough rows to scan.
    """

    numbers: ItemNumbers
    vectors: Embeddings
    row_of: np.ndarray
    lists: Lists | None

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
        """The k best of [Q, C] proposed numbers by their full vectors; -1 is passed over."""
        rows = self.rows_of(proposed)
        return best(dot_rows(queries, self.vectors, np.ascontiguousarray(rows)), proposed, k)

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

    def select(self, keep: ItemMask) -> Selection:
        """What a mask over item numbers [`size`] keeps here."""
        rows = self.row_of[np.flatnonzero(keep)].astype(np.int64)
        bits = np.packbits(keep, bitorder="little")
        if self.lists is None:
            return Selection(rows, bits, np.empty(0, np.int64))
        return Selection(rows, bits, np.bincount(self.lists.list_of[rows], minlength=len(self.lists.sizes)))


def build_snapshot(
    numbers: ItemNumbers, vectors: Embeddings, config: IndexConfig, *, centres: Lists | None = None
) -> Snapshot:
    """A snapshot of these rows, with lists if there are enough of them.

    Args:
        numbers: [N] unique.
        vectors: [N, D] finite float32.
        config: how many lists, how many queries to calibrate with.
        centres: lists whose centres are used again, to save the training.
    """
    order = np.argsort(numbers, kind="stable")
    if not np.array_equal(order, np.arange(len(order))):
        numbers, vectors = numbers[order], vectors[order]
    row_of = np.full(int(numbers[-1]) + 1 if len(numbers) else 0, -1, dtype=np.int32)
    row_of[numbers] = np.arange(len(numbers), dtype=np.int32)
    plain = Snapshot(numbers, np.ascontiguousarray(vectors), row_of, None)
    wanted = config.lists_for(len(numbers))
    if not wanted:
        return plain
    if centres is None:
        trained_rows = len(numbers)
        inverted = InvertedLists.train(
            plain.vectors,
            wanted,
            rounds=config.train_rounds,
            rows_per_list=config.train_rows_per_list,
            seed=config.seed,
        )
    else:
        trained_rows = centres.trained_rows
        inverted = centres.inverted.emptied()
    list_of = _filled(inverted, plain)
    sizes = np.bincount(list_of, minlength=len(inverted))
    recall = calibrated(plain, inverted, _held_out(plain, config), skip_self=True)
    return Snapshot(
        plain.numbers, plain.vectors, row_of, Lists(inverted, list_of, sizes, recall, trained_rows)
    )


def calibrated(
    snapshot: Snapshot, inverted: InvertedLists, queries: Queries, *, skip_self: bool
) -> RecallTable:
    """How many lists an effort needs, measured with these queries against exact search.

    `skip_self`: the queries are rows of the snapshot, and finding themselves proves nothing.
    """
    ranks = tuple(rank for rank in RANKS if rank <= max(RANKS[0], len(snapshot) // 20))
    skip = int(skip_self)
    truth = snapshot.exact(queries, ranks[-1] + skip).numbers

    def probe(k: int, probes: int) -> np.ndarray:
        proposed = inverted.search(queries, k + skip, probes)
        return snapshot.scored(queries, proposed, k + skip).numbers[:, skip:]

    return measured(truth[:, skip:], probe, lists=len(inverted), ranks=ranks)


def _filled(inverted: InvertedLists, snapshot: Snapshot) -> np.ndarray:
    list_of = np.empty(len(snapshot), dtype=np.int32)
    for start in range(0, len(snapshot), _BLOCK_ROWS):
        rows = slice(start, start + _BLOCK_ROWS)
        list_of[rows] = inverted.nearest_list(snapshot.vectors[rows])
        inverted.fill(snapshot.numbers[rows], snapshot.vectors[rows], list_of[rows])
    return list_of


def _held_out(snapshot: Snapshot, config: IndexConfig) -> np.ndarray:
    rng = np.random.default_rng(config.seed + 1)
    wanted = min(config.calibration_queries, len(snapshot))
    held_out: np.ndarray = snapshot.vectors[np.sort(rng.choice(len(snapshot), wanted, replace=False))]
    return np.ascontiguousarray(held_out)
