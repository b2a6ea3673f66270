"""This file is about short marks of a picture: the blur placeholder and the near-duplicate signature."""

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from PIL import Image

_PLACEHOLDER_PX = 100
_ENOUGH_PX = 48  # 7 waves a side need no more
_GREY_PX = 32
_WAVES_A_SIDE = 11
_BY_LENGTH = sorted(
    ((y, x) for y in range(_WAVES_A_SIDE) for x in range(_WAVES_A_SIDE)), key=lambda at: (sum(at), at)
)
_LOWEST_64 = tuple(np.array(axis) for axis in zip(*_BY_LENGTH[1:65], strict=True))


def thumbhash(picture: Image.Image) -> bytes:
    """21 to 25 bytes from which a page paints a blurred placeholder of the right shape.

    Source: ThumbHash by Evan Wallace, `rgbaToThumbHash` of the package `thumbhash` 0.1.1, for opaque
    pictures; the same bytes for the same pixels of at most 100 a side.
    """
    if max(picture.size) > _PLACEHOLDER_PX:
        picture = picture.reduce(max(1, max(picture.size) // _ENOUGH_PX))
    width, height = picture.size
    red, green, blue = np.moveaxis(np.asarray(picture), 2, 0) / 255.0
    longer = max(height, width)
    across, down = (max(1, _round(7 * side / longer)) for side in (width, height))
    light, warm, ruddy = _waves(
        np.stack([(red + green + blue) / 3, (red + green) / 2 - blue, red - green]),
        ((max(3, across), max(3, down)), (3, 3), (3, 3)),
    )
    lies = width > height
    head = int(
        _round(63 * light.mean)
        | _round(31.5 + 31.5 * warm.mean) << 6
        | _round(31.5 + 31.5 * ruddy.mean) << 12
        | _round(31 * light.scale) << 18
    )
    shape = int(
        (down if lies else across) | _round(63 * warm.scale) << 3 | _round(63 * ruddy.scale) << 9 | lies << 15
    )
    parts = np.concatenate([light.parts, warm.parts, ruddy.parts])
    nibbles = np.floor(15 * parts + 0.5).astype(np.uint8)
    high = np.zeros(-(-len(nibbles) // 2), dtype=np.uint8)
    high[: len(nibbles) // 2] = nibbles[1::2]
    waves = (nibbles[::2] | high << 4).tobytes()
    return head.to_bytes(3, "little") + shape.to_bytes(2, "little") + waves


def signature(picture: Image.Image) -> int:
    """64 bits as a signed integer; copies that were resized or compressed again differ in few of them.

    Source: the DCT perceptual hash (pHash): low waves of a 32 x 32 grey picture against their median. Unlike
    there, the 64 are the lowest without the mean, whose bit would be the same in every picture.
    """
    grey = picture.convert("L").resize((_GREY_PX, _GREY_PX), Image.Resampling.BOX)
    basis = _cosines(_GREY_PX, _WAVES_A_SIDE)
    table = basis @ np.asarray(grey, dtype=np.float64) @ basis.T  # [11, 32] @ [32, 32] @ [32, 11]
    waves = table[_LOWEST_64]
    # Flat pictures have no waves but rounding noise; below half a grey level a bit says nothing.
    bits = waves > max(_median(waves), 0.5)
    return int.from_bytes(np.packbits(bits).tobytes(), "big", signed=True)


def bits_apart(left: int, right: int) -> int:
    """How many of the 64 bits of two signatures differ."""
    return ((left ^ right) & (2**64 - 1)).bit_count()


class _Waves(NamedTuple):
    """The mean of one channel and its low waves, scaled to 0 to 1; `scale` takes that back."""

    mean: float
    parts: np.ndarray
    scale: float


def _waves(channels: np.ndarray, counts: Sequence[tuple[int, int]]) -> list[_Waves]:
    """The low waves of [C, h, w] channels; of each, so many across and down."""
    height, width = channels.shape[1:]
    most_across, most_down = (max(count) for count in zip(*counts, strict=True))
    tables = _cosines(height, most_down) @ channels @ _cosines(width, most_across).T / (height * width)
    waves = []
    for table, (across, down) in zip(tables, counts, strict=True):
        kept = table[:down, :across][_low_waves(across, down)]
        scale = float(np.abs(kept).max(initial=0.0))
        # Below this a wave is rounding noise of a flat channel; it is stored with scale 0 either way.
        parts = 0.5 + 0.5 / scale * kept if scale > 1e-9 else np.zeros(len(kept))
        waves.append(_Waves(float(table[0, 0]), parts, scale))
    return waves


def _median(values: np.ndarray) -> float:
    """Of an even number of values; a fifth of the price of `np.median`."""
    ordered = np.sort(values)
    middle = len(ordered) // 2
    return float(ordered[middle - 1] + ordered[middle]) / 2


@lru_cache(maxsize=64)
def _low_waves(across: int, down: int) -> np.ndarray:
    """[down, across] true for the waves that are kept: a triangle without the mean."""
    y, x = np.mgrid[:down, :across]
    kept: np.ndarray = (x * down < across * (down - y)) & (x + y > 0)
    return kept


@lru_cache(maxsize=512)
def _cosines(length: int, count: int) -> np.ndarray:
    """[count, length] cos(pi / length * k * (x + 1/2))."""
    places = np.arange(length) + 0.5
    table: np.ndarray = np.cos(np.pi / length * np.arange(count)[:, None] * places[None, :])
    return table


def _round(value: float) -> int:
    # JavaScript rounds halves up, Python to even; the bytes must agree.
    return math.floor(value + 0.5)
