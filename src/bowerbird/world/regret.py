"""This file is about regret: what a page was worth to a person, against the best page there was."""

from dataclasses import dataclass

import numpy as np

from bowerbird.core.errors import InputError
from bowerbird.world.behaviour import appeal_of, chances_of, examination
from bowerbird.world.oracle import worths
from bowerbird.world.policies import best
from bowerbird.world.world import World


@dataclass(frozen=True, slots=True)
class Regret:
    """Expected worth of pages as the world stands now, all float64 [B], in saves.

    Attributes:
        worth: of the page given.
        best: of the best page of the same length.
    """

    worth: np.ndarray
    best: np.ndarray

    @property
    def regret(self) -> np.ndarray:
        """What is lost, never below 0."""
        lost: np.ndarray = np.maximum(self.best - self.worth, 0.0)
        return lost

    @property
    def share(self) -> np.ndarray:
        """`worth / best`; 1 where even the best page is worth nothing."""
        share: np.ndarray = np.where(self.best > 0, self.worth / np.maximum(self.best, 1e-12), 1.0)
        return share


def regret_of(world: World, who: np.ndarray, slates: np.ndarray, *, live: int | None = None) -> Regret:
    """What pages lose against the best ones, in expectation over what people would do.

    A page is worth the sum over its places of the chance to be examined times the worth of the item. No item
    changes the worth of another on its page, so the best page is the items in order of worth, in the places
    in order of their chance.

    Args:
        who: [B] persons.
        slates: [B, S] items, -1 where a place is empty.
        live: the first so many items may be shown; all by default.

    Raises:
        InputError: a row holds an item twice, or one that cannot be shown.
    """
    live = len(world.items) if live is None else live
    _check(slates, live)
    chances = examination(world, who, slates.shape[1])
    given = np.maximum(slates, 0)
    worth = chances_of(world, who, given, appeal_of(world, who, given)).worth()
    worth = np.where(slates >= 0, worth, 0.0)
    everything = worths(world, who, live)
    top = np.take_along_axis(everything, best(everything, min(slates.shape[1], live)), axis=1)
    # An item that is worth less than nothing is better left out.
    top = np.maximum(top, 0.0)
    places = -np.sort(-chances, axis=1)[:, : top.shape[1]]
    return Regret(
        (chances * worth).sum(axis=1, dtype=np.float64), (places * top).sum(axis=1, dtype=np.float64)
    )


def _check(slates: np.ndarray, live: int) -> None:
    if slates.ndim != 2 or (slates >= live).any():
        raise InputError(
            f"pages of shape {slates.shape} with items up to {slates.max(initial=-1)} were received; "
            f"needed are [persons, places] with items below {live}; number items as the world does"
        )
    ordered = np.sort(slates, axis=1)
    if ((ordered[:, 1:] == ordered[:, :-1]) & (ordered[:, 1:] >= 0)).any():
        raise InputError("a page holds an item twice; needed are different items; show each once")
