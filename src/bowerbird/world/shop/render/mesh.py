"""This file is about meshes: four-cornered patches as columns, and how they are moved and joined."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from bowerbird.world.shop.render.noise import Floats


@dataclass(frozen=True, slots=True)
class Mesh:
    """Q patches; the corners of one go round it. Lengths in metres, y up, z towards the viewer.

    Attributes:
        corners: [Q, 4, 3] places.
        normals: [Q, 4, 3] unit vectors that point outwards.
        uv: [Q, 4, 2] place on the surface, in metres, for patterns and grain.
        is_thin: seen from both sides, as a leaf or a cloth is.
    """

    corners: Floats
    normals: Floats
    uv: Floats
    is_thin: bool = False

    def moved(self, x: float = 0, y: float = 0, z: float = 0) -> "Mesh":
        """The same, elsewhere."""
        return Mesh(self.corners + np.array([x, y, z], np.float32), self.normals, self.uv, self.is_thin)

    def moved_by(self, step: Floats) -> "Mesh":
        """The same, elsewhere by a [3] step."""
        return self.moved(float(step[0]), float(step[1]), float(step[2]))

    def turned(self, matrix: Floats) -> "Mesh":
        """The same, turned by a [3, 3] rotation about the origin."""
        return Mesh(self.corners @ matrix.T, self.normals @ matrix.T, self.uv, self.is_thin)

    def stretched(self, x: float = 1, y: float = 1, z: float = 1) -> "Mesh":
        """The same, longer or shorter along each axis; the surface's own measure stays."""
        by = np.array([x, y, z], np.float32)
        normals = self.normals / by
        return Mesh(self.corners * by, normals / _lengths(normals), self.uv, self.is_thin)


def joined(meshes: Iterable[Mesh]) -> Mesh:
    """One mesh of several; thin if any of them is."""
    given = list(meshes)
    return Mesh(
        np.concatenate([each.corners for each in given]),
        np.concatenate([each.normals for each in given]),
        np.concatenate([each.uv for each in given]),
        any(each.is_thin for each in given),
    )


def grid_mesh(points: Floats, uv: Floats, normals: Floats | None = None, *, is_thin: bool = False) -> Mesh:
    """The patches between [M, N, 3] points; without normals, those that the points themselves give.

    The normals point to where `d/dM x d/dN` does.
    """
    if normals is None:
        across, along = np.gradient(points, axis=0), np.gradient(points, axis=1)
        normals = cross(across, along)
        normals /= _lengths(normals)
    return Mesh(_patches(points), _patches(normals), _patches(uv), is_thin)


def cross(one: Floats, other: Floats) -> Floats:
    """[..., 3] cross products; numpy's own spends most of its time on moving axes."""
    crossed = np.empty(np.broadcast_shapes(one.shape, other.shape), np.float32)
    for axis in range(3):
        after, last = (axis + 1) % 3, (axis + 2) % 3
        crossed[..., axis] = one[..., after] * other[..., last] - one[..., last] * other[..., after]
    return crossed


def rotation(*, about_x: float = 0, about_y: float = 0, about_z: float = 0) -> Floats:
    """[3, 3] turn by degrees: first about z, then x, then y."""
    x, y, z = np.radians([about_x, about_y, about_z])
    turn_x = [[1, 0, 0], [0, np.cos(x), -np.sin(x)], [0, np.sin(x), np.cos(x)]]
    turn_y = [[np.cos(y), 0, np.sin(y)], [0, 1, 0], [-np.sin(y), 0, np.cos(y)]]
    turn_z = [[np.cos(z), -np.sin(z), 0], [np.sin(z), np.cos(z), 0], [0, 0, 1]]
    return (np.array(turn_y) @ np.array(turn_x) @ np.array(turn_z)).astype(np.float32)


def _patches(grid: Floats) -> Floats:
    patches = np.stack([grid[:-1, :-1], grid[1:, :-1], grid[1:, 1:], grid[:-1, 1:]], axis=2)
    flat: Floats = patches.reshape(-1, 4, grid.shape[2]).astype(np.float32, copy=False)
    return flat


def _lengths(vectors: Floats) -> Floats:
    lengths: Floats = np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-9).astype(np.float32)
    return lengths
