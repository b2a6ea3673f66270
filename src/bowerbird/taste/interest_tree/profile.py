"""This file is about a person's profile: how much of each interest, why, and how it came to be."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from bowerbird.taste.config import DAY_MS, TasteConfig
from bowerbird.taste.interest_tree.scores import of_items
from bowerbird.taste.interest_tree.types import InterestTree
from bowerbird.taste.interest_tree.wishes import Said, Wishes, as_wished, leaves_of, wishes_at
from bowerbird.taste.liking import newest_of, weigh
from bowerbird.taste.types import Liking, VectorsOf

EVIDENCE = 6
"""Items that are named for one interest."""
LEAST_SAYS = 0.2
"""What such an item says beside the one that says most."""


@dataclass(frozen=True, slots=True)
class Done:
    """What a person did, newest first: int64 [A] items and times, int8 [A] action codes."""

    items: np.ndarray
    actions: np.ndarray
    at_ms: np.ndarray

    def before(self, t_ms: int, most: int) -> "Done":
        """The newest of what was done before t."""
        keep = np.flatnonzero(self.at_ms < t_ms)[:most]
        return Done(self.items[keep], self.actions[keep], self.at_ms[keep])


@dataclass(frozen=True, slots=True)
class Leaning:
    """How much a profile leans on what everybody likes.

    Attributes:
        prior: in fresh saves, how much what everybody likes counts beside what a person did.
        most_own: share that what a person did has at most, however much it is.
        people: on whose later likes it was fitted; 0 where it was not.
    """

    prior: float = 1.0
    most_own: float = 1.0
    people: int = 0

    def shares(self, hefts: np.ndarray, strength: float, everybody: np.ndarray) -> np.ndarray:
        """float64 [I] of what a person did, `strength` in all, and of what everybody likes."""
        own = self.most_own / (strength + self.prior)  # a save
        found: np.ndarray = hefts * own + everybody * (1 - strength * own)
        return found


@dataclass(frozen=True, slots=True)
class Profile:
    """A person's interests at one moment, by the places of a tree.

    Attributes:
        at_ms: the moment; nothing at it or later is known.
        shares: float64 [I] how likely the next thing they like is of each interest; those at the top add up
            to at most one, and a parent never has less than its children together.
        hefts: float64 [I] what they did, in fresh saves, faded: without what everybody likes.
        strength: all of it together.
        evidence: for each interest the items that say most, with what each says, the strongest first.
        liking: what it was read from.
        wishes: what the person said of their interests.
    """

    at_ms: int
    shares: np.ndarray
    hefts: np.ndarray
    strength: float
    evidence: dict[int, tuple[tuple[int, float], ...]]
    liking: Liking
    wishes: Wishes


def profile_of(
    tree: InterestTree,
    done: Done,
    vectors_of: VectorsOf,
    said: Sequence[Said],
    t_ms: int,
    config: TasteConfig,
    *,
    everybody: np.ndarray | None = None,
    leaning: Leaning | None = None,
) -> Profile:
    """What a person's actions before t say, under what they said of their interests before t.

    A person who did nothing has the shares of everybody, and with `everybody` None none at all.

    Args:
        everybody: float64 [I] shares of all people together.
        leaning: how much those count.
    """
    newest = done.before(t_ms, 2 * config.max_actions)
    liking = weigh(newest.items, newest.actions, newest.at_ms, now_ms=t_ms, config=config)
    wishes = wishes_at(tree, said, t_ms)
    liking = as_wished(liking, newest_of(newest.items, newest.at_ms, liking.liked), tree, wishes)
    says = of_items(tree, liking.liked, vectors_of(liking.liked)) * liking.weights[:, None]  # [L, I]
    hefts = says.sum(axis=0)
    strength = float(liking.weights.sum())
    if everybody is None:
        shares = hefts / strength if strength > 0 else np.zeros(len(tree))
    else:
        shares = (leaning or Leaning()).shares(hefts, strength, _under(everybody, tree, wishes))
    return Profile(t_ms, shares, hefts, strength, _evidence(says, liking), liking, wishes)


def of_everybody(tree: InterestTree, liked: np.ndarray) -> np.ndarray:
    """float64 [I] shares of all people together: what was liked, by the interest that each item is in.

    Args:
        liked: float64 [N] by item number how much all people liked it.
    """
    leaf = leaves_of(tree, np.arange(len(liked)))
    own = np.bincount(leaf[leaf >= 0], liked[leaf >= 0], minlength=len(tree)).astype(np.float64)
    shares: np.ndarray = tree.rolled_up(own) / max(float(own.sum()), 1e-12)
    return shares


def faded(
    profile_at: Callable[[int], Profile], t_ms: int, *, days: int = 84, points: int = 13
) -> tuple[np.ndarray, np.ndarray]:
    """How the profile came to be: int64 [P] moments up to t, and float64 [P, I] hefts at each."""
    moments = t_ms - np.linspace(days, 0, points).astype(np.int64) * DAY_MS
    return moments, np.stack([profile_at(int(moment)).hefts for moment in moments])


def _under(everybody: np.ndarray, tree: InterestTree, wishes: Wishes) -> np.ndarray:
    """What everybody likes, without what this person does not want; parents keep what is left below them."""
    own = everybody.copy()
    for place in range(len(tree)):
        if tree.parents[place] >= 0:
            own[tree.parents[place]] -= everybody[place]
    return tree.rolled_up(np.maximum(own, 0) * wishes.factors)


def _evidence(says: np.ndarray, liking: Liking) -> dict[int, tuple[tuple[int, float], ...]]:
    found = {}
    for place in np.flatnonzero(says.sum(axis=0) > 0).tolist():
        best = np.argsort(-says[:, place], kind="stable")[:EVIDENCE]
        least = LEAST_SAYS * says[best[0], place]
        found[place] = tuple(
            (int(liking.liked[row]), float(says[row, place])) for row in best if says[row, place] >= least
        )
    return found
