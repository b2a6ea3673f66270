"""This file is about solids: turned, boxed, bent and stuffed shapes, from a few numbers each."""

from collections.abc import Sequence

import numpy as np

from bowerbird.world.shop.render.mesh import Mesh, cross, grid_mesh, joined
from bowerbird.world.shop.render.noise import Floats

SEGMENTS = 64


def curve(knots: Sequence[Sequence[float]] | Floats, count: int = 40) -> Floats:
    """[count, D] points of a smooth line through the knots (Catmull-Rom)."""
    given = np.array(knots, np.float32)
    if len(given) == 2:
        share = np.linspace(0, 1, count, dtype=np.float32)[:, None]
        line: Floats = given[0] * (1 - share) + given[1] * share
        return line
    padded = np.concatenate([2 * given[:1] - given[1:2], given, 2 * given[-1:] - given[-2:-1]])
    place = np.linspace(0, len(given) - 1, count, dtype=np.float32)
    at = np.minimum(place.astype(int), len(given) - 2)
    t = (place - at)[:, None]
    p0, p1, p2, p3 = (padded[at + step] for step in range(4))
    bent: Floats = 0.5 * (
        2 * p1 + (p2 - p0) * t + (2 * p0 - 5 * p1 + 4 * p2 - p3) * t**2 + (3 * p1 - p0 - 3 * p2 + p3) * t**3
    )
    return bent.astype(np.float32)


def revolve(profile: Floats, *, segments: int = SEGMENTS, ribs: int = 0, rib_depth: float = 0.0) -> Mesh:
    """A shape turned on a wheel: profile [N, 2] of radius and height, outside to the right as it goes up."""
    radius, height = np.maximum(profile[:, 0], 1e-5), profile[:, 1]
    angle = np.linspace(-np.pi, np.pi, segments + 1, dtype=np.float32)
    if ribs:
        angle = np.linspace(-np.pi, np.pi, max(segments, ribs * 8) + 1, dtype=np.float32)
    swell = 1 + rib_depth * (np.abs(np.cos(angle * ribs / 2)) - 0.5) if ribs else np.ones_like(angle)
    spread = (radius[None, :] * swell[:, None]).astype(np.float32)
    points = np.stack(
        [
            spread * np.sin(angle)[:, None],
            np.broadcast_to(height, spread.shape),
            spread * np.cos(angle)[:, None],
        ],
        axis=2,
    )
    lean = np.stack([np.gradient(profile[:, 0]), np.gradient(profile[:, 1])], axis=1)
    out = np.stack([lean[:, 1], -lean[:, 0]], axis=1)
    out /= np.maximum(np.linalg.norm(out, axis=1, keepdims=True), 1e-9)
    side = angle
    if ribs:
        side = angle - np.arctan(np.gradient(swell) / (angle[1] - angle[0]) / swell)
    normals = np.stack(
        [
            np.outer(np.sin(side), out[:, 0]),
            np.broadcast_to(out[:, 1], spread.shape),
            np.outer(np.cos(side), out[:, 0]),
        ],
        axis=2,
    )
    along = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(profile, axis=0), axis=1))])
    around = angle * float(np.quantile(radius, 0.8))
    uv = np.stack(np.broadcast_arrays(around[:, None], along[None, :]), axis=2)
    return grid_mesh(points.astype(np.float32), uv.astype(np.float32), normals.astype(np.float32))


def rounded_box(width: float, height: float, depth: float, *, edge: float = 0.006, puff: float = 0.0) -> Mesh:
    """A box that stands on y = 0, its edges rounded by `edge` metres, its faces blown up by `puff` metres."""
    half = np.array([width, height, depth], np.float32) / 2
    edge = float(min(edge, half.min() * 0.98))
    steps = [_across(float(each), edge, 12 if puff else 3) for each in half]
    faces = []
    for axis in range(3):
        first, second = (axis + 1) % 3, (axis + 2) % 3
        for side in (-1, 1):
            a, b = np.meshgrid(steps[first], steps[second], indexing="ij")
            on_cube = np.empty((*a.shape, 3), np.float32)
            on_cube[..., axis], on_cube[..., first], on_cube[..., second] = side * half[axis], a, b
            core = np.clip(on_cube, -(half - edge), half - edge)
            normals = (on_cube - core) / np.maximum(
                np.linalg.norm(on_cube - core, axis=2, keepdims=True), 1e-9
            )
            points = core + normals * edge
            if puff:
                bulge = (1 - (a / half[first]) ** 4) * (1 - (b / half[second]) ** 4) * puff
                points[..., axis] += side * bulge
                lean_first, lean_second = np.gradient(bulge, a[:, 0], b[0])
                normals[..., first] -= lean_first
                normals[..., second] -= lean_second
                normals /= np.linalg.norm(normals, axis=2, keepdims=True)
            points[..., 1] += half[1]
            # Grain runs along the longer side of each face.
            uv = np.stack([a, b] if half[first] >= half[second] else [b, a], axis=2)
            faces.append(grid_mesh(points, uv.astype(np.float32), normals.astype(np.float32)))
    return joined(faces)


def tube(path: Floats, radius: float | Floats, *, sides: int = 14) -> Mesh:
    """A bent rod: path [N, 3], with flat ends closed by what it stands in."""
    ahead = np.gradient(path, axis=0)
    ahead /= np.maximum(np.linalg.norm(ahead, axis=1, keepdims=True), 1e-9)
    helper = np.where(np.abs(ahead[:, 2:3]) < 0.9, [[0.0, 0.0, 1.0]], [[1.0, 0.0, 0.0]])
    right = cross(ahead, helper)
    right /= np.maximum(np.linalg.norm(right, axis=1, keepdims=True), 1e-9)
    over = cross(right, ahead)
    angle = np.linspace(0, 2 * np.pi, sides + 1)
    normals = np.cos(angle)[:, None, None] * right + np.sin(angle)[:, None, None] * over
    wide = np.broadcast_to(np.asarray(radius, np.float32), (len(path),))
    points = path + normals * wide[:, None]
    along = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(path, axis=0), axis=1))])
    uv = np.stack(np.broadcast_arrays(along[None, :], (angle * float(wide.mean()))[:, None]), axis=2)
    return grid_mesh(points.astype(np.float32), uv.astype(np.float32), normals.astype(np.float32))


def rod(start: Sequence[float], end: Sequence[float], from_radius: float, to_radius: float) -> Mesh:
    """A straight rod that may taper, closed at both ends."""
    path = curve([start, end], 6)
    path = np.concatenate([path[:1], path, path[-1:]])
    wide = np.linspace(from_radius, to_radius, 6, dtype=np.float32)
    return tube(path, np.concatenate([[1e-5], wide, [1e-5]]).astype(np.float32))


def ball(radius: float, *, squash: float = 1.0) -> Mesh:
    """A sphere about the origin."""
    angle = np.linspace(-np.pi / 2, np.pi / 2, 28, dtype=np.float32)
    return revolve(np.stack([np.cos(angle), np.sin(angle) * squash], axis=1) * np.float32(radius))


def pillow(
    width: float, height: float, thickness: float, *, corner: float = 0.06, creases: float = 0.3
) -> Mesh:
    """A stuffed cloth case, upright about the origin, with pointed corners and pulled edges."""
    side = np.sin(np.linspace(-np.pi / 2, np.pi / 2, 49, dtype=np.float32))
    u, v = np.meshgrid(side, side, indexing="ij")
    pull = 1 - corner * (1 - v**2)
    lift = 1 - corner * (1 - u**2)
    x, y = u * pull * width / 2, v * lift * height / 2
    full = np.clip((1 - u**2) * (1 - v**2), 0, 1) ** 0.42
    radial = np.arctan2(v, u)
    crease = (
        np.sin(radial * 14 + 2.0 * np.sin(radial * 3)) * (np.maximum(np.abs(u), np.abs(v)) ** 3) * (1 - full)
    )
    z = thickness / 2 * (full + creases * 0.12 * crease * (full > 0))
    uv = np.stack([u * width / 2, v * height / 2], axis=2)
    front = grid_mesh(np.stack([x, y, z], axis=2).astype(np.float32), uv.astype(np.float32))
    back = grid_mesh(np.stack([-x, y, -z], axis=2).astype(np.float32), uv.astype(np.float32))
    return joined([front, back])


def _across(half: float, edge: float, inner: int) -> Floats:
    outer = half - edge + edge * np.tan(np.linspace(0, np.pi / 4, 4, dtype=np.float32))[1:]
    middle = np.linspace(-(half - edge), half - edge, inner, dtype=np.float32)
    whole: Floats = np.concatenate([-outer[::-1], middle, outer]).astype(np.float32)
    return whole
