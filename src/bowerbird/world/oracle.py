"""This file is about the oracle: the policy that knows the truth, to say how good any other could be."""

from dataclasses import dataclass

import numpy as np

from bowerbird.world.behaviour import appeal_of, chances_of
from bowerbird.world.log import WorldLog
from bowerbird.world.policies import Asked, Slates, best, certain
from bowerbird.world.world import World

_CELLS_AT_ONCE = 60_000


@dataclass(slots=True)
class OraclePolicy:
    """The page with the highest expected worth now; it does not plan for tomorrow."""

    world: World

    def slates(self, asked: Asked, /) -> Slates:
        """The items of the highest expected worth, best first: the place of an item changes no other's."""
        worth = worths(self.world, asked.who, asked.shown.shape[1])
        return certain(best(worth, asked.limit))

    def observe(self, events: WorldLog, /) -> None:
        """The oracle knows already."""

    def end_day(self) -> None:
        """The oracle knows already."""


def worths(world: World, who: np.ndarray, live: int) -> np.ndarray:
    """float32 [B, live] expected worth, in saves, of each item to each person if it is examined now."""
    found = np.empty((len(who), live), np.float32)
    rows = max(1, _CELLS_AT_ONCE // max(live, 1))
    everything = np.arange(live)
    for start in range(0, len(who), rows):
        some = who[start : start + rows]
        items = np.broadcast_to(everything, (len(some), live))
        appeal = appeal_of(world, some, items, likeness=_likeness(world, some, live))
        found[start : start + rows] = chances_of(world, some, items, appeal).worth()
    return found


def _likeness(world: World, who: np.ndarray, live: int) -> np.ndarray:
    """float32 [B, live, K]: one product over the whole catalogue; picking out its rows took most time."""
    interests = world.people_truth.interests[who]
    flat = interests.reshape(-1, interests.shape[2]) @ world.items.vectors[:live].T  # [B * K, live]
    found: np.ndarray = flat.reshape(len(who), -1, live).transpose(0, 2, 1)
    return found
