"""This file is about what taste hands on: a person's interests, kept apart, and what they do not want."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from bowerbird.core.arrays import ItemNumbers, Mask, Scores

VectorsOf: TypeAlias = Callable[[np.ndarray], np.ndarray]
"""int64 [C] item numbers → float32 [C, D] unit rows; a row of zeros where an item is gone."""


@dataclass(frozen=True, slots=True)
class Liking:
    """What a person's recent actions say, item by item; newest first.

    Attributes:
        liked: [L] items with a net positive say.
        weights: [L] sum of `INTEREST_WEIGHTS` of their actions, each halved every half-life.
        actions: [L] code of the strongest action on the item: the one to name in a reason.
        disliked: int64 [K] items that were hidden or asked to be seen less of, and not taken back.
        dislike_weights: float32 [K] in (0, 1], halved every half-life.
    """

    liked: ItemNumbers
    weights: Scores
    actions: np.ndarray
    disliked: np.ndarray
    dislike_weights: np.ndarray

    def where(self, keep: Mask) -> "Liking":
        """Only the liked rows where `keep` is true; dislikes stay."""
        return Liking(
            self.liked[keep], self.weights[keep], self.actions[keep], self.disliked, self.dislike_weights
        )


@dataclass(frozen=True, slots=True)
class Interests:
    """Several interests of one person, most important first.

    Attributes:
        medoids: [I] for each interest the item the person acted on that stands for it; never a mean.
        importance: [I] sums to 1.
        strength: what all likes together are worth by now, in fresh saves; fades towards 0.
        interest_of: [L] for each row of `liking.liked`, its interest.
        liking: what the interests were made from.
    """

    medoids: ItemNumbers
    importance: Scores
    strength: float
    interest_of: np.ndarray
    liking: Liking

    def __len__(self) -> int:
        return len(self.medoids)

    def newest(self, limit: int) -> np.ndarray:
        """The person's newest liked items that are not medoids: [<= limit] item numbers."""
        liked = self.liking.liked[:limit]
        return liked[~np.isin(liked, self.medoids)]

    def action_on(self, number: int) -> int:
        """Code of the strongest action on this item; -1 where there was none."""
        rows = np.flatnonzero(self.liking.liked == number)
        return int(self.liking.actions[rows[0]]) if len(rows) else -1

    def interest_holding(self, number: int) -> int:
        """Row of the interest that this liked item belongs to; -1 where it belongs to none."""
        rows = np.flatnonzero(self.liking.liked == number)
        return int(self.interest_of[rows[0]]) if len(rows) else -1
