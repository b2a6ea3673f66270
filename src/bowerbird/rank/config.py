"""This file is about the settings of ranking."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Weight = Annotated[float, Field(ge=-10, le=10)]


class RankConfig(BaseModel):
    """What each feature of a candidate is worth; every feature lies between 0 and 1."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    closeness: Weight = 1.0
    importance: Weight = 0.15
    popularity: Weight = 0.15
    freshness: Weight = 0.05
    quality: Weight = 0.2
    chance: Weight = 0.1
    expected: Weight = 0.5
    dislike: Weight = -1.5
    seen: Weight = -1.0
    fresh_half_life_days: Annotated[float, Field(gt=0, le=3650)] = 14.0
    dislike_from_closeness: Annotated[float, Field(ge=0, lt=1)] = 0.3
