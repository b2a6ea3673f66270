import multiprocessing
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from lake_world import Circle, direction, put

from bowerbird.core.errors import IncompatibleIndexError
from bowerbird.core.filters import Eq
from bowerbird.lake.catalogue import Catalogue
from bowerbird.lake.items import StoredItem, delete_items, put_items
from bowerbird.lake.lake import Lake
from bowerbird.lake.types import ItemFields
from bowerbird.retrieve.config import IndexConfig
from bowerbird.retrieve.indexes import Indexes


@pytest.fixture
def lake(tmp_path: Path) -> Iterator[Lake]:
    with Lake.open(tmp_path / "lake", create=True) as made:
        yield made


def opened(lake: Lake, **settings: object) -> tuple[Indexes, Catalogue, Circle]:
    catalogue, source = Catalogue.open(lake), Circle(lake)
    return Indexes.over(lake, catalogue, source, IndexConfig(**settings)), catalogue, source


def nearest(indexes: Indexes, catalogue: Catalogue, degrees: float, k: int = 1) -> list[str]:
    numbers = indexes.look.search(direction(degrees), k).numbers[0]
    return catalogue.ids_of(numbers[numbers >= 0])


def test_new_indexes_hold_every_item_of_the_lake(lake: Lake) -> None:
    put(lake, range(0, 360, 10))

    indexes, catalogue, _ = opened(lake)

    assert len(indexes.look) == len(indexes.words) == 36
    assert nearest(indexes, catalogue, 41) == ["at-40"]
    assert catalogue.ids_of(indexes.words.search(direction(221), 1).numbers[0]) == ["at-40"]


def test_indexes_of_an_empty_lake_find_nothing_and_grow(lake: Lake) -> None:
    indexes, catalogue, _ = opened(lake)

    assert nearest(indexes, catalogue, 0) == []

    put(lake, [5])
    indexes.sync()
    assert nearest(indexes, catalogue, 0) == ["at-5"]


def test_sync_takes_in_new_changed_and_deleted_items(lake: Lake) -> None:
    put(lake, [0, 90, 180])
    indexes, catalogue, _ = opened(lake)

    put(lake, [270])
    put_items(lake, [StoredItem(ItemFields(id="at-90", title="place 100"))])
    delete_items(lake, ["at-180"])
    report = indexes.sync()

    assert (report.upserted, report.deleted) == (2, 1)
    assert report.version == indexes.version == lake.items.version
    assert nearest(indexes, catalogue, 271) == ["at-270"]
    assert set(nearest(indexes, catalogue, 180, 9)) == {"at-0", "at-90", "at-270"}
    np.testing.assert_allclose(indexes.look.vectors(catalogue.numbers_of(["at-90"])), direction(100))


def test_sync_without_changes_does_nothing(lake: Lake) -> None:
    put(lake, [0])
    indexes, _, source = opened(lake)
    before = source.completed

    report = indexes.sync()

    assert (report.upserted, report.deleted) == (0, 0)
    assert source.completed == before


def test_new_item_is_filtered_by_its_own_fields_at_once(lake: Lake) -> None:
    put(lake, [0, 10])
    indexes, catalogue, _ = opened(lake)

    put(lake, [20], brand="Oak")
    indexes.sync()

    hits = indexes.look.search(direction(0), 5, Eq("brand", "Oak"))
    assert catalogue.ids_of(hits.numbers[0][hits.numbers[0] >= 0]) == ["at-20"]


def _import_elsewhere(path: Path) -> None:
    with Lake.open(path) as other:
        put(other, [45])
        delete_items(other, ["at-0"])


def test_item_that_another_process_imported_is_found_within_five_seconds(lake: Lake) -> None:
    put(lake, [0, 180])
    indexes, catalogue, _ = opened(lake)
    importer = multiprocessing.get_context("spawn").Process(target=_import_elsewhere, args=(lake.path,))
    importer.start()
    importer.join()
    imported_s = time.monotonic()

    while nearest(indexes, catalogue, 45) != ["at-45"] and time.monotonic() < imported_s + 5:
        indexes.sync()

    assert nearest(indexes, catalogue, 45, 9) == ["at-45", "at-180"]


def test_included_item_is_found_without_a_sync(lake: Lake) -> None:
    put(lake, [0])
    indexes, catalogue, _ = opened(lake)

    put(lake, [90])
    catalogue.refresh()
    indexes.include(catalogue.numbers_of(["at-90"]))

    assert nearest(indexes, catalogue, 90) == ["at-90"]


def test_excluded_item_is_not_found_any_more(lake: Lake) -> None:
    put(lake, [0, 90])
    indexes, catalogue, _ = opened(lake)

    indexes.exclude(catalogue.numbers_of(["at-90"]))

    assert nearest(indexes, catalogue, 90, 5) == ["at-0"]


def test_many_new_items_come_in_by_parts_the_newest_first(lake: Lake) -> None:
    put(lake, [0])
    indexes, _, source = opened(lake)
    source.asked.clear()

    put(lake, range(1, 1_500))
    indexes.sync()

    assert source.asked[0] > source.asked[-1]
    assert source.completed == 1 + 3
    assert len(indexes.look) == 1_500


def test_item_that_can_no_longer_be_encoded_is_not_found_by_what_it_was(lake: Lake) -> None:
    put(lake, [0, 90])
    indexes, catalogue, _ = opened(lake)

    put_items(lake, [StoredItem(ItemFields(id="at-90", title="broken"))])
    indexes.sync()

    assert nearest(indexes, catalogue, 90, 5) == ["at-0"]


def test_item_without_a_picture_and_words_is_in_neither_index(lake: Lake) -> None:
    put(lake, [0])
    put_items(lake, [StoredItem(ItemFields(id="none", title="bare"))])

    indexes, catalogue, _ = opened(lake)

    assert nearest(indexes, catalogue, 0, 5) == ["at-0"]


def test_opening_again_loads_what_was_saved_and_catches_up(lake: Lake) -> None:
    put(lake, range(0, 360, 10))
    first, _, _ = opened(lake)
    first.close()
    put(lake, [5])
    delete_items(lake, ["at-20"])

    indexes, catalogue, source = opened(lake)

    assert source.asked == catalogue.numbers_of(["at-5"]).tolist()
    assert nearest(indexes, catalogue, 6) == ["at-5"]
    assert nearest(indexes, catalogue, 20) == ["at-10"] or nearest(indexes, catalogue, 21) == ["at-30"]
    assert len(indexes.look) == 36


def test_close_saves_what_was_synced_since(lake: Lake) -> None:
    put(lake, [0])
    first, _, _ = opened(lake)
    put(lake, [10])
    first.sync()
    first.close()

    _, _, source = opened(lake)

    assert source.asked == []


def test_purged_tombstone_leaves_the_saved_index_too(lake: Lake) -> None:
    put(lake, [0, 90])
    opened(lake)
    delete_items(lake, ["at-90"])
    lake.items.delete(["at-90"])

    indexes, catalogue, _ = opened(lake)

    assert nearest(indexes, catalogue, 90, 5) == ["at-0"]


def test_index_of_another_space_is_built_anew_and_never_mixed(lake: Lake) -> None:
    put(lake, [0, 90])
    opened(lake)
    catalogue, source = Catalogue.open(lake), Circle(lake, stamp_text="circle.2")

    indexes = Indexes.over(lake, catalogue, source)

    assert sorted(source.asked) == [0, 1]
    assert indexes.look.stamp_text == indexes.words.stamp_text == "circle.2"


@pytest.mark.parametrize("name", ["vectors.npy", "numbers.npy", "lists.faiss", "list_of.npy", "radii.npy"])
def test_damaged_snapshot_is_refused_and_built_anew(lake: Lake, name: str) -> None:
    put(lake, range(360))
    opened(lake, flat_below_items=0)
    (file,) = lake.path.glob(f"index/look/snap_*/{name}")
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 0xFF
    file.write_bytes(bytes(content))
    catalogue, source = Catalogue.open(lake), Circle(lake)

    with pytest.raises(IncompatibleIndexError, match="damaged"):
        Indexes(lake, catalogue, source, IndexConfig()).load()
    indexes = Indexes.over(lake, catalogue, source)

    assert nearest(indexes, catalogue, 41) == ["at-41"]


@pytest.mark.parametrize("content", [b"", b"{}", b"\x00\xff", b'{"layout": 9}'])
def test_unreadable_manifest_is_refused_and_the_index_built_anew(lake: Lake, content: bytes) -> None:
    put(lake, [0, 90])
    opened(lake)
    (lake.path / "index" / "look" / "manifest.json").write_bytes(content)

    indexes, catalogue, _ = opened(lake)

    assert nearest(indexes, catalogue, 91) == ["at-90"]


def test_index_that_is_newer_than_the_lake_is_built_anew(lake: Lake, tmp_path: Path) -> None:
    put(lake, [0])
    put(lake, [90])
    put(lake, [180])
    opened(lake)
    with Lake.open(tmp_path / "restored", create=True) as restored:
        put(restored, [45])
        (lake.path / "index").rename(tmp_path / "kept")
        (restored.path / "index").rmdir()
        (tmp_path / "kept").rename(restored.path / "index")

        indexes, catalogue, _ = opened(restored)

        assert nearest(indexes, catalogue, 90, 9) == ["at-45"]


def test_maintenance_saves_what_has_grown_and_goes_on_with_it(lake: Lake) -> None:
    put(lake, range(0, 300, 2))
    indexes, catalogue, _ = opened(lake, tail_rows=20, flat_below_items=0, merge_in_background=False)
    put(lake, range(1, 101, 2))
    indexes.sync()
    assert indexes.report()["look"].fresh == 50

    indexes.maintain()

    report = indexes.report()["look"]
    assert (report.items, report.fresh, report.hidden) == (200, 0, 0)
    assert nearest(indexes, catalogue, 51) == ["at-51"]
    put(lake, [359])
    indexes.sync()
    assert nearest(indexes, catalogue, 359) == ["at-359"]


def test_live_queries_are_watched(lake: Lake) -> None:
    put(lake, range(0, 360, 3))
    indexes, catalogue, _ = opened(lake)
    for _ in range(60):
        nearest(indexes, catalogue, 7)

    indexes.maintain()

    assert indexes.report()["look"].recall.recall == 1.0
    assert indexes.report()["words"].recall.checked == 0
