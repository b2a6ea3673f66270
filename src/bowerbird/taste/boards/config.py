"""This file is about the sizes of the model of boards and how it is trained."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from bowerbird.learn.config import TrainingConfig


class BoardConfig(BaseModel):
    """Settings of board vectors.

    Attributes:
        most_items: of a board that are looked at: half of them the newest, the others drawn from the rest.
        words_dropout: of boards whose words are left out, so that those without words are at home too.
        batch_rows, most_labels, temperature, popularity: as those of the encoder.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    heads: Annotated[int, Field(ge=1)] = 2
    inner: Annotated[int, Field(ge=4)] = 128
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.1
    most_items: Annotated[int, Field(ge=2, multiple_of=2)] = 32
    words_dropout: Annotated[float, Field(ge=0, lt=1)] = 0.3
    batch_rows: Annotated[int, Field(ge=2)] = 256
    most_labels: Annotated[int, Field(ge=1)] = 20_000
    temperature: Annotated[float, Field(ge=0.01)] = 0.1
    popularity: Annotated[float, Field(ge=0, le=1)] = 1.0
    training: TrainingConfig = TrainingConfig(epochs=6, learning_rate=0.002, patience=3)
