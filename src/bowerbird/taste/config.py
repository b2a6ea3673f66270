"""This file is about the settings of taste."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

DAY_MS = 86_400_000


class TasteConfig(BaseModel):
    """How actions become interests.

    `same_interest_closeness` is on the scale of `Likeness`: 0 is a random pair of this catalogue,
    1 the same picture. `look_share` says how much looks count beside words when tastes are compared.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    half_life_days: Annotated[float, Field(gt=0, le=3650)] = 30.0
    dislike_half_life_days: Annotated[float, Field(gt=0, le=3650)] = 90.0
    max_actions: Annotated[int, Field(ge=1, le=1000)] = 200
    max_dislikes: Annotated[int, Field(ge=0, le=200)] = 40
    same_interest_closeness: Annotated[float, Field(ge=0, le=1)] = 0.22
    look_share: Annotated[float, Field(ge=0, le=1)] = 0.5
    people_kept: Annotated[int, Field(ge=1)] = 5_000
