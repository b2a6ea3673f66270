"""Every frame is found for itself, and stands for its item when it is the best of its frames."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lake_world import WIDTH, direction

from bowerbird.core.errors import IncompatibleIndexError
from bowerbird.core.filters import Eq
from bowerbird.encode.frame_vectors import FrameVectors
from bowerbird.encode.types import ItemVectors
from bowerbird.retrieve.frame_index import FrameIndex
from bowerbird.retrieve.payload import PayloadColumns

WIDTHS = (WIDTH, WIDTH)


def frames(degrees: dict[int, list[int]]) -> FrameVectors:
    """Items and the places on the circle of their frames; what they show is the opposite place."""
    rows = [
        (number, index, place) for number, places in degrees.items() for index, place in enumerate(places)
    ]
    look = np.concatenate([direction(place) for _, _, place in rows])
    return FrameVectors(
        np.array([number for number, _, _ in rows], dtype=np.int64),
        tuple(f"sha{number}#{index}" for number, index, _ in rows),
        np.array([1000 * index for _, index, _ in rows], dtype=np.int64),
        ItemVectors(look, -look),
    )


def put(index: FrameIndex, degrees: dict[int, list[int]]) -> None:
    full = {number: places for number, places in degrees.items() if places}
    index.put(np.array(list(degrees), dtype=np.int64), [frames(full)] if full else [])


def test_item_is_found_once_through_its_best_frame() -> None:
    index = FrameIndex(WIDTHS)
    put(index, {7: [0, 40, 80], 9: [50, 55, 60]})

    hits = index.search("look", direction(41), 10)

    assert hits.numbers.tolist() == [7, 9]
    assert hits.keys == ("sha7#1", "sha9#0")
    assert hits.at_ms.tolist() == [1000, 0]
    assert hits.scores[0] == pytest.approx(np.cos(np.deg2rad(1)), abs=1e-5)


def test_words_have_an_index_of_their_own() -> None:
    index = FrameIndex(WIDTHS)
    put(index, {7: [0, 90]})

    assert index.search("words", direction(270), 1).keys == ("sha7#1",)
    assert index.vectors_of(7, "words")[0] == pytest.approx(-direction(0)[0])


def test_item_with_many_frames_does_not_crowd_out_the_others() -> None:
    index = FrameIndex(WIDTHS)
    put(index, {1: list(range(32)), 2: [45]})

    assert index.search("look", direction(10), 8).numbers.tolist() == [1, 2]


def test_new_frames_take_the_place_of_the_old() -> None:
    index = FrameIndex(WIDTHS)
    put(index, {7: [0, 40], 9: [100]})

    put(index, {7: [200]})

    assert len(index) == 2
    assert index.search("look", direction(0), 1).scores[0] < 0.9
    assert index.search("look", direction(200), 1).numbers.tolist() == [7]
    assert len(index.vectors_of(7, "look")) == 1


def test_item_that_has_no_frames_any_more_is_not_found() -> None:
    index = FrameIndex(WIDTHS)
    put(index, {7: [0], 9: [10]})

    put(index, {7: []})
    index.delete(np.array([9]))

    assert len(index) == 0
    assert len(index.search("look", direction(0), 5)) == 0
    assert index.numbers().tolist() == []


def test_filter_of_items_holds_for_their_frames() -> None:
    columns = PayloadColumns()
    columns.put(np.array([7, 9]), [{"brand": "Oak"}, {"brand": "Ash"}])
    index = FrameIndex(WIDTHS, columns=columns)
    put(index, {7: [0, 40], 9: [1, 41]})

    assert index.search("look", direction(0), 5, Eq("brand", "Ash")).numbers.tolist() == [9]


def test_saved_index_finds_the_same(tmp_path: Path) -> None:
    index = FrameIndex(WIDTHS, stamp_text="circle.1")
    put(index, {7: [0, 40], 9: [100], 11: [3]})
    index.delete(np.array([11]))
    index.save(tmp_path / "frames", lake_version=4)

    loaded, version = FrameIndex.load(tmp_path / "frames", WIDTHS, stamp_text="circle.1")

    assert version == 4
    assert loaded.numbers().tolist() == [7, 9]
    assert loaded.search("look", direction(2), 5).keys == index.search("look", direction(2), 5).keys
    put(loaded, {7: [90]})
    assert loaded.search("look", direction(90), 1).numbers.tolist() == [7]


def test_snapshot_of_before_a_crash_gives_no_frame_that_was_replaced(tmp_path: Path) -> None:
    index = FrameIndex(WIDTHS)
    put(index, {7: [0], 9: [100]})
    index.save(tmp_path / "frames", lake_version=4)
    put(index, {7: [200]})
    index._places.save(tmp_path / "frames" / "places.npz", index._generation)  # and then the power went

    loaded, version = FrameIndex.load(tmp_path / "frames", WIDTHS, stamp_text="")

    assert version == 4  # what is missing comes with the changes since then
    assert loaded.search("look", direction(0), 5).numbers.tolist() == [9]


@pytest.mark.parametrize("damage", ["places", "snapshot", "other places", "other space"])
def test_damaged_or_foreign_index_is_refused(tmp_path: Path, damage: str) -> None:
    folder, other = tmp_path / "frames", tmp_path / "other"
    for path in (folder, other):
        index = FrameIndex(WIDTHS, stamp_text="circle.1")
        put(index, {7: [0]})
        index.save(path, lake_version=4)
    if damage == "places":
        (folder / "places.npz").write_bytes(b"PK\x03\x04 not a zip")
    elif damage == "snapshot":
        next((folder / "look").glob("snap_*/vectors.npy")).write_bytes(b"")
    elif damage == "other places":
        (folder / "places.npz").write_bytes((other / "places.npz").read_bytes())

    with pytest.raises(IncompatibleIndexError):
        FrameIndex.load(folder, WIDTHS, stamp_text="circle.2" if damage == "other space" else "circle.1")


def test_index_without_frames_leaves_no_file(tmp_path: Path) -> None:
    FrameIndex(WIDTHS).save(tmp_path / "frames", lake_version=4)

    assert not (tmp_path / "frames").exists()


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.dictionaries(st.integers(0, 5), st.lists(st.integers(0, 359), max_size=4), min_size=1), min_size=1
    )
)
def test_any_history_of_puts_leaves_the_last_frames_of_each_item(history: list[dict[int, list[int]]]) -> None:
    index, truth = FrameIndex(WIDTHS), dict[int, list[int]]()
    for step in history:
        put(index, step)
        truth |= step
    truth = {number: places for number, places in truth.items() if places}

    assert index.numbers().tolist() == sorted(truth)
    assert len(index) == sum(map(len, truth.values()))
    for asked in (0, 123):
        hits = index.search("look", direction(asked), 10, effort=1.0)
        best = {
            number: max(np.cos(np.deg2rad(place - asked)) for place in places)
            for number, places in truth.items()
        }
        assert sorted(hits.numbers.tolist()) == sorted(truth)
        for number, score in zip(hits.numbers.tolist(), hits.scores.tolist(), strict=True):
            assert score == pytest.approx(best[number], abs=1e-4)
