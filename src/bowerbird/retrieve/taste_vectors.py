"""This file is about the trained taste space as a source of candidates: what lies near a person there.

The space was learned from what people put together and what they do next, so it finds what neither looks
like nor is called like what a person liked. Items that came later land in it from their content alone.
"""

from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from bowerbird.core.actions import ACTION_CODES, INTEREST_WEIGHTS
from bowerbird.lake.online_state import RecentActions
from bowerbird.retrieve.faiss_index import FaissIndex
from bowerbird.retrieve.learned import NOTHING_EXPECTED, Expected
from bowerbird.taste.people.histories import Past
from bowerbird.taste.space.served import TasteSpace

_LIKING = np.array([ACTION_CODES[action] for action in INTEREST_WEIGHTS], dtype=np.int64)
NEWEST_LIKES = 4
"""Of the newest liked items so many are asked with as well: one vector is the mean of several interests."""


class TasteVectors:
    """Vectors of one catalogue's items in one trained space, and what is near a person there.

    Any number of threads read; one at a time adds. Vectors of two spaces never meet: another space is
    another object.

    Args:
        id_: of the model's card.
        numbers: int64 [N] items with vectors.
        vectors: float32 [N, D] of length 1; rows of zeros say nothing and are left out.
    """

    def __init__(self, id_: str, space: TasteSpace, numbers: np.ndarray, vectors: np.ndarray) -> None:
        self.id = id_
        self._space = space
        says = np.abs(vectors).sum(axis=1) > 0
        width = vectors.shape[1]
        self._index = FaissIndex.build(numbers[says], vectors[says], stamp_text=space.version)
        self._by_number = np.zeros((int(numbers.max(initial=-1)) + 1, width), dtype=np.float32)
        self._by_number[numbers] = vectors

    def __len__(self) -> int:
        """How many items can be found."""
        return len(self._index)

    @property
    def text(self) -> str:
        """Name and id, as pages tell it."""
        return f"taste {self.id}"

    @property
    def covered(self) -> int:
        """The highest item number that was looked at, plus one."""
        return len(self._by_number)

    def expect(self, recent: RecentActions, k: int, _now_ms: int) -> Expected:
        """At most k items near a person, best first, each led to by the liked item that lies nearest to it.

        Nothing for someone none of whose likes is in the space.
        """
        likes = recent.numbers[np.isin(recent.actions, _LIKING) & self._holds(recent.numbers)]
        if not len(likes):
            return NOTHING_EXPECTED
        found = self._index.search(self._asks(recent, likes), k + len(likes)).numbers
        # Column by column: the best of each ask, then the second of each.
        numbers = found.T.ravel()
        numbers = numbers[(numbers >= 0) & ~np.isin(numbers, likes)]
        first = np.sort(np.unique(numbers, return_index=True)[1])[:k]
        numbers = numbers[first]
        nearest = np.argmax(self._by_number[numbers] @ self._by_number[likes].T, axis=1)
        shares = (1.0 - np.arange(len(numbers)) / max(len(numbers), 1)).astype(np.float32)
        return Expected(self.text, numbers, shares, likes[nearest])

    def near(self, number: int, k: int) -> np.ndarray:
        """int64 at most k items nearest to one, best first; none where it has no vector."""
        if not self._holds(np.array([number]))[0]:
            return np.zeros(0, dtype=np.int64)
        found: np.ndarray = self._index.search(self._by_number[[number]], k + 1).numbers[0]
        others: np.ndarray = found[(found >= 0) & (found != number)]
        return others[:k]

    def add(self, numbers: np.ndarray, content: np.ndarray, size: int) -> None:
        """Items that came later, from their content alone; findable on return.

        Args:
            content: float32 [B, C] as the space was trained with; rows of zeros say nothing.
            size: of the catalogue: so far everything was looked at.
        """
        grown = np.zeros((max(size, self.covered), self._by_number.shape[1]), dtype=np.float32)
        grown[: self.covered] = self._by_number
        says = np.abs(content).sum(axis=1) > 0
        if says.any():
            vectors = self._space.encoder.new_items(content[says])
            grown[numbers[says]] = vectors
            self._index.upsert(numbers[says], vectors)
        self._by_number = grown

    def _holds(self, numbers: np.ndarray) -> np.ndarray:
        inside = (numbers >= 0) & (numbers < self.covered)
        held: np.ndarray = inside & self._by_number[np.where(inside, numbers, 0)].any(axis=1)
        return held

    def _asks(self, recent: RecentActions, likes: np.ndarray) -> np.ndarray:
        """[1 + newest, D] the person, and the items liked last."""
        liked = np.flatnonzero(np.isin(recent.actions, _LIKING) & self._holds(recent.numbers))[::-1]
        past = Past(
            recent.numbers[liked][None],
            recent.actions[liked].astype(np.int64)[None],
            recent.at_ms[liked][None],
        )
        if self._space.people is not None:
            person = self._space.people.people(past, self._by_number)
        else:
            person = self._by_number[likes].mean(axis=0, keepdims=True)
        newest = likes[np.sort(np.unique(likes, return_index=True)[1])][:NEWEST_LIKES]
        return np.concatenate([person, self._by_number[newest]]).astype(np.float32)


TasteVectorsNow: TypeAlias = Callable[[], TasteVectors | None]
"""The space in use, if one was trained; asked for at every request, so that it can be swapped whole."""
