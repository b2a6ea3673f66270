"""This file is about spots: the places of parts that are lit, one for a pixel, or four where an edge runs."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bowerbird.world.shop.render.camera import Camera
from bowerbird.world.shop.render.lighting import Finish
from bowerbird.world.shop.render.mesh import Mesh
from bowerbird.world.shop.render.noise import Floats
from bowerbird.world.shop.render.raster import Ints, Seen

FINER = 2  # pixels of the raster for one of the picture, each way


@dataclass(frozen=True, slots=True)
class Part:
    """A mesh in one finish; parts of one item share an owner."""

    mesh: Mesh
    finish: Finish
    owner: int = 0

    def owned_by(self, owner: int, mesh: Mesh) -> "Part":
        """The same finish on a mesh that was moved into place."""
        return Part(mesh, self.finish, owner)


class Columns:
    """All parts' patches in one: `part` [Q] is which part each is of."""

    def __init__(self, parts: Sequence[Part]) -> None:
        meshes = [part.mesh for part in parts]
        self.corners = np.concatenate([mesh.corners for mesh in meshes])
        self.normals = np.concatenate([mesh.normals for mesh in meshes])
        self.uv = np.concatenate([mesh.uv for mesh in meshes])
        self.part = np.repeat(np.arange(len(parts), dtype=np.int16), [len(mesh.corners) for mesh in meshes])
        self._is_thin = np.repeat([mesh.is_thin for mesh in meshes], [len(mesh.corners) for mesh in meshes])
        self.owner_of_part = np.array([part.owner for part in parts], np.int16)

    def faces_away(self, camera: Camera) -> NDArray[np.bool_]:
        """[Q] closed surfaces that turn their back to the camera at all four corners."""
        to_eye = np.array(camera.eye, np.float32) - self.corners
        facing = np.einsum("qcd,qcd->qc", to_eye, self.normals)
        away: NDArray[np.bool_] = (facing < -1e-3).all(axis=1) & ~self._is_thin
        return away


@dataclass(frozen=True, slots=True)
class Spots:
    """What is lit: one spot for a pixel within a part, four at an edge; `share` is of the pixel."""

    pixels: Ints
    share: Floats
    patches: Ints
    s: Floats
    t: Floats


def spots_of(seen: Seen, columns: Columns, camera: Camera) -> Spots:
    """Where light has to be worked out, of all that is seen."""
    width, height = camera.width_px, camera.height_px
    part = np.full(width * height * FINER**2, -1, np.int16)
    part[seen.pixels] = columns.part[seen.patches]
    away = np.zeros(width * height * FINER**2, np.float32)
    away[seen.pixels] = seen.distance
    quarters = part.reshape(height, 2, width, 2)
    aways = away.reshape(height, 2, width, 2)
    first = quarters[:, 0, :, 0]
    same = (
        (first >= 0)
        & (first == quarters[:, 0, :, 1])
        & (first == quarters[:, 1, :, 0])
        & (first == quarters[:, 1, :, 1])
    )
    step = np.abs(aways[:, 0, :, 0] - aways[:, 1, :, 1]) + np.abs(aways[:, 0, :, 1] - aways[:, 1, :, 0])
    same &= step < aways[:, 0, :, 0] * np.float32(0.004)
    row, column = np.divmod(seen.pixels, width * FINER)
    pixels = (row // FINER) * width + column // FINER
    is_first = ((row | column) & 1) == 0
    is_within = same.ravel()[pixels]
    keep = np.flatnonzero(~is_within | is_first)
    share = np.where(is_within[keep], np.float32(1), np.float32(0.25))
    return Spots(pixels[keep], share, seen.patches[keep], seen.s[keep], seen.t[keep])


def mixed(corners: Floats, patches: Ints, shares: Floats) -> Floats:
    """[D, P] between the [Q, 4, D] corners of [P] patches, by [P, 4] shares."""
    mixed: Floats = np.einsum("pcd,pc->dp", corners.take(patches, axis=0), shares, optimize=False)
    return np.ascontiguousarray(mixed)
