"""This file is about the settings of a comparison, all of which its report prints."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from bowerbird.learn.evaluate import EvaluationConfig


class CompareConfig(BaseModel):
    """What every model of a comparison gets.

    Attributes:
        seeds: models with chance in them are fitted so many times; others once.
        trials: settings that each may try on the validation part.
        candidates, vectors: items and query vectors for one request.
        latency_requests: single requests that are timed, one after the other.
        resamples: of the bootstrap.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    seeds: Annotated[int, Field(ge=1, le=100)] = 3
    trials: Annotated[int, Field(ge=1)] = 12
    candidates: Annotated[int, Field(ge=1)] = 50
    vectors: Annotated[int, Field(ge=1)] = 8
    latency_requests: Annotated[int, Field(ge=1)] = 200
    resamples: Annotated[int, Field(ge=100)] = 1_000
    evaluation: EvaluationConfig = EvaluationConfig()
