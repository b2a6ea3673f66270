"""This file is about features: what is known of each candidate for this person, as one matrix."""

from dataclasses import dataclass

import numpy as np

from bowerbird.core.arrays import Embeddings, ItemNumbers, Scores
from bowerbird.rank.config import RankConfig
from bowerbird.taste import Likeness

FEATURES = (
    "closeness", "importance", "popularity", "freshness", "quality", "chance", "dislike", "seen", "expected",
)  # fmt: skip
"""Order of the feature columns; `value.weights` depends on it."""
DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class Tastes:
    """The person's side of a request.

    Attributes:
        numbers: int64 [I] liked items that candidates are compared with: medoids and the newest likes.
        vectors: [I, D] their unit taste vectors.
        importance: [I] in [0, 1]; 1 for the most important.
        disliked: float32 [K, D] unit taste vectors of disliked items.
        dislike_weights: float32 [K] in (0, 1].
    """

    numbers: ItemNumbers
    vectors: Embeddings
    importance: Scores
    disliked: np.ndarray
    dislike_weights: np.ndarray


@dataclass(frozen=True, slots=True)
class Facts:
    """The candidates' side of a request, all [C].

    Attributes:
        vectors: [C, D] unit taste vectors.
        created_ms: -1 where unknown.
        popularity: 0 to 1.
        quality: 0 to 1.
        is_seen: the person had it on the screen before.
        expected: 0 to 1; how early a trained model names it as what the person wants next.
    """

    vectors: Embeddings
    created_ms: np.ndarray
    popularity: Scores
    quality: Scores
    is_seen: np.ndarray
    expected: Scores


@dataclass(frozen=True, slots=True)
class Features:
    """What ranking knows.

    Attributes:
        columns: float32 [C, len(FEATURES)].
        nearest: int64 [C] row of `Tastes` that is nearest, counted with its importance; -1 without tastes.
        closeness: [C] closeness to that row.
    """

    columns: Embeddings
    nearest: np.ndarray
    closeness: Scores


def features(
    facts: Facts, tastes: Tastes, likeness: Likeness, config: RankConfig, *, now_ms: int, seed: int
) -> Features:
    """Features of all candidates.

    Args:
        seed: of the small chance that makes two visits differ.
    """
    count = len(facts.vectors)
    columns = np.zeros((count, len(FEATURES)), dtype=np.float32)
    nearest = np.full(count, -1, dtype=np.int64)
    closeness = np.zeros(count, dtype=np.float32)
    rows = np.arange(count)
    if len(tastes.numbers):
        close = likeness.closeness(facts.vectors @ tastes.vectors.T)  # [C, D] @ [D, I] -> [C, I]
        nearest = np.argmax(close + config.importance * tastes.importance, axis=1)
        closeness = np.clip(close[rows, nearest], 0.0, 1.0)
        columns[:, 0] = closeness
        columns[:, 1] = tastes.importance[nearest]
    columns[:, 2] = facts.popularity
    age_days = np.maximum(now_ms - facts.created_ms, 0) / DAY_MS
    columns[:, 3] = np.where(facts.created_ms >= 0, np.exp2(-age_days / config.fresh_half_life_days), 0.0)
    columns[:, 4] = facts.quality
    columns[:, 5] = np.random.default_rng(seed).random(count, dtype=np.float32)
    columns[:, 6] = _dislike(facts.vectors, tastes, likeness, config)
    columns[:, 7] = facts.is_seen
    columns[:, 8] = facts.expected
    return Features(columns, nearest, closeness)


def _dislike(vectors: Embeddings, tastes: Tastes, likeness: Likeness, config: RankConfig) -> np.ndarray:
    """[C] how near each comes to something disliked; 0 up to `dislike_from_closeness`, then rising to 1."""
    if not len(tastes.disliked):
        return np.zeros(len(vectors), dtype=np.float32)
    close = likeness.closeness(vectors @ tastes.disliked.T)  # [C, D] @ [D, K] -> [C, K]
    over = (close - config.dislike_from_closeness) / (1.0 - config.dislike_from_closeness)
    worst: np.ndarray = (np.clip(over, 0.0, 1.0) * tastes.dislike_weights).max(axis=1)
    return worst
