"""This file is about materials: how wood, glaze, metal and cloth look, in any colour or in their own."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from bowerbird.world.shop.colours import linear
from bowerbird.world.shop.patterns import flat
from bowerbird.world.shop.render import noise
from bowerbird.world.shop.render.lighting import ColourAt, Finish
from bowerbird.world.shop.render.noise import Floats, smooth_step


@dataclass(frozen=True, slots=True)
class Material:
    """A material.

    Attributes:
        look: from the colour of a surface to its finish; materials with a colour of their own pass it over.
        own_colour: name of the colour that it has by nature, or none when it comes in any.
        takes_pattern: whether a pattern would be seen on it.
    """

    look: Callable[[ColourAt], Finish]
    own_colour: str | None = None
    takes_pattern: bool = True


def finish(material: str, colour: ColourAt | Floats) -> Finish:
    """The finish of a material in a colour, which may differ from place to place."""
    return MATERIALS[material].look(colour if callable(colour) else flat(colour))


def natural(material: str) -> Finish:
    """The finish of a material that has a colour of its own."""
    return MATERIALS[material].look(flat(np.full(3, 0.5, np.float32)))


def glowing(one: Finish, glow: float) -> Finish:
    """The same, lit from within."""
    return replace(one, glow=glow)


def _toned(colour: ColourAt, seed: int, repeat_m: float, depth: float, *, stretch: float = 1.0) -> ColourAt:
    grain = noise.tile(seed, octaves=4, cells=8)

    def toned(u: Floats, v: Floats) -> Floats:
        tone = noise.read(grain, u / np.float32(repeat_m * stretch), v / np.float32(repeat_m))
        shaded: Floats = colour(u, v) * (1 + np.float32(depth) * (tone - 0.5))
        return shaded

    return toned


def _speckled(colour: ColourAt, *, dark: float, amount: float) -> ColourAt:
    grain = noise.tile(41, octaves=2, cells=64)

    def speckled(u: Floats, v: Floats) -> Floats:
        spot = smooth_step(
            amount, amount + 0.05, noise.read(grain, u / np.float32(0.28), v / np.float32(0.28))
        )
        dotted: Floats = colour(u, v) * (1 - np.float32(dark) * spot)
        return dotted

    return speckled


def _wood(light: str, dark: str, *, roughness: float = 0.42) -> Callable[[ColourAt], Finish]:
    pale, deep = linear(light), linear(dark)
    rings, fibres = noise.tile(51, octaves=3, cells=8), noise.tile(52, octaves=3, cells=32)

    def colour(u: Floats, v: Floats) -> Floats:
        bend = noise.read(rings, u / np.float32(1.7), v / np.float32(0.55))
        ring = 0.5 + 0.5 * np.sin((bend * 5.0 + v * 9.0) * np.float32(2 * np.pi))
        fibre = noise.read(fibres, u / np.float32(0.9), v / np.float32(0.07))
        share = np.clip(0.42 * ring + 0.75 * fibre - 0.12, 0, 1)
        grained: Floats = pale[:, None] * (1 - share) + deep[:, None] * share
        return grained

    def look(_: ColourAt) -> Finish:
        return Finish(colour, roughness=roughness, gloss=0.035)

    return look


def _stone(colour: ColourAt) -> Finish:
    veins = noise.tile(61, octaves=4, cells=8)

    def marbled(u: Floats, v: Floats) -> Floats:
        bent = noise.read(veins, u / np.float32(0.5), v / np.float32(0.5))
        vein = np.exp(-np.abs(noise.read(veins, u / 0.8 + bent * 0.5, v / 0.6 + bent * 0.3) - 0.5) * 26)
        shaded: Floats = colour(u, v) * (1 - 0.55 * vein) + 0.12 * vein
        return shaded

    return Finish(marbled, roughness=0.14, gloss=0.05)


def _metal(tone: str, roughness: float) -> Callable[[ColourAt], Finish]:
    shade = linear(tone)
    return lambda _: Finish(_toned(flat(shade), 71, 0.05, 0.12, stretch=8), roughness=roughness, metal=1.0)


def _woven(colour: ColourAt, thread_m: float, depth: float) -> ColourAt:
    def woven(u: Floats, v: Floats) -> Floats:
        warp = np.sin(u * np.float32(2 * np.pi / thread_m))
        weft = np.sin(v * np.float32(2 * np.pi / thread_m))
        threads: Floats = colour(u, v) * (1 - np.float32(depth) * (0.5 - 0.5 * warp * weft))
        return threads

    return woven


def _knitted(colour: ColourAt) -> ColourAt:
    def knitted(u: Floats, v: Floats) -> Floats:
        column = u / np.float32(0.022)
        slant = np.abs(column - np.floor(column) - 0.5)
        stitch = 0.5 + 0.5 * np.cos((v / np.float32(0.018) + slant * 1.3) * np.float32(2 * np.pi))
        gap = smooth_step(0.36, 0.5, slant)
        stitches: Floats = colour(u, v) * (1 - 0.36 * np.maximum(gap, 0.75 * stitch))
        return stitches

    return knitted


def _rattan(_: ColourAt) -> Finish:
    straw = _toned(flat(linear("c9a26b")), 81, 0.2, 0.3)
    return Finish(_woven(straw, 0.022, 0.62), roughness=0.55, gloss=0.03, bump=0.25, bump_m=0.006)


MATERIALS: dict[str, Material] = {
    "glazed ceramic": Material(
        lambda colour: Finish(_toned(colour, 1, 0.16, 0.2, stretch=2.5), roughness=0.06, gloss=0.075)
    ),
    "stoneware": Material(
        lambda colour: Finish(
            _speckled(_toned(colour, 2, 0.2, 0.22), dark=0.6, amount=0.68),
            roughness=0.5,
            bump=0.1,
            bump_m=0.008,
        )
    ),
    "matte porcelain": Material(lambda colour: Finish(colour, roughness=0.62, gloss=0.035)),
    "terracotta clay": Material(
        lambda _: Finish(
            _toned(flat(linear("bd6a45")), 3, 0.25, 0.4), roughness=0.85, bump=0.12, bump_m=0.006
        ),
        "terracotta",
    ),
    "glass": Material(
        lambda colour: Finish(colour, roughness=0.03, gloss=0.07, clear=0.5), takes_pattern=False
    ),
    "lacquer": Material(lambda colour: Finish(colour, roughness=0.16, gloss=0.05)),
    "painted wood": Material(lambda colour: Finish(_toned(colour, 4, 0.4, 0.1, stretch=5), roughness=0.45)),
    "powder-coated steel": Material(lambda colour: Finish(colour, roughness=0.5, gloss=0.045)),
    "marble": Material(_stone, takes_pattern=False),
    "oak": Material(_wood("d9b583", "b98b56"), "honey brown"),
    "ash": Material(_wood("e6cfa8", "cfae7f"), "pale brown"),
    "walnut": Material(_wood("8a5a38", "54331f"), "dark brown"),
    "teak": Material(_wood("b87a43", "8b5228"), "warm brown"),
    "reclaimed pine": Material(_wood("b98f5f", "7a5535", roughness=0.75), "weathered brown"),
    "black-stained oak": Material(_wood("35302d", "1d1a19"), "black"),
    "brass": Material(_metal("e2b65c", 0.22), "gold"),
    "copper": Material(_metal("d98a63", 0.22), "copper"),
    "chrome": Material(_metal("d4d6d9", 0.08), "silver"),
    "blackened steel": Material(_metal("3a3a3d", 0.42), "black"),
    "rattan": Material(_rattan, "straw"),
    "linen": Material(
        lambda colour: Finish(
            _woven(_toned(colour, 5, 0.05, 0.5, stretch=3), 0.014, 0.34),
            roughness=0.9,
            bump=0.14,
            bump_m=0.003,
        )
    ),
    "cotton": Material(lambda colour: Finish(colour, roughness=0.85, bump=0.05, bump_m=0.003)),
    "wool": Material(
        lambda colour: Finish(_knitted(_toned(colour, 7, 0.03, 0.3)), roughness=0.95, bump=0.3, bump_m=0.006)
    ),
    "bouclé": Material(
        lambda colour: Finish(_toned(colour, 8, 0.07, 0.75), roughness=0.95, bump=1.5, bump_m=0.016)
    ),
    "velvet": Material(
        lambda colour: Finish(_toned(colour, 9, 0.5, 0.5), roughness=0.5, gloss=0.05, bump=0.04, sheen=0.75)
    ),
    "jute": Material(
        lambda _: Finish(
            _woven(_toned(flat(linear("bf9c6c")), 10, 0.05, 0.4), 0.016, 0.4),
            roughness=0.95,
            bump=0.3,
            bump_m=0.006,
        ),
        "straw",
    ),
    "leather": Material(
        lambda colour: Finish(
            _toned(colour, 13, 0.16, 0.5), roughness=0.24, gloss=0.06, bump=0.06, bump_m=0.006
        ),
        takes_pattern=False,
    ),
    "paper": Material(lambda colour: Finish(colour, roughness=0.95, gloss=0.02)),
}
