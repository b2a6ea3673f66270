"""How many events a second does the world make, with each of its policies?

People and items as the settings say, days enough for a million events. The baseline, in the same run: the random
policy, which does nothing to choose. Quality: the same seed gave the same bytes, and the moments of the log.

Run: python benchmarks/bench_world_events_per_second.py [--events N] [--out FILE]
"""

import sys
import time
from collections.abc import Iterator
from typing import Any

import record

from bowerbird.world.choosing import policy_of
from bowerbird.world.config import POLICIES, ItemsConfig, PeopleConfig, WorldConfig
from bowerbird.world.log import WorldLog
from bowerbird.world.moments import moments_of, position_curve
from bowerbird.world.simulation import simulate
from bowerbird.world.world import World, make_world

EVENTS_A_PERSON = 400  # in two weeks, at least
ITEMS = 10_000
LIMIT_S = 60.0


def main() -> int:
    parser = record.parser(__doc__.splitlines()[0])
    parser.add_argument("--events", type=int, default=1_000_000)
    made = parser.parse_args()
    record.write(lines(made.events), made.out)
    return 0


def lines(events: int) -> Iterator[dict[str, Any]]:
    """One line a policy: seconds for a million events."""
    config = WorldConfig(
        people=PeopleConfig(count=max(events // EVENTS_A_PERSON, 10)), items=ItemsConfig(count=ITEMS), days=21
    )
    plain_s = None
    for name in POLICIES:
        world, log, seconds = _lived(config, name)
        a_million_s = seconds / len(log) * 1e6
        plain_s = plain_s or a_million_s
        yield record.line(
            f"world-{name}", f"simulate a million events, policy {name}, 10,000 items", a_million_s, "s",
            target=LIMIT_S, baseline="the random policy", ratio=a_million_s / plain_s,
            quality=_quality(config, name, world, log), events=len(log), seconds=round(seconds, 1),
        )  # fmt: skip


def _lived(config: WorldConfig, name: str) -> tuple[World, WorldLog, float]:
    started = time.perf_counter()
    world = make_world(config)
    log = simulate(world, policy_of(name, world)).log
    return world, log, time.perf_counter() - started


def _quality(config: WorldConfig, name: str, world: World, log: WorldLog) -> dict[str, Any]:
    small = config.model_copy(update={"people": config.people.model_copy(update={"count": 50}), "days": 3})
    moments = moments_of(log, world.people, len(world.items), config.days)
    return {
        "same bytes again": _lived(small, name)[1].digest() == _lived(small, name)[1].digest(),
        "moments outside known ranges": ", ".join(each.name for each in moments if each.is_within is False)
        or "none",
        "third row looked at, of the first": round(position_curve(log, world.people)[2][1], 2),
    } | {
        each.name: round(each.value, 3)
        for each in moments
        if each.known is not None or each.name in ("saves", "hides")
    }


if __name__ == "__main__":
    sys.exit(main())
