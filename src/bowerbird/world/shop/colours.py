"""This file is about colours: their names, and the palettes that styles choose from."""

from dataclasses import dataclass

import numpy as np

from bowerbird.world.shop.render.lighting import linear_of
from bowerbird.world.shop.render.noise import Floats

COLOURS = {
    "burgundy": "6e1a30",
    "terracotta": "c0623f",
    "rust": "a4481f",
    "coral": "ee7561",
    "blush": "ecc3b8",
    "dusty pink": "cf8f93",
    "fuchsia": "c9337c",
    "mustard": "d29a24",
    "ochre": "bd8132",
    "butter yellow": "f2d983",
    "olive": "767a38",
    "sage": "9bab8b",
    "forest green": "27523c",
    "mint": "a9d6bf",
    "emerald": "14705a",
    "teal": "1b6a72",
    "turquoise": "3cb1b0",
    "sky blue": "94bfdb",
    "cobalt": "274fae",
    "navy": "1e2c51",
    "lilac": "b9a5d6",
    "plum": "5a2d58",
    "ivory": "f3ecdc",
    "cream": "ead9b8",
    "sand": "d3bc98",
    "taupe": "9b8875",
    "chocolate": "4d3223",
    "charcoal": "3b3b3e",
    "black": "1d1c1f",
    "white": "f6f5f1",
    "dove grey": "b4b4b0",
    "orange": "e37d27",
}


@dataclass(frozen=True, slots=True)
class Palette:
    """Colours that go together, strongest first, and the ground they are shown on."""

    colours: tuple[str, ...]
    backdrop: str


PALETTES = {
    "terracotta and sage": Palette(("terracotta", "sage", "cream", "olive", "sand"), "efe6da"),
    "mustard and teal": Palette(("mustard", "teal", "ivory", "rust", "chocolate"), "ece5d8"),
    "olive and rust": Palette(("olive", "rust", "cream", "ochre", "chocolate"), "eae3d3"),
    "snow and sky": Palette(("sky blue", "white", "dove grey", "navy", "butter yellow"), "e9edf0"),
    "fog": Palette(("dove grey", "white", "charcoal", "sage", "blush"), "ebebe8"),
    "blush and grey": Palette(("blush", "dove grey", "white", "dusty pink", "charcoal"), "f1e8e5"),
    "emerald and black": Palette(("emerald", "black", "ivory", "mustard", "plum"), "e3e5dd"),
    "burgundy and navy": Palette(("burgundy", "navy", "cream", "ochre", "black"), "e9e0da"),
    "plum and teal": Palette(("plum", "teal", "dusty pink", "ivory", "navy"), "e8e1e4"),
    "clay": Palette(("sand", "terracotta", "taupe", "ivory", "chocolate"), "ede4d9"),
    "moss": Palette(("forest green", "sage", "taupe", "cream", "charcoal"), "e5e6dc"),
    "ink and paper": Palette(("charcoal", "ivory", "sand", "black", "taupe"), "ece8e1"),
    "candy": Palette(("coral", "turquoise", "butter yellow", "lilac", "black"), "f3ebea"),
    "primary": Palette(("cobalt", "orange", "butter yellow", "fuchsia", "white"), "eceaf0"),
    "mint and lilac": Palette(("mint", "lilac", "coral", "white", "cobalt"), "eaf0ed"),
    "sunset": Palette(("orange", "fuchsia", "mustard", "plum", "cream"), "f2e7dc"),
    "spice": Palette(("rust", "turquoise", "ochre", "burgundy", "cream"), "efe3d6"),
    "smoke": Palette(("black", "taupe", "dove grey", "rust", "white"), "e4e3e1"),
}


def linear(hex_code: str) -> Floats:
    """[3] linear light of `rrggbb`."""
    return linear_of(np.array([int(hex_code[at : at + 2], 16) / 255 for at in (0, 2, 4)], np.float32))


def named(colour: str) -> Floats:
    """[3] linear light of a colour by its name."""
    return linear(COLOURS[colour])
