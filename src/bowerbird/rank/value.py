"""This file is about value: from features to an order."""

import numpy as np

from bowerbird.core.arrays import Embeddings, Scores
from bowerbird.rank.config import RankConfig
from bowerbird.rank.features import FEATURES
from bowerbird.rank.types import Ranked
from bowerbird.retrieve.types import Candidates


def weights(config: RankConfig) -> np.ndarray:
    """float32 [len(FEATURES)] what each column is worth."""
    return np.array([getattr(config, name) for name in FEATURES], dtype=np.float32)


def value(columns: Embeddings, config: RankConfig) -> Scores:
    """[C] worth of showing each candidate; only the order matters within one request."""
    values: Scores = columns @ weights(config)  # [C, F] @ [F] -> [C]
    return values


def in_order(candidates: Candidates, values: Scores) -> tuple[np.ndarray, Ranked]:
    """The rows by value, best first, and the candidates in that order.

    Ties keep the order of retrieval, so that a page is the same on every replica.
    """
    order = np.argsort(-values, kind="stable")
    return order, Ranked(candidates.numbers, values, candidates).take(order)
