"""This file is about which patch is seen at each pixel: patches cut finer than a pixel, the nearest wins."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bowerbird.world.shop.render.noise import Floats

Ints = NDArray[np.int32]

NOTHING = np.uint64(2**64 - 1)
STEP_PX = 0.7  # between points of a patch: every pixel of a turned grid this fine holds a point
_LOW = np.uint64(0xFFFFFFFF)


@dataclass(frozen=True, slots=True)
class Seen:
    """P pixels at which something is seen.

    Attributes:
        pixels: [P] number of the pixel, row by row.
        patches: [P] which patch.
        s: [P] how far along the patch's first side, 0..1.
        t: [P] how far along its second.
        distance: [P] from the eye, in the unit of the corners' third column.
    """

    pixels: Ints
    patches: Ints
    s: Floats
    t: Floats
    distance: Floats


def rasterise(corners: Floats, width: int, height: int, *, is_perspective: bool) -> Seen:
    """What is seen of the patches.

    Args:
        corners: [Q, 4, 3] x and y in pixels (times distance, when in perspective), and distance.
        width: of the picture, in pixels.
        height: of the picture, in pixels.
        is_perspective: whether x and y are still to be divided by distance.
    """
    flat = corners[..., :2] / corners[..., 2:] if is_perspective else corners[..., :2]
    low, high = flat.min(axis=1), flat.max(axis=1)
    inside = np.flatnonzero(
        (high[:, 0] > 0)
        & (high[:, 1] > 0)
        & (low[:, 0] < width)
        & (low[:, 1] < height)
        & (corners[..., 2].min(axis=1) > 0)
    )
    nearest = np.full(width * height, NOTHING, np.uint64)
    if not len(inside):
        return _seen(nearest, [], [], [])
    shape = _steps(flat[inside])
    kinds, which = np.unique(shape[:, 0] * 4096 + shape[:, 1], return_inverse=True)
    order = np.argsort(which, kind="stable")
    ends = np.searchsorted(which[order], np.arange(len(kinds) + 1))
    starts: list[int] = []
    groups: list[NDArray[np.int64]] = []
    sizes: list[tuple[int, int]] = []
    start = 0
    for number, kind in enumerate(kinds):
        patches = inside[order[ends[number] : ends[number + 1]]]
        size = (int(kind) // 4096, int(kind) % 4096)
        is_cut = bool(
            (low[patches].min() < 0)
            or (high[patches, 0].max() >= width)
            or (high[patches, 1].max() >= height)
        )
        _draw(corners[patches], size, start, nearest, width, height, is_perspective, is_cut)
        starts.append(start)
        groups.append(patches)
        sizes.append(size)
        start += len(patches) * size[0] * size[1]
    return _seen(nearest, starts, groups, sizes)


def weights(s: Floats, t: Floats) -> Floats:
    """[P, 4] share of each corner at a place on the patch."""
    shares: Floats = np.stack([(1 - s) * (1 - t), s * (1 - t), s * t, (1 - s) * t], axis=1)
    return shares


def _steps(flat: Floats) -> NDArray[np.int64]:
    # [Q, 4, 2] -> [Q, 2] points along each side; few different numbers, so that many patches go at once.
    sides = np.linalg.norm(flat - np.roll(flat, -1, axis=1), axis=2)
    longest = np.stack([np.maximum(sides[:, 0], sides[:, 2]), np.maximum(sides[:, 1], sides[:, 3])], axis=1)
    count = np.clip(np.ceil(longest / STEP_PX), 1, 4000).astype(np.int64)
    ladder = np.array(
        [1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024, 4000]
    )
    rungs: NDArray[np.int64] = ladder[np.searchsorted(ladder, count)]
    return rungs


def _draw(
    corners: Floats,
    size: tuple[int, int],
    start: int,
    nearest: NDArray[np.uint64],
    width: int,
    height: int,
    is_perspective: bool,
    is_cut: bool,
) -> None:
    s = (np.arange(size[0], dtype=np.float32) + 0.5) / size[0]
    t = (np.arange(size[1], dtype=np.float32) + 0.5) / size[1]
    grid_s, grid_t = (each.ravel() for each in np.meshgrid(s, t, indexing="ij"))
    shares = weights(grid_s, grid_t).T  # [4, K]
    at_once = max(1, 262_144 // shares.shape[1])
    for first in range(0, len(corners), at_once):
        some = corners[first : first + at_once]
        x, y, distance = (some[..., axis] @ shares for axis in range(3))  # [Q, 4] @ [4, K] -> [Q, K]
        if is_perspective:
            x, y = x / distance, y / distance
        column, row = x.astype(np.int32), y.astype(np.int32)
        place = (row * width + column).ravel()
        key = distance.ravel().view(np.uint32).astype(np.uint64)
        key <<= np.uint64(32)
        key += np.arange(start, start + len(key), dtype=np.uint64)
        if is_cut:
            within = ((x >= 0) & (y >= 0) & (column < width) & (row < height)).ravel()
            place, key = place[within], key[within]
        np.minimum.at(nearest, place, key)
        start += some.shape[0] * shares.shape[1]


def _seen(
    nearest: NDArray[np.uint64],
    starts: list[int],
    groups: list[NDArray[np.int64]],
    sizes: list[tuple[int, int]],
) -> Seen:
    pixels = np.flatnonzero(nearest != NOTHING).astype(np.int32)
    keys = nearest[pixels]
    numbers = (keys & _LOW).astype(np.int64)
    distance = (keys >> np.uint64(32)).astype(np.uint32).view(np.float32)
    patches = np.zeros(len(pixels), np.int32)
    s, t = np.zeros(len(pixels), np.float32), np.zeros(len(pixels), np.float32)
    group_of = np.searchsorted(np.array(starts, np.int64), numbers, side="right") - 1
    for number, (start, group, size) in enumerate(zip(starts, groups, sizes, strict=True)):
        here = np.flatnonzero(group_of == number)
        patch, point = np.divmod(numbers[here] - start, size[0] * size[1])
        patches[here] = group[patch]
        s[here] = (point // size[1] + 0.5) / size[0]
        t[here] = (point % size[1] + 0.5) / size[1]
    return Seen(pixels, patches, s, t, distance)
