"""This file is about what lists are like beside being right: coverage, novelty, diversity."""

from dataclasses import dataclass

import numpy as np

from bowerbird.learn.evaluate.config import EvaluationConfig
from bowerbird.learn.types import Found


@dataclass(frozen=True, slots=True)
class Popularity:
    """Items by how often the training part has met them.

    Attributes:
        surprise: float64 [N] -log2 of the share of training interactions, one added to every item.
        is_tail: bool [N] outside the most popular ones; equal counts are told apart by catalogue order.
        is_cold: bool [N] few interactions.
        is_new: bool [N] none.
    """

    surprise: np.ndarray
    is_tail: np.ndarray
    is_cold: np.ndarray
    is_new: np.ndarray

    @classmethod
    def of(cls, counts: np.ndarray, config: EvaluationConfig) -> "Popularity":
        """From the training part's counts, int64 [N]."""
        smoothed = counts + 1.0
        is_tail = np.ones(len(counts), dtype=bool)
        head = round(len(counts) * (1 - config.tail_share))
        is_tail[np.argsort(-counts, kind="stable")[:head]] = False
        return cls(-np.log2(smoothed / smoothed.sum()), is_tail, counts < config.cold_below, counts == 0)


class ListFacts:
    """Gathers facts over the first `list_length` places of every list."""

    def __init__(self, popularity: Popularity, vectors: np.ndarray | None, config: EvaluationConfig) -> None:
        self._popularity = popularity
        self._length = config.list_length
        self._shown = np.zeros(len(popularity.surprise), dtype=np.int64)
        self._unit = None
        if vectors is not None:
            self._unit = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)

    def of(self, found: Found) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        """Novelty and, with vectors, diversity of each list, with how many lists could have any."""
        items = found.items[:, : self._length]
        is_there = items >= 0
        lengths = is_there.sum(axis=1)
        np.add.at(self._shown, items[is_there], 1)
        surprise = np.where(is_there, self._popularity.surprise[items], 0).sum(axis=1) / np.maximum(
            lengths, 1
        )
        told = {f"novelty@{self._length}": (surprise, (lengths > 0).astype(np.float64))}
        if self._unit is not None:
            picked = np.where(is_there[:, :, None], self._unit[items], 0)
            # The sum of all pairwise cosines is the squared length of the sum of unit vectors, less the
            # diagonal.
            both = np.square(picked.sum(axis=1)).sum(axis=1) - np.square(picked).sum(axis=(1, 2))
            pairs = lengths * (lengths - 1)
            likeness = both / np.maximum(pairs, 1)
            told[f"diversity@{self._length}"] = (
                np.where(pairs > 0, 1 - likeness, 0),
                (pairs > 0).astype(np.float64),
            )
        return told

    def whole(self) -> dict[str, float]:
        """Share of the catalogue that anybody was shown, and how unevenly (Gini: 0 all alike, 1 one item)."""
        in_order = np.sort(self._shown)
        total, count = int(in_order.sum()), len(in_order)
        ranks = np.arange(1, count + 1)
        gini = float((2 * ranks - count - 1) @ in_order / (count * total)) if total else 0.0
        return {
            f"coverage@{self._length}": float(np.count_nonzero(self._shown) / count),
            f"gini@{self._length}": gini,
        }
