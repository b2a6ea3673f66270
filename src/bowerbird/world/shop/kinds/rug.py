"""This file is about rugs: seen from above at a slant, with border and fringe."""

import numpy as np

from bowerbird.world.shop.kinds.pieces import disc, main_finish, plain_finish
from bowerbird.world.shop.kinds.types import Form, Kind
from bowerbird.world.shop.recipe import Recipe
from bowerbird.world.shop.render.mesh import Mesh, grid_mesh, joined
from bowerbird.world.shop.render.noise import Floats
from bowerbird.world.shop.render.solids import rounded_box
from bowerbird.world.shop.render.spots import Part

THICK_M = 0.014
COARSE = 0.4  # of a rug's threads to a cloth's: finer ones would flicker between the pixels


def build(recipe: Recipe, rng: np.random.Generator) -> list[Part]:
    """A rectangular rug."""
    form = RUG.forms[recipe.form]
    width, depth = form.width_cm / 100 * recipe.scale, form.height_cm / 100 * recipe.scale
    parts = [Part(_flat(rounded_box(width, THICK_M, depth, edge=0.006)), main_finish(recipe, 0.3 * COARSE))]
    trim = rng.random()
    if trim < 0.45:
        parts.append(Part(_border(width, depth, 0.07), plain_finish("wool", recipe.second)))
    if trim > 0.3:
        parts.append(Part(_fringe(width, depth), plain_finish("cotton", "ivory")))
    return parts


def round_rug(recipe: Recipe, rng: np.random.Generator) -> list[Part]:
    """A round rug, with a ring in its second colour or without."""
    radius = 0.8 * recipe.scale
    parts = [Part(_flat(disc(radius, 0, THICK_M)), main_finish(recipe, 0.3 * COARSE))]
    if rng.random() < 0.6:
        ring = _ring(radius * 0.9, radius * 0.95, THICK_M + 0.001)
        parts.append(Part(ring, plain_finish("wool", recipe.second)))
    return parts


def _flat(mesh: Mesh) -> Mesh:
    # The pattern lies on the floor's measure, whatever the solid's own is.
    return Mesh(mesh.corners, mesh.normals, mesh.corners[..., [0, 2]] * np.float32(COARSE), mesh.is_thin)


def _border(width: float, depth: float, wide: float) -> Mesh:
    inset, rise = 0.1, THICK_M * 0.55
    strips = [
        (width - 2 * inset, wide, 0, depth / 2 - inset),
        (width - 2 * inset, wide, 0, inset - depth / 2),
        (wide, depth - 2 * inset + wide, width / 2 - inset, 0),
        (wide, depth - 2 * inset + wide, inset - width / 2, 0),
    ]
    return joined([_flat(rounded_box(w, rise, d, edge=0.003).moved(x, rise, z)) for w, d, x, z in strips])


def _fringe(width: float, depth: float) -> Mesh:
    count = int(width / 0.03)
    made = []
    for number in range(count):
        x = -width / 2 + (number + 0.5) * width / count
        lean = 0.012 * np.sin(number * 2.4)
        for end in (-1, 1):
            strand = rounded_box(0.011, 0.006, 0.075, edge=0.003).moved(
                x + lean, 0, end * (depth / 2 + 0.036)
            )
            made.append(strand)
    return joined(made)


def _ring(inner: float, outer: float, height: float) -> Mesh:
    angle = np.linspace(0, 2 * np.pi, 97)
    points: Floats = np.stack(
        [
            np.stack([np.sin(angle) * r, np.full_like(angle, height), np.cos(angle) * r], axis=1)
            for r in (inner, outer)
        ],
        axis=1,
    ).astype(np.float32)
    up = np.zeros_like(points)
    up[..., 1] = 1
    return grid_mesh(points, points[..., [0, 2]].copy(), up, is_thin=True)


_PATTERNS = (
    "striped",
    "checked",
    "diamond",
    "chevron",
    "grid",
    "abstract",
    "ikat",
    "scalloped",
    "dotted",
    "terrazzo",
)
RUG = Kind(
    ("Textiles", "Rugs"),
    {
        "rug": Form(170, 240, 199, ("wool", "cotton", "jute"), _PATTERNS, (), build),
        "runner rug": Form(75, 220, 119, ("wool", "cotton", "jute"), _PATTERNS, (), build),
        "round rug": Form(160, 160, 169, ("wool", "cotton", "jute"), _PATTERNS, (), round_rug),
    },
    turn_degrees=35,
    rise_degrees=40,
    fill=0.82,
)
