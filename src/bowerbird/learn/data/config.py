"""This file is about which interactions count, and in what order those of the same moment stand."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from bowerbird.core.actions import INTEREST_WEIGHTS, Action


class DataConfig(BaseModel):
    """How raw rows become interactions.

    Attributes:
        actions: what counts as liking an item, and how much; only a lake tells actions apart.
        least_rating: rows below this rating are left out; a source without ratings keeps all.
        liked_from: ratings from here up count as saves, lower ones as close-ups (looked at, not liked); none:
            a rating says nothing about what was done.
        time_ties: `file` keeps the source's order among interactions of one person and moment, `shuffled`
            draws one order from `ties_seed`. Sources often sort ties by item id, which models then learn.
        repeats: `keep` every time a person meets an item, or only the `first` or the `last`.
        most_actions_an_hour: a person with more in any hour is a machine, and is left out whole.
        most_actions: of a longer history only the newest are kept.
        clock_skew_ms: how far ahead of the time of arrival an event may say that it happened.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    actions: dict[Action, Annotated[float, Field(gt=0)]] = dict(INTEREST_WEIGHTS)
    least_rating: float | None = None
    liked_from: float | None = None
    time_ties: Literal["file", "shuffled"] = "file"
    ties_seed: Annotated[int, Field(ge=0)] = 0
    repeats: Literal["keep", "first", "last"] = "keep"
    most_actions_an_hour: Annotated[int, Field(ge=1)] = 5_000
    most_actions: Annotated[int, Field(ge=2)] = 10_000
    clock_skew_ms: Annotated[int, Field(ge=0)] = 300_000
