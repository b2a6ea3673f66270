"""Display sizes are what a page may show: small, upright, without secrets."""

import io
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from PIL import Image

from bowerbird.core.errors import InputError, NotFoundError
from bowerbird.lake.display import DISPLAY_PX, DisplayStore, display_picture
from bowerbird.lake.lake import Lake
from bowerbird.lake.schemas import BLOB


def saved(picture: Image.Image, kind: str = "JPEG", **options: object) -> bytes:
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


def opened(content: bytes) -> Image.Image:
    return Image.open(io.BytesIO(content))


@pytest.mark.parametrize("kind", ["webp", "jpg"])
@pytest.mark.parametrize("size", DISPLAY_PX)
def test_large_picture_gets_the_width_and_keeps_its_shape(size: int, kind: str) -> None:
    shown = opened(display_picture(saved(Image.new("RGB", (1_500, 2_250), "teal")), size, kind))

    assert shown.size[0] == size
    assert abs(shown.size[1] - size * 1.5) <= 1
    assert shown.format == {"webp": "WEBP", "jpg": "JPEG"}[kind]


def test_small_picture_is_not_enlarged() -> None:
    assert opened(display_picture(saved(Image.new("RGB", (100, 60))), 474, "webp")).size == (100, 60)


def test_turned_picture_is_shown_upright_and_without_metadata() -> None:
    exif = Image.Exif()
    exif[274] = 6
    exif[270] = "secret words"

    content = display_picture(saved(Image.new("RGB", (600, 400)), exif=exif), 236, "jpg")

    assert opened(content).size == (236, 354)
    assert b"secret" not in content


def test_transparency_stays_in_webp_and_is_white_in_jpg() -> None:
    clear = saved(Image.new("RGBA", (50, 50), (0, 0, 0, 0)), "PNG")

    webp = opened(display_picture(clear, 236, "webp"))
    jpg = opened(display_picture(clear, 236, "jpg"))

    assert webp.getchannel("A").getextrema() == (0, 0)
    assert np.asarray(jpg).min() >= 250


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF"])
def test_every_format_that_is_taken_can_be_shown(kind: str) -> None:
    shown = opened(display_picture(saved(Image.new("RGB", (300, 200), "red"), kind), 236, "webp"))

    assert shown.size[0] == 236
    assert np.abs(np.asarray(shown.convert("RGB")).mean(axis=(0, 1)) - [254, 0, 0]).max() < 12


def test_strip_is_held_to_a_bounded_height() -> None:
    shown = opened(display_picture(saved(Image.new("RGB", (100, 10_000), "red"), "PNG"), 236, "jpg"))

    assert shown.size[1] <= 236 * 6


@pytest.mark.parametrize("size", [0, 235, 100_000])
def test_other_sizes_are_refused(size: int) -> None:
    with pytest.raises(InputError, match="there are 236, 474, 736"):
        display_picture(saved(Image.new("RGB", (10, 10))), size, "webp")


def test_store_makes_a_file_once(tmp_path: Path) -> None:
    content, sha = saved(Image.new("RGB", (300, 200), "red")), "ab" * 32
    with Lake.open(tmp_path / "lake", create=True) as lake:
        lake.blobs.upsert(pa.table({"id": [sha], "content": [content]}, schema=BLOB.schema))
        store = DisplayStore(lake)

        path = store.path_of(sha, 236, "webp")
        made_ns = path.stat().st_mtime_ns

        assert opened(path.read_bytes()).size == (236, 157)
        assert path.is_relative_to(tmp_path / "lake" / "display" / "ab")
        assert store.path_of(sha, 236, "webp").stat().st_mtime_ns == made_ns
        assert [file.name for file in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize("sha", ["ff" * 32, "../../../etc/passwd", "", "AB" * 32])
def test_store_without_the_picture_says_so(tmp_path: Path, sha: str) -> None:
    with Lake.open(tmp_path / "lake", create=True) as lake, pytest.raises(NotFoundError):
        DisplayStore(lake).path_of(sha, 236, "webp")
