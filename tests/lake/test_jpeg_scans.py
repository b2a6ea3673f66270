"""A JPEG that passes over its pixels thousands of times is told before it costs anything."""

import io

import numpy as np
import pytest
from PIL import Image

from bowerbird.core.errors import PictureError
from bowerbird.lake.jpeg_scans import MOST_SCANS, refuse_many_scans, scans_of
from bowerbird.lake.pictures import decode_picture


def picture(*, progressive: bool) -> bytes:
    values = np.random.default_rng(1).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    out = io.BytesIO()
    Image.fromarray(values).save(out, "JPEG", progressive=progressive)
    return out.getvalue()


def repeated(whole: bytes, times: int) -> bytes:
    last = whole.rindex(b"\xff\xda")
    return whole[:last] + whole[last:-2] * times + whole[-2:]


def test_scans_are_counted_up_to_the_end_of_the_picture() -> None:
    whole = picture(progressive=True)

    assert scans_of(picture(progressive=False)) == 1
    assert 6 <= scans_of(whole) <= 12
    assert scans_of(repeated(whole, 50)) == scans_of(whole) + 49
    assert scans_of(whole + whole) == scans_of(whole)


def test_picture_of_too_many_scans_is_refused() -> None:
    with pytest.raises(PictureError) as refused:
        decode_picture(repeated(picture(progressive=True), MOST_SCANS + 1))

    assert refused.value.code == "too-many-scans"


def test_what_lies_behind_a_picture_counts_for_nothing() -> None:
    refuse_many_scans(picture(progressive=False) + b"\xff\xda" * 10_000)


@pytest.mark.parametrize("content", [b"", b"\xff\xd8", b"\xff\xd8\xff", b"\xff\xd8" + b"\xff\xda" * 200])
def test_rubbish_is_counted_without_harm(content: bytes) -> None:
    assert scans_of(content) <= 200
