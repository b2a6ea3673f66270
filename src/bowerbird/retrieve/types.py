"""This file is about what retrieval hands on, and what it asks of an index."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np

from bowerbird.core.arrays import Embeddings, HitNumbers, HitScores, ItemMask, ItemNumbers, Mask, Scores
from bowerbird.core.filters import Filter


@dataclass(frozen=True, slots=True)
class Candidates:
    """Items that might go on the page, as columns: row i is one item, best first.

    Attributes:
        numbers: [C] item numbers, each once.
        scores: [C] merged score; comparable only within this object.
        sources: [C] index into `source_names`: which source proposed it first.
        source_names: names of the sources, in the order of their codes.
        evidence: [C] item number (or row of a person's interest) that led to it; -1 where there is none.
    """

    numbers: ItemNumbers
    scores: Scores
    sources: np.ndarray
    source_names: tuple[str, ...]
    evidence: np.ndarray

    def where(self, keep: Mask) -> "Candidates":
        """Only the rows where `keep` is true, order unchanged."""
        return Candidates(
            self.numbers[keep],
            self.scores[keep],
            self.sources[keep],
            self.source_names,
            self.evidence[keep],
        )

    def __len__(self) -> int:
        return len(self.numbers)


@dataclass(frozen=True, slots=True)
class Hits:
    """Nearest items of a batch of queries, best first; -1 and -inf fill rows that found fewer than k."""

    numbers: HitNumbers
    scores: HitScores


@runtime_checkable
class FilterColumns(Protocol):
    """Filterable fields of items, as columns addressed by number; the catalogue is one."""

    @property
    def version(self) -> int:
        """Grows with every change, so that answers can be kept until then."""
        ...

    def mask(self, where: Filter) -> ItemMask:
        """[highest number + 1] which items the filter keeps; callers never write to it.

        Raises:
            FilterError: a field is unknown.
        """
        ...


@runtime_checkable
class VectorIndex(Protocol):
    """Nearest neighbours by inner product. Derived from the lake, can be rebuilt at any time."""

    @property
    def stamp_text(self) -> str:
        """Which encoder, version and space the vectors come from."""
        ...

    @property
    def width(self) -> int:
        """D, the width of its vectors."""
        ...

    def __len__(self) -> int:
        """How many items can be found."""
        ...

    def search(self, queries: Embeddings, k: int, where: Filter | None = None, effort: float = 0.97) -> Hits:
        """The k nearest items of each query.

        Args:
            queries: [Q, D].
            k: at least 1; fewer are found where fewer match.
            where: only items that the filter keeps.
            effort: recall@10 to aim for, in (0, 1]; 1 is exact.

        Raises:
            IncompatibleIndexError: the queries have another width.
        """
        ...

    def vectors(self, numbers: ItemNumbers) -> Embeddings:
        """[C, D] the stored vectors; a row of zeros where the item is not there."""
        ...

    def upsert(
        self,
        numbers: ItemNumbers,
        vectors: Embeddings,
        payload: Sequence[Mapping[str, Any]] | None = None,
    ) -> None:
        """Add or replace; searchable on return. `payload` holds filterable fields, one mapping a row."""
        ...

    def delete(self, numbers: ItemNumbers) -> None:
        """Forget; gone from searches on return. Unknown numbers are passed over."""
        ...


@runtime_checkable
class LexicalIndex(Protocol):
    """Items by their words (BM25)."""

    def search(self, text: str, k: int, where: Filter | None = None) -> Hits:
        """One row of hits; an empty row where no word matches."""
        ...
