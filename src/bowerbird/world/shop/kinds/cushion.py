"""This file is about cushions."""

import numpy as np

from bowerbird.world.shop.kinds.pieces import CLOTH, leaning, main_finish, plain_finish
from bowerbird.world.shop.kinds.types import Form, Kind
from bowerbird.world.shop.recipe import Recipe
from bowerbird.world.shop.render.mesh import Mesh, joined, rotation
from bowerbird.world.shop.render.solids import ball, curve, pillow, revolve, tube
from bowerbird.world.shop.render.spots import Part

LEAN_DEGREES = 14


def build(recipe: Recipe, rng: np.random.Generator) -> list[Part]:
    """An upright cushion that leans back a little, with piping or a fringe in the second colour."""
    form = CUSHION.forms[recipe.form]
    width, height = form.width_cm / 100 * recipe.scale, form.height_cm / 100 * recipe.scale
    thickness = 0.36 * min(width, height) * rng.uniform(0.9, 1.15)
    case = pillow(width, height, thickness, corner=rng.uniform(0.04, 0.08))
    parts = [(case, main_finish(recipe, 0.105))]
    trim = rng.random()
    if trim < 0.4:
        parts.append((piping(width, height), plain_finish("cotton", recipe.second)))
    elif trim < 0.55:
        parts.append((tassels(width, height), plain_finish("cotton", recipe.second)))
    tilt = rng.uniform(-3, 3)
    return [
        Part(leaning(mesh.turned(rotation(about_z=tilt)).moved(0, height * 0.49), LEAN_DEGREES), finish)
        for mesh, finish in parts
    ]


def round_cushion(recipe: Recipe, rng: np.random.Generator) -> list[Part]:
    """A round cushion with a button in its middle."""
    radius = 0.2 * recipe.scale
    thick = radius * rng.uniform(0.3, 0.4)
    angle = np.linspace(-np.pi / 2, np.pi / 2, 30)
    edge = np.stack([radius * np.cos(angle) ** 0.7, thick * np.sin(angle)], axis=1)
    dimple = 1 - 0.5 * np.exp(-((edge[:, 0] / (radius * 0.25)) ** 2))
    edge[:, 1] *= dimple
    body = revolve(edge.astype(np.float32)).turned(rotation(about_x=90))
    button = ball(0.014, squash=0.6).turned(rotation(about_x=90)).moved(0, 0, thick * 0.5)
    return [
        Part(leaning(body.moved(0, radius), LEAN_DEGREES), main_finish(recipe, 0.105)),
        Part(leaning(button.moved(0, radius), LEAN_DEGREES), plain_finish("cotton", recipe.second)),
    ]


def piping(width: float, height: float) -> Mesh:
    """A cord round the seam."""
    side = np.sin(np.linspace(-np.pi / 2, np.pi / 2, 24))
    pull = 1 - 0.06 * (1 - side**2)
    loop = np.concatenate([
        np.stack([side, pull, 0 * side], axis=1), np.stack([pull, -side, 0 * side], axis=1),
        np.stack([-side, -pull, 0 * side], axis=1), np.stack([-pull, side, 0 * side], axis=1),
    ])  # fmt: skip
    loop *= [width / 2, height / 2, 1]
    return tube(loop.astype(np.float32), 0.0055, sides=8)


def tassels(width: float, height: float) -> Mesh:
    """A tassel at each corner."""
    made = []
    for x in (-1, 1):
        for y in (-1, 1):
            tip = curve(
                [
                    (x * width * 0.49, y * height * 0.49, 0),
                    (x * width * 0.56, y * height * 0.49 - 0.03, 0.01),
                    (x * width * 0.57, y * height * 0.47 - 0.065, 0.015),
                ],
                8,
            )
            made.append(tube(tip, np.linspace(0.006, 0.015, 8).astype(np.float32), sides=8))
    return joined(made)


_PATTERNS = (
    "striped",
    "checked",
    "gingham",
    "dotted",
    "chevron",
    "diamond",
    "grid",
    "scalloped",
    "leafy",
    "abstract",
    "ikat",
)
CUSHION = Kind(
    ("Textiles", "Cushions"),
    {
        "square cushion": Form(45, 45, 29, (*CLOTH, "leather"), _PATTERNS, (), build),
        "lumbar cushion": Form(60, 36, 34, CLOTH, _PATTERNS, (), build),
        "round cushion": Form(40, 40, 32, CLOTH, (), (), round_cushion),
    },
    turn_degrees=16,
    rise_degrees=9,
    fill=0.74,
)
