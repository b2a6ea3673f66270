"""This file is about an item's picture: the item alone, on a calm ground, under one large window."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from bowerbird.world.shop.catalogue import COLLECTION_ITEMS
from bowerbird.world.shop.colours import PALETTES, linear, named
from bowerbird.world.shop.kinds import KINDS
from bowerbird.world.shop.kinds.textile import HANGING_FORMS
from bowerbird.world.shop.recipe import Recipe
from bowerbird.world.shop.render.camera import Camera, looking_at
from bowerbird.world.shop.render.lighting import Lights
from bowerbird.world.shop.render.noise import Floats
from bowerbird.world.shop.render.picture import Set, draw
from bowerbird.world.shop.render.shadows import Planes
from bowerbird.world.shop.render.spots import Part

PICTURE_PX = 512
LARGEST = 1.26


def parts_of(recipe: Recipe) -> list[Part]:
    """The item, its lowest point at y = 0, and standing there or hanging on z = 0."""
    rng = np.random.default_rng(recipe.shape_seed)
    parts = KINDS[recipe.kind].forms[recipe.form].build(recipe, rng)
    low, _ = _box(parts)
    return [replace(part, mesh=part.mesh.moved(0, -float(low[1]))) for part in parts]


def hangs(recipe: Recipe) -> bool:
    """Whether it is shown on a wall."""
    return KINDS[recipe.kind].hangs or recipe.form in HANGING_FORMS


def item_picture(recipe: Recipe, parts: list[Part] | None = None) -> NDArray[np.uint8]:
    """[512, 512, 3] bytes; `parts` saves building them again."""
    parts = parts_of(recipe) if parts is None else parts
    return draw(parts, studio(recipe, parts), _camera(recipe, parts)).pixels


def studio(recipe: Recipe, parts: list[Part]) -> Set:
    """A seamless ground in the palette's colour; the same for all variants of an item."""
    backdrop = _backdrop(recipe)
    on_wall = hangs(recipe)
    low, high = _box(parts)
    size = float((high - low).max())

    def ground(places: Floats, is_floor: NDArray[np.bool_], key_share: Floats, open_share: Floats) -> Floats:
        del is_floor
        level = (0.42 + 0.58 * key_share) * (0.35 + 0.65 * open_share)
        # Falls off to the sides and to the back, as a lamp's light does.
        off = np.hypot(
            places[0] - low[0] - 0.15 * size, (places[1] if on_wall else places[2]) - high[1] * on_wall
        ) / np.float32(size)
        level *= 1.06 - 0.3 * np.minimum(off / 6, 1) ** 1.2
        return backdrop[:, None] * level

    return Set(
        Planes(not on_wall, -0.004 if on_wall else None),
        ground,
        lights(backdrop),
        softness_m=0.09 * size,
        ground_step_px=2,
    )


def lights(ground: Floats) -> Lights:
    """A window to the upper left, a pale room, and what the ground sends back."""
    towards = np.array([-0.62, 0.66, 0.43], np.float32)
    towards /= np.linalg.norm(towards)
    key = np.array([1.0, 0.95, 0.88], np.float32) * np.float32(0.82)
    sky = np.array([0.42, 0.44, 0.47], np.float32)
    return Lights(towards, key, sky, (0.30 * ground).astype(np.float32))


def _backdrop(recipe: Recipe) -> Floats:
    # A collection is shown on one ground: the palette's pale one, or that with a breath of a colour.
    rng = np.random.default_rng([recipe.index // COLLECTION_ITEMS, 6])
    palette = PALETTES[recipe.palette]
    tint = named(palette.colours[int(rng.integers(len(palette.colours)))])
    share = float(rng.choice([0.0, 0.12, 0.3]))
    mixed: Floats = linear(palette.backdrop) * (1 - share) + tint * share
    return mixed


def _camera(recipe: Recipe, parts: list[Part]) -> Camera:
    kind = KINDS[recipe.kind]
    places = np.concatenate([part.mesh.corners.reshape(-1, 3)[::3] for part in parts])
    turn = np.random.default_rng([recipe.shape_seed, 1]).uniform(-1, 1) * kind.turn_degrees
    if recipe.form in HANGING_FORMS:
        turn *= 0.5
    rise = 3.0 if hangs(recipe) else kind.rise_degrees
    # A small one looks smaller than a large one, though less than it is.
    fill = kind.fill * (recipe.scale / LARGEST) ** 0.5
    return looking_at(places, turn_degrees=turn, rise_degrees=rise, side_px=PICTURE_PX, fill=fill)


def _box(parts: list[Part]) -> tuple[Floats, Floats]:
    lows = [part.mesh.corners.min(axis=(0, 1)) for part in parts]
    highs = [part.mesh.corners.max(axis=(0, 1)) for part in parts]
    return np.min(lows, axis=0), np.max(highs, axis=0)
