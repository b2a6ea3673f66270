"""This file is about vases."""

import numpy as np

from bowerbird.world.shop.kinds.pieces import CERAMIC, main_finish, vessel
from bowerbird.world.shop.kinds.types import Form, Kind
from bowerbird.world.shop.recipe import Recipe
from bowerbird.world.shop.render.spots import Part

# Radius and height of the silhouette, as shares of half the width and of the height, foot to rim.
SHAPES: dict[str, tuple[tuple[float, float], ...]] = {
    "bottle vase": ((0.55, 0), (0.95, 0.14), (0.98, 0.34), (0.4, 0.6), (0.22, 0.78), (0.24, 0.93), (0.32, 1)),
    "amphora vase": ((0.38, 0), (0.5, 0.08), (0.92, 0.42), (0.98, 0.62), (0.6, 0.84), (0.46, 0.91), (0.6, 1)),
    "cylinder vase": ((0.86, 0), (0.95, 0.04), (0.97, 0.3), (0.98, 0.6), (0.97, 0.9), (0.96, 1)),
    "round vase": ((0.4, 0), (0.74, 0.1), (1.0, 0.42), (0.86, 0.74), (0.44, 0.91), (0.36, 0.96), (0.42, 1)),
    "gourd vase": (
        (0.5, 0),
        (0.92, 0.16),
        (0.96, 0.34),
        (0.52, 0.54),
        (0.6, 0.7),
        (0.56, 0.83),
        (0.26, 0.93),
        (0.3, 1),
    ),
    "trumpet vase": ((0.62, 0), (0.56, 0.03), (0.34, 0.12), (0.36, 0.4), (0.5, 0.7), (0.78, 0.92), (0.98, 1)),
    "bud vase": ((0.62, 0), (0.96, 0.16), (0.9, 0.34), (0.34, 0.52), (0.2, 0.66), (0.2, 0.9), (0.3, 1)),
    "ribbed vase": ((0.6, 0), (0.84, 0.1), (0.98, 0.42), (0.9, 0.7), (0.62, 0.88), (0.66, 1)),
}
SIZES = {
    "bottle vase": (19, 36, 45),
    "amphora vase": (22, 34, 52),
    "cylinder vase": (14, 28, 32),
    "round vase": (24, 24, 39),
    "gourd vase": (18, 31, 44),
    "trumpet vase": (18, 34, 42),
    "bud vase": (10, 19, 19),
    "ribbed vase": (20, 29, 46),
}


def build(recipe: Recipe, rng: np.random.Generator) -> list[Part]:
    """One vase, slightly out of the usual proportions."""
    form = VASE.forms[recipe.form]
    radius = form.width_cm / 200 * recipe.scale * rng.uniform(0.92, 1.08)
    height = form.height_cm / 100 * recipe.scale * rng.uniform(0.92, 1.08)
    wobble = rng.uniform(-0.05, 0.05, len(SHAPES[recipe.form]))
    knots = [
        (wide * (1 + off) * radius, up * height)
        for (wide, up), off in zip(SHAPES[recipe.form], wobble, strict=True)
    ]
    ribs = 26 if recipe.form == "ribbed vase" else 0
    return [Part(vessel(knots, wall_m=0.05 * radius, ribs=ribs), main_finish(recipe, height * 0.24))]


_PATTERNS = ("banded", "dotted", "striped", "abstract", "scalloped", "diamond", "checked", "leafy")
VASE = Kind(
    ("Decoration", "Vases"),
    {
        name: Form(
            width,
            height,
            price,
            (*CERAMIC, "glass", "brass"),
            () if name == "ribbed vase" else _PATTERNS,
            (),
            build,
        )
        for name, (width, height, price) in SIZES.items()
    },
    turn_degrees=0,
    rise_degrees=14,
    fill=0.74,
)
