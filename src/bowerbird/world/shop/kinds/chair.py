"""This file is about chairs, stools and benches."""

import numpy as np

from bowerbird.world.shop.kinds.pieces import (
    CLOTH,
    METALS,
    WOODS,
    corner_legs,
    disc,
    frame_finish,
    main_finish,
    splayed_legs,
)
from bowerbird.world.shop.kinds.types import Form, Kind
from bowerbird.world.shop.recipe import Recipe
from bowerbird.world.shop.render.mesh import Mesh, grid_mesh, joined, rotation
from bowerbird.world.shop.render.noise import Floats
from bowerbird.world.shop.render.solids import curve, rod, rounded_box, tube
from bowerbird.world.shop.render.spots import Part


def armchair(recipe: Recipe, rng: np.random.Generator) -> list[Part]:
    """A stuffed seat, back and arms on short legs."""
    width, depth = 0.78 * recipe.scale, 0.74 * recipe.scale
    leg, seat = 0.15 * recipe.scale, 0.2 * recipe.scale
    back, arm = 0.44 * recipe.scale, 0.2 * recipe.scale * rng.uniform(0.8, 1.2)
    soft = rng.uniform(0.035, 0.07) * recipe.scale
    arm_wide = 0.13 * recipe.scale
    body = [
        rounded_box(width - 2 * arm_wide, seat, depth * 0.86, edge=soft, puff=0.018).moved(
            0, leg, depth * 0.06
        ),
        rounded_box(width * 0.96, back + seat * 0.9, 0.17 * recipe.scale, edge=soft, puff=0.02)
        .turned(rotation(about_x=-9))
        .moved(0, leg + 0.02, -depth * 0.36),
    ]
    for side in (-1, 1):
        arms = rounded_box(arm_wide, seat + arm, depth * 0.86, edge=soft, puff=0.01)
        body.append(arms.moved(side * (width / 2 - arm_wide / 2), leg, 0))
    legs = corner_legs(width * 0.8, depth * 0.62, leg + 0.02, splay=0.03, thick=(0.024, 0.013))
    return [Part(joined(body), main_finish(recipe, 0.16)), Part(joined(legs), frame_finish(recipe))]


def shell_chair(recipe: Recipe, rng: np.random.Generator) -> list[Part]:
    """One bent shell for seat and back on slender legs."""
    wide, leg = 0.48 * recipe.scale, 0.43 * recipe.scale
    rise = rng.uniform(0.36, 0.46) * recipe.scale
    line = (
        curve(
            [
                (0.24, -0.012),
                (0.2, 0.0),
                (0.0, -0.012),
                (-0.15, 0.0),
                (-0.215, 0.09),
                (-0.25, rise / recipe.scale),
            ],
            40,
        )
        * recipe.scale
    )
    shell = _shell(line, wide, rng.uniform(0.05, 0.1) * recipe.scale, leg)
    legs = splayed_legs(
        4, 0.1 * recipe.scale, 0.25 * recipe.scale, leg - 0.02 * recipe.scale, thick=(0.015, 0.011)
    )
    return [Part(shell, main_finish(recipe, 0.14)), Part(joined(legs), frame_finish(recipe))]


def dining_chair(recipe: Recipe, rng: np.random.Generator) -> list[Part]:
    """A wooden or metal chair with an upholstered seat."""
    wide, deep, seat = 0.45 * recipe.scale, 0.44 * recipe.scale, 0.45 * recipe.scale
    top = 0.82 * recipe.scale * rng.uniform(0.95, 1.05)
    frame = []
    for side in (-1, 1):
        x = side * wide * 0.46
        frame.append(rod([x * 1.04, 0, deep * 0.5], [x, seat, deep * 0.42], 0.012, 0.017))
        post = curve([(x * 1.04, 0, -deep * 0.58), (x, seat, -deep * 0.44), (x, top, -deep * 0.62)], 30)
        frame.append(tube(post, 0.015))
        frame.append(rod([x, seat * 0.45, deep * 0.46], [x, seat * 0.45, -deep * 0.5], 0.009, 0.009))
    rails = rng.integers(1, 4)
    for number in range(int(rails)):
        height = top - 0.03 - number * 0.1 * recipe.scale
        bow = [
            (-wide * 0.47, height, -deep * 0.6),
            (0, height, -deep * 0.72),
            (wide * 0.47, height, -deep * 0.6),
        ]
        frame.append(tube(curve(bow, 20), 0.016))
    if rails == 1:
        frame += [
            rod([x * wide, seat, -deep * 0.44], [x * wide * 1.1, top - 0.03, -deep * 0.68], 0.008, 0.008)
            for x in np.linspace(-0.3, 0.3, 5)
        ]
    frame.append(rounded_box(wide * 0.94, 0.03, deep * 0.94, edge=0.008).moved(0, seat - 0.04, 0))
    cushion = rounded_box(wide, 0.055 * recipe.scale, deep, edge=0.022, puff=0.012).moved(0, seat - 0.012, 0)
    return [Part(cushion, main_finish(recipe, 0.13)), Part(joined(frame), frame_finish(recipe))]


def stool(recipe: Recipe, rng: np.random.Generator) -> list[Part]:
    """A round seat on three or four legs, with a ring to rest feet on."""
    radius, height = 0.18 * recipe.scale, 0.46 * recipe.scale * rng.uniform(0.9, 1.4)
    count = int(rng.integers(3, 5))
    legs = splayed_legs(count, radius * 0.62, radius * 1.02, height, start_degrees=rng.uniform(0, 90))
    angle = np.linspace(0, 2 * np.pi, 60)
    ring = np.stack(
        [np.sin(angle) * radius * 0.9, np.full_like(angle, height * 0.3), np.cos(angle) * radius * 0.9],
        axis=1,
    )
    seat = disc(radius, height - 0.005, height + 0.05 * recipe.scale, edge=0.022)
    return [
        Part(seat, main_finish(recipe, 0.12)),
        Part(joined([*legs, tube(ring.astype(np.float32), 0.007)]), frame_finish(recipe)),
    ]


def pouffe(recipe: Recipe, rng: np.random.Generator) -> list[Part]:
    """A round stuffed seat that stands on the floor."""
    radius, height = 0.27 * recipe.scale, 0.36 * recipe.scale * rng.uniform(0.85, 1.1)
    return [Part(disc(radius, 0, height, edge=0.09 * recipe.scale), main_finish(recipe, 0.15))]


def _shell(line: Floats, wide: float, dish: float, lift: float) -> Mesh:
    side = np.linspace(-1, 1, 33)
    along = np.linspace(0, 1, len(line))
    half = wide / 2 * (1 - 0.22 * np.abs(2 * along - 0.9) ** 3)
    x = side[:, None] * half[None, :]
    up = line[:, 1][None, :] + dish * (side[:, None] ** 2) * (0.5 + 0.5 * np.sin(np.pi * along))[None, :]
    front = line[:, 0][None, :] + dish * 0.9 * (side[:, None] ** 2) * (along[None, :] > 0.4) * np.minimum(
        (along[None, :] - 0.4) * 3, 1
    )
    points = np.stack([x, up + lift, front], axis=2).astype(np.float32)
    long = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(line, axis=0), axis=1))])
    uv = np.stack(np.broadcast_arrays(x, long[None, :]), axis=2).astype(np.float32)
    thick = points.copy()
    sheet = grid_mesh(points, uv, is_thin=True)
    rim = np.concatenate([thick[0], thick[:, -1], thick[-1, ::-1], thick[::-1, 0]])
    return joined([sheet, tube(rim, 0.007 * lift / 0.43, sides=8)])


_PATTERNS = ("striped", "checked", "chevron", "diamond", "abstract", "leafy")
_HARD = ("painted wood", "lacquer", "oak", "walnut", "leather")
CHAIR = Kind(
    ("Furniture", "Seating"),
    {
        "armchair": Form(78, 80, 349, (*CLOTH, "leather"), _PATTERNS, (*WOODS, *METALS), armchair),
        "shell chair": Form(48, 85, 129, _HARD, (), (*WOODS, *METALS), shell_chair),
        "dining chair": Form(
            45, 82, 119, (*CLOTH, "leather"), _PATTERNS, (*WOODS, "blackened steel", "brass"), dining_chair
        ),
        "stool": Form(
            36, 50, 69, (*CLOTH, "leather", "oak", "walnut", "painted wood"), (), (*WOODS, *METALS), stool
        ),
        "pouffe": Form(54, 36, 89, (*CLOTH, "leather"), _PATTERNS, (), pouffe),
    },
    turn_degrees=32,
    rise_degrees=14,
    fill=0.74,
)
