"""This file is about moments at which the graph is read while training, and which label takes which.

A label at time t may only be learned from edges before t. Reading the graph anew for each label would cost a
walk a label, so it is read at a few moments, and a label takes the newest that is not after it.
"""

import numpy as np


def moments(at_ms: np.ndarray, views: int) -> np.ndarray:
    """int64 [S] moments, rising, that part the times into about equal shares; the first is the earliest time.

    Args:
        at_ms: int64 [L] of the labels, at least one.
    """
    cuts = np.quantile(at_ms, np.arange(views) / views, method="lower")
    found: np.ndarray = np.unique(cuts.astype(np.int64))
    return found


def view_of(at_ms: np.ndarray, moments_ms: np.ndarray) -> np.ndarray:
    """int64 [L] the newest moment that is not after each label; -1 for a label before all of them."""
    found: np.ndarray = np.searchsorted(moments_ms, at_ms, side="right") - 1
    return found
