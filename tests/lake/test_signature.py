"""The placeholder is the page's own format, and the signature knows a copy from another picture."""

import io

import numpy as np
import pytest
from PIL import Image

from bowerbird.lake.signature import bits_apart, signature, thumbhash


def speckled(width: int, height: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def scene(seed: int, size: tuple[int, int] = (400, 300)) -> Image.Image:
    coarse = np.random.default_rng(seed).integers(0, 256, (6, 8, 3), dtype=np.uint8)
    return Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC)


@pytest.mark.parametrize(
    ("width", "height", "seed", "hexed"),
    [
        (64, 64, 3, "20f8010700c887311398f5b9edeb56e6c435013e1140c302"),
        (33, 90, 4, "e0f7010b00c7b1fa8385c75c9ad6900e5e"),
        (5, 3, 5, "1f870934908fb6488d978799568874de409f27"),
    ],
)
def test_placeholder_has_the_bytes_of_the_reference_encoder(
    width: int, height: int, seed: int, hexed: str
) -> None:
    assert thumbhash(Image.fromarray(speckled(width, height, seed))).hex() == hexed


def test_placeholder_of_a_large_picture_is_short() -> None:
    assert 17 <= len(thumbhash(scene(1, (1_200, 800)))) <= 25


def test_placeholder_of_a_flat_picture_has_no_waves() -> None:
    flat = Image.new("RGB", (40, 40), (200, 30, 90))

    assert set(thumbhash(flat)[5:]) == {0}


@pytest.mark.parametrize("quality", [30, 60, 90])
@pytest.mark.parametrize("width", [120, 300, 900])
def test_signature_of_a_copy_differs_in_few_bits(quality: int, width: int) -> None:
    original = scene(7)
    out = io.BytesIO()
    original.resize((width, width * 3 // 4)).save(out, "JPEG", quality=quality)

    copy = Image.open(io.BytesIO(out.getvalue()))

    assert bits_apart(signature(original), signature(copy)) <= 4


def test_signatures_of_other_pictures_differ_in_many_bits() -> None:
    marks = [signature(scene(seed)) for seed in range(12)]

    apart = [bits_apart(left, right) for at, left in enumerate(marks) for right in marks[:at]]

    assert min(apart) >= 12


def test_signature_fits_a_signed_column() -> None:
    marks = [signature(scene(seed)) for seed in range(40)]

    assert all(-(2**63) <= mark < 2**63 for mark in marks)
    assert min(marks) < 0 < max(marks)
