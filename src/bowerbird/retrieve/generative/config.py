"""This file is about the sizes of the dense generative retriever and how it is trained."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from bowerbird.learn.config import TrainingConfig


class GenerativeConfig(BaseModel):
    """Defaults were chosen on the validation part of Amazon Beauty; `docs/learn.md` has what was tried.

    Attributes:
        width: D; `heads` must divide it.
        longest: newest entries of a history that it looks at.
        temperature: cosines are divided by it before the softmax.
        offsets_days: beside what is next, it learns what is first met so many days later; a source without
            times has only what is next.
        offset_weight: what such a target counts, against 1 of what is next. Each token has one of them a
            time, drawn.
        unconditioned: share of targets that are learned without their outcome, so that it can be left open.
        hidden_gaps: share of tokens that do not say how long after the one before they were, as generated
            ones cannot.
        uses_content: content vectors of the catalogue, where it has them, are part of each item's vector.
        redraws_ties: entries of one person and moment stand in another order at every epoch, where theirs
            was drawn (`--time-ties shuffled`) and not the source's.
        is_sampled: what is next is learned by the sampled softmax too; otherwise by the full one.
        negatives: items drawn by popularity for the sampled softmax with logQ correction, by which what comes
            after an offset is learned.
        merge_above: query vectors of one request with a higher cosine are merged, their budgets added.
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
    inner: Annotated[int, Field(ge=4)] = 256
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.5
    longest: Annotated[int, Field(ge=1)] = 50
    temperature: Annotated[float, Field(gt=0)] = 0.07
    offsets_days: tuple[Annotated[float, Field(gt=0)], ...] = (1.0, 7.0, 30.0)
    offset_weight: Annotated[float, Field(ge=0)] = 0.3
    unconditioned: Annotated[float, Field(ge=0, le=1)] = 0.15
    hidden_gaps: Annotated[float, Field(ge=0, le=1)] = 0.1
    uses_content: bool = True
    redraws_ties: bool = True
    is_sampled: bool = False
    negatives: Annotated[int, Field(ge=1)] = 1_024
    merge_above: Annotated[float, Field(gt=0, le=1)] = 0.95
    tries_int8: bool = False
    rows: Annotated[int, Field(ge=1)] = 16
    tokens: Annotated[int, Field(ge=1)] = 64
    validation_persons: Annotated[int, Field(ge=1)] = 5_000
    training: TrainingConfig = TrainingConfig(epochs=14, learning_rate=0.002)
