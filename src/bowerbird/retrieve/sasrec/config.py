"""This file is about the sizes of SASRec and how it is trained."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from bowerbird.learn.config import TrainingConfig


class SasrecConfig(BaseModel):
    """Defaults were chosen on the validation part of Amazon Beauty; `docs/learn.md` has what was tried.

    Attributes:
        width: D; `heads` must divide it.
        longest: newest entries of a history that it looks at.
        redraws_ties: entries of one person and moment stand in another order at every epoch, where theirs
            was drawn (`--time-ties shuffled`) and not the source's.
        content: `added`: the vector of an item is one of its own, which training finds, plus a learned
            projection of its content vector; an item that training never met has the second part alone, and
            is found by it. `none`: only its own.
        validation_persons: at most so many, the same ones, decide when to stop.
        rows, tokens: shape of a training batch, histories packed.
        training: of the trainer.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    width: Annotated[int, Field(ge=4, multiple_of=2)] = 128
    layers: Annotated[int, Field(ge=1)] = 2
    heads: Annotated[int, Field(ge=1)] = 2
    inner: Annotated[int, Field(ge=4)] = 256
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.5
    longest: Annotated[int, Field(ge=1)] = 50
    redraws_ties: bool = True
    content: Literal["none", "added"] = "none"
    rows: Annotated[int, Field(ge=1)] = 16
    tokens: Annotated[int, Field(ge=1)] = 64
    validation_persons: Annotated[int, Field(ge=1)] = 5_000
    training: TrainingConfig = TrainingConfig(epochs=20, learning_rate=0.002)
