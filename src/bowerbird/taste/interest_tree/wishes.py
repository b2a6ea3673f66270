"""This file is about what a person wants of an interest: more, less, never, quiet, forgotten."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from bowerbird.taste.interest_tree.types import InterestTree
from bowerbird.taste.types import Liking

MORE, LESS = 2.0, 0.5
"""What an interest is worth under a wish, beside 1."""


class Wish(StrEnum):
    """What can be said of an interest."""

    MORE = "more"
    LESS = "less"
    NEVER = "never"
    MUTE = "mute"  # never, until a moment
    FORGET = "forget"  # what was done before says nothing of it any more
    CLEAR = "clear"  # the wish before holds no more, as if nothing had been said


@dataclass(frozen=True, slots=True)
class Said:
    """One wish of one person. `until_ms` is -1 but for `MUTE`."""

    interest_id: str
    wish: Wish
    at_ms: int
    until_ms: int = -1


@dataclass(frozen=True, slots=True)
class Wishes:
    """What holds at one moment, by the places of a tree.

    Attributes:
        factors: float64 [I] what each interest is worth; 0: it is not wanted.
        forgotten_ms: int64 [I] what came before says nothing; -1: nothing is forgotten.
        holding: what was last said of each interest that something holds for.
        unknown: ids of interests that are gone from the tree: kept, without effect.
    """

    factors: np.ndarray
    forgotten_ms: np.ndarray
    holding: dict[str, Said]
    unknown: tuple[str, ...]


def wishes_at(tree: InterestTree, said: Sequence[Said], t_ms: int) -> Wishes:
    """What holds at t of all that a person said before: of one interest the newest.

    An interest of which nothing was said follows the nearest one above it. Forgetting stands beside the other
    wishes, and reaches down to everything below.
    """
    known = sorted((each for each in said if each.at_ms < t_ms), key=lambda each: each.at_ms)
    forgotten = {each.interest_id: each for each in known if each.wish is Wish.FORGET}
    newest = {each.interest_id: each for each in known if each.wish is not Wish.FORGET}
    holding = {id_: each for id_, each in newest.items() if _holds(each, t_ms)}
    factors, forgotten_ms = np.ones(len(tree)), np.full(len(tree), -1, np.int64)
    for place, id_ in enumerate(tree.ids):
        parent = int(tree.parents[place])
        if id_ in holding:
            factors[place] = _factor(holding[id_].wish)
        elif parent >= 0:
            factors[place] = factors[parent]
        own = forgotten[id_].at_ms if id_ in forgotten else -1
        forgotten_ms[place] = max(own, forgotten_ms[parent] if parent >= 0 else -1)
    unknown = tuple(id_ for id_ in {**holding, **forgotten} if tree.place_of(id_) < 0)
    return Wishes(factors, forgotten_ms, holding, unknown)


def as_wished(liking: Liking, newest_ms: np.ndarray, tree: InterestTree, wishes: Wishes) -> Liking:
    """What a person likes, item by item, under their wishes: unwanted interests are left out.

    Args:
        newest_ms: int64 [L] when each liked item was last acted on.
    """
    leaf = leaves_of(tree, liking.liked)
    factor = np.where(leaf >= 0, wishes.factors[leaf], 1.0)
    is_forgotten = (leaf >= 0) & (newest_ms < wishes.forgotten_ms[leaf])
    weighed = Liking(
        liking.liked,
        (liking.weights * factor).astype(np.float32),
        liking.actions,
        liking.disliked,
        liking.dislike_weights,
    )
    return weighed.where((factor > 0) & ~is_forgotten)


def unwanted(tree: InterestTree, wishes: Wishes, items: np.ndarray) -> np.ndarray:
    """bool [C] items of interests that are not wanted."""
    leaf = leaves_of(tree, items)
    hit: np.ndarray = (leaf >= 0) & (wishes.factors[leaf] == 0)
    return hit


def leaves_of(tree: InterestTree, items: np.ndarray) -> np.ndarray:
    """int64 [C] the interest of each item; -1 for those without one, and for those that came since."""
    if not len(tree.leaf_of):
        return np.full(len(items), -1)
    known = tree.leaf_of[np.minimum(items, len(tree.leaf_of) - 1)]
    leaves: np.ndarray = np.where(items < len(tree.leaf_of), known, -1)
    return leaves


def _holds(said: Said, t_ms: int) -> bool:
    return said.wish is not Wish.CLEAR and (said.wish is not Wish.MUTE or t_ms <= said.until_ms)


def _factor(wish: Wish) -> float:
    return {Wish.MORE: MORE, Wish.LESS: LESS}.get(wish, 0.0)
