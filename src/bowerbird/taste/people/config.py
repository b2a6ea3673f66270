"""This file is about the sizes of the model of people and how it is trained."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from bowerbird.learn.config import TrainingConfig


class PeopleConfig(BaseModel):
    """Settings of people's vectors. A `BlockSizes`.

    Attributes:
        width: of the states; the vectors themselves are as wide as those of items.
        longest: newest actions that are looked at.
        window_days: an action within so many days may be what a state is to find.
        rows: histories in a step.
        negatives: drawn from the catalogue for each history of a step, beside the other histories' targets.
        refused: items that were shown and left alone after a state, at most so many as its wrong answers.
        temperature, popularity: as those of the encoder.
        most_rows: histories of an epoch; more are drawn from.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    width: Annotated[int, Field(ge=4)] = 64
    heads: Annotated[int, Field(ge=1)] = 2
    inner: Annotated[int, Field(ge=4)] = 128
    layers: Annotated[int, Field(ge=1)] = 2
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.2
    longest: Annotated[int, Field(ge=2)] = 48
    window_days: Annotated[float, Field(gt=0)] = 28.0
    rows: Annotated[int, Field(ge=2)] = 16
    negatives: Annotated[int, Field(ge=1)] = 32
    refused: Annotated[int, Field(ge=1)] = 2
    most_rows: Annotated[int, Field(ge=1)] = 2_000
    temperature: Annotated[float, Field(ge=0.01)] = 0.1
    popularity: Annotated[float, Field(ge=0, le=1)] = 1.0
    validation_persons: Annotated[int, Field(ge=1)] = 2_000
    training: TrainingConfig = TrainingConfig(epochs=8, learning_rate=0.002, patience=3)
