"""This file is about living in a lake: simulated people with its own items, for the days up to now."""

from collections.abc import Callable

from bowerbird.lake.lake import Lake
from bowerbird.world.choosing import policy_of
from bowerbird.world.config import DAY_MS, WorldConfig
from bowerbird.world.real_items import items_of_lake
from bowerbird.world.simulation import Tell, simulate
from bowerbird.world.to_lake import BroughtIn, bring_in, remove_simulated
from bowerbird.world.world import make_world


def live_in(
    lake: Lake,
    config: WorldConfig,
    policy: str,
    *,
    explore: float = 0.0,
    keeps_others: bool = False,
    tell: Tell | None = None,
    tell_stored: Callable[[int, int], object] | None = None,
) -> BroughtIn:
    """The people of `config` have lived in the lake until now; those of an earlier run are gone.

    Args:
        policy: what decides what they are shown, by name.
        keeps_others: simulated people of an earlier run stay.
        tell: told after each simulated day.
        tell_stored: told how many of how many events are in the lake.

    Raises:
        InputError: the lake has no encoded items.
    """
    now_ms = lake.clock.now_ms()
    start_ms = now_ms // DAY_MS * DAY_MS - (config.days - 1) * DAY_MS
    config = config.model_copy(update={"start_ms": start_ms})
    world = make_world(config, items_of_lake(lake, config.items, config.seed))
    history = simulate(world, policy_of(policy, world, explore=explore), tell)
    if not keeps_others:
        remove_simulated(lake)
    # Today is not over: what would come later today has not happened.
    return bring_in(lake, history.until(now_ms), world.people, world.items, tell_stored)
