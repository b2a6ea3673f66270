"""This file is about how many inverted lists a wanted recall needs, as measured when the lists were built."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

RANKS = (10, 30, 100, 300, 1000)
_EVERY_UP_TO = 24  # numbers of lists that are all looked at; beyond, each is so many times the one before
_STEP = 1.1
_ENOUGH = 0.9995
CONFIDENCE_DEVIATIONS = 1.64  # one-sided 95 %


@dataclass(frozen=True, slots=True, eq=False)
class RecallTable:
    """Measured recall.

    Attributes:
        ranks: [R] depths k at which recall@k was measured, rising.
        probes: [P] numbers of lists that were searched, rising.
        recall: [R, P] what recall@k of held-out queries exceeds with 95 % confidence.
        mean: [R, P] the plain means.
    """

    ranks: tuple[int, ...]
    probes: tuple[int, ...]
    recall: np.ndarray
    mean: np.ndarray

    def probes_for(self, effort: float, rank: float | int) -> int | None:
        """How many lists give recall `effort` at depth `rank`; None: no number of lists does."""
        return _probes_for(self, effort, rank)

    def probes_at(self, effort: float, ranks: np.ndarray) -> np.ndarray:
        """`probes_for` of many depths; infinite where no number of lists does.

        Between measured depths along a straight line in logarithms; beyond the deepest at the slope of the
        last two, at least as the square root.
        """
        depths, lists, slope = _curve(self, effort)
        if not len(depths):
            return np.full(len(ranks), np.inf)
        wanted = np.log(np.maximum(ranks, 1.0))
        beyond = np.maximum(0.0, wanted - depths[-1]) * slope
        probes: np.ndarray = np.exp(np.interp(wanted, depths, lists) + beyond) - 1e-6
        return probes


def measured(truth_lists: np.ndarray, order: np.ndarray, depths: tuple[int, ...]) -> RecallTable:
    """The table of an index.

    An item is found when its list is read, and lists are read from the nearest on: so the place of an item's
    list on the way of a query says from how many lists on the item is found.

    Args:
        truth_lists: [Q, K] lists of the items in the exact answer to held-out queries, best first.
        order: [Q, L] lists from the nearest to each query on.
        depths: depths k of recall@k, rising, at most K.
    """
    queries, lists = order.shape
    place = np.empty((queries, lists), dtype=np.int64)
    np.put_along_axis(place, order, np.broadcast_to(np.arange(lists), order.shape), axis=1)
    found_from = np.take_along_axis(place, truth_lists, axis=1) + 1  # [Q, K]
    probes = _probes_to_try(lists)
    each = np.stack([_found_by(found_from[:, :depth], probes) for depth in depths])  # [R, Q, P]
    mean = each.mean(axis=1)
    recall = mean - CONFIDENCE_DEVIATIONS * each.std(axis=1) / np.sqrt(queries)
    enough = np.flatnonzero((recall >= _ENOUGH).all(axis=0))
    kept = slice(0, int(enough[0]) + 1 if len(enough) else len(probes))
    return RecallTable(depths, tuple(probes[kept].tolist()), recall[:, kept], mean[:, kept])


def _probes_to_try(lists: int) -> np.ndarray:
    grown = _EVERY_UP_TO * _STEP ** np.arange(1, 100)
    wanted = np.concatenate([np.arange(1, _EVERY_UP_TO + 1), grown.astype(np.int64), [lists]])
    return np.unique(wanted[wanted <= lists])


def _found_by(found_from: np.ndarray, probes: np.ndarray) -> np.ndarray:
    """[Q, P] the part of each row that is found by so many lists."""
    ordered = np.sort(found_from, axis=1)
    counts = [np.searchsorted(row, probes, side="right") for row in ordered]
    found: np.ndarray = np.array(counts) / found_from.shape[1]
    return found


def recall_at(truth: np.ndarray, found: np.ndarray, k: int) -> np.ndarray:
    """[Q] the part of the k truly nearest that was found among the first k; -1 in either is nothing."""
    each: np.ndarray = _recalls(truth, found, (k,))[0]
    return each


def _recalls(truth: np.ndarray, found: np.ndarray, depths: tuple[int, ...]) -> np.ndarray:
    recalls = np.ones((len(depths), len(truth)))
    for query, (right, given) in enumerate(zip(truth, found, strict=True)):
        right = right[right >= 0]
        place = _places(right, given)
        for row, depth in enumerate(depths):
            if len(right):
                recalls[row, query] = np.mean(place[:depth] < depth)
    return recalls


def _places(right: np.ndarray, given: np.ndarray) -> np.ndarray:
    # Where each right answer stands in the given list; far beyond its end when it is missing.
    if len(given) == 0:
        return np.full(len(right), np.iinfo(np.int64).max)
    order = np.argsort(given, kind="stable")
    spot = np.minimum(np.searchsorted(given[order], right), len(given) - 1)
    places: np.ndarray = np.where(given[order][spot] == right, order[spot], np.iinfo(np.int64).max)
    return places


@lru_cache(maxsize=512)
def _probes_for(table: RecallTable, effort: float, rank: float | int) -> int | None:
    probes = table.probes_at(effort, np.array([rank], dtype=np.float64))[0]
    return int(np.ceil(probes)) if np.isfinite(probes) else None


@lru_cache(maxsize=64)
def _curve(table: RecallTable, effort: float) -> tuple[np.ndarray, np.ndarray, float]:
    """Logarithms of measured depths, of the lists that each needs, and the slope beyond the last."""
    reaching = table.recall >= effort  # [R, P]
    first = np.array(table.probes, dtype=np.float64)[np.argmax(reaching, axis=1)]
    needed = np.maximum.accumulate(np.where(reaching.any(axis=1), first, np.inf))
    known = np.isfinite(needed)
    depths, lists = np.log(np.array(table.ranks)[known]), np.log(needed[known])
    slope = 0.5
    if len(depths) > 1:
        slope = max(slope, float((lists[-1] - lists[-2]) / (depths[-1] - depths[-2])))
    return depths, lists, slope
