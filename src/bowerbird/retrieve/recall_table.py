"""This file is about how many inverted lists a wanted recall needs, as measured when the lists were built."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

RANKS = (10, 30, 100, 300, 1000)
PROBES = (1, *sorted(2**power * step // 2 for power in range(1, 13) for step in (2, 3)))
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


def measured(
    truth: np.ndarray, search: Callable[[int, int], np.ndarray], *, lists: int, ranks: tuple[int, ...] = RANKS
) -> RecallTable:
    """The table of an index.

    Args:
        truth: [Q, K] item numbers of the exact answer to held-out queries, best first.
        search: (k, probes) -> [Q, k] item numbers that searching so many lists finds.
        lists: how many lists there are.
        ranks: depths to measure; those beyond K are left out.
    """
    depths = tuple(depth for depth in ranks if depth <= truth.shape[1]) or (truth.shape[1],)
    tried: list[int] = []
    columns: list[np.ndarray] = []
    means: list[np.ndarray] = []
    for probes in [*(p for p in PROBES if p < lists), lists]:
        each = _recalls(truth, search(depths[-1], probes), depths)  # [R, Q]
        spread = each.std(axis=1) / np.sqrt(each.shape[1])
        tried.append(probes)
        means.append(each.mean(axis=1))
        columns.append(means[-1] - CONFIDENCE_DEVIATIONS * spread)
        if columns[-1].min() >= _ENOUGH:
            break
    return RecallTable(depths, tuple(tried), np.stack(columns, axis=1), np.stack(means, axis=1))


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
