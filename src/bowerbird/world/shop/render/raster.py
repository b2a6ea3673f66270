"""This file is about which patch is seen at each pixel: patches cut finer than a pixel, the nearest wins."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bowerbird.world.shop.render.noise import Floats

Ints = NDArray[np.int32]

NOTHING = np.uint64(2**64 - 1)
STEP_PX = 0.7  # between points of a patch: every pixel of a turned grid this fine holds a point
COARSE_STEP_PX = 1.0  # for maps that are blurred anyway
AT_ONCE = 262_144
# Few different numbers of points a side, so that many patches go at once.
LADDER = np.array(
    [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024, 2048, 4096]
)
_LOW = np.uint64(0xFFFFFFFF)


@dataclass(frozen=True, slots=True)
class Seen:
    """P pixels at which something is seen.

    Attributes:
        pixels: [P] number of the pixel, row by row, rising.
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


@dataclass(frozen=True, slots=True)
class _Group:
    """Patches that are cut alike: `rows` times `columns` points each; `is_cut` by the picture's edge."""

    patches: NDArray[np.int64]
    rows: int
    columns: int
    is_cut: bool


def rasterise(
    corners: Floats, width: int, height: int, *, faces_away: NDArray[np.bool_] | None = None
) -> Seen:
    """What is seen of the patches in perspective.

    Args:
        corners: [Q, 4, 3] x and y in pixels times distance, and distance.
        width: of the picture, in pixels.
        height: of the picture, in pixels.
        faces_away: [Q] patches that are not seen in any case.
    """
    nearest = np.full(width * height, NOTHING, np.uint64)
    flat = corners[..., :2] / corners[..., 2:]
    groups = list(_groups(flat, corners[..., 2], width, height, STEP_PX, faces_away))
    starts = np.zeros(len(groups) + 1, np.int64)
    for number, group in enumerate(groups):
        start = starts[number]
        for x, y, distance in _points(corners, group):
            x, y = x / distance, y / distance
            key = distance.ravel().view(np.uint32).astype(np.uint64)
            key <<= np.uint64(32)
            key += np.arange(start, start + len(key), dtype=np.uint64)
            _keep_least(nearest, x, y, key, width, height, group.is_cut)
            start += len(key)
        starts[number + 1] = start
    return _seen(nearest, groups, starts)


def nearest_distance(corners: Floats, side_px: int) -> Floats:
    """[side * side] least distance at each pixel of a map without perspective; infinite where nothing is.

    Args:
        corners: [Q, 4, 3] x and y in pixels, and distance.
        side_px: of the map.
    """
    nearest = np.full(side_px * side_px, np.inf, np.float32)
    for group in _groups(corners[..., :2], corners[..., 2], side_px, side_px, COARSE_STEP_PX, None):
        for x, y, distance in _points(corners, group):
            _keep_least(nearest, x, y, distance.ravel(), side_px, side_px, group.is_cut)
    return nearest


def weights(s: Floats, t: Floats) -> Floats:
    """[P, 4] share of each corner at a place on the patch."""
    shares = np.empty((len(s), 4), np.float32)
    shares[:, 2] = s * t
    shares[:, 1] = s - shares[:, 2]
    shares[:, 3] = t - shares[:, 2]
    shares[:, 0] = 1 - s - shares[:, 3]
    return shares


def _groups(
    flat: Floats,
    distance: Floats,
    width: int,
    height: int,
    step_px: float,
    left_out: NDArray[np.bool_] | None,
) -> Iterator[_Group]:
    x, y = flat[..., 0], flat[..., 1]
    low_x, high_x, low_y, high_y = _least(x), -_least(-x), _least(y), -_least(-y)
    is_in = (high_x > 0) & (high_y > 0) & (low_x < width) & (low_y < height) & (_least(distance) > 0)
    if left_out is not None:
        is_in &= ~left_out
    inside = np.flatnonzero(is_in)
    if not len(inside):
        return
    x, y = x[inside], y[inside]
    is_cut = ((low_x < 0) | (low_y < 0) | (high_x >= width) | (high_y >= height))[inside]
    sides = [np.hypot(x[:, at] - x[:, at - 1], y[:, at] - y[:, at - 1]) for at in range(4)]
    rows, columns = (
        np.searchsorted(LADDER, np.minimum(np.ceil(np.maximum(one, other) / step_px), LADDER[-1]))
        for one, other in ((sides[1], sides[3]), (sides[0], sides[2]))
    )
    kinds, which = np.unique((rows * len(LADDER) + columns) * 2 + is_cut, return_inverse=True)
    order = np.argsort(which, kind="stable")
    ends = np.searchsorted(which[order], np.arange(len(kinds) + 1))
    for number, kind in enumerate(kinds):
        row, column = divmod(int(kind) // 2, len(LADDER))
        patches = inside[order[ends[number] : ends[number + 1]]]
        yield _Group(patches, int(LADDER[row]), int(LADDER[column]), bool(kind & 1))


def _points(corners: Floats, group: _Group) -> Iterator[tuple[Floats, Floats, Floats]]:
    s = np.repeat((np.arange(group.rows, dtype=np.float32) + 0.5) / group.rows, group.columns)
    t = np.tile((np.arange(group.columns, dtype=np.float32) + 0.5) / group.columns, group.rows)
    shares = np.ascontiguousarray(weights(s.astype(np.float32), t.astype(np.float32)).T)  # [4, K]
    at_once = max(1, AT_ONCE // shares.shape[1])
    for first in range(0, len(group.patches), at_once):
        some = corners[group.patches[first : first + at_once]]
        yield some[..., 0] @ shares, some[..., 1] @ shares, some[..., 2] @ shares  # [Q, 4] @ [4, K] -> [Q, K]


def _keep_least(
    nearest: NDArray[np.generic],
    x: Floats,
    y: Floats,
    key: NDArray[np.generic],
    width: int,
    height: int,
    is_cut: bool,
) -> None:
    column, row = x.astype(np.int32), y.astype(np.int32)
    place = (row * width + column).ravel()
    if is_cut:
        within = ((x >= 0) & (y >= 0) & (column < width) & (row < height)).ravel()
        place, key = place[within], key[within]
    np.minimum.at(nearest, place, key)


def _seen(nearest: NDArray[np.uint64], groups: list[_Group], starts: NDArray[np.int64]) -> Seen:
    pixels = np.flatnonzero(nearest != NOTHING).astype(np.int32)
    keys = nearest[pixels]
    distance = (keys >> np.uint64(32)).astype(np.uint32).view(np.float32)
    if not groups:
        nothing = np.zeros(0, np.float32)
        return Seen(pixels, pixels, nothing, nothing, distance)
    numbers = (keys & _LOW).astype(np.int64)
    group = np.searchsorted(starts, numbers, side="right") - 1
    rows = np.array([each.rows for each in groups], np.int32).take(group)
    columns = np.array([each.columns for each in groups], np.int32).take(group)
    first_patch = np.cumsum([0, *(len(each.patches) for each in groups)]).astype(np.int32).take(group)
    local = (numbers - starts.take(group)).astype(np.int32)
    patch, point = np.divmod(local, rows * columns)
    row, column = np.divmod(point, columns)
    patches = np.concatenate([each.patches for each in groups]).astype(np.int32).take(first_patch + patch)
    s: Floats = np.add(row, 0.5, dtype=np.float32) / np.asarray(rows, np.float32)
    t: Floats = np.add(column, 0.5, dtype=np.float32) / np.asarray(columns, np.float32)
    return Seen(pixels, patches, s, t, distance)


def _least(corners: Floats) -> Floats:
    least: Floats = np.minimum(
        np.minimum(corners[:, 0], corners[:, 1]), np.minimum(corners[:, 2], corners[:, 3])
    )
    return least
