"""This file is about noise: smooth random tiles that repeat, and how a surface reads them."""

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]  # float32 wherever there is one for each pixel

TILE_PX = 512


@lru_cache(maxsize=32)
def tile(seed: int, *, octaves: int = 4, cells: int = 8) -> Floats:
    """[512, 512] value noise in 0..1 that repeats without a seam; finer octaves weigh half of the coarser."""
    rng = np.random.default_rng([seed, octaves, cells])
    total = np.zeros((TILE_PX, TILE_PX), np.float32)
    for octave in range(octaves):
        count = cells << octave
        total += _stretched(rng.random((count, count), np.float32)) * np.float32(0.5**octave)
    total -= total.min()
    flat: Floats = (total / total.max()).ravel()
    return flat


def read(noise: Floats, u: Floats, v: Floats) -> Floats:
    """Noise at (u, v), in tiles, between its pixels and round its edges."""
    x, y = u * np.float32(TILE_PX), v * np.float32(TILE_PX)
    left, top = np.floor(x), np.floor(y)
    right_share, lower_share = x - left, y - top
    x0, y0 = left.astype(np.int32) & (TILE_PX - 1), top.astype(np.int32) & (TILE_PX - 1)
    x1, y1 = (x0 + 1) & (TILE_PX - 1), ((y0 + 1) & (TILE_PX - 1)) * TILE_PX
    y0 = y0 * TILE_PX
    upper = noise.take(y0 + x0) * (1 - right_share) + noise.take(y0 + x1) * right_share
    lower = noise.take(y1 + x0) * (1 - right_share) + noise.take(y1 + x1) * right_share
    found: Floats = upper * (1 - lower_share) + lower * lower_share
    return found


def smooth_step(low: float, high: float, at: Floats) -> Floats:
    """0 below `low`, 1 above `high`, without a corner between."""
    share = np.clip((at - np.float32(low)) / np.float32(high - low), 0, 1)
    stepped: Floats = share * share * (3 - 2 * share)
    return stepped


def _stretched(grid: Floats) -> Floats:
    count = len(grid)
    place = np.arange(TILE_PX, dtype=np.float32) * (count / TILE_PX)
    low = place.astype(np.int32)
    share = place - low
    share = (share * share * (3 - 2 * share)).astype(np.float32)
    high = (low + 1) % count
    rows = grid[low] * (1 - share)[:, None] + grid[high] * share[:, None]
    whole: Floats = rows[:, low] * (1 - share) + rows[:, high] * share
    return whole
