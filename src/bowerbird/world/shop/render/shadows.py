"""This file is about shadows: what stands in the light's way, and what darkens the floor by being close."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from bowerbird.world.shop.render.noise import Floats
from bowerbird.world.shop.render.raster import Ints, nearest_distance

FLOOR_PX = 160
EDGE_PX = 10


@dataclass(frozen=True, slots=True)
class Planes:
    """The still parts of a set: a floor at y = 0, and a wall at this z; either may be missing."""

    has_floor: bool = True
    wall_z: float | None = None


def blurred(image: Floats, radius: float) -> Floats:
    """[H, W] averaged under a bell of this many pixels; edges go on outwards."""
    rows, columns = _bell(image.shape[0], radius), _bell(image.shape[1], radius)
    smooth: Floats = rows @ image @ columns.T
    return smooth


class LightShadow:
    """How much of a far light reaches a place, with softer edges farther from what casts the shadow.

    Source: variance shadow maps, Donnelly and Lauritzen 2006; two widths of blur stand for the light's size.
    """

    def __init__(
        self, corners: Floats, towards_light: Floats, planes: Planes, *, softness_m: float, side_px: int = 256
    ) -> None:
        self._side_px = side_px
        ahead = -towards_light
        right = np.cross(ahead, [0.0, 1.0, 0.0])
        right /= np.linalg.norm(right)
        self._axes = np.stack([right, np.cross(right, ahead), ahead]).astype(np.float32)
        seen = corners @ self._axes.T
        low, high = seen.min(axis=(0, 1)), seen.max(axis=(0, 1))
        margin = 0.12 * float((high - low)[:2].max())
        side = float((high - low)[:2].max()) + 2 * margin
        self._low = (low + high) / 2 - side / 2
        self._low[2] = low[2] - 1
        self._per_m = side_px / side
        self._range_m = side
        placed = (seen - self._low) * np.array([self._per_m, self._per_m, 1], np.float32)
        depth = self._planes_depth(planes)
        depth = np.minimum(depth, nearest_distance(placed.astype(np.float32), side_px))
        square = depth.reshape(side_px, side_px)
        near, far = (max(1, round(softness_m * self._per_m * part)) for part in (0.15, 0.8))
        self._softness_m = softness_m
        self._maps = [
            (blurred(square, radius).ravel(), blurred(square * square, radius).ravel())
            for radius in (near, far)
        ]

    def lit(self, places: Floats) -> Floats:
        """[P] share of the light that reaches [3, P] places."""
        x, y, depth = (
            (self._axes[row, 0] * places[0] + self._axes[row, 1] * places[1] + self._axes[row, 2] * places[2])
            - self._low[row]
            for row in range(3)
        )
        x, y = x * np.float32(self._per_m) - np.float32(0.5), y * np.float32(self._per_m) - np.float32(0.5)
        within = _within(x, y, self._side_px)
        corner, shares = _between(
            np.clip(x, 0, self._side_px - 2), np.clip(y, 0, self._side_px - 2), side_px=self._side_px
        )
        sharp, _ = self._share(0, corner, shares, depth)
        soft, blocker = self._share(1, corner, shares, depth)
        gap = np.clip((depth - blocker) / np.float32(3.0 * self._softness_m), 0, 1)
        share: Floats = 1 - (1 - sharp * (1 - gap) - soft * gap) * within
        return share

    def _share(self, which: int, corner: Ints, shares: list[Floats], depth: Floats) -> tuple[Floats, Floats]:
        mean = _sampled(self._maps[which][0], corner, shares, side_px=self._side_px)
        square = _sampled(self._maps[which][1], corner, shares, side_px=self._side_px)
        spread = np.maximum(square - mean * mean, np.float32(2e-5 * self._range_m))
        behind = depth - mean - np.float32(0.006 * self._range_m)
        share = spread / (spread + behind * behind)
        # Light bleeds through where two casters overlap; what is almost dark is dark.
        share = np.clip((share - 0.25) / 0.75, 0, 1)
        return np.where(behind <= 0, np.float32(1), share).astype(np.float32), mean

    def _planes_depth(self, planes: Planes) -> Floats:
        step = (np.arange(self._side_px, dtype=np.float32) + 0.5) / np.float32(self._per_m)
        x, y = step[None, :] + self._low[0], step[:, None] + self._low[1]
        right, over, ahead = self._axes
        depth = np.full((self._side_px, self._side_px), self._low[2] + 50 + self._range_m, np.float32)
        if planes.has_floor:
            depth = np.minimum(depth, -(x * right[1] + y * over[1]) / ahead[1])
        if planes.wall_z is not None:
            depth = np.minimum(depth, (planes.wall_z - x * right[2] - y * over[2]) / ahead[2])
        flat: Floats = (depth - self._low[2]).astype(np.float32).ravel()
        return flat


class FloorShade:
    """How much of the room's light the floor gets under and beside what stands on it."""

    def __init__(self, corners: Floats) -> None:
        low, high = corners.min(axis=(0, 1)), corners.max(axis=(0, 1))
        side = float(max(high[0] - low[0], high[2] - low[2])) * 1.5 + 0.05
        self._low = np.array(
            [(low[0] + high[0]) / 2 - side / 2, (low[2] + high[2]) / 2 - side / 2], np.float32
        )
        self._per_m = FLOOR_PX / side
        from_above = np.stack(
            [
                (corners[..., 0] - self._low[0]) * self._per_m,
                (corners[..., 2] - self._low[1]) * self._per_m,
                np.maximum(corners[..., 1], 0) + 1,
            ],
            axis=-1,
        )
        height = np.minimum(nearest_distance(from_above.astype(np.float32), FLOOR_PX) - 1, np.float32(50))
        square = height.reshape(FLOOR_PX, FLOOR_PX)
        size_m = float((high - low).max())
        dark = np.zeros_like(square)
        for reach, weight in ((0.02, 0.45), (0.07, 0.35), (0.2, 0.3)):
            radius = max(1, round(reach * size_m * self._per_m * 0.5))
            dark += np.float32(weight) * blurred(np.exp(-square / np.float32(reach * size_m)), radius)
        self._light = np.clip(1 - dark, 0.05, 1).ravel()

    def lit(self, x: Floats, z: Floats) -> Floats:
        """[P] share of the room's light at places of the floor."""
        column, row = (x - self._low[0]) * self._per_m - 0.5, (z - self._low[1]) * self._per_m - 0.5
        within = _within(column, row, FLOOR_PX)
        corner, shares = _between(
            np.clip(column, 0, FLOOR_PX - 2), np.clip(row, 0, FLOOR_PX - 2), side_px=FLOOR_PX
        )
        light: Floats = 1 - (1 - _sampled(self._light, corner, shares, side_px=FLOOR_PX)) * within
        return light


@lru_cache(maxsize=64)
def _bell(count: int, radius: float) -> Floats:
    # As a matrix, since one product takes any radius at the speed of the processor's widest arithmetic.
    place = np.arange(count, dtype=np.float32)
    reach = int(3 * radius) + 1
    wide = np.arange(-reach, count + reach, dtype=np.float32)
    weight = np.exp(-0.5 * ((place[:, None] - wide[None, :]) / np.float32(max(radius, 0.3))) ** 2)
    folded = weight[:, reach:-reach].copy()
    folded[:, 0] += weight[:, :reach].sum(axis=1)
    folded[:, -1] += weight[:, -reach:].sum(axis=1)
    bell: Floats = folded / folded.sum(axis=1, keepdims=True)
    return bell


def _within(x: Floats, y: Floats, side_px: int) -> Floats:
    # 1 on the map, 0 outside, and a slope at its edge, which would be seen as a line.
    inside = np.minimum(np.minimum(x, side_px - 1 - x), np.minimum(y, side_px - 1 - y))
    within: Floats = np.clip(inside * np.float32(1 / EDGE_PX), 0, 1)
    return within


def _between(x: Floats, y: Floats, *, side_px: int) -> tuple[Ints, list[Floats]]:
    left, top = x.astype(np.int32), y.astype(np.int32)
    across, down = (x - left).astype(np.float32), (y - top).astype(np.float32)
    shares = [(1 - across) * (1 - down), across * (1 - down), (1 - across) * down, across * down]
    return top * side_px + left, shares


def _sampled(image: Floats, corner: Ints, shares: list[Floats], *, side_px: int) -> Floats:
    total = image.take(corner) * shares[0]
    for step, share in zip((1, side_px, side_px + 1), shares[1:], strict=True):
        total += image.take(corner + step) * share
    return total
