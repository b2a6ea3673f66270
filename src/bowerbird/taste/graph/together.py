"""This file is about what people put together: pictures on the same boards, and how an edge is explained."""

from dataclasses import dataclass

import numpy as np

from bowerbird.taste.graph.types import Edges

MOST_BOARDS = 500
"""Of one picture, the newest: a hub on a million boards says little about each."""
MOST_ON_BOARD = 1_000
"""Of one board, the newest: on a board of 50,000 items, two of them are hardly together."""


@dataclass(frozen=True, slots=True)
class Together:
    """Pictures that lie on boards with one picture, best first.

    Attributes:
        items: int64 [K].
        scores: float32 [K]; each shared board counts 1 / log(2 + its size); the sum is divided by the root of
            how many boards the other picture is on, so that what is everywhere is nobody's neighbour.
        boards: int64 [K] how many boards they share.
    """

    items: np.ndarray
    scores: np.ndarray
    boards: np.ndarray

    def __len__(self) -> int:
        return len(self.items)


class Shelves:
    """Which picture is on which board, by both: one reading of the edges, asked many times.

    Args:
        saved: edges SAVED_TO that hold; those of secret boards left out by the caller.
    """

    def __init__(self, saved: Edges) -> None:
        newest_first = np.arange(len(saved))[::-1]
        self._by_item = _Rows(saved.sources[newest_first], saved.targets[newest_first])
        self._by_board = _Rows(saved.targets[newest_first], saved.sources[newest_first])

    def boards_of(self, item: int) -> np.ndarray:
        """int64 boards that a picture is on, newest save first, at most `MOST_BOARDS`."""
        return self._by_item.of(item)[:MOST_BOARDS]

    def items_of(self, board: int) -> np.ndarray:
        """int64 pictures on a board, newest first, at most `MOST_ON_BOARD`."""
        return self._by_board.of(board)[:MOST_ON_BOARD]

    def together_with(self, item: int, k: int) -> Together:
        """The k pictures that people put together with this one.

        Source: the idea of Pixie (1711.07601): steps item → board → item, hubs counted down; here all paths
        of two steps are counted in place of drawn walks.
        """
        boards = self.boards_of(item)
        shelves = [self.items_of(int(board)) for board in boards]
        sizes = np.array([len(shelf) for shelf in shelves])
        if not sizes.sum():
            return Together(np.zeros(0, np.int64), np.zeros(0, np.float32), np.zeros(0, np.int64))
        met = np.concatenate(shelves)
        weights = np.repeat(1 / np.log(2 + sizes), sizes)
        items, place = np.unique(met, return_inverse=True)
        heft = np.bincount(place, weights=weights)
        shared = np.bincount(place)
        spread = np.sqrt([max(self._by_item.count(int(each)), 1) for each in items])
        scores = heft / spread
        order = np.lexsort((items, -scores))
        order = order[items[order] != item][:k]
        return Together(items[order], scores[order].astype(np.float32), shared[order])

    def shared(self, one: int, other: int) -> np.ndarray:
        """int64 boards that hold both."""
        return np.intersect1d(self._by_item.of(one), self._by_item.of(other))


class _Rows:
    """Values by key, in the order given."""

    def __init__(self, keys: np.ndarray, values: np.ndarray) -> None:
        order = np.argsort(keys, kind="stable")
        self._keys, self._values = keys[order], values[order]

    def of(self, key: int) -> np.ndarray:
        first, last = self._bounds(key)
        return self._values[first:last]

    def count(self, key: int) -> int:
        first, last = self._bounds(key)
        return last - first

    def _bounds(self, key: int) -> tuple[int, int]:
        first, last = np.searchsorted(self._keys, [key, key + 1])
        return int(first), int(last)
