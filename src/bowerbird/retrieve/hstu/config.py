"""This file is about the sizes of the HSTU-type model and how it is trained."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from bowerbird.learn.config import TrainingConfig


class HstuConfig(BaseModel):
    """Defaults were chosen on the validation part of Amazon Beauty; `docs/learn.md` has what was tried.

    Attributes:
        width: D; `heads` must divide it.
        dropout: of what each layer adds, and of the items that come in.
        longest: newest entries of a history that it looks at.
        knows_asked_time: the moment to answer for is an input, as in the paper's own code. In leave-one-out
            that is the time of the target, so that figures with it stand beside such figures only.
        redraws_ties: entries of one person and moment stand in another order at every epoch, where theirs
            was drawn (`--time-ties shuffled`) and not the source's.
        tries_int8: it answers in 8 bits if the validation part says that this is as good. Off, because
            inputs are then scaled by the largest of all that is asked together, so that an answer depends a
            little on its neighbours and its padding.
        validation_persons: at most so many, the same ones, decide when to stop.
        rows, tokens: shape of a training batch, histories packed.
        training: of the trainer.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    width: Annotated[int, Field(ge=4, multiple_of=2)] = 128
    layers: Annotated[int, Field(ge=1)] = 2
    heads: Annotated[int, Field(ge=1)] = 2
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.5
    longest: Annotated[int, Field(ge=1)] = 50
    knows_asked_time: bool = False
    redraws_ties: bool = True
    tries_int8: bool = False
    rows: Annotated[int, Field(ge=1)] = 16
    tokens: Annotated[int, Field(ge=1)] = 64
    validation_persons: Annotated[int, Field(ge=1)] = 5_000
    training: TrainingConfig = TrainingConfig(epochs=14, learning_rate=0.002)
