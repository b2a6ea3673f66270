"""This file is about ranking metrics, worked out exactly where items share a score.

With G items above a target and E at its score (itself among them), its rank is uniform over G+1..G+E. Recall
and DCG are sums over targets, so that their expectation is the sum of each target's. The reciprocal rank of
the first
hit looks at the best level that holds a target: with m targets on it, the first of them is j-th of E with
probability C(E-j, m-1) / C(E, m).
"""

import numpy as np

from bowerbird.learn.evaluate.ranks import Ranks


def expected_hits(ranks: Ranks, k: int) -> np.ndarray:
    """float64 [T] chance that each target is among the first k."""
    inside = np.clip(k - ranks.better, 0, ranks.level)
    hits: np.ndarray = inside / np.maximum(ranks.level, 1)
    return hits


def expected_discounts(ranks: Ranks, k: int) -> np.ndarray:
    """float64 [T] expected 1 / log2(rank + 1) of each target, 0 below rank k."""
    sums = np.concatenate([[0.0], np.cumsum(1 / np.log2(np.arange(2, k + 2)))])
    return _mean_over_level(ranks, sums, k)


def recall(hits: np.ndarray, rows: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """float64 [B] expected share of a row's targets that are among the first k."""
    share: np.ndarray = np.bincount(rows, hits, minlength=len(counts)) / np.maximum(counts, 1)
    return share


def ndcg(discounts: np.ndarray, rows: np.ndarray, counts: np.ndarray, k: int) -> np.ndarray:
    """float64 [B] expected DCG over the best possible one; gains are 0 or 1."""
    best = np.concatenate([[0.0], np.cumsum(1 / np.log2(np.arange(2, k + 2)))])[np.minimum(counts, k)]
    gained = np.bincount(rows, discounts, minlength=len(counts))
    share: np.ndarray = gained / np.where(best > 0, best, 1)
    return share


def hit_and_reciprocal_rank(
    ranks: Ranks, rows: np.ndarray, count: int, k: int
) -> tuple[np.ndarray, np.ndarray]:
    """float64 [B] chance of any hit among the first k, and expected 1 / rank of the first one (0 below k)."""
    hit, reciprocal = np.zeros(count), np.zeros(count)
    listed = np.flatnonzero(ranks.level > 0)
    if not len(listed):
        return hit, reciprocal
    order = listed[np.lexsort((ranks.better[listed], rows[listed]))]
    row = rows[order]
    is_first = np.concatenate([[True], row[1:] != row[:-1]])
    first = order[is_first]
    # How many of the row's targets stand on its best level.
    group = np.cumsum(is_first) - 1
    on_level = np.bincount(group, ranks.better[order] == ranks.better[first][group]).astype(np.int64)
    alone = on_level == 1
    best = Ranks(ranks.better[first], ranks.level[first])
    sums = np.concatenate([[0.0], np.cumsum(1 / np.arange(1, k + 1))])
    hit[rows[first]] = expected_hits(best, k)
    reciprocal[rows[first]] = _mean_over_level(best, sums, k)
    for place in np.flatnonzero(~alone):
        chance = first_place(int(best.level[place]), int(on_level[place]))[
            : max(k - int(best.better[place]), 0)
        ]
        ranks_here = int(best.better[place]) + 1 + np.arange(len(chance))
        hit[rows[first[place]]] = chance.sum()
        reciprocal[rows[first[place]]] = (chance / ranks_here).sum()
    return hit, reciprocal


def first_place(level: int, targets: int) -> np.ndarray:
    """float64 [level - targets + 1] chance that the first target stands at place 1, 2, …"""
    # P(first = j) = P(first > j - 1) * targets / (level - j + 1); a product, so that big levels do not
    # overflow.
    places = np.arange(level - targets + 1)
    ends = targets / (level - places)
    goes_on = np.concatenate([[1.0], np.cumprod(1 - ends)[:-1]])
    chance: np.ndarray = goes_on * ends
    return chance


def _mean_over_level(ranks: Ranks, sums: np.ndarray, k: int) -> np.ndarray:
    """Mean of a per-rank value over each target's possible ranks; `sums[r]` adds up ranks 1..r."""
    ends = sums[np.clip(ranks.better + ranks.level, 0, k)] - sums[np.clip(ranks.better, 0, k)]
    mean: np.ndarray = ends / np.maximum(ranks.level, 1)
    return mean
