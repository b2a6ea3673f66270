"""This file is about lamps: a base, a stem, and a shade that glows."""

import numpy as np

from bowerbird.world.shop.kinds.pieces import (
    METALS,
    WOODS,
    disc,
    frame_finish,
    main_finish,
    plain_finish,
    splayed_legs,
    turned,
)  # fmt: skip
from bowerbird.world.shop.kinds.types import Form, Kind
from bowerbird.world.shop.materials import glowing
from bowerbird.world.shop.recipe import Recipe
from bowerbird.world.shop.render.mesh import Mesh, joined
from bowerbird.world.shop.render.solids import ball, curve, revolve, rod, tube
from bowerbird.world.shop.render.spots import Part


def shade(low_radius: float, high_radius: float, low: float, high: float) -> Mesh:
    """A lamp shade, open below and above."""
    edge = [
        (low_radius, low),
        (high_radius, high),
        (high_radius - 0.004, high),
        (low_radius - 0.004, low),
        (low_radius, low),
    ]
    points = [
        curve([edge[step], edge[step + 1]], count) for step, count in ((0, 16), (1, 3), (2, 16), (3, 3))
    ]
    return revolve(np.concatenate(points).astype(np.float32))


def table_lamp(recipe: Recipe, rng: np.random.Generator) -> list[Part]:
    """A turned body under a cloth shade."""
    height, wide = 0.5 * recipe.scale, 0.3 * recipe.scale
    body = height * rng.uniform(0.5, 0.58)
    bulge = wide * rng.uniform(0.2, 0.34)
    shapes = [
        [(0.6, 0), (0.95, 0.15), (1, 0.4), (0.5, 0.75), (0.2, 1)],
        [(0.9, 0), (0.7, 0.1), (0.35, 0.3), (0.9, 0.62), (0.3, 0.95), (0.2, 1)],
        [(1, 0), (1, 0.25), (0.96, 0.7), (0.8, 0.93), (0.2, 1)],
        [(1.1, 0), (1.05, 0.05), (0.25, 0.12), (0.2, 0.5), (0.2, 1)],
    ]
    knots = [(bulge * share, body * up) for share, up in shapes[int(rng.integers(len(shapes)))]]
    stem = rod([0, body, 0], [0, height * 0.86, 0], 0.006, 0.006)
    cone = rng.uniform(0.55, 0.95)
    lampshade = shade(wide / 2, wide / 2 * cone, height * 0.6, height)
    return [
        Part(joined([turned(knots), stem]), frame_finish(recipe)),
        Part(lampshade, glowing(main_finish(recipe, 0.07), 0.55)),
    ]


def floor_lamp(recipe: Recipe, rng: np.random.Generator) -> list[Part]:
    """A tripod or a thin stem, and a shade at the height of the eyes."""
    height, wide = 1.5 * recipe.scale, 0.42 * recipe.scale
    if rng.random() < 0.5:
        legs = splayed_legs(
            3,
            0.03,
            0.27 * recipe.scale,
            height * 0.84,
            thick=(0.013, 0.011),
            start_degrees=rng.uniform(0, 60),
        )
        base = joined(legs)
    else:
        base = joined(
            [disc(0.15 * recipe.scale, 0, 0.025), rod([0, 0.02, 0], [0, height * 0.9, 0], 0.011, 0.011)]
        )
    lampshade = shade(wide / 2, wide / 2 * rng.uniform(0.6, 0.98), height * 0.8, height)
    return [Part(base, frame_finish(recipe)), Part(lampshade, glowing(main_finish(recipe, 0.1), 0.55))]


def arc_lamp(recipe: Recipe, rng: np.random.Generator) -> list[Part]:
    """A long bow from a heavy foot to a dome."""
    height, reach = 1.55 * recipe.scale, 0.8 * recipe.scale * rng.uniform(0.9, 1.1)
    bow = curve(
        [
            (-reach / 2, 0.03, 0),
            (-reach / 2, height * 0.62, 0),
            (-reach * 0.2, height * 0.97, 0),
            (reach * 0.28, height * 0.95, 0),
            (reach / 2, height * 0.78, 0),
        ],
        60,
    )
    foot = disc(0.16 * recipe.scale, 0, 0.05).moved(-reach / 2)
    radius = 0.17 * recipe.scale
    angle = np.linspace(0.02, np.pi / 2, 18)
    dome = np.stack([np.sin(angle), np.cos(angle) * 0.8], axis=1)[::-1] * radius
    inner = dome[::-1] * 0.97
    hood = revolve(np.concatenate([dome, inner]).astype(np.float32)).moved(
        reach / 2, height * 0.78 - radius * 0.8
    )
    bulb = ball(radius * 0.4).moved(reach / 2, height * 0.78 - radius * 0.62)
    return [
        Part(joined([tube(bow, 0.011), foot]), frame_finish(recipe)),
        Part(hood, main_finish(recipe, 0.1)),
        Part(bulb, glowing(plain_finish("paper", "ivory"), 1.1)),
    ]


def globe_lamp(recipe: Recipe, rng: np.random.Generator) -> list[Part]:
    """A glowing ball on a small foot."""
    radius = 0.13 * recipe.scale
    foot = radius * rng.uniform(0.5, 0.8)
    rise = radius * rng.uniform(0.25, 0.9)
    base = joined(
        [disc(foot, 0, 0.02), turned([(foot * 0.35, 0.015), (foot * 0.3, rise), (foot * 0.7, rise + 0.03)])]
    )
    globe = ball(radius).moved(0, rise + radius + 0.01)
    return [Part(base, frame_finish(recipe)), Part(globe, glowing(main_finish(recipe, 0.1), 0.6))]


_SHADES = ("linen", "cotton", "velvet")
_SHADE_PATTERNS = ("striped", "pinstriped", "dotted", "checked", "scalloped", "leafy")
_FRAMES = (*METALS, *WOODS, "glazed ceramic", "marble")
LAMP = Kind(
    ("Lighting", "Lamps"),
    {
        "table lamp": Form(30, 50, 79, _SHADES, _SHADE_PATTERNS, _FRAMES, table_lamp),
        "floor lamp": Form(42, 150, 149, _SHADES, _SHADE_PATTERNS, (*METALS, *WOODS), floor_lamp),
        "arc lamp": Form(
            100, 155, 219, ("powder-coated steel", "lacquer", "brass", "chrome"), (), METALS, arc_lamp
        ),
        "globe lamp": Form(
            26, 36, 65, ("matte porcelain", "paper"), (), (*METALS, *WOODS, "marble"), globe_lamp
        ),
    },
    turn_degrees=20,
    rise_degrees=7,
    fill=0.82,
)
