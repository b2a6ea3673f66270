"""This file is about what search hands on, and what it asks others to fill."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, Protocol, TypeAlias, runtime_checkable

import numpy as np

from bowerbird.blend import Placement, StageCount
from bowerbird.core.arrays import Pixels
from bowerbird.core.filters import Filter
from bowerbird.core.request import Region
from bowerbird.encode.types import PictureEncoder, WordsEncoder
from bowerbird.retrieve.cutoff import Verdict
from bowerbird.retrieve.lexical import WordHits
from bowerbird.retrieve.types import VectorIndex

Decode: TypeAlias = Callable[[bytes, Region | None], Pixels]
"""Untrusted bytes and a part, or None for all → its pixels. Raises PictureError."""

PictureOf: TypeAlias = Callable[[int], bytes]
"""Item number → bytes of its main picture. Raises NotFoundError where it has none."""

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
        colours: named colours that the words ask for.
        refused: named colours that the words refuse.
        look: float32 [1, look_width]; None where no picture was given.
        meaning: float32 [1, words_width]; None where no words were given.
        item_number: the item whose picture it is; None for uploads and words.
    """

    words: str
    colours: tuple[str, ...]
    refused: tuple[str, ...]
    look: np.ndarray | None
    meaning: np.ndarray | None
    item_number: int | None
    region: Region | None
    where: Filter | None


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
