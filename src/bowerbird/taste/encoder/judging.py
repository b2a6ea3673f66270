"""This file is about how well vectors find what came later: ranks, shares found, and how sure these are."""

from dataclasses import dataclass

import numpy as np

RESAMPLES = 1_000
CUTOFFS = (10, 50)
_AT_ONCE = 256


@dataclass(frozen=True, slots=True)
class Judged:
    """One row a thing that was to be found.

    Attributes:
        ranks: float64 [L] place of the target among all items, from 1; ties count half.
        groups: int64 [L] the board, person or query; what is drawn anew for intervals.
        targets: int64 [L].
    """

    ranks: np.ndarray
    groups: np.ndarray
    targets: np.ndarray

    def where(self, keep: np.ndarray) -> "Judged":
        """Only the rows where `keep` is true."""
        return Judged(self.ranks[keep], self.groups[keep], self.targets[keep])

    def values(self) -> dict[str, np.ndarray]:
        """By metric, float64 [L]: recall at 10 and 50, and the reciprocal of the rank."""
        found = {f"recall@{cutoff}": (self.ranks <= cutoff).astype(np.float64) for cutoff in CUTOFFS}
        return {**found, "mrr": 1 / self.ranks}


def ranked(
    asks: np.ndarray, vectors: np.ndarray, targets: np.ndarray, groups: np.ndarray, taken_out: np.ndarray
) -> Judged:
    """Ranks of targets by cosine among all items.

    Args:
        asks: float32 [L, D].
        vectors: float32 [N, D].
        targets, groups: int64 [L].
        taken_out: int64 [L, H] items that are not ranked, for they are known already; -1: none.
    """
    ranks = np.zeros(len(targets))
    for start in range(0, len(targets), _AT_ONCE):
        some = slice(start, start + _AT_ONCE)
        scores = asks[some] @ vectors.T
        own = scores[np.arange(len(scores)), targets[some]][:, None].copy()
        row, place = np.nonzero((taken_out[some] >= 0) & (taken_out[some] != targets[some, None]))
        scores[row, taken_out[some][row, place]] = -np.inf
        ranks[some] = (scores > own).sum(axis=1) + ((scores == own).sum(axis=1) - 1) / 2 + 1
    return Judged(ranks, groups, targets)


def slices_of(targets: np.ndarray, counts: np.ndarray) -> dict[str, np.ndarray]:
    """By name, bool [L]: all; items nobody had met; those met; of these the most met fifth, and the others.

    Args:
        counts: int64 [N] how often each item had been acted on before.
    """
    met = np.flatnonzero(counts)
    head = np.zeros(len(counts), dtype=bool)
    head[met[np.argsort(-counts[met], kind="stable")][: max(len(met) // 5, 1)]] = True
    is_met = counts[targets] > 0
    return {
        "all": np.ones(len(targets), dtype=bool),
        "cold": ~is_met,
        "warm": is_met,
        "head": is_met & head[targets],
        "tail": is_met & ~head[targets],
    }


def interval(values: np.ndarray, groups: np.ndarray) -> dict[str, float]:
    """`mean`, and `low` and `high` of 95 % of resamples of groups with replacement.

    Args:
        values: float64 [L]; of a paired difference, or of one model.
    """
    _, group = np.unique(groups, return_inverse=True)
    sums, sizes = np.bincount(group, weights=values), np.bincount(group)
    rng = np.random.default_rng(len(sums))
    drawn = rng.multinomial(len(sums), np.full(len(sums), 1 / len(sums)), size=RESAMPLES)
    means = (drawn @ sums) / (drawn @ sizes)
    low, high = np.percentile(means, [2.5, 97.5])
    return {"mean": float(values.mean()), "low": float(low), "high": float(high)}


def told(judged: Judged, counts: np.ndarray, before: Judged | None = None) -> dict[str, dict[str, float]]:
    """By `slice metric`: `mean`, `low`, `high`, and how many `labels`; slices without a label are left out.

    Args:
        before: another model's ranks of the same labels; then differences are told, which are paired.
    """
    rows: dict[str, dict[str, float]] = {}
    theirs = before.values() if before is not None else {}
    for slice_, keep in slices_of(judged.targets, counts).items():
        if not keep.any():
            continue
        for metric, values in judged.values().items():
            less = values - theirs[metric] if theirs else values
            rows[f"{slice_} {metric}"] = {
                **interval(less[keep], judged.groups[keep]),
                "labels": float(keep.sum()),
            }
    return rows
