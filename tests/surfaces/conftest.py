"""Fixtures of the surfaces: the small world, empty and full."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from small_world import COLOURS, DAY_MS, EACH, KINDS, WIDTH, Indexes, World, pointing

from bowerbird.core.clock import HeldClock
from bowerbird.lake.catalogue import Catalogue
from bowerbird.lake.lake import Lake
from bowerbird.lake.types import ItemFields
from bowerbird.retrieve.exact_index import ExactIndex


@pytest.fixture
def empty_world(tmp_path: Path) -> Iterator[World]:
    clock = HeldClock()
    with Lake.open(tmp_path / "lake", create=True, clock=clock) as lake:
        catalogue = Catalogue.open(lake)
        look = ExactIndex(WIDTH, stamp_text="look-1", columns=catalogue)
        words = ExactIndex(WIDTH, stamp_text="words-1", columns=catalogue)
        yield World(lake, catalogue, Indexes(look, words), clock)


@pytest.fixture
def world(empty_world: World) -> World:
    """144 items: 12 of each colour and kind, a year old."""
    made = [
        (colour, kind, each)
        for colour in range(len(COLOURS))
        for kind in range(len(KINDS))
        for each in range(EACH)
    ]
    items = [
        ItemFields(
            id=f"{COLOURS[colour]}-{KINDS[kind]}-{each}",
            title=f"{COLOURS[colour].title()} {KINDS[kind]} {each}",
            category=("Home", KINDS[kind].title() + "s"),
            price_micros=(each + 1) * 1_000_000,
            currency="EUR",
            created_ms=empty_world.clock.now_ms() - 365 * DAY_MS,
        )
        for colour, kind, each in made
    ]
    look = pointing([colour for colour, _, _ in made], seed=1)
    words = pointing([kind for _, kind, _ in made], seed=2)
    empty_world.add(items, look, words)
    return empty_world
