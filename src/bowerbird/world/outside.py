"""This file is about purchases outside: what people buy of their own accord, whatever they are shown."""

from collections.abc import Sequence

import numpy as np

from bowerbird.core.actions import ACTION_CODES, Action
from bowerbird.world.config import DAY_MS
from bowerbird.world.draws import Stream, further, hashes
from bowerbird.world.log import WorldLog, rows
from bowerbird.world.world import World

_PURCHASE = ACTION_CODES[Action.PURCHASE]


def purchases_outside(world: World, day: int, live: int, today: Sequence[WorldLog]) -> WorldLog:
    """The day's purchases from shopping lists that no page of the day led to.

    The same draw decides whether an item is bought when it is shown: so the purchases that showing adds are
    those that are bought with it and would not be without.
    """
    listed = world.people_truth.shopping
    who = np.broadcast_to(np.arange(len(listed))[:, None], listed.shape)
    key = hashes(world.config.seed, Stream.CLOSEUP, who, listed, day)
    buys = (further(key, Stream.PURCHASE) < world.config.behaviour.organic_purchase) & (listed < live)
    buys &= ~world.state.is_gone[:, None]
    persons, items = who[buys], listed[buys]
    pairs = persons.astype(np.int64) * len(world.items) + items
    _, firsts = np.unique(pairs, return_index=True)  # an item may be on a list twice
    bought = [part.where(part.actions == _PURCHASE) for part in today]
    known = [part.persons.astype(np.int64) * len(world.items) + part.items for part in bought]
    is_new = ~np.isin(pairs[firsts], np.concatenate([np.zeros(0, np.int64), *known]))
    persons, items = persons[firsts][is_new], items[firsts][is_new]
    moments = further(key, Stream.HOURS)[buys][firsts][is_new]
    at_ms = (
        world.config.start_ms + day * DAY_MS + (moments.astype(np.float64) * (DAY_MS - 1)).astype(np.int64)
    )
    return rows(len(persons), persons=persons, items=items, actions=_PURCHASE, at_ms=at_ms)
