"""This file is about textiles that hang or lie folded: throws, wall hangings, towels."""

import numpy as np

from bowerbird.world.shop.kinds.pieces import METALS, WOODS, frame_finish, main_finish, plain_finish
from bowerbird.world.shop.kinds.types import Form, Kind
from bowerbird.world.shop.recipe import Recipe
from bowerbird.world.shop.render.mesh import Mesh, grid_mesh, joined, rotation
from bowerbird.world.shop.render.solids import ball, curve, rod, rounded_box, tube
from bowerbird.world.shop.render.spots import Part


def folded_throw(recipe: Recipe, rng: np.random.Generator) -> list[Part]:
    """A blanket folded into a soft stack, its fringe at the side."""
    width, depth = 0.44 * recipe.scale, 0.34 * recipe.scale
    layers, thick = int(rng.integers(4, 6)), 0.036 * recipe.scale
    stack, fringe = [], []
    for number in range(layers):
        shift = rng.uniform(-0.006, 0.006)
        layer = rounded_box(
            width + rng.uniform(-0.01, 0.006),
            thick,
            depth + rng.uniform(-0.012, 0.006),
            edge=thick * 0.48,
            puff=0.004,
        )
        stack.append(layer.moved(shift, number * thick * 0.93))
        middle = (number + 0.5) * thick * 0.93
        drop = min(0.03, middle - 0.004)
        fall = [(0, 0, 0), (0.022, -0.13 * drop, 0), (0.045, -drop, 0)]
        strand = tube(curve(fall, 6), 0.0035, sides=5)
        for z in np.linspace(-0.44, 0.44, 17):
            one = strand.stretched(x=rng.uniform(0.8, 1.1)).turned(rotation(about_y=rng.uniform(-6, 6)))
            fringe.append(one.moved(width / 2 + shift - 0.004, middle, float(z) * depth))
    parts = [Part(joined(stack), main_finish(recipe, 0.09))]
    if rng.random() < 0.7:
        parts.append(Part(joined(fringe), plain_finish("wool", recipe.second)))
    return parts


def wall_hanging(recipe: Recipe, rng: np.random.Generator) -> list[Part]:
    """A woven cloth on a stick, its lower edge knotted into a point of fringes."""
    width, height = 0.55 * recipe.scale, 0.8 * recipe.scale
    cloth = _hanging(
        width, height * 0.62, height, folds=rng.uniform(1.5, 3), depth=0.012, shift=rng.uniform(0, 6)
    )
    stick = rod([-width * 0.6, height + 0.006, 0.02], [width * 0.6, height + 0.006, 0.02], 0.011, 0.011)
    cord = tube(
        curve(
            [(-width * 0.5, height, 0.02), (0, height + width * 0.34, 0.006), (width * 0.5, height, 0.02)], 30
        )[[0, *range(1, 29), 29]],
        0.003,
        sides=6,
    )
    strands = []
    count = 44
    strand = tube(curve([(0, 0, 0), (0, -1, -0.002)], 5), 0.0048, sides=6)
    point = rng.random() < 0.6
    for number in range(count):
        x = (number + 0.5) / count - 0.5
        length = height * (0.34 * (1 - 1.5 * abs(x)) if point else 0.24) + 0.02
        top = height * 0.38 + 0.004
        leaning = strand.turned(rotation(about_z=rng.uniform(-1, 1))).stretched(y=length)
        strands.append(leaning.moved(x * width, top, 0.02))
    return [
        Part(cloth, main_finish(recipe, 0.13)),
        Part(joined([stick]), frame_finish(recipe)),
        Part(joined([cord, *strands]), plain_finish("wool", recipe.second)),
    ]


def hung_throw(recipe: Recipe, rng: np.random.Generator) -> list[Part]:
    """A throw over a rail on the wall, in deep folds."""
    width, height = 0.6 * recipe.scale, 1.0 * recipe.scale
    folds = rng.uniform(2.2, 4.2)
    shift = rng.uniform(0, 6)
    front = _hanging(width, height * 0.94, height, folds=folds, depth=0.028, shift=shift, z=0.075)
    back = _hanging(width * 0.98, height * 0.8, height, folds=folds, depth=0.02, shift=shift + 1, z=0.03)
    rail = rod([-width * 0.68, height, 0.05], [width * 0.68, height, 0.05], 0.012, 0.012)
    knobs = [ball(0.02).moved(side * width * 0.68, height, 0.05) for side in (-1, 1)]
    fringe = []
    strand = rod([0, 0, 0], [0, -0.058, 0], 0.003, 0.004)
    for number in range(40):
        x = (number + 0.5) / 40 - 0.5
        z = 0.075 + 0.028 * np.sin(x * 2 * np.pi * folds + shift)
        low = height * 0.06
        leaning = strand.turned(rotation(about_z=rng.uniform(-4, 4)))
        fringe.append(leaning.moved(x * width * 1.03, low + 0.003, z))
    return [
        Part(joined([front, back]), main_finish(recipe, 0.13)),
        Part(joined([rail, *knobs]), frame_finish(recipe)),
        Part(joined(fringe), plain_finish("wool", recipe.second)),
    ]


def rolled_towels(recipe: Recipe, rng: np.random.Generator) -> list[Part]:
    """Three rolled towels in a pyramid."""
    radius, length = 0.062 * recipe.scale, 0.34 * recipe.scale
    rolls = []
    for x, y in ((-1.0, 1.0), (1.0, 1.0), (0.0, 2.72)):
        turns = np.linspace(0, 2 * np.pi * 4.0, 150)
        wide = radius * (0.2 + 0.8 * turns / turns[-1])
        spiral = np.stack([np.sin(turns) * wide, np.cos(turns) * wide], axis=1)
        ends = np.array([-1.0, -0.97, 0.97, 1.0]) * length / 2
        points = np.empty((len(turns), 4, 3), np.float32)
        points[..., 0], points[..., 1], points[..., 2] = spiral[:, :1], spiral[:, 1:], ends
        uv = np.stack(np.broadcast_arrays((turns * wide)[:, None], ends[None, :]), axis=2).astype(np.float32)
        one = joined([grid_mesh(points, uv, is_thin=True), _cap(radius * 0.97, length / 2 - 0.006)])
        rolls.append(one.turned(rotation(about_z=rng.uniform(0, 360))).moved(x * radius, y * radius, 0))
    return [Part(joined(rolls).turned(rotation(about_y=38)), main_finish(recipe, 0.07))]


def _cap(radius: float, z: float) -> Mesh:
    angle = np.linspace(0, 2 * np.pi, 33)
    rings = [
        np.stack([np.sin(angle) * r, np.cos(angle) * r, np.full_like(angle, z)], axis=1)
        for r in (1e-4, radius)
    ]
    points = np.stack(rings, axis=1).astype(np.float32)
    return grid_mesh(points, points[..., :2].copy(), is_thin=True)


def _hanging(
    width: float, length: float, top: float, *, folds: float, depth: float, shift: float, z: float = 0.02
) -> Mesh:
    across, down = np.meshgrid(np.linspace(-0.5, 0.5, 121), np.linspace(0, 1, 21), indexing="ij")
    wave = np.sin(across * 2 * np.pi * folds + shift) + 0.35 * np.sin(
        across * 2 * np.pi * folds * 2.3 + shift * 2
    )
    points = np.stack(
        [across * width * (1 + 0.03 * down), top - down * length, z + depth * wave * (0.35 + 0.65 * down)],
        axis=2,
    )
    uv = np.stack([across * width, down * length], axis=2)
    return grid_mesh(points.astype(np.float32), uv.astype(np.float32), is_thin=True)


_CLOTH = ("wool", "cotton", "linen")
_PATTERNS = ("striped", "checked", "gingham", "diamond", "chevron", "grid", "ikat", "scalloped", "abstract")
_RAILS = (*WOODS, *METALS)
TEXTILE = Kind(
    ("Textiles", "Throws and hangings"),
    {
        "folded throw": Form(130, 170, 59, (*_CLOTH, "bouclé"), _PATTERNS, (), folded_throw),
        "towel set": Form(
            50, 100, 35, ("cotton", "linen"), ("striped", "checked", "pinstriped"), (), rolled_towels
        ),
        "wall hanging": Form(55, 80, 69, _CLOTH, _PATTERNS, _RAILS, wall_hanging),
        "hanging throw": Form(130, 180, 79, _CLOTH, _PATTERNS, _RAILS, hung_throw),
    },
    turn_degrees=24,
    rise_degrees=14,
    fill=0.76,
)
HANGING_FORMS = ("wall hanging", "hanging throw")
