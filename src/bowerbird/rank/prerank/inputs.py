"""This file is about what the pre-ranker reads: the person in a few means, and columns that need both sides.

Training and serving call the same functions.
"""

import numpy as np

from bowerbird.rank.ranker.inputs import Arrays
from bowerbird.rank.ranker.sides import FEATURES

NEWEST = 5
CROSS = (*FEATURES, "nearest like", "nearest left")
"""Order of the columns beside the products of the two sides."""
FAR = -1.0
"""How near the nearest is of who liked, or left, nothing."""


def person_width(basis: int) -> int:
    """Numbers that `pooled` gives."""
    return 4 * basis + 3


def pooled(person: Arrays) -> np.ndarray:
    """float32 [Q, person_width] of people, as `rank.ranker.inputs.as_vectors` gives them.

    Means of the newest likes, of the newest few, of the long history and of what was left alone, and how much
    there is of each.
    """
    few = person["recent"][:, -NEWEST:], person["recent_there"][:, -NEWEST:]
    parts = [
        _mean(person["recent"], person["recent_there"]),
        _mean(*few),
        _mean(person["long"], person["long_there"]),
        _mean(person["left"], person["left_there"]),
        *(person[f"{name}_there"].mean(axis=1, keepdims=True) for name in ("recent", "long", "left")),
    ]
    found: np.ndarray = np.concatenate(parts, axis=1).astype(np.float32)
    return found


def newest_likes(person: Arrays, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Content float32 [Q, L, B] of at most `count` newest likes, and float32 [Q, L] which are there."""
    name = "long" if person["long"].shape[1] > person["recent"].shape[1] else "recent"
    return person[name][:, -count:], person[f"{name}_there"][:, -count:]


def nearest(asks: np.ndarray, known: np.ndarray) -> np.ndarray:
    """float32 [C] the largest product of each of [C, K] with any of [L, K]; `FAR` where there is none."""
    if not len(known):
        return np.full(len(asks), FAR, np.float32)
    # Likes as rows: the largest of each column is found many columns at a time.
    found: np.ndarray = (known @ asks.T).max(axis=0)  # [L, K] @ [K, C] -> [L, C]
    return found


def _mean(vectors: np.ndarray, there: np.ndarray) -> np.ndarray:
    count = np.maximum(there.sum(axis=1, keepdims=True), 1.0)
    mean: np.ndarray = vectors.sum(axis=1) / count
    return mean
