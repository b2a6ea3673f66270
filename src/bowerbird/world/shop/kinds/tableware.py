"""This file is about tableware: mugs, bowls, plates, pots to pour from, boards."""

import numpy as np

from bowerbird.world.shop.kinds.pieces import WOODS, disc, main_finish, plain_finish, turned, vessel
from bowerbird.world.shop.kinds.types import Form, Kind
from bowerbird.world.shop.recipe import Recipe
from bowerbird.world.shop.render.mesh import Mesh, joined
from bowerbird.world.shop.render.solids import curve, revolve, tube
from bowerbird.world.shop.render.spots import Part


def mug(recipe: Recipe, rng: np.random.Generator) -> list[Part]:
    """A mug with its ear to the right."""
    radius, height = 0.043 * recipe.scale, 0.095 * recipe.scale * rng.uniform(0.85, 1.1)
    belly = rng.uniform(0.92, 1.12)
    body = vessel(
        [
            (radius * 0.8, 0),
            (radius * belly, height * 0.25),
            (radius * belly, height * 0.7),
            (radius, height),
        ],
        wall_m=0.004,
    )
    return [
        Part(joined([body, _ear(radius * belly, height, height * 0.36)]), main_finish(recipe, 0.034)),
        _drink(radius, height),
    ]


def bowl(recipe: Recipe, rng: np.random.Generator) -> list[Part]:
    """A bowl on a low foot."""
    radius, height = 0.12 * recipe.scale, 0.085 * recipe.scale * rng.uniform(0.8, 1.25)
    return [
        Part(
            vessel(
                [
                    (radius * 0.4, 0),
                    (radius * 0.42, height * 0.08),
                    (radius * 0.8, height * 0.42),
                    (radius, height),
                ],
                wall_m=0.006,
            ),
            main_finish(recipe, 0.05),
        )
    ]


def plates(recipe: Recipe, rng: np.random.Generator) -> list[Part]:
    """A stack of plates and a bowl on top."""
    radius = 0.13 * recipe.scale
    stack = []
    height = 0.0
    count = int(rng.integers(2, 5))
    for number in range(count):
        wide = radius * (1 - 0.06 * number)
        stack.append(_plate(wide).moved(0, height))
        height += 0.013
    top = vessel(
        [(radius * 0.3, 0), (radius * 0.5, 0.02), (radius * 0.62, 0.055 * recipe.scale)], wall_m=0.005
    ).moved(0, height)
    return [Part(joined([*stack, top]), main_finish(recipe, 0.05))]


def teapot(recipe: Recipe, rng: np.random.Generator) -> list[Part]:
    """A round pot with spout, ear and lid."""
    radius, height = 0.085 * recipe.scale, 0.13 * recipe.scale * rng.uniform(0.9, 1.1)
    body = turned(
        [
            (radius * 0.55, 0),
            (radius * 0.98, height * 0.3),
            (radius * 0.95, height * 0.6),
            (radius * 0.45, height * 0.92),
            (radius * 0.4, height * 0.95),
        ]
    )
    lid = turned(
        [
            (radius * 0.44, height * 0.93),
            (radius * 0.4, height * 0.99),
            (radius * 0.12, height * 1.06),
            (radius * 0.07, height * 1.08),
            (radius * 0.13, height * 1.14),
            (radius * 0.05, height * 1.2),
        ]
    )
    spout = tube(
        curve(
            [
                (-radius * 0.7, height * 0.3, 0),
                (-radius * 1.3, height * 0.5, 0),
                (-radius * 1.45, height * 0.8, 0),
                (-radius * 1.7, height * 0.93, 0),
            ],
            24,
        ),
        np.linspace(0.021, 0.0085, 24).astype(np.float32) * recipe.scale,
    )
    return [
        Part(
            joined([body, lid, spout, _ear(radius * 0.95, height, height * 0.42, neck=0.55)]),
            main_finish(recipe, 0.05),
        )
    ]


def carafe(recipe: Recipe, rng: np.random.Generator) -> list[Part]:
    """A jug with a waist, and two beakers."""
    radius, height = 0.055 * recipe.scale, 0.25 * recipe.scale * rng.uniform(0.9, 1.08)
    jug = vessel(
        [
            (radius * 0.9, 0),
            (radius, height * 0.12),
            (radius * 0.95, height * 0.4),
            (radius * 0.45, height * 0.7),
            (radius * 0.5, height * 0.86),
            (radius * 0.72, height),
        ],
        wall_m=0.003,
    )
    beaker = vessel(
        [(radius * 0.55, 0), (radius * 0.66, height * 0.1), (radius * 0.68, height * 0.34)], wall_m=0.003
    )
    beakers = [beaker.moved(radius * 2.1, 0, radius * 0.5), beaker.moved(radius * 1.1, 0, radius * 1.9)]
    return [Part(joined([jug, *beakers]), main_finish(recipe, 0.06))]


def serving_board(recipe: Recipe, rng: np.random.Generator) -> list[Part]:
    """A round board with a small bowl on it."""
    radius = 0.17 * recipe.scale
    board = disc(radius, 0, 0.018, edge=0.006)
    dish = vessel([(0.02, 0), (0.035, 0.008), (0.048, 0.035)], wall_m=0.003).stretched(
        recipe.scale, recipe.scale, recipe.scale
    )
    at = rng.uniform(-0.4, 0.4) * radius
    return [
        Part(board, main_finish(recipe, 0.1)),
        Part(dish.moved(at, 0.018, -0.2 * radius), plain_finish("glazed ceramic", recipe.second)),
    ]


def _ear(radius: float, height: float, reach: float, *, neck: float = 0.92) -> Mesh:
    # `neck` is where it joins above, as a share of the radius where it joins below.
    loop = curve(
        [
            (radius * neck, height * 0.82, 0),
            (radius + reach * 0.7, height * 0.84, 0),
            (radius + reach * 0.85, height * 0.5, 0),
            (radius + reach * 0.4, height * 0.22, 0),
            (radius * 0.9, height * 0.2, 0),
        ],
        40,
    )
    return tube(loop, 0.06 * height, sides=12)


def _plate(radius: float) -> Mesh:
    profile = curve([(0.001, 0.002), (radius * 0.6, 0.002), (radius * 0.72, 0.008), (radius, 0.02)], 24)
    upper = profile[::-1].copy()
    upper[:, 1] += 0.004
    return revolve(np.concatenate([profile, upper]).astype(np.float32))


def _drink(radius: float, height: float) -> Part:
    return Part(
        disc(radius * 0.93, height * 0.8, height * 0.82, edge=0.001), plain_finish("lacquer", "chocolate")
    )


_CLAY = ("glazed ceramic", "stoneware", "matte porcelain", "terracotta clay")
_PATTERNS = ("striped", "banded", "dotted", "checked", "scalloped", "abstract", "grid")
TABLEWARE = Kind(
    ("Kitchen", "Tableware"),
    {
        "mug": Form(12, 10, 12, _CLAY, _PATTERNS, (), mug),
        "bowl": Form(24, 9, 22, _CLAY, _PATTERNS, (), bowl),
        "plate set": Form(26, 10, 48, _CLAY, (), (), plates),
        "teapot": Form(26, 15, 39, _CLAY, ("banded", "dotted", "checked", "scalloped"), (), teapot),
        "carafe set": Form(20, 25, 34, (*_CLAY, "glass"), ("banded", "dotted"), (), carafe),
        "serving board": Form(34, 4, 29, (*WOODS, "marble"), (), (), serving_board),
    },
    turn_degrees=0,
    rise_degrees=24,
    fill=0.66,
)
