"""This file is about keeping the ids of interests when the tree is made anew."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from bowerbird.taste.interest_tree.naming import is_unnamed
from bowerbird.taste.interest_tree.types import InterestTree

_SAME_PATH = 0.5
"""What the same path of names is worth, in shares of common items."""


def with_ids_of(
    new: InterestTree, old: InterestTree | None, same_items: float, fresh_id: Callable[[], str]
) -> InterestTree:
    """The new tree, its interests under the ids of the old ones that they go on from.

    Pairs that share most of their items come first, the same path of names counting for them; then those that
    share only the path. Each old id goes to one new interest, all others get a fresh one. An id that vanished
    is never given again.

    Args:
        same_items: least share of common items, of all that either has (Jaccard).
    """
    ids: dict[int, str] = {}
    taken: set[int] = set()
    if old is not None:
        for place, before in _pairs(new, old, same_items):
            if place not in ids and before not in taken:
                ids[place] = old.ids[before]
                taken.add(before)
    return replace(new, ids=tuple(ids.get(place) or fresh_id() for place in range(len(new))))


def _pairs(new: InterestTree, old: InterestTree, same_items: float) -> Iterator[tuple[int, int]]:
    """(new, old), the likeliest to be one interest first."""
    named = {old.path_names(place): place for place in range(len(old)) if not is_unnamed(old.names[place])}
    same_path = {place: named.get(new.path_names(place), -1) for place in range(len(new))}
    shares = shared(new, old)
    worth = shares.copy()
    for place, before in same_path.items():
        if before >= 0 and shares[place, before] > 0:
            worth[place, before] += _SAME_PATH
    rows, columns = np.nonzero(worth >= same_items)
    for i in np.lexsort((columns, rows, -worth[rows, columns])):
        yield int(rows[i]), int(columns[i])
    yield from ((place, before) for place, before in same_path.items() if before >= 0)


def shared(new: InterestTree, old: InterestTree) -> np.ndarray:
    """float64 [I new, I old] common items of all that either has."""
    count = min(len(new.leaf_of), len(old.leaf_of))
    both = (new.leaf_of[:count] >= 0) & (old.leaf_of[:count] >= 0)
    common = np.zeros((len(new), len(old)))
    np.add.at(common, (new.leaf_of[:count][both], old.leaf_of[:count][both]), 1)
    common = old.rolled_up(new.rolled_up(common.T).T)
    all_of_both = _sizes(new, count)[:, None] + _sizes(old, count)[None, :] - common
    shares: np.ndarray = common / np.maximum(all_of_both, 1)
    return shares


def _sizes(tree: InterestTree, count: int) -> np.ndarray:
    """Of the items that both trees may know."""
    known = tree.leaf_of[:count]
    return tree.rolled_up(np.bincount(known[known >= 0], minlength=len(tree)))
