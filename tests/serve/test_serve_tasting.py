"""When a running server makes the tree of interests, and what it then tells the graph."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from bowerbird.core.clock import HeldClock
from bowerbird.lake.catalogue import Catalogue
from bowerbird.lake.items import StoredItem, put_items
from bowerbird.lake.lake import Lake
from bowerbird.lake.types import ItemFields
from bowerbird.retrieve.exact_index import ExactIndex
from bowerbird.serve.tasting import TasteNow
from bowerbird.taste.graph import EdgeKind, NodeKind

WIDTH = 8


@dataclass(slots=True)
class Indexes:
    look: ExactIndex
    words: ExactIndex


@dataclass(slots=True)
class World:
    """A lake whose items may have a category, and vectors."""

    lake: Lake
    catalogue: Catalogue
    indexes: Indexes
    taste: TasteNow

    def add(self, first: int, last: int, *, has_category: bool = True, has_vectors: bool = True) -> None:
        items = [
            ItemFields(
                id=f"i{n}", title=f"thing {n}", owner=f"shop{n % 2}", created_ms=1_000 + n,
                category=("Home", "Lamps" if n % 2 else "Vases") if has_category else (),
            )
            for n in range(first, last)
        ]  # fmt: skip
        put_items(self.lake, [StoredItem(item) for item in items])
        self.catalogue.refresh()
        if has_vectors:
            numbers = self.catalogue.numbers_of([item.id for item in items])
            vectors = np.random.default_rng(first).normal(size=(len(items), WIDTH)).astype(np.float32)
            self.indexes.look.upsert(numbers, vectors)
            self.indexes.words.upsert(numbers, vectors)

    def trees_made(self) -> int:
        """Of five looks at the lake, as the server does every two seconds."""
        made, before = 0, self.taste.tree
        for _ in range(5):
            self.taste.follow()
            made += self.taste.tree is not before
            before = self.taste.tree
        return made


def meaning_of(texts: Sequence[str]) -> np.ndarray:
    return np.ones((len(texts), WIDTH), np.float32)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    clock = HeldClock()
    with Lake.open(tmp_path / "lake", create=True, clock=clock) as lake:
        catalogue = Catalogue.open(lake)
        indexes = Indexes(ExactIndex(WIDTH, columns=catalogue), ExactIndex(WIDTH, columns=catalogue))
        taste = TasteNow(lake, catalogue, lambda: indexes, clock, meaning_of)  # type: ignore[arg-type, return-value]
        yield World(lake, catalogue, indexes, taste)


def test_tree_is_made_once_where_some_items_have_no_category(world: World) -> None:
    world.add(0, 60)
    world.add(60, 100, has_category=False)

    assert world.trees_made() == 1


def test_tree_is_made_once_where_no_item_has_a_vector_and_again_when_they_come(world: World) -> None:
    world.add(0, 100, has_category=False, has_vectors=False)
    assert world.trees_made() <= 1

    world.add(0, 100, has_category=False)

    assert world.trees_made() == 1
    assert len(world.taste.tree or ()) > 0


def test_tree_is_made_anew_when_the_catalogue_has_grown_by_a_fifth(world: World) -> None:
    world.add(0, 100)
    assert world.trees_made() == 1
    world.add(100, 110)
    assert world.trees_made() == 0

    world.add(110, 130)

    assert world.trees_made() == 1


def test_restart_takes_the_tree_that_was_kept(world: World) -> None:
    world.add(0, 60)
    world.taste.follow()
    kept = world.taste.tree
    assert kept is not None
    made_ms = [file.stat().st_mtime_ns for file in sorted((world.lake.path / "index").glob("interest*"))]

    world.taste = TasteNow(world.lake, world.catalogue, lambda: world.indexes, HeldClock(), meaning_of)  # type: ignore[arg-type, return-value]

    assert world.trees_made() == 1  # read, not made
    assert made_ms == [
        file.stat().st_mtime_ns for file in sorted((world.lake.path / "index").glob("interest*"))
    ]
    assert world.taste.tree is not None
    assert world.taste.tree.ids == kept.ids


def test_graph_knows_what_items_are_about_and_who_offers_them(world: World) -> None:
    world.add(0, 60)
    world.taste.follow()

    health, id_of = world.taste.health()

    assert health.kinds["owned_by"].edges == health.kinds["about"].edges == 60
    shops = {id_of(NodeKind.OWNER, number) for number, _ in health.kinds["owned_by"].target.hubs}
    assert shops == {"shop0", "shop1"}
    assert health.kinds["about"].target.nodes == 2
    assert {id_of(NodeKind.INTEREST, number) for number, _ in health.kinds["about"].target.hubs} <= set(
        world.taste.tree.ids if world.taste.tree else ()
    )
    assert health.kinds[EdgeKind.OWNED_BY].newest_ms == 1_059
