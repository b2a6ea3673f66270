"""This file is about whether two pictures are one: the same shot, saved again in another size or quality.

Signatures alone do not tell: two black shoes on white share theirs, and so do a red lamp and a blue one. So
the thumbnails are laid on each other. What counts is the subject: a plain ground agrees with every other.
"""

from dataclasses import dataclass

import numpy as np
from PIL import Image

_MOST_PX, _LEAST_PX = 64, 16
_GROUND_LEVELS, _EDGE_LEVELS = 10.0, 20.0
_MOST_SHAPE = 0.035  # natural logarithm of width by height


@dataclass(frozen=True, slots=True)
class Tolerance:
    """How far two copies may be apart, in levels of 255.

    Attributes:
        mean_light: of a pixel from the nearest level around the same place in the other, over the subject.
        most_light: the same, of all but the worst 2 %.
        most_colour: likewise, of the two colour channels.
        spot_light: a place that is further apart is a spot: a stroke or a letter that only one of them has.
        most_spots: how many of them, of at most 64 × 64 places.
        shift_light: of the mean of the subject, which noise of compression does not move.
        shift_colour: likewise, of the two colour channels; variants of one product differ in this.
    """

    mean_light: float = 2.5
    most_light: float = 20.0
    most_colour: float = 16.0
    spot_light: float = 30.0
    most_spots: int = 5
    shift_light: float = 4.0
    shift_colour: float = 1.5


def has_same_shape(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """[P] bool: whether ratios of width to height are those of copies, rounded to whole pixels."""
    same: np.ndarray = np.abs(np.log(left) - np.log(right)) <= _MOST_SHAPE
    return same


def is_same_look(left: Image.Image, right: Image.Image, tolerance: Tolerance | None = None) -> bool:
    """Whether two thumbnails show one picture."""
    tolerance = tolerance or Tolerance()
    # A small copy has lost its detail: the two are compared at what the smaller one can tell.
    side = int(np.clip(min(*left.size, *right.size) // 2, _LEAST_PX, _MOST_PX))
    one, other = _levels(left, side), _levels(right, side)
    subject = _subject(one) | _subject(other)
    if np.count_nonzero(subject) < side:
        subject[:] = True
    shift = np.abs((one - other)[subject].mean(axis=0))
    if shift[0] > tolerance.shift_light or shift[1:].max() > tolerance.shift_colour:
        return False
    apart = np.maximum(_outside(one, other), _outside(other, one))[subject]
    light, colour = apart[:, 0], apart[:, 1:].max(axis=1)
    return bool(
        light.mean() <= tolerance.mean_light
        and np.count_nonzero(light > tolerance.spot_light) <= tolerance.most_spots
        and np.percentile(light, 98) <= tolerance.most_light
        and np.percentile(colour, 98) <= tolerance.most_colour
    )


def _levels(picture: Image.Image, side: int) -> np.ndarray:
    """[side, side, 3] light and two colour channels, 0 to 255."""
    small = picture.resize((side, side), Image.Resampling.BOX).convert("YCbCr")
    return np.asarray(small, dtype=np.float32)


def _around(levels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Lowest and highest level of each pixel and the eight around it."""
    side = len(levels)
    wide = np.pad(levels, ((1, 1), (1, 1), (0, 0)), mode="edge")
    views = [wide[y : y + side, x : x + side] for y in range(3) for x in range(3)]
    return np.minimum.reduce(views), np.maximum.reduce(views)


def _outside(levels: np.ndarray, other: np.ndarray) -> np.ndarray:
    """How far each level lies outside of those around its place in the other; half a pixel aside is none."""
    low, high = _around(other)
    outside: np.ndarray = np.maximum(np.maximum(low - levels, levels - high), 0.0)
    return outside


def _subject(levels: np.ndarray) -> np.ndarray:
    """[side, side] bool: what is not the ground, as the border has it, or has an edge."""
    border = np.concatenate([levels[0], levels[-1], levels[:, 0], levels[:, -1]])
    low, high = _around(levels)
    is_other = np.abs(levels - np.median(border, axis=0)).max(axis=2) > _GROUND_LEVELS
    subject: np.ndarray = is_other | ((high - low)[:, :, 0] > _EDGE_LEVELS)
    return subject
