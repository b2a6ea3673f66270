"""Copies of a picture are linked to the oldest of them, and nothing else is."""

import hashlib
import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from bowerbird.lake import linking
from bowerbird.lake.forgetting.tables import remove_rows
from bowerbird.lake.importing.batch import media_rows
from bowerbird.lake.items import StoredItem, delete_items, put_items
from bowerbird.lake.lake import Lake
from bowerbird.lake.leases import Lease
from bowerbird.lake.linking import link_look_alikes
from bowerbird.lake.look_alikes import copies_of, copy_groups, group_of, linked_media
from bowerbird.lake.near_signatures import MOST_BITS, near_pairs
from bowerbird.lake.pictures import decode_picture
from bowerbird.lake.types import ItemFields


def scene(seed: int, size: tuple[int, int] = (400, 300)) -> Image.Image:
    coarse = np.random.default_rng(seed).integers(0, 256, (6, 8, 3), dtype=np.uint8)
    return Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC)


def lamp(colour: str) -> Image.Image:
    """A product on white; another colour is another product."""
    picture = Image.new("RGB", (300, 400), "white")
    pen = ImageDraw.Draw(picture)
    pen.polygon([(110, 60), (190, 60), (240, 190), (60, 190)], fill=colour)
    pen.rectangle((142, 190, 158, 330), fill="#444444")
    pen.ellipse((90, 320, 210, 360), fill="#333333")
    return picture


def saved(picture: Image.Image, kind: str = "JPEG", quality: int = 90) -> bytes:
    out = io.BytesIO()
    picture.save(out, kind, quality=quality)
    return out.getvalue()


def smaller(picture: Image.Image) -> Image.Image:
    return picture.resize((picture.width * 6 // 10, picture.height * 6 // 10), Image.Resampling.LANCZOS)


def put(lake: Lake, name: str, content: bytes) -> str:
    """An item that shows this picture; gives its media id."""
    decoded = decode_picture(content)
    if not lake.media.take([decoded.sha256], ["id"]).num_rows:
        lake.media.upsert(media_rows([decoded]))
    put_items(lake, [StoredItem(ItemFields(id=name, title=name.title()), (decoded.sha256,), source="test")])
    return decoded.sha256


@pytest.fixture
def lake(tmp_path: Path) -> Iterator[Lake]:
    with Lake.open(tmp_path / "lake", create=True) as opened:
        yield opened


def shown(lake: Lake) -> dict[str, list[tuple[str, str]]]:
    return {
        group.copies[0].item_id: [(copy.item_id, copy.how) for copy in group.copies]
        for group in copy_groups(lake)
    }


def test_copies_join_the_oldest_and_other_pictures_stay_alone(lake: Lake) -> None:
    first = put(lake, "first", saved(scene(1)))
    put(lake, "other", saved(scene(2)))
    small = put(lake, "small", saved(smaller(scene(1)), quality=50))
    webp = put(lake, "webp", saved(scene(1), "WEBP"))

    report = link_look_alikes(lake)

    assert (report.looked_at, report.linked) == (4, 2)
    assert group_of(lake, [webp, first, small]) == [first, first, first]
    assert shown(lake) == {"first": [("first", "first"), *sorted([("small", "near"), ("webp", "near")],
                           key=lambda each: {"small": small, "webp": webp}[each[0]])]}  # fmt: skip


def test_colours_of_one_product_are_no_copies(lake: Lake) -> None:
    for colour in ("#c03030", "#3050c0", "#30a050", "#a03030", "#b04040"):
        put(lake, colour, saved(lamp(colour)))

    assert link_look_alikes(lake).linked == 0


def test_blank_and_tiny_pictures_are_compared_with_nothing(lake: Lake) -> None:
    grey = put(lake, "grey", saved(Image.new("RGB", (200, 200), "#808080")))
    put(lake, "same-grey", saved(Image.new("RGB", (200, 200), "#808080"), quality=60))
    put(lake, "icon", saved(scene(3, (24, 24)), "PNG"))
    put(lake, "icon-again", saved(scene(3, (24, 24)), "WEBP"))

    assert link_look_alikes(lake).linked == 0
    assert group_of(lake, [grey]) == [grey]


def test_same_pixels_in_another_file_are_exact_and_the_same_file_is_told_too(lake: Lake) -> None:
    content = saved(scene(4))
    first = put(lake, "first", content)
    put(lake, "listed-again", content)
    put(lake, "with-a-comment", content[:2] + b"\xff\xfe\x00\x08hello!" + content[2:])

    assert link_look_alikes(lake).linked == 1

    assert shown(lake) == {
        "first": [("first", "first"), ("listed-again", "same file"), ("with-a-comment", "exact")]
    }
    assert copies_of(lake, "listed-again").group_id == first
    assert [copy.title for copy in copies_of(lake, "with-a-comment").copies] == [
        "First", "Listed-Again", "With-A-Comment",
    ]  # fmt: skip


def test_later_pictures_join_groups_of_earlier_runs_and_ids_stay(lake: Lake) -> None:
    first = put(lake, "first", saved(scene(5)))
    link_look_alikes(lake)
    put(lake, "second", saved(smaller(scene(5))))
    link_look_alikes(lake)
    third = put(lake, "third", saved(scene(5), "PNG"))

    again = link_look_alikes(lake)

    assert (again.looked_at, again.linked) == (1, 1)
    assert group_of(lake, [third]) == [first]
    assert link_look_alikes(lake).looked_at == 0


def test_run_in_many_small_portions_ends_like_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    contents = [
        (f"{seed}-{name}", saved(picture))
        for seed in range(6)
        for name, picture in (("whole", scene(seed)), ("small", smaller(scene(seed))))
    ]
    links = []
    for portion in (50_000, 3):
        with Lake.open(tmp_path / str(portion), create=True) as lake:
            for name, content in contents:
                put(lake, name, content)
            monkeypatch.setattr(linking, "_PORTION", portion)
            monkeypatch.setattr(linking, "_WRITTEN_AT_ONCE", min(portion, 2))
            link_look_alikes(lake)
            links.append(linked_media(lake))

    assert links[0] == links[1]
    assert len(links[0]) == 6


def test_stopped_run_is_resumed_where_it_was(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    for seed in range(6):
        put(lake, str(seed), saved(scene(seed)))
    monkeypatch.setattr(linking, "_WRITTEN_AT_ONCE", 2)

    class StopError(Exception):
        pass

    def stop(done: int, _total: int) -> None:
        if done == 4:
            raise StopError

    with pytest.raises(StopError):
        link_look_alikes(lake, stop)

    assert link_look_alikes(lake).looked_at == 2


def test_one_links_at_a_time(lake: Lake) -> None:
    put(lake, "one", saved(scene(1)))
    other = Lease(lake.place, "look-alikes", lake.clock)
    assert other.take()

    assert link_look_alikes(lake).is_elsewhere
    other.give_back()

    assert link_look_alikes(lake).looked_at == 1


def test_deleted_items_are_no_copies(lake: Lake) -> None:
    for name, picture in (("first", scene(7)), ("second", smaller(scene(7)))):
        put(lake, name, saved(picture))
    link_look_alikes(lake)

    delete_items(lake, ["first"])

    assert copy_groups(lake) == []
    assert [copy.item_id for copy in copies_of(lake, "second").copies] == ["second"]


def test_forgotten_first_picture_leaves_no_name_and_its_copies_are_linked_anew(lake: Lake) -> None:
    first = put(lake, "first", saved(scene(8)))
    second = put(lake, "second", saved(smaller(scene(8))))
    third = put(lake, "third", saved(scene(8), "PNG"))
    link_look_alikes(lake)

    remove_rows(lake, media_ids=[first])
    report = link_look_alikes(lake)

    assert (report.looked_at, report.linked) == (2, 1)
    assert group_of(lake, [second, third]) == [second, second]
    assert first not in {
        text for row in lake.look_alikes.read(["id", "group_id"]).to_pylist() for text in row.values()
    }


def test_group_of_what_was_never_seen_is_itself(lake: Lake) -> None:
    unknown = hashlib.sha256(b"unknown").hexdigest()

    assert group_of(lake, [unknown, unknown]) == [unknown, unknown]
    assert group_of(lake, []) == []
    assert link_look_alikes(lake).looked_at == 0


@pytest.mark.parametrize(
    ("count", "first_new"), [(0, 0), (1, 0), (2, 0), (300, 0), (3_000, 0), (3_000, 2_500)]
)
def test_pairs_are_those_that_a_comparison_of_all_finds(count: int, first_new: int) -> None:
    rng = np.random.default_rng(count)
    bits = rng.integers(0, 2**63, count, dtype=np.uint64)
    for row in range(1, count, 3):  # every third one is another with few bits changed
        bits[row] = bits[rng.integers(row)]
        for _ in range(rng.integers(0, 8)):
            bits[row] ^= np.uint64(1) << np.uint64(rng.integers(64))
    expected = [
        (earlier, later)
        for later in range(first_new, count)
        for earlier in np.flatnonzero(np.bitwise_count(bits[:later] ^ bits[later]) <= MOST_BITS)
    ]

    found = near_pairs(bits.view(np.int64), first_new)

    assert [tuple(pair) for pair in found.tolist()] == expected


def test_pairs_that_nobody_wants_are_left_out() -> None:
    signatures = np.zeros(600, np.int64)

    found = near_pairs(signatures, 0, lambda earlier, later: (earlier == 0) & (later < 10))

    assert found.tolist() == [[0, later] for later in range(1, 10)]


def test_lake_in_a_bucket_is_linked_like_one_on_a_disk(s3_bucket: str, tmp_path: Path) -> None:
    with Lake.open(s3_bucket, create=True, home=tmp_path / "home") as lake:
        first = put(lake, "first", saved(scene(9)))
        second = put(lake, "second", saved(smaller(scene(9))))

        assert link_look_alikes(lake).linked == 1
        assert group_of(lake, [second]) == [first]
        assert link_look_alikes(lake).looked_at == 0
