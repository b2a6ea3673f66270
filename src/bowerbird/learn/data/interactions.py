"""This file is about interactions: what people did with items, as columns with vocabularies."""

import hashlib
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from bowerbird.core.errors import InputError
from bowerbird.learn.data.histories import Histories, bounds_of

TimeKind = Literal["absolute", "relative", "order"]
"""Real times; times since each person's first interaction; or only an order."""


@dataclass(frozen=True, slots=True)
class ItemFacts:
    """The catalogue: item n is row n. Items that nobody has met are in it too.

    Attributes:
        ids: outside ids.
        titles: words of each item; empty where none are known.
        attributes: short values such as brand and category.
        vectors: float32 [N, D] content vectors of finite numbers, or none.
    """

    ids: tuple[str, ...]
    titles: tuple[str, ...]
    attributes: tuple[tuple[str, ...], ...]
    vectors: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.ids)

    def words(self) -> list[str]:
        """Title and attributes of each item as one text."""
        return [" ".join((title, *more)) for title, more in zip(self.titles, self.attributes, strict=True)]

    def with_vectors(self, vectors: np.ndarray) -> "ItemFacts":
        """The same items with content vectors; a row that is not finite becomes zeros (like nothing).

        Raises:
            InputError: not one row an item.
        """
        if vectors.ndim != 2 or len(vectors) != len(self):
            raise InputError(
                f"content vectors of shape {vectors.shape} were received; needed is one row for each of "
                f"{len(self):,} items; encode the catalogue again"
            )
        is_finite = np.isfinite(vectors).all(axis=1, keepdims=True)
        return replace(self, vectors=np.where(is_finite, vectors, 0).astype(np.float32))

    def sha256(self) -> str:
        """Hex that changes when anything in it changes."""
        digest = hashlib.sha256()
        for id_, text in zip(self.ids, self.words(), strict=True):
            digest.update(f"{id_}\x1f{text}\x1e".encode())
        if self.vectors is not None:
            digest.update(np.ascontiguousarray(self.vectors).tobytes())
        return digest.hexdigest()


@dataclass(frozen=True, slots=True)
class Interactions:
    """Row i is one action of one person with one item; sorted by person, then time, then source order.

    Attributes:
        persons: int32 [E] person numbers.
        items: int32 [E] item numbers.
        at_ms: int64 [E]; what it can be compared with is said by `time`.
        actions: int8 [E] codes of `core.actions`; a source that does not say counts as saves.
        weights: float32 [E] how strongly the action says "I like this".
        person_ids: outside ids by person number; persons without interactions may be among them.
        catalogue: the items.
        time: what `at_ms` means.
        ties_are_drawn: the order of entries of one person and moment was drawn, because nobody knows it;
            otherwise it is the source's, taken for true.
    """

    persons: np.ndarray
    items: np.ndarray
    at_ms: np.ndarray
    actions: np.ndarray
    weights: np.ndarray
    person_ids: tuple[str, ...]
    catalogue: ItemFacts
    time: TimeKind
    ties_are_drawn: bool = False

    def __len__(self) -> int:
        return len(self.items)

    @property
    def item_count(self) -> int:
        """N, the size of the catalogue."""
        return len(self.catalogue)

    @property
    def person_count(self) -> int:
        """How many persons there are, those without interactions among them."""
        return len(self.person_ids)

    def where(self, keep: np.ndarray) -> "Interactions":
        """Only the rows where `keep` is true (or the rows numbered), vocabularies unchanged."""
        return replace(
            self,
            persons=self.persons[keep],
            items=self.items[keep],
            at_ms=self.at_ms[keep],
            actions=self.actions[keep],
            weights=self.weights[keep],
        )

    def item_counts(self) -> np.ndarray:
        """int64 [N] how many interactions each item has."""
        counts: np.ndarray = np.bincount(self.items, minlength=self.item_count)
        return counts

    def bounds(self) -> np.ndarray:
        """int64 [persons + 1] where each person's rows begin and end."""
        return bounds_of(np.bincount(self.persons, minlength=self.person_count))

    def histories(self) -> Histories:
        """Everything that each person did; one row a person, no copy of the columns."""
        count = self.person_count
        return Histories(
            np.arange(count, dtype=np.int32),
            self.bounds(),
            self.items,
            self.at_ms,
            self.actions,
            self.weights,
            np.full(count, -1, dtype=np.int64),
        )
