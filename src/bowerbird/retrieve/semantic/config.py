"""This file is about the sizes of semantic ids and of the decoder that spells them."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from bowerbird.learn.config import TrainingConfig
from bowerbird.retrieve.rqvae import RqvaeConfig


class SemanticConfig(BaseModel):
    """Defaults were chosen on the validation part of Amazon Beauty; `docs/learn.md` has what was tried.

    Attributes:
        tokeniser: what turns vectors into codes: residual k-means, or an autoencoder with residual codes.
        ids_from: vectors that ids are made from: of the items' `content`; of what is met `together`; `both`;
            `auto` is both where there are content vectors, and together elsewhere.
        rqvae: sizes of that autoencoder.
        levels, codes: L levels of K codes; a last level tells apart the items that still collide.
        most_last_codes: the most items that one tuple of L codes may hold, new ones among them.
        width: D; `heads` must divide it.
        layers: over the history.
        decoder_layers: over the codes spelt so far.
        prefix_width: P, of a vector that each prefix of two codes and more has for itself; 0: none.
        has_own_vectors: an item of the history is heard by its codes and by a vector of its own.
        forget_own: chance in training that an item is heard by its codes alone, as a new one is.
        dropout, decoder_dropout: over the history, and over the codes.
        redraws_ties: entries of one person and moment stand in another order at every epoch, where theirs
            was drawn (`--time-ties shuffled`) and not the source's.
        longest: newest entries of a history that it looks at.
        beam, most_beam: ids spelt at once, at least, and at most where more items are asked for.
        validation_persons: at most so many, the same ones, decide when to stop.
        rows, tokens: shape of a training batch, histories packed.
        training: of the trainer.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    tokeniser: Literal["kmeans", "rqvae"] = "kmeans"
    ids_from: Literal["auto", "content", "together", "both"] = "auto"
    rqvae: RqvaeConfig = RqvaeConfig()
    levels: Annotated[int, Field(ge=1, le=8)] = 3
    codes: Annotated[int, Field(ge=2, le=65_536)] = 256
    most_last_codes: Annotated[int, Field(ge=2, le=65_536)] = 256
    width: Annotated[int, Field(ge=4, multiple_of=2)] = 128
    layers: Annotated[int, Field(ge=1)] = 2
    decoder_layers: Annotated[int, Field(ge=1)] = 1
    heads: Annotated[int, Field(ge=1)] = 2
    inner: Annotated[int, Field(ge=4)] = 256
    prefix_width: Annotated[int, Field(ge=0)] = 32
    has_own_vectors: bool = True
    forget_own: Annotated[float, Field(ge=0, le=1)] = 0.1
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.5
    decoder_dropout: Annotated[float, Field(ge=0, lt=1)] = 0.2
    redraws_ties: bool = True
    longest: Annotated[int, Field(ge=1)] = 50
    beam: Annotated[int, Field(ge=1)] = 50
    most_beam: Annotated[int, Field(ge=1)] = 200
    validation_persons: Annotated[int, Field(ge=1)] = 2_000
    rows: Annotated[int, Field(ge=1)] = 16
    tokens: Annotated[int, Field(ge=1)] = 64
    training: TrainingConfig = TrainingConfig(epochs=20, learning_rate=0.002)

    @property
    def name(self) -> str:
        """The word of `--models`."""
        return "semantic" if self.tokeniser == "kmeans" else "semantic-rqvae"
