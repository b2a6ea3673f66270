"""This file is about plants in pots: each leaf a bent sheet, the pot in the recipe's colour."""

import numpy as np

from bowerbird.world.shop.colours import linear
from bowerbird.world.shop.kinds.pieces import CERAMIC, disc, main_finish, plain_finish, vessel
from bowerbird.world.shop.kinds.types import Form, Kind
from bowerbird.world.shop.recipe import Recipe
from bowerbird.world.shop.render.lighting import ColourAt, Finish
from bowerbird.world.shop.render.mesh import Mesh, grid_mesh, joined, rotation
from bowerbird.world.shop.render.noise import Floats
from bowerbird.world.shop.render.solids import curve, tube
from bowerbird.world.shop.render.spots import Part


def snake_plant(recipe: Recipe, rng: np.random.Generator) -> list[Part]:
    """Upright blades with pale edges."""
    pot, top, radius = _pot(recipe, rng, 0.12, 0.2)
    blades = []
    for _ in range(int(rng.integers(11, 16))):
        length = rng.uniform(0.3, 0.56) * recipe.scale
        blade = _leaf(
            length,
            0.03 * recipe.scale,
            bend=rng.uniform(0.02, 0.14),
            fold=0.012,
            tip=1.4,
            twist=rng.uniform(-40, 40),
        )
        turn = rng.uniform(0, 360)
        out = radius * 0.62 * np.sqrt(rng.random())
        placed = blade.turned(rotation(about_x=-72 - rng.uniform(0, 14))).moved(0, 0, out)
        blades.append(placed.turned(rotation(about_y=turn)).moved(0, top))
    return [*pot, Part(joined(blades), _leaf_finish("2f5a3a", "a7b06a", "bands", 0.06 * recipe.scale))]


def monstera(recipe: Recipe, rng: np.random.Generator) -> list[Part]:
    """Wide leaves on long stalks."""
    pot, top, radius = _pot(recipe, rng, 0.14, 0.22)
    leaves, stalks = [], []
    count = int(rng.integers(9, 13))
    for number in range(count):
        turn = 137.5 * number + rng.uniform(-12, 12)
        rise = rng.uniform(0.2, 0.46) * recipe.scale
        reach = rng.uniform(0.1, 0.24) * recipe.scale
        end = (0, top + rise, reach)
        stalk = tube(
            curve([(0, top - 0.02, radius * 0.2), (0, top + rise * 0.6, reach * 0.4), end], 12),
            0.0045,
            sides=6,
        )
        size = rng.uniform(0.2, 0.28) * recipe.scale
        leaf = _leaf(size, size * 0.42, bend=0.45, fold=0.02, tip=0.75, lobes=6)
        leaves.append(
            leaf.turned(rotation(about_x=rng.uniform(-28, 12))).moved(*end).turned(rotation(about_y=turn))
        )
        stalks.append(stalk.turned(rotation(about_y=turn)))
    return [
        *pot,
        Part(joined(leaves), _leaf_finish("2c6a3c", "4b8a4d", "veins", 0.1 * recipe.scale)),
        Part(joined(stalks), plain_finish("cotton", "olive")),
    ]


def palm(recipe: Recipe, rng: np.random.Generator) -> list[Part]:
    """Arched fronds of many narrow leaves."""
    pot, top, _ = _pot(recipe, rng, 0.13, 0.22)
    leaves, stalks = [], []
    small = {
        step: _pair((0.2 - 0.1 * abs(step - 17) / 14) * recipe.scale, recipe.scale)
        for step in range(9, 30, 2)
    }
    for number in range(int(rng.integers(9, 12))):
        turn = 137.5 * number + rng.uniform(-10, 10)
        rise, reach = rng.uniform(0.42, 0.66) * recipe.scale, rng.uniform(0.2, 0.4) * recipe.scale
        rib = curve(
            [
                (0, top - 0.02, 0),
                (0, top + rise * 0.7, reach * 0.32),
                (0, top + rise, reach * 0.75),
                (0, top + rise * 0.86, reach * 1.15),
            ],
            30,
        )
        stalks.append(tube(rib, 0.004, sides=6).turned(rotation(about_y=turn)))
        for step, leaf in small.items():
            leaves += [one.moved_by(rib[step]).turned(rotation(about_y=turn)) for one in leaf]
    return [
        *pot,
        Part(joined(leaves), _leaf_finish("3f7a3f", "6aa255", "veins", 0.04)),
        Part(joined(stalks), plain_finish("cotton", "olive")),
    ]


def olive_tree(recipe: Recipe, rng: np.random.Generator) -> list[Part]:
    """A slim trunk with a cloud of small leaves."""
    pot, top, _ = _pot(recipe, rng, 0.12, 0.19)
    height = 0.62 * recipe.scale
    trunk = curve(
        [
            (0, top - 0.02, 0),
            (rng.uniform(-0.03, 0.03), top + height * 0.4, 0.01),
            (rng.uniform(-0.03, 0.03), top + height * 0.72, 0),
        ],
        20,
    )
    wood, leaves = [tube(trunk, np.linspace(0.013, 0.007, 20).astype(np.float32), sides=10)], []
    small = _leaf(0.062 * recipe.scale, 0.0105 * recipe.scale, bend=0.2, fold=0.004, tip=1.0, rows=5)
    for _ in range(26):
        turn, lift = rng.uniform(0, 360), rng.uniform(-0.1, 1.0)
        reach = rng.uniform(0.1, 0.2) * recipe.scale * np.sqrt(max(1 - (lift - 0.4) ** 2 * 1.6, 0.1))
        start = trunk[-1 - int(rng.integers(0, 7))]
        way = np.array(
            [np.sin(np.radians(turn)) * reach, lift * 0.24 * recipe.scale, np.cos(np.radians(turn)) * reach]
        )
        twig = curve(np.stack([start, start + way * 0.5 + [0, 0.02, 0], start + way]), 12)
        wood.append(tube(twig, 0.0025, sides=5))
        for step in range(3, 12):
            turns = [rotation(about_x=rng.uniform(-60, 40), about_y=rng.uniform(0, 360)) for _ in range(2)]
            leaves += [small.turned(each).moved_by(twig[step]) for each in turns]
    return [
        *pot,
        Part(joined(leaves), _leaf_finish("6d8458", "93a57a", "veins", 0.03)),
        Part(joined(wood), plain_finish("linen", "taupe")),
    ]


def succulent(recipe: Recipe, rng: np.random.Generator) -> list[Part]:
    """A rosette of thick leaves in a low bowl."""
    pot, top, _ = _pot(recipe, rng, 0.1, 0.1)
    leaves = []
    for number in range(34):
        share = number / 34
        length = (0.035 + 0.075 * share) * recipe.scale
        leaf = _leaf(length, length * 0.2, bend=-0.25, fold=0.006, tip=0.7, rows=9)
        leaves.append(
            leaf.turned(rotation(about_x=-78 + 66 * share))
            .turned(rotation(about_y=137.5 * number))
            .moved(0, top + 0.012 * (1 - share))
        )
    return [*pot, Part(joined(leaves), _leaf_finish("7d9f87", "b6c7a6", "veins", 0.05))]


def _pair(length: float, scale: float) -> list[Mesh]:
    leaf = _leaf(length, 0.011 * scale, bend=0.35, fold=0.004, tip=1.0, rows=7).turned(rotation(about_x=8))
    return [leaf.turned(rotation(about_y=side * 58)) for side in (-1, 1)]


def _pot(
    recipe: Recipe, rng: np.random.Generator, radius: float, height: float
) -> tuple[list[Part], float, float]:
    radius, height = radius * recipe.scale, height * recipe.scale
    foot = radius * rng.uniform(0.62, 0.9)
    bulge = radius * rng.uniform(0.95, 1.12)
    pot = vessel(
        [(foot, 0), (bulge * 0.94, height * 0.3), (bulge, height * 0.7), (radius, height)],
        wall_m=0.01,
        deep=0.3,
    )
    top = height * 0.88
    soil = disc(radius * 0.95, top - 0.02, top, edge=0.006)
    return (
        [Part(pot, main_finish(recipe, height * 0.45)), Part(soil, plain_finish("wool", "chocolate"))],
        top,
        radius,
    )


def _leaf(
    length: float,
    half: float,
    *,
    bend: float,
    fold: float,
    tip: float,
    twist: float = 0.0,
    lobes: int = 0,
    rows: int = 15,
) -> Mesh:
    # Lies along +z from the origin, its upper side up; `bend` is how far the tip hangs, in its own lengths.
    along = np.linspace(0, 1, rows if not lobes else 41)
    side = np.linspace(-1, 1, 9)
    wide = np.sin(np.pi * np.clip(along, 0, 1) ** tip) ** 0.75 * half
    if lobes:
        wide = wide * (1 - 0.32 * np.abs(np.sin(along * np.pi * lobes)) * (along > 0.2) * (along < 0.95))
    s, a = np.meshgrid(side, along, indexing="ij")
    x = s * wide[None, :]
    y = -bend * length * a**2 + fold * np.abs(s) + 0 * x
    z = a * length
    spin = np.radians(twist) * a
    points = np.stack([x * np.cos(spin), y + x * np.sin(spin), z], axis=2).astype(np.float32)
    uv = np.stack([s, z], axis=2).astype(np.float32)
    return grid_mesh(points, uv, is_thin=True)


def _leaf_finish(deep: str, pale: str, marks: str, repeat: float) -> Finish:
    dark, light = linear(deep), linear(pale)

    def colour(u: Floats, v: Floats) -> Floats:
        if marks == "bands":
            share = (
                np.clip(0.35 + 0.35 * np.sin(v / np.float32(repeat) * 6.3), 0, 1) * 0.4
                + (np.abs(u) > 0.8) * 0.6
            )
        else:
            rib = np.exp(-((u / 0.09) ** 2))
            ribs = 0.5 + 0.5 * np.cos((v / np.float32(repeat) * 4 - np.abs(u) * 1.4) * np.float32(2 * np.pi))
            share = np.clip(rib + 0.25 * ribs, 0, 1)
        share = share.astype(np.float32)
        veined: Floats = dark[:, None] * (1 - share) + light[:, None] * share
        return veined

    colour_at: ColourAt = colour
    return Finish(colour_at, roughness=0.42, gloss=0.04)


_POTS = (*CERAMIC, "brass", "rattan")
_PATTERNS = ("banded", "dotted", "striped", "diamond", "scalloped", "terrazzo", "abstract")
PLANT = Kind(
    ("Plants", "Potted plants"),
    {
        "snake plant": Form(30, 65, 39, _POTS, _PATTERNS, (), snake_plant),
        "monstera": Form(60, 75, 55, _POTS, _PATTERNS, (), monstera),
        "palm": Form(80, 95, 69, _POTS, _PATTERNS, (), palm),
        "olive tree": Form(45, 95, 89, _POTS, _PATTERNS, (), olive_tree),
        "succulent": Form(20, 18, 19, _POTS, _PATTERNS, (), succulent),
    },
    turn_degrees=0,
    rise_degrees=12,
    fill=0.78,
)
