"""This file is about the settings of the evaluation protocol; a report prints all of them."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field


class EvaluationConfig(BaseModel):
    """How lists are judged.

    Attributes:
        cutoffs: list lengths that metrics are given for.
        keeps_history: items of the person's own history may be proposed; otherwise they are taken out of the
            list and out of the targets.
        score_ties: `expected` is the mean over every order of items with equal scores, worked out exactly; it
            is what shuffling them many times would converge to. `catalogue` puts the lower item number first.
        list_length: the length of list that coverage, novelty and diversity look at.
        tail_share: share of the catalogue, least interactions first, that is called the tail.
        cold_below: an item with fewer training interactions is cold.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    cutoffs: tuple[Annotated[int, Field(ge=1)], ...] = (5, 10, 50)
    keeps_history: bool = False
    score_ties: Literal["expected", "catalogue"] = "expected"
    list_length: Annotated[int, Field(ge=1)] = 10
    tail_share: Annotated[float, Field(gt=0, lt=1)] = 0.8
    cold_below: Annotated[int, Field(ge=1)] = 5
    batch_persons: Annotated[int, Field(ge=1)] = 256
