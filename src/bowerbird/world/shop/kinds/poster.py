"""This file is about framed prints: a frame, a mount, and a motif drawn in the recipe's colours."""

from collections.abc import Callable

import numpy as np

from bowerbird.world.shop.colours import linear, named
from bowerbird.world.shop.kinds.pieces import WOODS, frame_finish
from bowerbird.world.shop.kinds.types import Form, Kind
from bowerbird.world.shop.patterns import flat
from bowerbird.world.shop.recipe import Recipe
from bowerbird.world.shop.render import noise
from bowerbird.world.shop.render.lighting import ColourAt, Finish
from bowerbird.world.shop.render.mesh import Mesh, grid_mesh, joined
from bowerbird.world.shop.render.noise import Floats, smooth_step
from bowerbird.world.shop.render.solids import rounded_box
from bowerbird.world.shop.render.spots import Part

# x in -1..1 and y in -h..h of the print -> share of main, second and third colour, painted in this order.
Motif = Callable[[Floats, Floats], tuple[Floats, Floats, Floats]]
SOFT = 0.012


def build(recipe: Recipe, rng: np.random.Generator) -> list[Part]:
    """A framed print that hangs at z = 0, its lower edge at y = 0."""
    form = POSTER.forms[recipe.form]
    width, height = form.width_cm / 100 * recipe.scale, form.height_cm / 100 * recipe.scale
    bar = 0.02 * recipe.scale
    mount = rng.uniform(0.08, 0.16) * width
    motif = MOTIFS[recipe.form](rng, height / width)
    print_wide, print_high = width - 2 * bar - 2 * mount, height - 2 * bar - 2 * mount
    paper = linear("f4efe4")
    picture = _sheet(print_wide, print_high, height / 2, 0.0125)
    sheet = _sheet(width - 2 * bar, height - 2 * bar, height / 2, 0.012)
    frame = [
        rounded_box(width, bar, 0.028, edge=0.003).moved(0, 0, 0.014),
        rounded_box(width, bar, 0.028, edge=0.003).moved(0, height - bar, 0.014),
        rounded_box(bar, height, 0.028, edge=0.003).moved(bar / 2 - width / 2, 0, 0.014),
        rounded_box(bar, height, 0.028, edge=0.003).moved(width / 2 - bar / 2, 0, 0.014),
    ]
    return [
        Part(joined(frame), frame_finish(recipe)),
        Part(sheet, Finish(flat(paper), roughness=0.5, gloss=0.03)),
        Part(picture, Finish(_printed(motif, recipe, print_wide), roughness=0.5, gloss=0.03)),
    ]


def _printed(motif: Motif, recipe: Recipe, width: float) -> ColourAt:
    ground = linear("efe6d3")
    inks = [named(each) for each in (recipe.colour, recipe.second, recipe.accent)]
    grain = noise.tile(91, octaves=3, cells=32)

    def colour(u: Floats, v: Floats) -> Floats:
        shares = motif(u * np.float32(2 / width), v * np.float32(2 / width))
        painted = np.repeat(ground[:, None], len(u), axis=1)
        for share, ink in zip(shares, inks, strict=True):
            painted = painted * (1 - share) + ink[:, None] * share
        inked: Floats = painted * (0.93 + 0.14 * noise.read(grain, u * 2, v * 2))
        return inked

    return colour


def _sheet(width: float, height: float, middle: float, z: float) -> Mesh:
    x, y = np.meshgrid(np.linspace(-0.5, 0.5, 5) * width, np.linspace(-0.5, 0.5, 5) * height, indexing="ij")
    points = np.stack([x, y + middle, np.full_like(x, z)], axis=2).astype(np.float32)
    return grid_mesh(points, np.stack([x, y], axis=2).astype(np.float32))


def _inside(distance: Floats) -> Floats:
    return 1 - smooth_step(-SOFT, SOFT, distance)


def _arches(rng: np.random.Generator, tall: float) -> Motif:
    middle, wide = rng.uniform(-0.15, 0.15), rng.uniform(0.62, 0.8)
    sun_x, sun_y, sun = rng.uniform(-0.45, 0.45), tall * 0.62, rng.uniform(0.18, 0.28)

    def motif(x: Floats, y: Floats) -> tuple[Floats, Floats, Floats]:
        base = -tall * 0.75
        rings = []
        for share in (1.0, 0.68, 0.38):
            radius = wide * share
            top = np.hypot(x - middle, np.maximum(y - (base + wide), 0)) - radius
            rings.append(_inside(np.maximum(top, base - y)))
        return rings[0], np.maximum(rings[1], _inside(np.hypot(x - sun_x, y - sun_y) - sun)), rings[2]

    return motif


def _hills(rng: np.random.Generator, tall: float) -> Motif:
    phase, sun = (
        rng.uniform(0, 6, 3),
        (rng.uniform(-0.4, 0.4), rng.uniform(0.15, 0.4) * tall, rng.uniform(0.24, 0.36)),
    )

    def motif(x: Floats, y: Floats) -> tuple[Floats, Floats, Floats]:
        disc = _inside(np.hypot(x - sun[0], y - sun[1]) - sun[2])
        layers = [
            _inside(y - (level * tall + 0.16 * np.sin(x * pace + shift)))
            for level, pace, shift in zip((-0.05, -0.35, -0.62), (2.2, 3.1, 2.6), phase, strict=True)
        ]
        return np.maximum(disc, layers[2]), layers[0] * (1 - layers[2]), layers[1] * (1 - layers[2])

    return motif


def _shapes(rng: np.random.Generator, tall: float) -> Motif:
    places = rng.uniform(-0.6, 0.6, (3, 2)) * [1, tall]
    sizes = rng.uniform(0.26, 0.52, 3)
    lean = rng.uniform(0, 3)

    def motif(x: Floats, y: Floats) -> tuple[Floats, Floats, Floats]:
        circle = _inside(np.hypot(x - places[0, 0], y - places[0, 1]) - sizes[0])
        across = (x - places[1, 0]) * np.cos(lean) + (y - places[1, 1]) * np.sin(lean)
        half = _inside(np.maximum(np.hypot(x - places[1, 0], y - places[1, 1]) - sizes[1] * 1.15, across))
        bar = _inside(np.maximum(np.abs(x - places[2, 0]) - sizes[2] * 0.9, np.abs(y - places[2, 1]) - 0.1))
        return circle, half, bar

    return motif


def _plant(rng: np.random.Generator, tall: float) -> Motif:
    count, bend = int(rng.integers(5, 8)), rng.uniform(-0.25, 0.25)

    def motif(x: Floats, y: Floats) -> tuple[Floats, Floats, Floats]:
        reach = tall * 0.8
        up = np.clip((y + reach) / (2 * reach), 0, 1)
        middle = bend * np.sin(up * 2.4)
        stem = _inside(np.maximum(np.abs(x - middle) - 0.014, np.abs(y) - reach))
        left, right = np.zeros_like(x), np.zeros_like(x)
        for number in range(count):
            height = -reach * 0.55 + number * 1.5 * reach / count
            length = 0.52 * (1 - 0.07 * number)
            for side in (-1, 1):
                root = bend * np.sin((height + reach) / (2 * reach) * 2.4)
                a, b = (x - root) * side, y - height - (0.06 if side > 0 else 0)
                along, off = a * 0.82 + b * 0.57, b * 0.82 - a * 0.57
                half = 0.12 * np.sqrt(np.clip(along / length * (1 - along / length), 0, 1)) * 2
                leaf = _inside(np.abs(off) - half) * (along > 0) * (along < length)
                if side < 0:
                    left = np.maximum(left, leaf)
                else:
                    right = np.maximum(right, leaf)
        return np.maximum(left, stem), right, np.zeros_like(x)

    return motif


def _lines(rng: np.random.Generator, tall: float) -> Motif:
    seed, middle = int(rng.integers(1000)), rng.uniform(-0.3, 0.3, 2) * [1, tall]
    field = noise.tile(seed, octaves=1, cells=8)

    def motif(x: Floats, y: Floats) -> tuple[Floats, Floats, Floats]:
        bent = noise.read(field, x * np.float32(0.07), y * np.float32(0.07)) * 1.1
        rings = np.hypot(x - middle[0], (y - middle[1]) * 0.8) + bent
        fold = np.abs(rings * 7 - np.round(rings * 7))
        line = 1 - smooth_step(0.16, 0.24, fold)
        core = _inside(rings - 0.42)
        return line * (1 - core), core, np.zeros_like(x)

    return motif


MOTIFS: dict[str, Callable[[np.random.Generator, float], Motif]] = {
    "arch print": _arches,
    "landscape print": _hills,
    "abstract print": _shapes,
    "botanical print": _plant,
    "line print": _lines,
}
POSTER = Kind(
    ("Wall art", "Prints"),
    {
        name: Form(50, 70, 39, ("paper",), (), (*WOODS, "brass", "blackened steel", "painted wood"), build)
        for name in MOTIFS
    },
    turn_degrees=10,
    rise_degrees=2,
    fill=0.8,
    hangs=True,
)
