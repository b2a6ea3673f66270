"""This file is about steering: what a person set about their feed, as settings of their pages."""

from collections.abc import Callable
from functools import lru_cache
from typing import TypeAlias

from bowerbird.lake.records import Controls
from bowerbird.surfaces.feed.config import FeedConfig

ControlsNow: TypeAlias = Callable[[str], Controls]
"""person id → what they have set."""

ONLY_LIKED, SURPRISING = 0.97, 0.35
"""Parts of a page that interests fill at most, at both ends of the slider."""
_STEPS = 20


def steered(config: FeedConfig, adventure: float) -> FeedConfig:
    """The settings for one place of the slider, in steps of a twentieth; the middle changes nothing.

    Below it interests fill more of the page, chance less of it, and pages vary less; above it the other way.
    Bounded: at both ends there is still some of everything that `FeedConfig` gives a share to.
    """
    return _steered(config, round(adventure * _STEPS))


@lru_cache(maxsize=256)
def _steered(config: FeedConfig, step: int) -> FeedConfig:
    lean = 2.0 * step / _STEPS - 1.0  # -1 only what I like, 0 as it is, 1 surprise me
    if lean == 0:
        return config
    end, away = (SURPRISING, lean) if lean > 0 else (ONLY_LIKED, -lean)
    personal = config.max_personal_share + (end - config.max_personal_share) * away
    varied = config.blend.strength * (1 + 0.8 * lean)
    explore = min(config.explore_share * (1 + lean * (1.0 if lean > 0 else 0.9)), 1.0)
    return config.model_copy(
        update={
            "max_personal_share": personal,
            "explore_share": explore,
            "blend": config.blend.model_copy(update={"strength": varied}),
        }
    )
