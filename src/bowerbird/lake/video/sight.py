"""This file is about looking at one frame: how unlike another it is, and how much it tells."""

from dataclasses import dataclass

import numpy as np

from bowerbird.core.arrays import Pixels

TINY_PX = (32, 18)
"""Width and height at which frames are compared."""
CLEAR_PX = (160, 90)
"""Width and height at which a frame's sharpness is judged."""
_BINS = 4
_BLANK_SPREAD = 6.0  # levels; a frame none of whose channels varies more shows nothing
_DARK = 24.0
_CUT_SHARE, _CUT_LEVELS, _CUT_TIMES = 0.12, 8.0, 3.0
_SAME_SHARE, _SAME_LEVELS = 0.10, 5.0


@dataclass(frozen=True, slots=True)
class Glance:
    """A frame at a glance.

    Attributes:
        tiny: float32 [18, 32, 3].
        bins: float32 [64] share of its area in each of 4 x 4 x 4 colours.
    """

    tiny: np.ndarray
    bins: np.ndarray

    @classmethod
    def of(cls, tiny: Pixels) -> "Glance":
        """The glance of a frame that was shrunk to `TINY_PX`."""
        codes = (tiny // (256 // _BINS)).reshape(-1, 3) @ np.array([_BINS * _BINS, _BINS, 1])
        bins = np.bincount(codes, minlength=_BINS**3).astype(np.float32) / len(codes)
        return cls(tiny.astype(np.float32), bins)

    @property
    def is_blank(self) -> bool:
        """Nothing is on it: black, white, or any one colour."""
        return bool(self.tiny.std(axis=(0, 1)).max() < _BLANK_SPREAD)


def levels_apart(left: Glance, right: Glance) -> float:
    """Mean difference of two frames in levels of 0 to 255, place by place."""
    return float(np.abs(left.tiny - right.tiny).mean())


def share_apart(left: Glance, right: Glance) -> float:
    """Which share of the area has another colour, wherever it lies."""
    return float(np.abs(left.bins - right.bins).sum() / 2)


def is_cut(left: Glance, right: Glance, usual_levels: float) -> bool:
    """Whether another scene begins between two frames that follow each other.

    Args:
        usual_levels: how far frames that follow each other have been apart lately. A pan is far apart
            again and again; a cut is so once.
    """
    is_sudden = levels_apart(left, right) > _CUT_LEVELS + _CUT_TIMES * usual_levels
    return is_sudden and share_apart(left, right) > _CUT_SHARE


def is_same(left: Glance, right: Glance) -> bool:
    """Whether two frames show as good as the same."""
    return levels_apart(left, right) < _SAME_LEVELS and share_apart(left, right) < _SAME_SHARE


def worth(clear: Pixels) -> float:
    """How much a frame tells, from 0: sharp, lit and colourful ones tell more.

    Args:
        clear: the frame shrunk to `CLEAR_PX`.

    Source: variance of the Laplacian for sharpness; colourfulness after Hasler and Suesstrunk 2003.
    """
    colours = clear.astype(np.float32)
    light = colours.mean(axis=2)
    edges = 4 * light[1:-1, 1:-1] - light[:-2, 1:-1] - light[2:, 1:-1] - light[1:-1, :-2] - light[1:-1, 2:]
    red, green, blue = np.moveaxis(colours, 2, 0)
    warm, ruddy = (red + green) / 2 - blue, red - green
    colourful = float(np.hypot(warm.std(), ruddy.std()) + 0.3 * np.hypot(warm.mean(), ruddy.mean()))
    lit = float(np.clip((light.mean() - _DARK / 2) / _DARK, 0.05, 1.0)) * float(
        np.clip((255.0 - light.mean()) / _DARK, 0.05, 1.0)
    )
    return lit * float(np.log1p(edges.var())) * (1.0 + colourful / 60.0) * float(min(light.std() / 24.0, 1.0))
