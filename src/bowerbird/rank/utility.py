"""This file is about utility: chances of actions as one worth, which orders a page.

A weighted sum of calibrated chances. Worth is then put on the scale on which blending speaks, where 1 is the
difference between a stranger and a perfect match, so that its strengths mean the same for every ranker.
"""

from collections.abc import Mapping
from typing import Annotated

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from bowerbird.core.arrays import Scores
from bowerbird.core.errors import InputError
from bowerbird.rank.ranker.heads import HEADS

Weight = Annotated[float, Field(ge=-100, le=100)]
_BEST, _USUAL = 0.99, 0.1


class UtilityConfig(BaseModel):
    """What each action is worth, in saves."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    save: Weight = 1.0
    click: Weight = 0.4
    long_click: Weight = 0.4
    closeup: Weight = 0.1
    hide: Weight = -3.0
    purchase: Weight = 3.0


MORE_TO: Mapping[str, Mapping[str, float]] = {
    "save": {"save": 3.0},
    "shop": {"purchase": 4.0, "click": 2.0, "long_click": 2.0},
    "look": {"closeup": 5.0},
}
"""What a request may ask for more of, and the factors on the weights of the actions."""


def weights_of(config: UtilityConfig, more_to: str = "") -> np.ndarray:
    """float32 [heads] in the order of `HEADS`.

    Raises:
        InputError: more is asked of something that is not known.
    """
    if more_to and more_to not in MORE_TO:
        raise InputError(
            f"more_to {more_to[:40]!r} was received; needed is one of {', '.join(MORE_TO)}; "
            "leave it out for the usual mix"
        )
    factors = MORE_TO.get(more_to, {})
    return np.array([getattr(config, head) * factors.get(head, 1.0) for head in HEADS], dtype=np.float32)


def utility(chances: np.ndarray, weights: np.ndarray) -> Scores:
    """float32 [C] worth in saves of showing each candidate."""
    worth: Scores = chances @ weights  # [C, heads] @ [heads] -> [C]
    return worth


def on_scale(worth: Scores) -> Scores:
    """float32 [C] about 0 for what is usual among the candidates, about 1 for the best; the order stays."""
    if not len(worth):
        return worth
    usual, best = np.quantile(worth, (_USUAL, _BEST))
    scaled: Scores = ((worth - usual) / max(float(best - usual), 1e-9)).astype(np.float32)
    clipped: Scores = np.clip(scaled, -2.0, 2.0)
    return clipped
