"""This file is about a challenger in the shadow: what it would have put first on pages of another."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from bowerbird.core.errors import IncompatibleEmbeddingError
from bowerbird.rank.ranker import ServedRanker
from bowerbird.surfaces.feed.ground import Ground
from bowerbird.surfaces.feed.ranking import LearnedRanking

FIRST = 25


@dataclass(frozen=True, slots=True)
class Shadowed:
    """A challenger, and who asks it: `offer` returns at once, and asks when nobody waits for it."""

    ranker: ServedRanker
    offer: Callable[[Callable[[], float]], None]


ShadowNow: TypeAlias = Callable[[], Shadowed | None]


def offer_page(
    shadow: Shadowed,
    learned: LearnedRanking,
    ground: Ground,
    person_id: str,
    numbers: np.ndarray,
    raw: np.ndarray,
    popularity: np.ndarray,
    now_ms: int,
    more_to: str,
    values: np.ndarray,
) -> None:
    """Has the challenger asked about one page.

    Args:
        learned: what people are kept in; not that of what serves.
        values: float32 [C] by which the page was ordered; the rest is what `LearnedRanking.of` takes.
    """

    def ask() -> float:
        if shadow.ranker.space != ground.scales().stamp:
            raise IncompatibleEmbeddingError(
                f"a challenger trained on vectors {shadow.ranker.space} was asked; needed is one of "
                f"{ground.scales().stamp}; train again"
            )
        said = learned.of(shadow.ranker, person_id, numbers, raw, popularity, now_ms, more_to)
        return in_common(said.values, values)

    shadow.offer(ask)


def in_common(one: np.ndarray, other: np.ndarray) -> float:
    """Share of the first `FIRST` by one that are among the first by the other; 1 of nothing."""
    by_one, by_other = (np.argsort(-each, kind="stable")[:FIRST] for each in (one, other))
    return float(np.isin(by_one, by_other).mean()) if len(by_one) else 1.0
