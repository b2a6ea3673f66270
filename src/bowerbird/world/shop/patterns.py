"""This file is about patterns: how much of the second and third colour is at each place of a surface."""

from collections.abc import Callable

import numpy as np

from bowerbird.world.shop.render import noise
from bowerbird.world.shop.render.lighting import ColourAt
from bowerbird.world.shop.render.noise import Floats, smooth_step

# u and v are counted in repeats of the pattern; gives the shares of the second and the third colour.
Pattern = Callable[[Floats, Floats], tuple[Floats, Floats]]
SOFT = 0.035


def patterned(pattern: str, colours: tuple[Floats, Floats, Floats], repeat_m: float) -> ColourAt:
    """The colour of a surface with this pattern, its first colour as the ground."""
    if pattern == "plain":
        return flat(colours[0])
    drawn, (first, second, third) = PATTERNS[pattern], colours

    def colour(u: Floats, v: Floats) -> Floats:
        more, most = drawn(u / np.float32(repeat_m), v / np.float32(repeat_m))
        mixed = first[:, None] * (1 - more) + second[:, None] * more
        laid: Floats = mixed * (1 - most) + third[:, None] * most
        return laid

    return colour


def flat(one: Floats) -> ColourAt:
    """One colour everywhere."""

    def colour(u: Floats, v: Floats) -> Floats:
        del v
        return np.repeat(one[:, None], len(u), axis=1)

    return colour


def _wave(at: Floats) -> Floats:
    # Distance from the nearest whole number, 0..0.5.
    folded: Floats = np.abs(at - np.round(at))
    return folded


def _band(distance: Floats, half: float) -> Floats:
    return 1 - smooth_step(half - SOFT, half + SOFT, distance)


def _none(u: Floats) -> Floats:
    return np.zeros_like(u)


def _stripes(u: Floats, v: Floats) -> tuple[Floats, Floats]:
    del v
    return _band(_wave(u), 0.25), _none(u)


def _fine_stripes(u: Floats, v: Floats) -> tuple[Floats, Floats]:
    del v
    return _band(_wave(u * 1.5), 0.1), _none(u)


def _bands(u: Floats, v: Floats) -> tuple[Floats, Floats]:
    del u
    return _band(_wave(v), 0.2), _band(_wave(v + 0.5), 0.06)


def _checks(u: Floats, v: Floats) -> tuple[Floats, Floats]:
    across, down = np.sin(u * np.pi * 2), np.sin(v * np.pi * 2)
    return smooth_step(-0.08, 0.08, across * down), _none(u)


def _gingham(u: Floats, v: Floats) -> tuple[Floats, Floats]:
    return (_band(_wave(u), 0.25) + _band(_wave(v), 0.25)) * np.float32(0.5), _none(u)


def _dots(u: Floats, v: Floats) -> tuple[Floats, Floats]:
    row = np.floor(v * 2)
    across = u * 2 + 0.5 * (row % 2) - 0.5
    distance = np.hypot(across - np.round(across), v * 2 - row - 0.5)
    return _band(distance, 0.24), _none(u)


def _chevron(u: Floats, v: Floats) -> tuple[Floats, Floats]:
    zigzag = _wave(u) * 1.2
    return _band(_wave(v * 1.5 + zigzag), 0.22), _none(u)


def _diamonds(u: Floats, v: Floats) -> tuple[Floats, Floats]:
    distance = _wave(u) + _wave(v * 0.75)
    return _band(distance, 0.34), _band(np.abs(distance - 0.62), 0.05) + _band(distance, 0.12)


def _grid(u: Floats, v: Floats) -> tuple[Floats, Floats]:
    return np.maximum(_band(_wave(u), 0.045), _band(_wave(v), 0.045)), _none(u)


def _arches(u: Floats, v: Floats) -> tuple[Floats, Floats]:
    row = np.floor(v * 1.5)
    across, up = u + 0.5 * (row % 2), v * 1.5 - row
    distance = np.hypot((across - np.round(across)) * 2, up * 0.95)
    rings = _band(np.abs(distance - 0.78), 0.09) + _band(np.abs(distance - 0.46), 0.09)
    return np.minimum(rings, 1), _band(distance, 0.2)


def _leaves(u: Floats, v: Floats) -> tuple[Floats, Floats]:
    row = np.floor(v)
    across, up = u * 1.4 + 0.5 * (row % 2), v - row - 0.5
    at = across - np.round(across)
    leaf, vein = _none(u), _none(u)
    for side in (-1, 1):
        for lift in (-0.28, 0.0, 0.28):
            x, y = side * at * 1.0 - 0.13, up - lift - side * at * 0.0
            along, aside = x * 0.8 + y * 0.6, y * 0.8 - x * 0.6
            leaf = np.maximum(leaf, _band((along / 0.17) ** 2 + (aside / 0.065) ** 2, 1.0))
    stem = _band(np.abs(at), 0.018) * _band(np.abs(up), 0.44)
    return np.maximum(leaf, stem), vein


def _terrazzo(u: Floats, v: Floats) -> tuple[Floats, Floats]:
    one = noise.read(noise.tile(11, octaves=2, cells=24), u / 3, v / 3)
    other = noise.read(noise.tile(12, octaves=2, cells=24), u / 3, v / 3)
    return smooth_step(0.66, 0.69, one), smooth_step(0.69, 0.72, other)


def _abstract(u: Floats, v: Floats) -> tuple[Floats, Floats]:
    one = noise.read(noise.tile(21, octaves=1, cells=8), u / 5, v / 5)
    other = noise.read(noise.tile(22, octaves=1, cells=8), u / 5, v / 5)
    return smooth_step(0.56, 0.59, one), smooth_step(0.64, 0.67, other)


def _ikat(u: Floats, v: Floats) -> tuple[Floats, Floats]:
    frayed = noise.read(noise.tile(31, octaves=2, cells=64), u * 1.3, v * 0.12) - 0.5
    distance = _wave(u) * 1.1 + _wave(v * 0.8 + frayed * 0.16)
    return _band(distance, 0.4), _band(distance, 0.2)


PATTERNS: dict[str, Pattern] = {
    "striped": _stripes,
    "pinstriped": _fine_stripes,
    "banded": _bands,
    "checked": _checks,
    "gingham": _gingham,
    "dotted": _dots,
    "chevron": _chevron,
    "diamond": _diamonds,
    "grid": _grid,
    "scalloped": _arches,
    "leafy": _leaves,
    "terrazzo": _terrazzo,
    "abstract": _abstract,
    "ikat": _ikat,
}
