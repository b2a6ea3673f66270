"""This file is about kinds of item: what each comes in, how it is built, and how it is looked at."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from bowerbird.world.shop.recipe import Recipe
from bowerbird.world.shop.render.spots import Part

Build = Callable[[Recipe, np.random.Generator], list[Part]]


@dataclass(frozen=True, slots=True)
class Form:
    """One sort of a kind: its usual size in cm, its usual price in euros, and what it comes in.

    Attributes:
        width_cm: of the medium size.
        height_cm: of the medium size; of rugs and textiles, the other side.
        price_eur: of the medium size in its cheapest material.
        materials: of the main part.
        patterns: that it can have, beside `plain`.
        frames: materials of legs, base, frame or pot; none when it has no such part.
        build: from recipe and random numbers of its shape to parts that stand on y = 0, or hang on z = 0.
    """

    width_cm: float
    height_cm: float
    price_eur: float
    materials: tuple[str, ...]
    patterns: tuple[str, ...]
    frames: tuple[str, ...]
    build: Build


@dataclass(frozen=True, slots=True)
class Kind:
    """One of the shop's departments.

    Attributes:
        category: path, widest first.
        forms: by name.
        turn_degrees: how far the camera may stand from the front, to either side.
        rise_degrees: how high it stands.
        fill: share of the picture that the largest size takes.
        hangs: on the wall instead of standing on the floor.
    """

    category: tuple[str, ...]
    forms: Mapping[str, Form]
    turn_degrees: float
    rise_degrees: float
    fill: float
    hangs: bool = False
