"""This file is about what encoders take and give, and how a vector says where it comes from."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np

from bowerbird.core.arrays import Embeddings, Pixels


@dataclass(frozen=True, slots=True)
class EncoderStamp:
    """Where a vector comes from. Vectors with different stamps are never compared."""

    name: str
    version: str
    preprocessing_hash: str

    @property
    def text(self) -> str:
        """One word that can name a table or a file, e.g. `lite0-int8.9f3a21c4.5be0`."""
        return f"{self.name}.{self.version}.{self.preprocessing_hash}"


def content_hash(*parts: bytes) -> str:
    """Sixteen hex digits that change when any part changes."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return digest.hexdigest()[:16]


@runtime_checkable
class PictureEncoder(Protocol):
    """Turns pictures into embeddings."""

    @property
    def stamp(self) -> EncoderStamp:
        """Where its vectors come from."""
        ...

    @property
    def width(self) -> int:
        """D, the width of a raw embedding."""
        ...

    def encode_pictures(self, pictures: Sequence[Pixels]) -> Embeddings:
        """[B, D] one raw embedding a picture, in order; pictures may differ in size."""
        ...


@runtime_checkable
class WordsEncoder(Protocol):
    """Turns words into embeddings."""

    @property
    def stamp(self) -> EncoderStamp:
        """Where its vectors come from."""
        ...

    @property
    def width(self) -> int:
        """D, the width of a raw embedding."""
        ...

    def encode_words(self, texts: Sequence[str]) -> Embeddings:
        """[B, D] one raw embedding a text, in order."""
        ...


@dataclass(frozen=True, slots=True)
class ItemVectors:
    """What the index holds for items: two unit vectors each, one a row.

    Attributes:
        look: [N, look_width] how it looks; answers pictures and parts of pictures.
        words: [N, words_width] what it is, from its picture, its words and its colours; answers words.
    """

    look: Embeddings
    words: Embeddings


@runtime_checkable
class JointSpace(Protocol):
    """Brings raw picture and word embeddings into the spaces that the index searches.

    Fitted on a catalogue, frozen, saved; `stamp_text` covers both encoders and the fit.
    """

    @property
    def stamp_text(self) -> str:
        """Both encoders and the fit, as one word."""
        ...

    @property
    def look_width(self) -> int:
        """Width of look vectors."""
        ...

    @property
    def words_width(self) -> int:
        """Width of words vectors."""
        ...

    def items(self, pictures: Embeddings, words: Embeddings, colours: Embeddings) -> ItemVectors:
        """Vectors of items.

        Args:
            pictures: [N, Dp] raw picture embeddings.
            words: [N, Dw] raw embeddings of the items' words; a row of zeros where an item has none.
            colours: [N, len(NAMED_COLOURS)] shares of the subject's area.
        """
        ...

    def look_of(self, pictures: Embeddings, colours: Embeddings) -> Embeddings:
        """[B, look_width] a picture as a query."""
        ...

    def words_of(self, words: Embeddings, texts: Sequence[str]) -> Embeddings:
        """[B, words_width] words as a query; `texts` are read for colour names."""
        ...

    def relevance(self, scores: np.ndarray, *, space: str, queries: np.ndarray | None = None) -> np.ndarray:
        """Calibrated probability that a hit with this score is relevant.

        Args:
            scores: [Q, k], or [k] of one search.
            space: look or words.
            queries: [Q, width] the vectors that were searched with; the answer is surer with them.
        """
        ...
