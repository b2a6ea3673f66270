"""This file is about the tree of interests as columns, and what it says about items."""

from dataclasses import dataclass

import numpy as np

ROOT = -1
"""The parent of an interest at the top."""


@dataclass(frozen=True, slots=True)
class InterestTree:
    """Interests, parents before their children; an item belongs to one leaf or to none.

    Attributes:
        ids: stable from one refresh to the next; never given to another interest.
        names: what a person reads; of the interest alone, without its parents.
        parents: int64 [I] places of the parents; `ROOT` at the top.
        leaf_of: int64 [N] by item number the interest that an item was put into; -1 for none.
        centres: float32 [I, D] unit vectors in the space that it was made in; zeros where nothing is known.
        sharpness: cosines times this are log chances; fitted so that the chances are true.
    """

    ids: tuple[str, ...]
    names: tuple[str, ...]
    parents: np.ndarray
    leaf_of: np.ndarray
    centres: np.ndarray
    sharpness: float = 10.0

    def __len__(self) -> int:
        return len(self.ids)

    def place_of(self, id_: str) -> int:
        """Where an interest stands; -1 for an unknown one."""
        return self.ids.index(id_) if id_ in self.ids else -1

    def path(self, place: int) -> tuple[int, ...]:
        """Places from the top down to an interest."""
        steps: list[int] = []
        while place != ROOT:
            steps.append(place)
            place = int(self.parents[place])
        return tuple(reversed(steps))

    def path_names(self, place: int) -> tuple[str, ...]:
        """The same in words."""
        return tuple(self.names[step] for step in self.path(place))

    @property
    def leaves(self) -> np.ndarray:
        """int64 places of interests that items are put into: those without children, and with items."""
        has_items = np.zeros(len(self), bool)
        has_items[np.unique(self.leaf_of[self.leaf_of >= 0])] = True
        has_children = np.zeros(len(self), bool)
        has_children[self.parents[self.parents >= 0]] = True
        return np.flatnonzero(has_items | ~has_children)

    def rolled_up(self, own: np.ndarray) -> np.ndarray:
        """[…, I] what each interest has, with all that those below it have: a parent never has less."""
        total = own.astype(np.float64, copy=True)
        for place in range(len(self) - 1, -1, -1):  # children stand after their parents
            parent = self.parents[place]
            if parent != ROOT:
                total[..., parent] += total[..., place]
        return total

    def within(self, place: int) -> np.ndarray:
        """bool [I] the interest and everything below it."""
        inside = np.zeros(len(self), bool)
        inside[place] = True
        for other in range(place + 1, len(self)):
            inside[other] = self.parents[other] != ROOT and inside[self.parents[other]]
        return inside
