"""This file is about edges of which the catalogue tells: who offers an item, which interest it is in.

The catalogue knows what holds now, and since when there is an item. So such an edge begins with its item, and
ends by no longer being there.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bowerbird.lake.catalogue import Catalogue
from bowerbird.taste.graph.marks import MARK


@dataclass(frozen=True, slots=True)
class Belongings:
    """What items belong to, row by row.

    Attributes:
        items: int64 [B] item numbers.
        targets: int64 [B] places in `names`.
        at_ms: int64 [B] when each item came.
        names: outside ids of what they belong to.
    """

    items: np.ndarray
    targets: np.ndarray
    at_ms: np.ndarray
    names: tuple[str, ...]

    def marks(self) -> np.ndarray:
        """`MARK` [B] the same as marks that join; no action led to them."""
        rows = np.zeros(len(self.items), MARK)
        rows["source"], rows["target"], rows["at_ms"] = self.items, self.targets, self.at_ms
        rows["weight"], rows["action"] = 1.0, -1
        return rows


def owned(catalogue: Catalogue) -> Belongings:
    """Live items and who offers them; items that name nobody are left out."""
    size = catalogue.size
    owners = catalogue.codes("owner")[:size].astype(np.int64)
    items = np.flatnonzero(catalogue.live[:size] & (owners > 0))
    names = catalogue.vocabulary("owner").values
    return Belongings(items, owners[items], catalogue.created_ms[items], names)


def about(catalogue: Catalogue, ids: Sequence[str], leaf_of: np.ndarray) -> Belongings:
    """Live items and the interest that each was put into.

    Args:
        ids: [I] of the interests.
        leaf_of: int64 [N] by item number a place in `ids`; -1 for none.
    """
    size = min(catalogue.size, len(leaf_of))
    items = np.flatnonzero(catalogue.live[:size] & (leaf_of[:size] >= 0))
    return Belongings(items, leaf_of[items], catalogue.created_ms[items], tuple(ids))
