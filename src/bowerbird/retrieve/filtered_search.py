"""This file is about searching inverted lists for what a filter keeps.

A filter may leave much of the catalogue and still nothing near the query (all lamps, asked with a picture of
a rug), so how many lists have to be read depends on both. Two rounds:

1. read the nearest lists that hold anything kept, as many as the density of what is kept calls for: where one
   row in ten is kept, the k-th kept neighbour is about the (10 k)-th of all;
2. read every further list that could still beat the k-th score found, where a list could reach the score of
   its centre plus `slack` times its radius. The slack was measured when the lists were built, as what it
   takes to keep recall under the least kind of several families of filters.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from bowerbird.core.arrays import Mask, Queries
from bowerbird.retrieve.inverted_lists import InvertedLists
from bowerbird.retrieve.nearest import joined
from bowerbird.retrieve.recall_table import CONFIDENCE_DEVIATIONS, RecallTable
from bowerbird.retrieve.rows import Rows, Selection, select
from bowerbird.retrieve.types import Hits

EFFORTS = (0.9, 0.95, 0.97, 0.99)
_SLACKS = np.arange(0, 1.51, 0.02)
_NEAREST_LISTS = 192  # so many are brought in order at first; mostly enough
_RUNG = 1.3  # each number of lists that is considered is so many times the one before
_QUERIES = 128
_HOLE_ROWS = 50


@dataclass(frozen=True, slots=True)
class Slack:
    """How far above the score of its centre a list is taken to reach, in radii.

    Attributes:
        efforts: recall at 10, rising.
        slack: what each needs.
    """

    efforts: tuple[float, ...]
    slack: tuple[float, ...]

    def at(self, effort: float) -> float:
        """The slack for this recall; infinite beyond what was measured."""
        enough = (slack for known, slack in zip(self.efforts, self.slack, strict=True) if known >= effort)
        return next(enough, np.inf)


@dataclass(frozen=True, slots=True)
class Lists:
    """Inverted lists, what is in them, and what was measured about them.

    Attributes:
        inverted: the lists.
        list_of: [N] int32 which list each row is in.
        sizes: [L] how many rows each list holds.
        radii: [L] float32 root mean square distance of its rows from its centre.
        recall: how many lists an effort needs.
        slack: how far lists reach, for filtered searches.
        trained_rows: how many rows there were when the centres were found.
    """

    inverted: InvertedLists
    list_of: np.ndarray
    sizes: np.ndarray
    radii: np.ndarray
    recall: RecallTable
    slack: Slack
    trained_rows: int


@dataclass(frozen=True, slots=True)
class _Path:
    """The lists that hold anything kept, as columns V, and which of them round 1 reads.

    Attributes:
        lists: [V] list numbers.
        held: [V] how many kept rows each holds.
        nearness: [Q, V] inner product of the query with their centres.
        is_first: [Q, V] read in round 1.
    """

    lists: np.ndarray
    held: np.ndarray
    nearness: np.ndarray
    is_first: np.ndarray


def search_kept(rows: Rows, lists: Lists, chosen: Selection, queries: Queries, k: int, effort: float) -> Hits:
    """The k nearest kept rows of each query: from few lists where that is enough, else from all kept rows.

    Args:
        rows: the vectors.
        lists: lists of these rows.
        chosen: what the filter keeps.
        queries: [Q, D] contiguous.
        k: at least 1.
        effort: recall to aim for.
    """
    slack, whole = lists.slack.at(effort), len(chosen.rows) * len(queries)
    path = _path(lists, chosen, queries, k, effort) if np.isfinite(slack) and whole else None
    if path is None or 2 * _reads(path, path.is_first) >= whole:
        return rows.exact_among(queries, k, chosen.rows)
    found = _round(rows, lists, chosen, queries, k, path, path.is_first)
    could_reach = path.nearness + slack * lists.radii[path.lists] >= found.scores[:, -1:]
    is_second = could_reach & ~path.is_first
    if not is_second.any():
        return found
    if 2 * _reads(path, is_second) >= whole:
        return rows.exact_among(queries, k, chosen.rows)
    return joined(found, _round(rows, lists, chosen, queries, k, path, is_second), k)


def spare_for(k: int) -> int:
    """Proposals beyond k that make up for the rounding of the codes; each costs a read of a full vector."""
    return max(4, k // 8)


def measured_slack(rows: Rows, lists: Lists, *, seed: int) -> Slack:
    """What each effort needs, so that the least kind of the families of filters still gets its recall."""
    rng = np.random.default_rng(seed)
    asked = np.sort(rng.choice(len(rows), min(_QUERIES, len(rows)), replace=False))
    queries = np.ascontiguousarray(rows.vectors[asked])
    needed = np.zeros(len(EFFORTS))
    for keep in _families(rows, lists, queries, rng):
        keep[asked] = False  # to find oneself proves nothing
        if np.count_nonzero(keep) > 10:
            needed = np.maximum(needed, _slack_of(rows, lists, queries, keep))
    return Slack(EFFORTS, tuple(needed.tolist()))


def _path(lists: Lists, chosen: Selection, queries: np.ndarray, k: int, effort: float) -> _Path | None:
    visited = chosen.visited
    nearness: np.ndarray = queries @ lists.inverted.centres.T  # [Q, D] @ [D, L] -> [Q, L]
    if len(visited) < nearness.shape[1]:
        nearness = nearness[:, visited]
    held, sizes = chosen.per_list[visited], lists.sizes[visited]
    for width in (min(_NEAREST_LISTS, len(visited)), len(visited)):
        order = _nearest_first(nearness, width)
        rungs = _rungs(width)
        kept_by = np.cumsum(held[order], axis=1)[:, rungs - 1]  # [Q, G]
        depth = k * np.cumsum(sizes[order], axis=1)[:, rungs - 1] / kept_by
        is_enough = rungs >= lists.recall.probes_at(effort, depth.ravel()).reshape(depth.shape)
        if is_enough.any(axis=1).all():
            first = rungs[np.argmax(is_enough, axis=1)]
            is_first = np.zeros(nearness.shape, dtype=bool)
            np.put_along_axis(is_first, order, np.arange(width) < first[:, None], axis=1)
            return _Path(visited, held, nearness, is_first)
    return None


def _nearest_first(nearness: np.ndarray, width: int) -> np.ndarray:
    """[Q, width] columns of the nearest lists, nearest first."""
    every = np.arange(len(nearness))[:, None]
    far = -nearness
    if width < nearness.shape[1]:
        nearest = np.argpartition(far, width - 1, axis=1)[:, :width]
        return np.asarray(nearest[every, np.argsort(far[every, nearest], axis=1)])
    return np.asarray(np.argsort(far, axis=1))


@lru_cache(maxsize=64)
def _rungs(lists: int) -> np.ndarray:
    return np.unique(np.minimum(lists, _RUNG ** np.arange(2, 60)).astype(np.int64))


def _reads(path: _Path, is_read: np.ndarray) -> int:
    return int((is_read @ path.held).sum())


def _round(
    rows: Rows,
    lists: Lists,
    chosen: Selection,
    queries: np.ndarray,
    k: int,
    path: _Path,
    is_read: np.ndarray,
) -> Hits:
    # Each query's lists to the front of its row, -1 behind them.
    query, column = np.nonzero(is_read)
    counts = np.bincount(query, minlength=len(queries))
    place = np.arange(len(query)) - np.repeat(np.cumsum(counts) - counts, counts)
    named = np.full((len(queries), int(counts.max(initial=1))), -1, dtype=np.int64)
    near = np.zeros(named.shape, dtype=np.float32)
    named[query, place] = path.lists[column]
    near[query, place] = path.nearness[query, column]
    proposals = min(k + spare_for(k), len(chosen.rows))
    proposed = lists.inverted.search_lists(queries, proposals, named, near, chosen.bits)
    return rows.scored(queries, proposed, k)


def _slack_of(rows: Rows, lists: Lists, queries: np.ndarray, keep: Mask) -> np.ndarray:
    """[efforts] the least slack that gives each recall at 10 under one filter."""
    mask = np.zeros(rows.size, dtype=bool)
    mask[rows.numbers[keep]] = True
    chosen = select(rows, lists.list_of, len(lists.sizes), mask)
    truth = rows.exact(queries, 10, keep)
    needed = np.zeros(len(EFFORTS))
    for place, effort in enumerate(EFFORTS):
        path = _path(lists, chosen, queries, 10, effort)
        if path is None:
            continue  # such a search reads all that is kept
        kth = _round(rows, lists, chosen, queries, 10, path, path.is_first).scores[:, -1]
        in_list = lists.list_of[rows.rows_of(truth.numbers)]  # [Q, 10]
        near = np.einsum("qd,qkd->qk", queries, lists.inverted.centres[in_list])
        read_down_to = np.where(path.is_first, path.nearness, np.inf).min(axis=1)
        is_read = near >= read_down_to[:, None] - 1e-6
        least = np.where(is_read, 0.0, (kth[:, None] - near) / np.maximum(lists.radii[in_list], 1e-6))
        recall = (least[:, :, None] <= _SLACKS).mean(axis=1)  # [Q, S]
        sure = recall.mean(axis=0) - CONFIDENCE_DEVIATIONS * recall.std(axis=0) / np.sqrt(len(queries))
        reaching = np.flatnonzero(sure >= effort)
        needed[place] = _SLACKS[reaching[0]] if len(reaching) else np.inf
    return needed


def _families(rows: Rows, lists: Lists, queries: np.ndarray, rng: np.random.Generator) -> Iterator[Mask]:
    """Filters that have nothing to do with the vectors, that follow them, and that leave holes at queries."""
    for part in (0.1, 0.5):
        yield rng.random(len(rows)) < part
    for part in (0.08, 0.25):
        yield rng.permutation(len(lists.sizes))[lists.list_of] < part * len(lists.sizes)
    for part in (0.08, 0.25):
        one, other = rows.vectors[rng.integers(0, len(rows), 2)]
        along = rows.vectors @ (one - other)  # [N, D] @ [D] -> [N]
        yield along > np.quantile(along, 1 - part)
    along = rows.vectors @ rows.vectors[int(rng.integers(0, len(rows)))]
    yield along < np.quantile(along, 0.15)
    near = rows.rows_of(rows.exact(queries, min(_HOLE_ROWS, len(rows))).numbers)
    around = np.ones(len(rows), dtype=bool)
    around[near.ravel()] = False
    yield around
