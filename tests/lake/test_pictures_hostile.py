"""Every bad file ends accepted or refused with a reason, and nothing else happens."""

import re
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bowerbird.core.errors import PictureError
from bowerbird.lake.decoding import DecodePool
from bowerbird.lake.pictures import PictureLimits, decode_picture

sys.path.insert(0, str(Path(__file__).parent))
from hostile import GOOD_FORMATS, hostile_files, noise, saved

DOCS = Path(__file__).resolve().parents[2] / "docs"
DOCUMENTS = "".join((DOCS / page).read_text() for page in ("lake-import.md", "lake-video.md"))

CODES = set(re.findall(r"`([a-z][a-z-]+)`", DOCUMENTS))
"""Whatever is explained; another test holds that the words of the code are."""


REFUSED_IN = {
    "odd": set(),
    # What Pillow cannot read past: a block without its end.
    "profiles": {"profiles/profile-without-name.png"},
    "metadata": {"metadata/comment-never-ends.gif"},
    # What begins like another kind of file is taken for that.
    "polyglots": {
        f"polyglots/{name}.jpg"
        for name in ("page-and-picture", "pdf-and-picture", "zip-with-picture", "nested-zip")
    },
}

STARTS = (
    b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"II*\x00", b"BM", b"RIFF\x00\x01\x00\x00WEBP",
    b"\x00\x00\x00\x20ftypavif",
)  # fmt: skip


@pytest.fixture(scope="module")
def fates() -> dict[str, str]:
    """Family and name → `accepted` or the code of why not."""
    found = {}
    with DecodePool(workers=1) as pool:
        answers = {name: pool.decode(content) for name, content in hostile_files().items()}
        for name, answer in answers.items():
            try:
                decoded = answer.result()
            except PictureError as error:
                found[name] = error.code if error.hint else "no hint"
            else:
                found[name] = "accepted"
                assert decoded.thumb_jpeg[:2] == b"\xff\xd8"
                assert 0.99 < sum(decoded.colours) < 1.01
                assert decoded.moving is None or 0 < decoded.moving.duration_ms <= 24 * 3_600_000
    return found


@pytest.mark.slow
def test_every_hostile_file_is_accepted_or_refused_with_a_reason(fates: dict[str, str]) -> None:
    assert len(fates) >= 700
    assert set(fates.values()) - {"accepted"} <= CODES
    # None of them is let die by what it costs: each was told in time what it is.
    assert not {"decoder-crashed", "too-slow", "too-much-memory"} & set(fates.values())


@pytest.mark.slow
@pytest.mark.parametrize("family", ["odd", "profiles", "metadata", "polyglots"])
def test_what_other_software_makes_or_adds_does_not_cost_the_picture(
    fates: dict[str, str], family: str
) -> None:
    refused = {name for name, fate in fates.items() if name.startswith(f"{family}/") and fate != "accepted"}

    assert refused == REFUSED_IN[family]


@pytest.mark.slow
def test_hostile_files_are_refused_for_what_they_are(fates: dict[str, str]) -> None:
    expected = {
        "damaged/zero.jpg": "empty", "damaged/text.jpg": "not-a-picture", "bombs/wide.png": "too-small",
        "bombs/high.png": "too-small", "bombs/zero.jpg": "damaged", "bombs/really-wide.png": "side-too-long",
        "bombs/really-high.png": "side-too-long", "bombs/huge.png": "too-many-pixels",
        "bombs/huge.gif": "too-many-pixels", "bombs/huge.jpg": "too-many-pixels",
        "bombs/huge.bmp": "too-many-pixels", "bombs/huge.tiff": "too-many-pixels",
        "bombs/huge.webp": "too-many-pixels", "boxes/size-said-huge.avif": "damaged",
        "damaged/many-scans.jpg": "too-many-scans", "kinds/drawing-script.svg": "vector-picture",
        "kinds/drawing-laughs.svg": "vector-picture", "kinds/drawing.jpg": "vector-picture",
        "kinds/page.jpg": "web-page", "kinds/document.jpg": "document", "boxes/phone-heic.heic": "heif",
        "kinds/archive.png": "archive", "kinds/portable.ppm": "not-a-picture",
        "kinds/icon.ico": "not-a-picture", "kinds/targa.tga": "not-a-picture",
        "kinds/jpeg2000.jp2": "not-a-picture", "kinds/layers.psd": "layered-picture",
        "cut/cut-50.jpeg": "truncated", "cut/cut-50.webp": "truncated", "directories/loop.tiff": "damaged",
        "polyglots/zip-with-picture.jpg": "archive", "polyglots/pdf-and-picture.jpg": "document",
        "polyglots/page-and-picture.jpg": "web-page",
    }  # fmt: skip
    assert {name: fates[name] for name in expected} == expected
    # What kind of refusal it is depends on whether a decoder for videos is installed.
    assert {fates["kinds/film.jpg"], fates["kinds/film.mp4"]} <= {"truncated", "needs-video-extra"}


@settings(max_examples=150, deadline=None)
@given(
    kind=st.sampled_from(GOOD_FORMATS),
    places=st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), min_size=1, max_size=20),
    keep=st.integers(1, 10_000),
)
def test_mutated_picture_raises_nothing_but_a_picture_error(
    kind: str, places: list[tuple[int, int]], keep: int
) -> None:
    content = bytearray(WHOLE[kind])
    for place, value in places:
        content[place % len(content)] = value
    content = content[: max(1, len(content) * keep // 10_000)]

    pixels = 0
    with suppress(PictureError):
        decoded = decode_picture(bytes(content), PictureLimits(max_pixels=4_000_000))
        pixels = decoded.width_px * decoded.height_px

    assert pixels <= 4_000_000


@settings(max_examples=100, deadline=None)
@given(content=st.binary(max_size=400), start=st.sampled_from(STARTS))
def test_random_bytes_raise_nothing_but_a_picture_error(content: bytes, start: bytes) -> None:
    with pytest.raises(PictureError):
        decode_picture(start + content)


WHOLE = {kind: saved(noise(), kind) for kind in GOOD_FORMATS}
