"""This file is about wishes on the way of a request: what a feed needs of them, and nothing else."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from bowerbird.taste.interest_tree.types import InterestTree
from bowerbird.taste.interest_tree.wishes import Wishes, as_wished
from bowerbird.taste.types import Liking


@dataclass(frozen=True, slots=True)
class Wanted:
    """One person's wishes over one tree. `stamp` changes whenever anything here does."""

    tree: InterestTree
    wishes: Wishes
    stamp: str

    def applied(self, liking: Liking, newest_ms: np.ndarray) -> Liking:
        """What is liked under the wishes; `newest_ms` int64 [L] when each item was last acted on."""
        return as_wished(liking, newest_ms, self.tree, self.wishes)

    def unwanted_items(self) -> np.ndarray:
        """int64 sorted numbers of all items of interests that are not wanted."""
        leaf = self.tree.leaf_of
        return np.flatnonzero((leaf >= 0) & (self.wishes.factors[leaf] == 0))


WantedNow = Callable[[str, int], Wanted | None]
"""(person, now in ms) → what holds; None for who said nothing, or where there is no tree."""
