"""This file is about what the ranker is held against: a forest on its features, and itself without the sequence."""

import lightgbm
import numpy as np

from bowerbird.rank.ranker.requests import Pasts, Requests

NO_SEQUENCE = {"recent": 0, "long": 0, "left": 0, "layers": 0, "next_action": 0.0}
"""Settings of a ranker that reads no history: what it knows of a person is in the features alone."""


def likeness(pasts: Pasts, pages: Requests, vectors: np.ndarray) -> np.ndarray:
    """[R, 3] to the likes before each page: the nearest, the mean, the mean of the newest five; NaN without any."""
    parts = [np.zeros((0, 3))]
    for page in range(len(pages)):
        numbers = pages.items[pages.bounds[page] : pages.bounds[page + 1]]
        likes = pasts.of(int(pages.persons[page]), int(pages.at_ms[page])).likes[-256:]
        near = np.full((len(numbers), 3), np.nan)
        if len(likes):
            close = vectors[numbers] @ vectors[likes].T
            near = np.column_stack([close.max(axis=1), close.mean(axis=1), close[:, -5:].mean(axis=1)])
        parts.append(near)
    return np.concatenate(parts)


def forest(
    learning: np.ndarray, labels: np.ndarray, later: np.ndarray, later_labels: np.ndarray, seed: int
) -> lightgbm.Booster:
    """As large as the later pages say that it should be."""
    words = {
        "objective": "binary", "learning_rate": 0.05, "num_leaves": 31, "num_threads": 1, "seed": seed, "verbose": -1,
    }  # fmt: skip
    data = lightgbm.Dataset(learning, labels)
    valid = lightgbm.Dataset(later, later_labels, reference=data)
    return lightgbm.train(
        words, data, 400, valid_sets=[valid], callbacks=[lightgbm.early_stopping(20, verbose=False)]
    )
