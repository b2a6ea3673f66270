"""Colours are named as people name them, and a plain ground is no colour of the subject."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from bowerbird.lake.colours import NAMED_COLOURS, _joined_to_border, colour_shares, main_colour


def square_on(ground: tuple[int, int, int], subject: tuple[int, int, int], side: int = 24) -> np.ndarray:
    picture = np.full((64, 64, 3), ground, dtype=np.uint8)
    start = (64 - side) // 2
    picture[start : start + side, start : start + side] = subject
    return picture


def most(shares: np.ndarray) -> str:
    return NAMED_COLOURS[int(shares.argmax())]


@pytest.mark.parametrize(
    ("name", "rgb"),
    [
        ("red", (200, 20, 25)), ("navy", (24, 32, 74)), ("blue", (60, 130, 215)), ("green", (50, 140, 60)),
        ("yellow", (250, 222, 40)), ("orange", (244, 124, 24)), ("pink", (243, 165, 192)),
        ("purple", (106, 42, 144)),
        ("brown", (110, 68, 40)), ("black", (14, 14, 15)), ("grey", (120, 121, 122)),
        ("beige", (214, 192, 156)),
        ("turquoise", (53, 196, 192)), ("maroon", (108, 20, 35)), ("olive", (110, 110, 46)),
        ("lavender", (185, 162, 220)),
    ],
)  # fmt: skip
def test_subject_on_white_ground_has_its_own_colour(name: str, rgb: tuple[int, int, int]) -> None:
    shares = colour_shares(square_on((255, 255, 255), rgb))

    assert most(shares) == name
    assert shares[NAMED_COLOURS.index("white")] < 0.05


def test_shares_are_areas_and_sum_to_one() -> None:
    picture = square_on((255, 255, 255), (200, 20, 25), side=40)
    picture[12:32, 12:52] = (60, 130, 215)  # the upper half of the subject

    shares = colour_shares(picture)

    assert shares.dtype == np.float32
    assert shares.sum() == pytest.approx(1.0, abs=1e-5)
    assert shares[NAMED_COLOURS.index("red")] == pytest.approx(0.5, abs=0.12)
    assert shares[NAMED_COLOURS.index("blue")] == pytest.approx(0.5, abs=0.12)


def test_picture_of_one_colour_has_that_colour() -> None:
    white = np.full((50, 30, 3), 255, dtype=np.uint8)

    assert most(colour_shares(white)) == "white"
    assert main_colour(white) == "#ffffff"


def test_subject_in_the_grounds_colour_counts_where_an_outline_shuts_it_in() -> None:
    picture = square_on((255, 255, 255), (10, 10, 10), side=44)
    picture[13:51, 13:51] = (255, 255, 255)

    assert most(colour_shares(picture)) == "white"


def test_main_colour_is_the_subjects() -> None:
    assert main_colour(square_on((255, 255, 255), (200, 20, 25))) == "#c81419"


@pytest.mark.parametrize("shape", [(1, 1), (1, 500), (500, 1), (3, 2), (1000, 700)])
def test_any_shape_has_shares(shape: tuple[int, int]) -> None:
    picture = np.full((*shape, 3), (200, 20, 25), dtype=np.uint8)

    assert most(colour_shares(picture)) == "red"


@given(arrays(np.bool_, st.tuples(st.integers(1, 12), st.integers(1, 12))))
def test_ground_is_what_can_be_walked_to_from_the_border(alike: np.ndarray) -> None:
    height, width = alike.shape
    border = {
        (y, x) for y in range(height) for x in range(width) if y in (0, height - 1) or x in (0, width - 1)
    }
    walked, waiting = set(), [at for at in border if alike[at]]
    while waiting:
        y, x = waiting.pop()
        if (y, x) in walked or not (0 <= y < height and 0 <= x < width) or not alike[y, x]:
            continue
        walked.add((y, x))
        waiting += [(y + 1, x), (y - 1, x), (y, x + 1), (y, x - 1)]

    joined = _joined_to_border(alike)

    assert {(int(y), int(x)) for y, x in np.argwhere(joined)} == walked
