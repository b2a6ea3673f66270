"""This file is about the settled part of an index: rows that no longer change, and lists that find them."""

from dataclasses import dataclass, replace

import numpy as np

from bowerbird.core.arrays import Embeddings, ItemMask, ItemNumbers, Queries
from bowerbird.retrieve.config import IndexConfig
from bowerbird.retrieve.filtered_search import Lists, Slack, measured_slack, search_kept, spare_for
from bowerbird.retrieve.inverted_lists import InvertedLists
from bowerbird.retrieve.recall_table import RANKS, RecallTable, measured
from bowerbird.retrieve.rows import Rows, Selection, rows_from, select
from bowerbird.retrieve.types import Hits

_BLOCK_ROWS = 65_536
_SPARE_FOR_GONE = 16


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Immutable: rows, and lists of them unless they are few enough to scan."""

    rows: Rows
    lists: Lists | None

    def __len__(self) -> int:
        return len(self.rows)

    def probes(self, effort: float, k: int) -> int | None:
        """How many lists are read for this recall at this depth; None: everything is."""
        if self.lists is None or effort >= 1:
            return None
        return self.lists.recall.probes_for(effort, k)

    def search(self, queries: Queries, k: int, effort: float, live: ItemMask | None) -> Hits | None:
        """The k nearest of each query; None: so much of what was near is gone that `search_among` must do it.

        Args:
            queries: [Q, D] contiguous.
            k: at least 1.
            effort: recall to aim for; 1 is exact.
            live: [rows.size] numbers that may be found; None: all that are there.
        """
        probes = self.probes(effort, k)
        if probes is None or self.lists is None:
            return self.rows.exact(queries, k, None if live is None else live[self.rows.numbers])
        # Proposals beyond k make up for the rounding of the codes and for rows that are gone.
        spare = spare_for(k)
        if live is not None:
            spare += _SPARE_FOR_GONE
        proposed = self.lists.inverted.search(queries, k + spare, probes)
        if live is not None:
            proposed[~live[proposed]] = -1
            if (np.count_nonzero(proposed >= 0, axis=1) < k + spare - _SPARE_FOR_GONE).any():
                return None
        return self.rows.scored(queries, proposed, k)

    def search_among(
        self, queries: Queries, k: int, effort: float, chosen: Selection, *, exact_below: float | int
    ) -> Hits:
        """The k nearest of the chosen rows; exactly when they are fewer than `exact_below`."""
        if self.lists is None or effort >= 1 or len(chosen.rows) < exact_below:
            return self.rows.exact_among(queries, k, chosen.rows)
        return search_kept(self.rows, self.lists, chosen, queries, k, effort)

    def select(self, keep: ItemMask) -> Selection:
        """What a mask over item numbers [rows.size] keeps here."""
        if self.lists is None:
            return select(self.rows, None, 0, keep)
        return select(self.rows, self.lists.list_of, len(self.lists.sizes), keep)

    def recalibrated(self, queries: Queries) -> "Snapshot":
        """The same, its lists measured with other queries."""
        if self.lists is None:
            return self
        recall = calibrated(self.rows, self.lists.inverted, self.lists.list_of, queries, skip_self=False)
        return replace(self, lists=replace(self.lists, recall=recall))


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
    rows = rows_from(numbers, vectors)
    wanted = config.lists_for(len(rows))
    if not wanted:
        return Snapshot(rows, None)
    if centres is None:
        inverted = InvertedLists.train(
            rows.vectors,
            wanted,
            rounds=config.train_rounds,
            rows_per_list=config.train_rows_per_list,
            seed=config.seed,
        )
    else:
        inverted = centres.inverted.emptied()
    list_of = _filled(inverted, rows)
    recall = calibrated(rows, inverted, list_of, _held_out(rows, config), skip_self=True)
    lists = Lists(
        inverted,
        list_of,
        np.bincount(list_of, minlength=len(inverted)),
        _radii(inverted, rows, list_of),
        recall,
        Slack((), ()),
        len(rows) if centres is None else centres.trained_rows,
    )
    return Snapshot(rows, replace(lists, slack=measured_slack(rows, lists, seed=config.seed + 2)))


def calibrated(
    rows: Rows, inverted: InvertedLists, list_of: np.ndarray, queries: Queries, *, skip_self: bool
) -> RecallTable:
    """How many lists an effort needs, measured with these queries against exact search.

    `skip_self`: the queries are among the rows, and to find oneself proves nothing.
    """
    depths = tuple(rank for rank in RANKS if rank <= max(RANKS[0], len(rows) // 20))
    depths = tuple(depth for depth in depths if depth < len(rows)) or (max(1, len(rows) - 1),)
    skip = int(skip_self)
    truth = rows.exact(queries, depths[-1] + skip).numbers[:, skip:]
    order = np.argsort(-(queries @ inverted.centres.T), axis=1)  # [Q, D] @ [D, L] -> [Q, L]
    return measured(list_of[rows.rows_of(truth)].astype(np.int64), order, depths)


def _filled(inverted: InvertedLists, rows: Rows) -> np.ndarray:
    list_of = np.empty(len(rows), dtype=np.int32)
    for start in range(0, len(rows), _BLOCK_ROWS):
        block = slice(start, start + _BLOCK_ROWS)
        list_of[block] = inverted.nearest_list(rows.vectors[block])
        inverted.fill(rows.numbers[block], rows.vectors[block], list_of[block])
    return list_of


def _radii(inverted: InvertedLists, rows: Rows, list_of: np.ndarray) -> np.ndarray:
    squares = np.empty(len(rows))
    for start in range(0, len(rows), _BLOCK_ROWS):
        block = slice(start, start + _BLOCK_ROWS)
        away = rows.vectors[block] - inverted.centres[list_of[block]]
        squares[block] = np.einsum("nd,nd->n", away, away)
    total = np.bincount(list_of, weights=squares, minlength=len(inverted))
    counts = np.maximum(1, np.bincount(list_of, minlength=len(inverted)))
    return np.sqrt(total / counts).astype(np.float32)


def _held_out(rows: Rows, config: IndexConfig) -> np.ndarray:
    rng = np.random.default_rng(config.seed + 1)
    wanted = min(config.calibration_queries, len(rows))
    held_out: np.ndarray = rows.vectors[np.sort(rng.choice(len(rows), wanted, replace=False))]
    return np.ascontiguousarray(held_out)
