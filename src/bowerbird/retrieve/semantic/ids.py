"""This file is about semantic ids: a tuple of codes for each item, its own and nobody else's."""

from dataclasses import dataclass

import numpy as np

from bowerbird.core.errors import InputError
from bowerbird.retrieve.semantic.codebooks import Codebooks

ALONE = -1
"""Stands in the last level where L codes already tell an item from all others."""


@dataclass(frozen=True, slots=True)
class SemanticIds:
    """The ids of a catalogue: row n is item n.

    Attributes:
        codes: int32 [N, L + 1]; the last column tells apart items with the same L codes, in catalogue order,
            and is `ALONE` where there is only one.
    """

    codes: np.ndarray

    def __len__(self) -> int:
        return len(self.codes)

    @property
    def levels(self) -> int:
        """L, the last level not counted."""
        return int(self.codes.shape[1]) - 1

    @property
    def largest_group(self) -> int:
        """How many items share L codes at most."""
        return int(self.codes[:, -1].max(initial=0)) + 1


def told_apart(codes: np.ndarray) -> SemanticIds:
    """Ids from int32 [N, L] codes.

    An item keeps its id when others come after it, except that `ALONE` becomes 0.

    Source: "Recommender systems with generative retrieval", section 3.1, on collisions.
    """
    place, size = _places_in_group(codes)
    last = np.where(size > 1, place, ALONE)
    return SemanticIds(np.column_stack([codes, last]).astype(np.int32))


def ids_of(
    codebooks: Codebooks, vectors: np.ndarray, most_last_codes: int, before: SemanticIds | None = None
) -> SemanticIds:
    """The ids of a catalogue, or those of one that has grown: the old items first, their ids stay.

    Where more than `most_last_codes` items would share L codes, the later ones take the next nearest code of
    level L.

    Args:
        vectors: float32 [N, D] of items that have no id yet.
        before: of the items that have one.

    Raises:
        InputError: so many items are alike that no code is free.
    """
    codes, old = codebooks.codes(vectors), 0
    if before is not None:
        codes, old = np.concatenate([before.codes[:, :-1], codes]), len(before)
    for turn in range(1, codebooks.size + 1):
        place, _ = _places_in_group(codes)
        crowded = np.flatnonzero(place >= most_last_codes)
        if len(crowded) == 0:
            return told_apart(codes)
        if turn < codebooks.size:
            choices = codebooks.last_choices(vectors[crowded - old], codes[crowded])
            codes[crowded, -1] = choices[:, turn]
    raise InputError(
        f"{len(crowded):,} items found no free id, because too many items have the same content; needed are "
        f"at most {most_last_codes * codebooks.size:,} such items; give them titles that tell them apart, or "
        "allow more codes"
    )


def _places_in_group(codes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """int64 [N] each: how many earlier items have the same codes, and how many items have them in all."""
    if len(codes) == 0:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    order = np.lexsort(codes.T[::-1])  # stable, so that a group stays in catalogue order
    is_first = np.concatenate([[True], (np.diff(codes[order], axis=0) != 0).any(axis=1)])
    firsts = np.flatnonzero(is_first)
    sizes = np.diff(np.append(firsts, len(codes)))
    place, size = np.empty(len(codes), np.int64), np.empty(len(codes), np.int64)
    place[order] = np.arange(len(codes)) - np.repeat(firsts, sizes)
    size[order] = np.repeat(sizes, sizes)
    return place, size
