"""This file is about the sizes of the autoencoder with residual codes, and how it is trained."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from bowerbird.learn.config import TrainingConfig


class RqvaeConfig(BaseModel):
    """Sizes follow TIGER; it is trained twice, first without codes, so that codes start where points are.

    Attributes:
        width: W, of what is coded.
        inner: widths of the layers before it; the same ones after it, backwards.
        commitment: how much the encoder is drawn to the centres, against the centres to it.
        rows: items of a training batch.
        training: of each of the two.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    width: Annotated[int, Field(ge=1)] = 32
    inner: tuple[int, ...] = (256, 128)
    commitment: Annotated[float, Field(ge=0)] = 0.25
    rows: Annotated[int, Field(ge=1)] = 512
    training: TrainingConfig = TrainingConfig(epochs=60, learning_rate=1e-3, patience=10, validate_every=2)
