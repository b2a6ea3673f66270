"""This file is about the sizes of the two towers and how they are trained."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from bowerbird.learn.config import TrainingConfig


class TwoTowerConfig(BaseModel):
    """Sizes are those of SASRec; nothing else was tried.

    Attributes:
        width: D of both towers' vectors.
        inner: of the small network in each tower.
        longest: newest entries of a history that it looks at.
        temperature: cosines are divided by it before the softmax.
        uses_content: content vectors of the catalogue, where it has them, are part of what the item tower
            reads.
        redraws_ties: entries of one person and moment stand in another order at every epoch, where theirs
            was drawn (`--time-ties shuffled`) and not the source's.
        batch_rows: histories in a step; their targets are one half of each other's negatives.
        validation_persons: at most so many, the same ones, decide when to stop.
        training: of the trainer.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    width: Annotated[int, Field(ge=4)] = 128
    inner: Annotated[int, Field(ge=4)] = 256
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.3
    longest: Annotated[int, Field(ge=1)] = 20
    temperature: Annotated[float, Field(gt=0)] = 0.07
    uses_content: bool = True
    redraws_ties: bool = True
    batch_rows: Annotated[int, Field(ge=2)] = 512
    validation_persons: Annotated[int, Field(ge=1)] = 5_000
    training: TrainingConfig = TrainingConfig(epochs=20, learning_rate=0.002)
