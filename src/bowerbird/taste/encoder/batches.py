"""This file is about batches: labels of one view together, negatives beside them, false ones marked."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bowerbird.taste.encoder.labels import Labels
from bowerbird.taste.encoder.moments import view_of


@dataclass(frozen=True, slots=True)
class Chances:
    """How likely each item stands among the negatives of a step.

    Half of them are targets of the same step, half are drawn evenly from what any label may name. Items
    that nobody met are never negatives: training would only learn that they are never right.

    Attributes:
        named: int64 [M] items that labels may name.
        logs: float32 [N] logarithm of the chance; very low for an item that is never one.
    """

    named: np.ndarray
    logs: np.ndarray


def chances_of(targets: np.ndarray, items: int) -> Chances:
    """Chances from all items that labels may name, int64 [L], each as often as it may be."""
    counts = np.bincount(targets, minlength=items)
    is_named = counts > 0
    chance = 0.5 * counts / max(int(counts.sum()), 1) + 0.5 * is_named / max(int(is_named.sum()), 1)
    return Chances(np.flatnonzero(is_named), np.log(np.maximum(chance, 1e-12)).astype(np.float32))


class KnownPairs:
    """Which contexts are known to go with which items; such a pair is no wrong answer.

    Args:
        contexts, items: int64 [E].
        count: N items.
    """

    def __init__(self, contexts: np.ndarray, items: np.ndarray, count: int) -> None:
        self._count = count
        self._keys = np.unique(contexts * count + items)

    def holds(self, contexts: np.ndarray, items: np.ndarray) -> np.ndarray:
        """bool [B, J] for int64 [B] contexts and int64 [J] items."""
        if not len(self._keys):
            return np.zeros((len(contexts), len(items)), dtype=bool)
        keys = contexts[:, None] * self._count + items[None]
        place = np.searchsorted(self._keys, keys).clip(max=len(self._keys) - 1)
        is_known: np.ndarray = self._keys[place] == keys
        return is_known


def arrays_of(
    labels: Labels,
    moments_ms: np.ndarray,
    known: KnownPairs,
    chances: Chances,
    rows: int,
    rng: np.random.Generator,
) -> Sequence[dict[str, np.ndarray]]:
    """The steps of an epoch in an order of their own, each of one view; short ones are filled with -1.

    Returns:
        By name: `kinds`, `queries`, `targets`, `at_ms`, `negatives` and `views` int64 [B]; `sources` int64
        [B, H]; `is_void` bool [B, 2 B] which of targets and negatives are no wrong answer to a row.
    """
    views = view_of(labels.at_ms, moments_ms)
    steps = []
    for view in np.unique(views[views >= 0]):
        some = rng.permutation(np.flatnonzero(views == view))
        steps += [(int(view), some[start : start + rows]) for start in range(0, len(some), rows)]
    return [_step(labels.take(steps[place][1]), steps[place][0], known, chances, rows, rng)
            for place in rng.permutation(len(steps))]  # fmt: skip


def _step(
    labels: Labels, view: int, known: KnownPairs, chances: Chances, rows: int, rng: np.random.Generator
) -> dict[str, np.ndarray]:
    count = len(labels)
    negatives = rng.choice(chances.named, rows)
    targets = _filled(labels.targets, rows)
    against = np.concatenate([targets, negatives])
    is_void = np.zeros((rows, 2 * rows), dtype=bool)
    is_void[:count] = known.holds(labels.contexts, against) | (against[None] == labels.targets[:, None])
    is_void[:, count:rows] = True
    own = np.arange(rows)
    is_void[own, own] = False
    return {
        "kinds": np.maximum(_filled(labels.kinds, rows), 0),
        "sources": np.concatenate([labels.sources, np.full((rows - count, labels.sources.shape[1]), -1)]),
        "queries": _filled(labels.queries, rows),
        "targets": targets,
        "at_ms": _filled(labels.at_ms, rows),
        "negatives": negatives,
        "views": np.full(rows, view),
        "is_void": is_void,
    }


def _filled(column: np.ndarray, rows: int) -> np.ndarray:
    return np.concatenate([column, np.full(rows - len(column), -1, dtype=np.int64)])
