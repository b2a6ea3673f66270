"""When a running server makes the tree of interests."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from bowerbird.core.clock import HeldClock
from bowerbird.lake.catalogue import Catalogue
from bowerbird.lake.items import StoredItem, put_items
from bowerbird.lake.lake import Lake
from bowerbird.lake.types import ItemFields
from bowerbird.retrieve.exact_index import ExactIndex
from bowerbird.serve import tasting
from bowerbird.serve.tasting import TasteNow

WIDTH = 8


def put(
    lake: Lake, catalogue: Catalogue, index: ExactIndex, first: int, last: int, *, labelled: bool
) -> None:
    category = ("Home", "Lamps") if labelled else ()
    put_items(
        lake,
        [StoredItem(ItemFields(id=f"i{n}", title="thing", category=category)) for n in range(first, last)],
    )
    catalogue.refresh()
    numbers = catalogue.numbers_of([f"i{n}" for n in range(first, last)])
    index.upsert(numbers, np.random.default_rng(first).normal(size=(last - first, WIDTH)).astype(np.float32))


def test_tree_is_made_once_and_again_only_when_the_catalogue_has_grown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[int] = []
    real = tasting.refreshed_tree
    monkeypatch.setattr(tasting, "refreshed_tree", lambda *given: made.append(1) or real(*given))
    with Lake.open(tmp_path / "lake", create=True, clock=HeldClock()) as lake:
        catalogue = Catalogue.open(lake)
        index = ExactIndex(WIDTH, columns=catalogue)
        indexes = SimpleNamespace(look=index, words=index)

        def follow() -> int:
            made.clear()
            taste = TasteNow(lake, catalogue, lambda: indexes, HeldClock())  # type: ignore[arg-type, return-value]
            for _ in range(4):
                taste.follow()
            return len(made)

        put(lake, catalogue, index, 0, 60, labelled=True)
        put(lake, catalogue, index, 60, 100, labelled=False)  # these are placed in no interest
        assert follow() == 1
        assert follow() == 0  # a restart takes the one that was kept
        put(lake, catalogue, index, 100, 130, labelled=True)
        assert follow() == 1
