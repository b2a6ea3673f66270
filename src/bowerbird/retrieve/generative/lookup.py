"""This file is about looking query vectors up: exactly in an array, or in any vector index of a lake."""

from typing import Protocol, runtime_checkable

import numpy as np

from bowerbird.core.arrays import Embeddings, ItemNumbers
from bowerbird.learn.data import Histories
from bowerbird.learn.evaluate import top_of_scores
from bowerbird.retrieve.types import VectorIndex

_SCORES_AT_ONCE = 8_000_000


@runtime_checkable
class Lookup(Protocol):
    """Finds the items nearest to vectors."""

    def nearest(self, vectors: Embeddings, k: int, exclude: Histories) -> np.ndarray:
        """int32 [Q, k] items by inner product, best first, -1 where fewer were found.

        Args:
            vectors: [Q, D].
            exclude: [Q] items that must not come back.
        """
        ...


class ExactLookup:
    """Every item is compared.

    Args:
        items: float32 [N, D]. Kept column by column: a product with few vectors then takes a quarter of the
            time.
    """

    def __init__(self, items: Embeddings) -> None:
        self._items = np.asfortranarray(items)

    def nearest(self, vectors: Embeddings, k: int, exclude: Histories) -> np.ndarray:
        """int32 [Q, k] items, best first."""
        found = np.full((len(vectors), k), -1, dtype=np.int32)
        size = max(_SCORES_AT_ONCE // max(len(self._items), 1), 1)
        for start in range(0, len(vectors), size):
            stop = min(start + size, len(vectors))
            scores = vectors[start:stop] @ self._items.T  # [Q, D] @ [D, N] -> [Q, N]
            found[start:stop] = top_of_scores(scores, k, exclude.rows(start, stop)).items
        return found


class IndexLookup:
    """Any vector index that holds the model's item vectors.

    Args:
        numbers: int64 [N] under which number the index has each of the model's items, ascending; none: under
            the model's own. What the index holds beside them is never proposed.
        effort: recall to aim for; 1 is exact.
    """

    def __init__(self, index: VectorIndex, numbers: ItemNumbers | None = None, effort: float = 0.97) -> None:
        self._index = index
        self._numbers = numbers
        self._effort = effort

    def nearest(self, vectors: Embeddings, k: int, exclude: Histories) -> np.ndarray:
        """int32 [Q, k] items, best first; as many more are fetched as may have to be left out."""
        more = int(exclude.lengths.max(initial=0))
        found = self._items_of(self._index.search(vectors, k + more, effort=self._effort).numbers)
        width = int(max(found.max(initial=0), exclude.items.max(initial=0))) + 2
        row = np.arange(len(found))[:, None] * width
        keep = (found >= 0) & ~np.isin(row + found, exclude.row_of_entry() * width + exclude.items)
        order = np.argsort(~keep, axis=1, kind="stable")[:, :k]
        kept = np.where(keep, found, -1)
        return np.take_along_axis(kept, order, axis=1).astype(np.int32)

    def _items_of(self, numbers: np.ndarray) -> np.ndarray:
        if self._numbers is None:
            return numbers
        place = np.minimum(np.searchsorted(self._numbers, numbers), len(self._numbers) - 1)
        items: np.ndarray = np.where(self._numbers[place] == numbers, place, -1)
        return items


def interleaved(found: np.ndarray, quota: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Each vector's items in turn, as many as its quota says.

    What an earlier vector has taken is passed over for the next one of the list, so that the quotas of all
    together are that many different items.

    Args:
        found: int32 [B, V, k] items of each vector, best first, -1 where there are none.
        quota: int64 [B, V] how many each may take; rows add up to k.

    Returns:
        int32 [B, k] items, -1 after the last; float32 [B, k] how early each came, from 1 to 0, then -inf.
    """
    rows, vectors, k = found.shape
    taken = np.full((rows, vectors, k), -1, dtype=np.int32)
    turns = np.full((rows, vectors, k), np.inf)
    for place in range(vectors):
        mine, wanted = found[:, place], quota[:, place, None]
        known = (mine[:, :, None] == taken[:, :place].reshape(rows, 1, place * k)).any(axis=2)
        is_new = (mine >= 0) & ~known
        rank = np.cumsum(is_new, axis=1) - 1
        is_mine = is_new & (rank < wanted)
        taken[:, place] = np.where(is_mine, mine, -1)
        turns[:, place] = np.where(is_mine, (rank + 0.5) / np.maximum(wanted, 1), np.inf)
    turn = turns.reshape(rows, vectors * k)
    order = np.argsort(turn, axis=1, kind="stable")[:, :k]
    when = np.take_along_axis(turn, order, axis=1)
    items = np.take_along_axis(taken.reshape(rows, vectors * k), order, axis=1)
    return items, (1 - when).astype(np.float32)
