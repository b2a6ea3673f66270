"""Every bad file ends accepted or refused with a reason, and nothing else happens."""

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
from hostile import GOOD_FORMATS, hostile_files, noise, odd_but_good, saved

CODES = {
    "archive", "damaged", "document", "empty", "heif", "layered-picture", "not-a-picture", "side-too-long",
    "too-many-pixels", "too-small", "truncated", "vector-picture", "video", "web-page", "too-much-memory",
    "needs-video-extra",
}  # fmt: skip


STARTS = (
    b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"II*\x00", b"BM", b"RIFF\x00\x01\x00\x00WEBP",
    b"\x00\x00\x00\x20ftypavif",
)  # fmt: skip


@pytest.fixture(scope="module")
def pool():
    with DecodePool(workers=1, limits=PictureLimits(seconds=10.0)) as made:
        yield made


def test_every_hostile_file_is_accepted_or_refused_with_a_reason(pool: DecodePool) -> None:
    files = hostile_files()
    answers = {name: pool.decode(content) for name, content in files.items()}

    fates = {}
    for name, answer in answers.items():
        try:
            decoded = answer.result()
            fates[name] = "accepted"
            assert decoded.thumb_jpeg[:2] == b"\xff\xd8"
            assert 0.99 < sum(decoded.colours) < 1.01
        except PictureError as error:
            fates[name] = error.code if error.hint else "no hint"

    assert len(files) >= 120
    assert set(fates.values()) - {"accepted"} <= CODES
    for name in (
        *(name for name, _ in odd_but_good()),
        "picture-and-zip.jpg",
        "jpeg-named.png",
        "bad-exif.jpg",
    ):
        assert fates[name] == "accepted", (name, fates[name])
    expected = {
        "zero.jpg": "empty", "text.jpg": "not-a-picture", "wide.png": "too-small", "high.png": "too-small",
        "huge.png": "too-many-pixels", "drawing.svg": "vector-picture", "drawing.jpg": "vector-picture",
        "page.jpg": "web-page", "document.jpg": "document",
        "phone.heic": "heif", "archive.png": "archive", "portable.ppm": "not-a-picture",
        "icon.ico": "not-a-picture", "targa.tga": "not-a-picture", "cut-50.jpeg": "truncated",
        "cut-50.webp": "truncated", "ifd-loop.tiff": "damaged", "huge.gif": "too-many-pixels",
    }  # fmt: skip
    assert {name: fates[name] for name in expected} == expected
    # What kind of refusal it is depends on whether a decoder for videos is installed.
    assert {fates["film.jpg"], fates["film.mp4"]} <= {"truncated", "needs-video-extra"}


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
