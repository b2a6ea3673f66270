"""This file is about the best of many scores: k a row, equal scores in catalogue order."""

import numpy as np

from bowerbird.learn.data import Histories
from bowerbird.learn.types import Found


def top_of_scores(scores: np.ndarray, k: int, exclude: Histories | None = None) -> Found:
    """The k best items of each row, equal ones in catalogue order; -inf is never proposed.

    Args:
        scores: float32 [B, N]; what `exclude` names is overwritten with -inf.
    """
    if exclude is not None:
        scores[exclude.row_of_entry(), exclude.items] = -np.inf
    rows, count = scores.shape
    items = np.full((rows, k), -1, dtype=np.int32)
    best = np.full((rows, k), -np.inf, dtype=np.float32)
    taken = min(k, count)
    if rows and taken:
        chosen = _chosen(scores, taken)
        values = np.take_along_axis(scores, chosen, axis=1)
        order = np.lexsort((chosen, -values), axis=1)
        best[:, :taken] = np.take_along_axis(values, order, axis=1)
        items[:, :taken] = np.take_along_axis(chosen, order, axis=1)
        items[best == -np.inf] = -1
    return Found(items, best)


def _chosen(scores: np.ndarray, taken: int) -> np.ndarray:
    count = scores.shape[1]
    if taken == count:
        return np.tile(np.arange(count), (len(scores), 1))
    chosen = np.argpartition(scores, count - taken, axis=1)[:, count - taken :]
    least = np.take_along_axis(scores, chosen, axis=1).min(axis=1)
    # Where more items share the last place than fit, `argpartition` takes any of them.
    crowded = np.flatnonzero(np.count_nonzero(scores >= least[:, None], axis=1) > taken)
    for row in crowded:
        above = np.flatnonzero(scores[row] > least[row])
        level = np.flatnonzero(scores[row] == least[row])[: taken - len(above)]
        chosen[row] = np.concatenate([above, level])
    return chosen
