"""This file is about the names of nodes: an outside id for each dense number, in order of appearance."""

from collections.abc import Iterable, Sequence

import numpy as np

_QUERY_CHARS = 200


class Names:
    """Ids ↔ numbers of one kind of node. No number is given twice; a forgotten id leaves its number empty."""

    def __init__(self, ids: Iterable[str] = ()) -> None:
        self._ids = list(ids)
        self._numbers = {id_: number for number, id_ in enumerate(self._ids) if id_}

    def __len__(self) -> int:
        return len(self._ids)

    def number_of(self, id_: str) -> int:
        """The number of an id, which gets one where it has none."""
        number = self._numbers.setdefault(id_, len(self._ids))
        if number == len(self._ids):
            self._ids.append(id_)
        return number

    def find(self, id_: str) -> int:
        """The number of an id; -1 for an unknown one."""
        return self._numbers.get(id_, -1)

    def found(self, ids: Sequence[str]) -> np.ndarray:
        """int64 [B] the same for many."""
        return np.array([self._numbers.get(id_, -1) for id_ in ids], dtype=np.int64)

    def id_of(self, number: int) -> str:
        """The id of a number; empty where it was forgotten."""
        return self._ids[number]

    def ids_of(self, numbers: Iterable[int]) -> list[str]:
        """The same for many."""
        return [self._ids[number] for number in numbers]

    def forget(self, id_: str) -> int:
        """The id has no number any more; gives the one it had, -1 where there was none."""
        number = self._numbers.pop(id_, -1)
        if number >= 0:
            self._ids[number] = ""
        return number

    def all(self) -> list[str]:
        """Every id in order of numbers."""
        return list(self._ids)


def query_key(text: str) -> str:
    """What a query is known by: case and spaces evened out, cut to a bounded length."""
    return " ".join(text.casefold().split())[:_QUERY_CHARS]
