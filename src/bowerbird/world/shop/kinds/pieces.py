"""This file is about what kinds share: the finishes that a recipe asks for, legs, frames and vessels."""

from collections.abc import Sequence

import numpy as np

from bowerbird.world.shop import materials
from bowerbird.world.shop.colours import named
from bowerbird.world.shop.patterns import flat, patterned
from bowerbird.world.shop.recipe import Recipe
from bowerbird.world.shop.render.lighting import Finish
from bowerbird.world.shop.render.mesh import Mesh, rotation
from bowerbird.world.shop.render.noise import Floats
from bowerbird.world.shop.render.solids import curve, revolve, rod

CERAMIC = ("glazed ceramic", "stoneware", "matte porcelain", "terracotta clay")
WOODS = ("oak", "ash", "walnut", "teak", "reclaimed pine", "black-stained oak")
METALS = ("brass", "copper", "chrome", "blackened steel")
CLOTH = ("linen", "cotton", "wool", "velvet", "bouclé")


def main_finish(recipe: Recipe, repeat_m: float) -> Finish:
    """Material, colour and pattern of the main part."""
    if materials.MATERIALS[recipe.material].own_colour is not None and recipe.pattern == "plain":
        return materials.natural(recipe.material)
    shades = (named_or_own(recipe.colour), named(recipe.second), named(recipe.accent))
    return materials.finish(recipe.material, patterned(recipe.pattern, shades, repeat_m))


def frame_finish(recipe: Recipe) -> Finish:
    """Material of legs, base, frame or pot; materials without a colour of their own take the accent."""
    if materials.MATERIALS[recipe.frame].own_colour is not None:
        return materials.natural(recipe.frame)
    return materials.finish(recipe.frame, flat(named(recipe.accent)))


def plain_finish(material: str, colour: str) -> Finish:
    """A material in one colour, without pattern."""
    return materials.finish(material, flat(named(colour)))


def named_or_own(colour: str) -> Floats:
    """A palette's colour; materials with a colour of their own name one that no palette has."""
    try:
        return named(colour)
    except KeyError:
        return np.full(3, 0.5, np.float32)


def vessel(
    knots: Sequence[Sequence[float]], *, wall_m: float = 0.005, deep: float = 0.95, ribs: int = 0
) -> Mesh:
    """A turned vessel with an inside: knots of radius and height from the foot to the rim."""
    outside = curve(knots, 46)
    rim, foot = outside[-1], outside[0]
    inside = curve(knots, 46)[::-1].copy()
    inside[:, 0] = np.maximum(inside[:, 0] - wall_m, 0.001)
    inside = inside[inside[:, 1] > rim[1] - deep * (rim[1] - foot[1])]
    lip = np.array(
        [[rim[0] - wall_m * 0.2, rim[1] + wall_m * 0.35], [rim[0] - wall_m * 0.8, rim[1] + wall_m * 0.35]],
        np.float32,
    )
    floor = np.array([[0.0005, inside[-1][1]]], np.float32)
    base = np.array([[0.0005, foot[1]]], np.float32)
    return revolve(
        np.concatenate([base, outside, lip, inside, floor]), ribs=ribs, rib_depth=0.07 if ribs else 0.0
    )


def turned(knots: Sequence[Sequence[float]], count: int = 40) -> Mesh:
    """A closed turned shape: knots of radius and height from the lower end to the upper."""
    outside = curve(knots, count)
    ends = np.array([[0.0005, outside[0][1]]], np.float32), np.array([[0.0005, outside[-1][1]]], np.float32)
    return revolve(np.concatenate([ends[0], outside, ends[1]]))


def disc(radius: float, low: float, high: float, *, edge: float = 0.004) -> Mesh:
    """A round plate between two heights, its edges rounded."""
    edge = min(edge, (high - low) / 2, radius / 2)
    bend = np.linspace(0, np.pi / 2, 5)
    lower = [(radius - edge + edge * np.sin(a), low + edge - edge * np.cos(a)) for a in bend]
    upper = [(radius - edge + edge * np.cos(a), high - edge + edge * np.sin(a)) for a in bend]
    rings = [(radius * share, low) for share in (0.001, 0.5)] + lower + upper
    rings += [(radius * share, high) for share in (0.66, 0.33, 0.001)]
    return revolve(np.array(rings, np.float32))


def splayed_legs(
    count: int,
    top_radius: float,
    foot_radius: float,
    height: float,
    *,
    thick: tuple[float, float] = (0.016, 0.009),
    start_degrees: float = 45,
) -> list[Mesh]:
    """Straight legs on a circle, wider apart at the foot."""
    made = []
    for number in range(count):
        angle = np.radians(start_degrees + 360 * number / count)
        out = np.array([np.sin(angle), np.cos(angle)])
        top, foot = out * top_radius, out * foot_radius
        made.append(rod([foot[0], 0, foot[1]], [top[0], height, top[1]], thick[1], thick[0]))
    return made


def corner_legs(
    width: float,
    depth: float,
    height: float,
    *,
    splay: float = 0.0,
    thick: tuple[float, float] = (0.02, 0.012),
) -> list[Mesh]:
    """Four legs under the corners of a rectangle."""
    made = []
    for side in (-1, 1):
        for end in (-1, 1):
            top = [side * width / 2, height, end * depth / 2]
            foot = [side * (width / 2 + splay), 0, end * (depth / 2 + splay)]
            made.append(rod(foot, top, thick[1], thick[0]))
    return made


def leaning(mesh: Mesh, degrees: float) -> Mesh:
    """Tipped backwards about its foot."""
    return mesh.turned(rotation(about_x=-degrees))
