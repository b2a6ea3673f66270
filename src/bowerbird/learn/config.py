"""This file is about how long and how fast to train, whatever the model."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field


class TrainingConfig(BaseModel):
    """Settings of the one trainer.

    Attributes:
        epochs: at most; early stopping usually ends before.
        warmup: share of all steps in which the learning rate rises from nothing.
        decay: what the learning rate does after that, until the last of `epochs`.
        clip: longest gradient, over all parameters; none: as it is.
        average: keep of the running mean of weights at each step (EMA); none: the weights themselves count.
        validate_every, patience: epochs between validations, and how many of them may bring nothing new.
        threads: of the processor. Two are slower than one where anything else runs.
        precision: of activations; weights and losses stay in 32 bits. `auto` takes 16 where the device is
            fast at them.
        checkpoint_steps: a kill costs at most so many steps.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    epochs: Annotated[int, Field(ge=1)] = 50
    learning_rate: Annotated[float, Field(gt=0)] = 1e-3
    weight_decay: Annotated[float, Field(ge=0)] = 0.0
    warmup: Annotated[float, Field(ge=0, lt=1)] = 0.02
    decay: Literal["none", "cosine"] = "cosine"
    clip: Annotated[float, Field(gt=0)] | None = 1.0
    average: Annotated[float, Field(gt=0, lt=1)] | None = None
    validate_every: Annotated[int, Field(ge=1)] = 1
    patience: Annotated[int, Field(ge=1)] = 5
    threads: Annotated[int, Field(ge=1)] = 1
    precision: Literal["float32", "bfloat16", "auto"] = "auto"
    checkpoint_steps: Annotated[int, Field(ge=1)] = 200
