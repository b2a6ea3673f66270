"""This file is about pictures on their way into the network: square, small, and in its number range."""

from collections.abc import Sequence

import numpy as np
from PIL import Image

from bowerbird.core.arrays import Pixels

RECIPE = "pad-square-white;bilinear-antialiased-reduce2;(x-127)/128"
"""Part of every stamp: change it whenever the numbers that come out of here change."""


def network_input(pictures: Sequence[Pixels], size_px: int) -> np.ndarray:
    """[B, 3, size_px, size_px] of float32 in about [-1, 1]; each picture centred on a white square."""
    batch = np.empty((len(pictures), 3, size_px, size_px), dtype=np.float32)
    for row, pixels in enumerate(pictures):
        square = on_white_square(Image.fromarray(pixels), size_px)
        batch[row] = square.transpose(2, 0, 1)
    batch -= 127
    batch /= 128
    return batch


def on_white_square(picture: Image.Image, size_px: int) -> np.ndarray:
    """[size_px, size_px, 3] the whole picture, longest side `size_px`, the rest white."""
    longest = max(picture.size)
    width = max(1, round(picture.width * size_px / longest))
    height = max(1, round(picture.height * size_px / longest))
    if (width, height) != picture.size:
        picture = picture.resize((width, height), Image.Resampling.BILINEAR, reducing_gap=2.0)
    square = np.full((size_px, size_px, 3), 255, dtype=np.uint8)
    top, left = (size_px - height) // 2, (size_px - width) // 2
    square[top : top + height, left : left + width] = np.asarray(picture)
    return square
