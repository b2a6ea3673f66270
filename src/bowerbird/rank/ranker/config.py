"""This file is about the settings of the ranker."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from bowerbird.learn.config import TrainingConfig


class RankerConfig(BaseModel):
    """Sizes, and what is looked at.

    Attributes:
        basis: numbers of an item's content that are looked at, along its main directions.
        width, heads, inner, layers: of the sequence transformer; one layer's `inner` is its small network.
        recent: newest likes, which go through the transformer; 0: none.
        long: newest likes among which each candidate looks for those most like itself; 0: none.
        left: newest items that were shown and left alone; 0: none.
        cross_layers, cross_rank: of the cross network; 0 layers: none.
        next_action: how much the auxiliary loss counts: each state names the next like, against items that
            were shown and left alone; 0: none.
        forget_new: share of new items whose popularity is hidden in training, so that fresh items are
            judged by what they are.
        new_days: how long an item is new.
        popular_days: over which saves count as popularity; the feed's own `popular_days` has to be the same.
        slots: rows of one request in a training step; longer pages are cut into several.
        requests: in one step.
        held_out: share of requests, the newest, that validate and calibrate.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    basis: Annotated[int, Field(ge=2, le=1024)] = 64
    width: Annotated[int, Field(ge=8, le=512)] = 64
    heads: Annotated[int, Field(ge=1, le=16)] = 2
    inner: Annotated[int, Field(ge=8, le=2048)] = 64
    layers: Annotated[int, Field(ge=0, le=8)] = 2
    recent: Annotated[int, Field(ge=0, le=512)] = 32
    long: Annotated[int, Field(ge=0, le=4096)] = 256
    left: Annotated[int, Field(ge=0, le=512)] = 24
    cross_layers: Annotated[int, Field(ge=0, le=6)] = 2
    cross_rank: Annotated[int, Field(ge=1, le=128)] = 16
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.1
    next_action: Annotated[float, Field(ge=0, le=10)] = 0.01
    forget_new: Annotated[float, Field(ge=0, le=1)] = 0.5
    new_days: Annotated[float, Field(gt=0)] = 7.0
    popular_days: Annotated[float, Field(gt=0, le=3650)] = 7.0
    slots: Annotated[int, Field(ge=1, le=256)] = 24
    requests: Annotated[int, Field(ge=1, le=1024)] = 32
    held_out: Annotated[float, Field(gt=0, lt=0.9)] = 0.15
    training: TrainingConfig = TrainingConfig(epochs=12, learning_rate=1e-3, weight_decay=0.01, patience=2)
