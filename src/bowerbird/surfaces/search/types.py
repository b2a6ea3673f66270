"""This file is about what search hands on, and what it asks others to fill."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol, TypeAlias, runtime_checkable

import numpy as np

from bowerbird.blend import Placement, StageCount
from bowerbird.core.arrays import Embeddings, Pixels
from bowerbird.core.filters import Filter
from bowerbird.core.request import Region
from bowerbird.encode.types import PictureEncoder, WordsEncoder
from bowerbird.retrieve.cutoff import Verdict
from bowerbird.retrieve.frame_index import FrameIndex
from bowerbird.retrieve.lexical import WordHits
from bowerbird.retrieve.types import VectorIndex

Decode: TypeAlias = Callable[[bytes, Region | None], Pixels]
"""Untrusted bytes and a part, or None for all → its pixels. Raises PictureError."""

PictureOf: TypeAlias = Callable[[int], bytes]
"""Item number → bytes of its main picture. Raises NotFoundError where it has none."""

FramesNow: TypeAlias = Callable[[], FrameIndex]
"""The frames of videos, as they can be found now; asked for at every request, like the indexes."""

FrameOf: TypeAlias = Callable[[int, int], bytes]
"""Item number and index of a frame of its video → bytes of that frame. Raises NotFoundError."""

SuggestionKind = Literal["words", "category", "brand", "colour"]


@runtime_checkable
class WordIndex(Protocol):
    """Items by the words they carry."""

    def find(self, text: str, k: int, where: Filter | None = None) -> WordHits:
        """At most k items with the words, those with all of them first."""
        ...


@runtime_checkable
class SearchIndexes(Protocol):
    """The three indexes; asked for at every request, so that they can be swapped whole."""

    @property
    def look(self) -> VectorIndex:
        """How items look."""
        ...

    @property
    def words(self) -> VectorIndex:
        """What items are."""
        ...

    @property
    def lexical(self) -> WordIndex:
        """What is written about items."""
        ...


@runtime_checkable
class QuerySpace(Protocol):
    """The joint space, as searches need it."""

    def look_of(self, pictures: Embeddings, colours: Embeddings) -> Embeddings:
        """[B, look_width] a picture as a query."""
        ...

    def words_of(self, words: Embeddings, texts: Sequence[str]) -> Embeddings:
        """[B, words_width] words as a query."""
        ...

    def compose(
        self, look: Embeddings, words: Embeddings, text: str
    ) -> tuple[Embeddings, Embeddings, float, float]:
        """Both vectors to search with, and their shares, for a picture and words as one search."""
        ...

    def relevance(self, scores: np.ndarray, *, space: str, queries: np.ndarray | None = None) -> np.ndarray:
        """[Q, k] calibrated chance that hits with these scores are relevant; `space` is look or words."""
        ...


@runtime_checkable
class EncoderPair(Protocol):
    """The encoders that the catalogue is encoded with."""

    @property
    def pictures(self) -> PictureEncoder:
        """For uploads and parts."""
        ...

    @property
    def words(self) -> WordsEncoder:
        """For what is typed."""
        ...


@dataclass(frozen=True, slots=True)
class Query:
    """A search, read and encoded.

    Attributes:
        words: as typed, without space around them; empty where none were.
        rest: the words without their colours.
        colours: named colours that the words ask for.
        refused: named colours that the words refuse.
        look: float32 [1, look_width] of the picture as given; None where none was.
        look_sought: float32 [1, look_width] to search with: with words, their colours take the place of the
            picture's own.
        meaning: float32 [1, words_width] to search with; None where no words were given.
        look_share: how much the picture counts beside the words, 0 to 1.
        item_number: the item whose picture it is; None for uploads and words.
        frame: which frame of the item's video it is; None for its poster, and for pictures.
    """

    words: str
    rest: str
    colours: tuple[str, ...]
    refused: tuple[str, ...]
    look: np.ndarray | None
    look_sought: np.ndarray | None
    meaning: np.ndarray | None
    look_share: float
    item_number: int | None
    frame: int | None
    region: Region | None
    where: Filter | None

    @property
    def is_item_itself(self) -> bool:
        """What is looked for is a whole item, which need not be found again."""
        return self.item_number is not None and self.region is None and self.frame is None


@dataclass(frozen=True, slots=True)
class QueryShown:
    """What a client is told about how its search was read."""

    words: str
    colours: tuple[str, ...]
    region: Region | None
    has_picture: bool


@dataclass(frozen=True, slots=True)
class SearchPage:
    """One page of hits.

    Attributes:
        cursor: asks for the page after this one; None at the end.
        verdict: `found`; `weak`: the nearest are shown, and not claimed to be it; or `nothing`.
        message: what to tell the person; empty where the hits speak for themselves.
    """

    request_id: str
    placements: tuple[Placement, ...]
    cursor: str | None
    query: QueryShown
    verdict: Verdict
    message: str
    report: tuple[StageCount, ...]
    models: dict[str, str] = field(default_factory=dict)
    degraded: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Something to search for."""

    text: str
    kind: SuggestionKind
