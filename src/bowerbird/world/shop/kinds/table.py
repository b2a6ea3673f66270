"""This file is about tables and what is put beside them: sideboards and shelves."""

import numpy as np

from bowerbird.world.shop.kinds.pieces import (
    METALS,
    WOODS,
    corner_legs,
    disc,
    frame_finish,
    main_finish,
    splayed_legs,
    turned,
)  # fmt: skip
from bowerbird.world.shop.kinds.types import Form, Kind
from bowerbird.world.shop.recipe import Recipe
from bowerbird.world.shop.render.mesh import joined
from bowerbird.world.shop.render.solids import ball, rod, rounded_box
from bowerbird.world.shop.render.spots import Part


def side_table(recipe: Recipe, rng: np.random.Generator) -> list[Part]:
    """A small round table: on splayed legs, a stem or a drum."""
    radius, height = 0.23 * recipe.scale, 0.5 * recipe.scale
    top = disc(radius, height - 0.024, height, edge=0.007)
    shape = int(rng.integers(3))
    if shape == 0:
        base = splayed_legs(3, radius * 0.55, radius * 0.95, height - 0.02, start_degrees=rng.uniform(0, 120))
    elif shape == 1:
        base = [
            disc(radius * 0.7, 0, 0.02),
            turned([(0.02, 0.015), (0.018, height * 0.5), (0.02, height - 0.02)]),
        ]
    else:
        foot = radius * 0.62
        base = [
            turned(
                [
                    (foot, 0),
                    (foot * 0.9, height * 0.2),
                    (foot * 0.35, height * 0.55),
                    (foot * 0.8, height - 0.02),
                ]
            )
        ]
    return [Part(top, main_finish(recipe, 0.1)), Part(joined(base), frame_finish(recipe))]


def coffee_table(recipe: Recipe, rng: np.random.Generator) -> list[Part]:
    """A low table, round or oblong."""
    width, depth, height = 1.0 * recipe.scale, 0.58 * recipe.scale, 0.4 * recipe.scale
    if rng.random() < 0.5:
        top = disc(width * 0.42, height - 0.03, height, edge=0.01)
        legs = splayed_legs(
            4,
            width * 0.26,
            width * 0.34,
            height - 0.02,
            thick=(0.022, 0.014),
            start_degrees=rng.uniform(0, 90),
        )
    else:
        top = rounded_box(width, 0.032, depth, edge=0.012).moved(0, height - 0.032)
        legs = corner_legs(width * 0.84, depth * 0.76, height - 0.02, splay=0.025, thick=(0.022, 0.014))
        if rng.random() < 0.5:
            legs.append(rounded_box(width * 0.8, 0.016, depth * 0.7, edge=0.006).moved(0, height * 0.38))
    return [Part(top, main_finish(recipe, 0.12)), Part(joined(legs), frame_finish(recipe))]


def dining_table(recipe: Recipe, rng: np.random.Generator) -> list[Part]:
    """A table to eat at."""
    width, depth, height = 1.5 * recipe.scale, 0.85 * recipe.scale, 0.74
    top = rounded_box(width, 0.035, depth, edge=0.01).moved(0, height - 0.035)
    inset = rng.uniform(0.78, 0.92)
    legs = corner_legs(width * inset, depth * 0.8, height - 0.03, splay=0.03, thick=(0.034, 0.022))
    for end in (-1, 1):
        legs.append(
            rounded_box(width * inset, 0.06, 0.02, edge=0.004).moved(0, height - 0.095, end * depth * 0.39)
        )
    return [Part(top, main_finish(recipe, 0.16)), Part(joined(legs), frame_finish(recipe))]


def sideboard(recipe: Recipe, rng: np.random.Generator) -> list[Part]:
    """A long low cupboard with doors and knobs."""
    width, depth, height = 1.3 * recipe.scale, 0.4, 0.7 * recipe.scale
    leg = 0.17 * recipe.scale
    body = rounded_box(width, height - leg, depth, edge=0.008).moved(0, leg)
    doors, knobs = [], []
    count = int(rng.integers(2, 5))
    gap = 0.008
    door = (width - 0.05) / count - gap
    for number in range(count):
        x = -width / 2 + 0.025 + (number + 0.5) * (door + gap)
        doors.append(
            rounded_box(door, height - leg - 0.05, 0.018, edge=0.005).moved(x, leg + 0.025, depth / 2)
        )
        knobs.append(
            ball(0.013).moved(
                x + (door / 2 - 0.05) * (1 if number % 2 == 0 else -1), (height + leg) / 2, depth / 2 + 0.022
            )
        )
    legs = corner_legs(width * 0.84, depth * 0.6, leg + 0.01, splay=0.03, thick=(0.02, 0.012))
    return [
        Part(body, frame_finish(recipe)),
        Part(joined(doors), main_finish(recipe, 0.13)),
        Part(joined([*legs, *knobs]), frame_finish(recipe)),
    ]


def shelf(recipe: Recipe, rng: np.random.Generator) -> list[Part]:
    """An open shelf: boards between posts."""
    width, depth, height = 0.75 * recipe.scale, 0.32, 1.25 * recipe.scale
    boards = int(rng.integers(3, 5))
    planks = [
        rounded_box(width, 0.025, depth, edge=0.005).moved(0, 0.1 + (height - 0.16) * number / (boards - 1))
        for number in range(boards)
    ]
    posts = [
        rod(
            [x * width * 0.47, 0, z * depth * 0.42],
            [x * width * 0.47, height, z * depth * 0.42],
            0.013,
            0.013,
        )
        for x in (-1, 1)
        for z in (-1, 1)
    ]
    return [Part(joined(planks), main_finish(recipe, 0.12)), Part(joined(posts), frame_finish(recipe))]


_TOPS = ("marble", "lacquer", "painted wood", "powder-coated steel", "glazed ceramic", *WOODS)
_PLAIN = ("painted wood", "lacquer", "powder-coated steel", *WOODS)
TABLE = Kind(
    ("Furniture", "Tables and storage"),
    {
        "side table": Form(46, 50, 89, _TOPS, ("terrazzo", "checked"), (*WOODS, *METALS), side_table),
        "coffee table": Form(100, 40, 179, _TOPS, ("terrazzo", "checked"), (*WOODS, *METALS), coffee_table),
        "dining table": Form(150, 74, 449, _TOPS, ("terrazzo",), (*WOODS, "blackened steel"), dining_table),
        "sideboard": Form(130, 70, 499, _PLAIN, ("striped", "diamond", "scalloped"), WOODS, sideboard),
        "shelf": Form(75, 125, 199, _PLAIN, (), METALS, shelf),
    },
    turn_degrees=34,
    rise_degrees=17,
    fill=0.76,
)
