"""A lake of items without pictures, and a catalogue for the world whose ids are theirs."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from bowerbird.lake.items import StoredItem, put_items
from bowerbird.lake.lake import Lake
from bowerbird.lake.types import ItemFields
from bowerbird.world.config import ItemsConfig
from bowerbird.world.real_items import Described, items_from_vectors
from bowerbird.world.seen import WorldItems

THINGS = ("oak lamp", "red vase", "wool rug", "clay bowl")
ITEMS = 120


@pytest.fixture
def items() -> WorldItems:
    """Four kinds of things, each around a direction of its own."""
    rng = np.random.default_rng(5)
    kinds = np.arange(ITEMS) % len(THINGS)
    vectors = 4 * np.eye(48)[kinds] + 0.3 * rng.normal(size=(ITEMS, 48))
    described = Described(
        ids=tuple(f"thing-{number}" for number in range(ITEMS)),
        titles=tuple(f"{THINGS[kind]} {number}" for number, kind in enumerate(kinds)),
        categories=("",) * ITEMS,
        owners=tuple(f"maker {number % 5}" for number in range(ITEMS)),
        price_micros=np.where(kinds == 0, -1, 5_000_000 * (kinds + 1)),
    )
    return items_from_vectors(described, vectors, ItemsConfig(topics=4), seed=1)


@pytest.fixture
def lake(tmp_path: Path, items: WorldItems) -> Iterator[Lake]:
    with Lake.open(tmp_path / "lake", create=True) as opened:
        put_items(opened, [StoredItem(ItemFields(id=id_, title=id_)) for id_ in items.ids])
        yield opened
