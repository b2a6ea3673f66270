"""This file is about colours as people name them: how much of a picture's subject is red, navy or cream.

A name owns one or more anchors in CIE LAB. A pixel is shared softly among the names near it, and pixels of a
plain background do not count, so that a red shoe on a white ground is red.
"""

from functools import lru_cache

import numpy as np
from PIL import Image

from bowerbird.core.arrays import Pixels

_ANCHORS: dict[str, tuple[str, ...]] = {
    "black": ("#0b0b0c", "#1b1b1d", "#2c2c2e", "#363638"),
    "grey": ("#58585a", "#77787a", "#929395", "#adaeb0", "#c2c3c5"),
    "white": ("#ffffff", "#efeff1", "#dededf"),
    "cream": ("#f8f0d8", "#f0e4c4", "#e8e0cc"),
    "beige": ("#dcc7a2", "#c9ae8c", "#e2cdb8", "#bba98f"),
    "brown": ("#7a4b2a", "#5a3a26", "#3d2518", "#96683f", "#8a6b55", "#5f4f45", "#40332c"),
    "maroon": ("#6e1423", "#561a22", "#872638", "#5c3238", "#3c1a1e"),
    "red": ("#d3141c", "#b3151f", "#f03a34", "#c8343c", "#a8444a"),
    "pink": ("#f4a6c0", "#e8548f", "#f9cdd6", "#d9447c", "#e58e9d", "#dcbcc2", "#c98a98"),
    "orange": ("#f57c14", "#e85d1c", "#ffa14a", "#f6ae86", "#d4713f"),
    "gold": ("#c9a13b", "#b08d3c", "#d4b36a"),
    "yellow": ("#fbe11e", "#f3d23a", "#fff08a", "#e6c84e"),
    "olive": ("#6f6f2c", "#55562a", "#8b8650", "#6b6a52", "#45442f"),
    "green": ("#2e8b3c", "#1d5a2c", "#57b04a", "#8fcf6a", "#2f4d35", "#a9c9a0", "#667d66", "#3a4a3e"),
    "teal": ("#11706f", "#1c5560", "#2f8582", "#3d6266"),
    "turquoise": ("#35c5c0", "#7fdcd4", "#2aa9b8"),
    "blue": (
        "#1f52c8",
        "#3f86d8",
        "#8fb9e4",
        "#5b7ea8",
        "#2a5a94",
        "#b9d3ec",
        "#5f6d84",
        "#8c9bb0",
        "#44546e",
    ),
    "navy": ("#17204a", "#232c48", "#2b3a66", "#262c3a", "#343c50"),
    "purple": ("#6a2a90", "#8e3fae", "#4c2560", "#a3308f", "#7a6080", "#4a3852"),
    "lavender": ("#b9a2dc", "#d6c8ea", "#9a86c4", "#b4a8c4"),
}

NAMED_COLOURS: tuple[str, ...] = tuple(_ANCHORS)
"""Order of the columns of `colour_shares`; stored in the lake, so new names go at the end."""

_SMALL_PX = 48
_SOFTNESS = 3.0  # how much farther a second name may be and still get a third of what the first gets
_LIGHT_WEIGHT = 0.6
_HUE_WEIGHT = 1.6
_PLAIN_BORDER = 0.6  # share of border pixels in one colour that makes a background plain
_SAME_AS_GROUND = 4.0  # ΔE
_LEAST_SUBJECT = 0.02  # share of the area; below it the picture is all ground, so all of it counts


def to_lab(rgb: np.ndarray) -> np.ndarray:
    """[..., 3] float32 CIE LAB (D65) of [..., 3] uint8 sRGB."""
    xyz = _LINEAR[rgb] @ _XYZ_OF_RGB.T
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16.0 / 116.0)
    lab: np.ndarray = f @ _LAB_OF_F.T - np.array([16.0, 0.0, 0.0], dtype=np.float32)
    return lab


def colour_shares(pixels: Pixels) -> np.ndarray:
    """[len(NAMED_COLOURS)] float32 share of the subject's area in each named colour; sums to 1."""
    return colours_of(Image.fromarray(pixels))[0]


def main_colour(pixels: Pixels) -> str:
    """`#rrggbb`, the most common colour of the subject."""
    return colours_of(Image.fromarray(pixels))[1]


def colours_of(picture: Image.Image) -> tuple[np.ndarray, str]:
    """What `colour_shares` and `main_colour` give of an RGB picture, for the price of one."""
    small = _shrink(picture)
    weights = subject_weights(small)
    flat, flat_weights = small.reshape(-1, 3), weights.ravel()
    # `take` gathers rows at twice the speed of an index in brackets.
    by_pixel = shares_table().take(_bin_of(flat, bits=5), axis=0)
    shares: np.ndarray = flat_weights @ by_pixel  # [p] @ [p, n] -> [n]
    return shares, _most_common(flat, flat_weights)


def _most_common(flat: np.ndarray, weights: np.ndarray) -> str:
    coarse = _bin_of(flat, bits=3)
    fullest = np.bincount(coarse, weights=weights, minlength=512).argmax()
    here = np.flatnonzero(coarse == fullest)
    share = weights.take(here)
    mean = share @ flat.take(here, axis=0).astype(np.float32) / share.sum()
    red, green, blue = (round(part) for part in mean.tolist())
    return f"#{red:02x}{green:02x}{blue:02x}"


def subject_weights(small: np.ndarray) -> np.ndarray:
    """[h, w] float32 that sums to 1: how much each pixel belongs to the subject.

    Where most of the border has one colour, all that is joined to the border in this colour is ground and
    weighs nothing. Otherwise the middle weighs more than the edges.
    """
    height, width = small.shape[:2]
    ground = _ground(small)
    if ground is None or 1.0 - ground.mean() < _LEAST_SUBJECT:
        return _middle(height, width)
    weights = (~ground).astype(np.float32)
    shares: np.ndarray = weights / weights.sum()
    return shares


@lru_cache(maxsize=1)
def _lab_table() -> np.ndarray:
    """[262144, 3] float32 LAB of each colour of six bits a channel: the ground needs no finer ones."""
    return to_lab(_every_colour(bits=6))


@lru_cache(maxsize=1)
def shares_table() -> np.ndarray:
    """[32768, len(NAMED_COLOURS)] float32: the names' shares of each colour of five bits a channel."""
    lab = _as_named(to_lab(_every_colour(bits=5)))
    nearest = np.stack([_distance(lab, _as_named(_lab_of(hexes))) for hexes in _ANCHORS.values()], axis=1)
    closeness = np.exp(-((nearest - nearest.min(axis=1, keepdims=True)) / _SOFTNESS))
    table: np.ndarray = closeness / closeness.sum(axis=1, keepdims=True)
    return table.astype(np.float32)


def anchors_lab() -> dict[str, np.ndarray]:
    """Name → [anchors, 3] float32 CIE LAB."""
    return {name: _lab_of(hexes) for name, hexes in _ANCHORS.items()}


def _distance(colours: np.ndarray, anchors: np.ndarray) -> np.ndarray:
    """[c] distance of each of [c, 3] colours to the nearest of [a, 3] anchors."""
    # In doubles: |x - y|² from |x|² + |y|² - 2xy would lose what tells near colours apart.
    left, right = colours.astype(np.float64), anchors.astype(np.float64)
    squares = (left**2).sum(axis=1)[:, None] + (right**2).sum(axis=1) - 2.0 * left @ right.T
    closest: np.ndarray = np.sqrt(np.maximum(squares.min(axis=1), 0.0))
    return closest


def _as_named(lab: np.ndarray) -> np.ndarray:
    """LAB as people name it: light and shade count less, the first trace of a hue counts more."""
    chroma = np.linalg.norm(lab[:, 1:], axis=1, keepdims=True) + 1e-6
    stretch = _HUE_WEIGHT * np.log1p(0.05 * chroma) / (0.05 * chroma)
    return np.concatenate([lab[:, :1] * _LIGHT_WEIGHT, lab[:, 1:] * stretch], axis=1)


def _lab_of(hexes: tuple[str, ...]) -> np.ndarray:
    return to_lab(np.array([list(bytes.fromhex(text[1:])) for text in hexes], dtype=np.uint8))


def _shrink(picture: Image.Image) -> np.ndarray:
    """At most `_SMALL_PX` a side, by plain picking: shares need no smoothing."""
    size = min(picture.width, _SMALL_PX), min(picture.height, _SMALL_PX)
    return np.asarray(picture.resize(size, Image.Resampling.NEAREST))


def _bin_of(pixels: np.ndarray, *, bits: int) -> np.ndarray:
    """[...] int32 row of each pixel in a table of all colours of `bits` bits a channel."""
    high = (pixels >> (8 - bits)).astype(np.int32)
    numbers: np.ndarray = (high[..., 0] << 2 * bits) | (high[..., 1] << bits) | high[..., 2]
    return numbers


def _every_colour(*, bits: int) -> np.ndarray:
    """[8**bits, 3] uint8, the middle of each bin of `_bin_of`, in its order."""
    width = 256 >> bits
    level = (np.arange(1 << bits) * width + width // 2).astype(np.uint8)
    red, green, blue = np.meshgrid(level, level, level, indexing="ij")
    return np.stack([red, green, blue], axis=-1).reshape(-1, 3)


def _ground(small: np.ndarray) -> np.ndarray | None:
    """[h, w] bool of the plain ground, or None where the border is not plain."""
    border = _lab_of_pixels(np.concatenate([small[0], small[-1], small[:, 0], small[:, -1]]))
    colour = np.sort(border, axis=0)[len(border) // 2]  # the median, without the price of `np.median`
    if np.count_nonzero(_alike(border, colour)) < _PLAIN_BORDER * len(border):
        return None  # most photographs: what is inside need not be looked at
    return _joined_to_border(_alike(_lab_of_pixels(small), colour))


def _lab_of_pixels(pixels: np.ndarray) -> np.ndarray:
    """[..., 3] float32 LAB, as fine as the ground needs it."""
    lab: np.ndarray = _lab_table().take(_bin_of(pixels, bits=6), axis=0)
    return lab


def _alike(lab: np.ndarray, colour: np.ndarray) -> np.ndarray:
    apart = lab - colour
    close: np.ndarray = np.einsum("...c,...c->...", apart, apart) < _SAME_AS_GROUND**2
    return close


def _joined_to_border(alike: np.ndarray) -> np.ndarray:
    """The part of `alike` that can be reached from the border in steps of one pixel."""
    height, width = alike.shape
    # The picture as one long number of bits, a clear column after each row: a step to a side is a shift.
    line = width + 1
    bits = np.zeros((height, line), dtype=bool)
    bits[:, :width] = alike
    open_ = int.from_bytes(np.packbits(bits).tobytes(), "big")
    bits[1:-1, 1 : width - 1] = False
    reached, before = int.from_bytes(np.packbits(bits).tobytes(), "big"), 0
    while reached != before:
        before = reached
        reached |= (reached << 1 | reached >> 1 | reached << line | reached >> line) & open_
    packed = np.frombuffer(reached.to_bytes(-(-height * line // 8), "big"), dtype=np.uint8)
    joined: np.ndarray = np.unpackbits(packed, count=height * line).astype(bool).reshape(height, line)
    return joined[:, :width]


@lru_cache(maxsize=64)
def _middle(height: int, width: int) -> np.ndarray:
    """[height, width] float32 that sums to 1, most of it in the middle."""
    weights = np.outer(_bell(height), _bell(width))
    shares: np.ndarray = (weights / weights.sum()).astype(np.float32)
    shares.flags.writeable = False
    return shares


def _bell(length: int) -> np.ndarray:
    across = (np.arange(length, dtype=np.float32) + 0.5) / length - 0.5
    bell: np.ndarray = np.exp(-((across / 0.35) ** 2))
    return bell


_VALUES = np.arange(256) / 255.0
_LINEAR = np.where(_VALUES <= 0.04045, _VALUES / 12.92, ((_VALUES + 0.055) / 1.055) ** 2.4).astype(np.float32)
_WHITE_XYZ = np.array([0.95047, 1.0, 1.08883], dtype=np.float32)
_XYZ_OF_RGB = (
    np.array(
        [
            [0.4124564, 0.3575761, 0.1804375],
            [0.2126729, 0.7151522, 0.0721750],
            [0.0193339, 0.1191920, 0.9503041],
        ],
        dtype=np.float32,
    )
    / _WHITE_XYZ[:, None]
)
_LAB_OF_F = np.array([[0, 116, 0], [500, -500, 0], [0, 200, -200]], dtype=np.float32)
