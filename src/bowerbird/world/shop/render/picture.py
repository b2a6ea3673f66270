"""This file is about drawing: parts on a set, through a camera, to pixels and to who owns each pixel."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from bowerbird.world.shop.render import noise
from bowerbird.world.shop.render.camera import Camera
from bowerbird.world.shop.render.lighting import Lights, Surface, encoded, lit_surface
from bowerbird.world.shop.render.noise import Floats
from bowerbird.world.shop.render.raster import Seen, rasterise, weights
from bowerbird.world.shop.render.shadows import FloorShade, LightShadow, Planes, blurred
from bowerbird.world.shop.render.spots import FINER, Columns, Part, Spots, mixed, spots_of


@dataclass(frozen=True, slots=True)
class Set:
    """What is behind and under the items.

    Attributes:
        planes: floor and wall.
        ground: linear light of the empty set: places [3, P], whether each is floor [P], share of the large
            light [P] and of the surrounding light [P] -> [3, P].
        lights: the lamps.
        softness_m: how wide the shadow's edge becomes.
        shadow_px: side of the map of shadows.
        ground_step_px: 2 where the ground is so calm that every other pixel of it is enough.
        key_mask: share of the large light that a window lets through at [3, P] places; None for all.
    """

    planes: Planes
    ground: Callable[[Floats, NDArray[np.bool_], Floats, Floats], Floats]
    lights: Lights
    softness_m: float
    key_mask: Callable[[Floats], Floats] | None = None
    shadow_px: int = 256
    ground_step_px: int = 1


@dataclass(frozen=True, slots=True)
class Drawn:
    """A picture.

    Attributes:
        pixels: [H, W, 3] bytes.
        owners: [2H, 2W] owner at each quarter of a pixel; -1 where there is none.
    """

    pixels: NDArray[np.uint8]
    owners: NDArray[np.int16]


def draw(parts: Sequence[Part], on: Set, camera: Camera) -> Drawn:
    """The picture of the parts on a set."""
    columns = Columns(parts)
    seen = rasterise(
        camera.projected(columns.corners, finer=FINER),
        camera.width_px * FINER,
        camera.height_px * FINER,
        faces_away=columns.faces_away(camera),
    )
    shadow = LightShadow(
        columns.corners, on.lights.towards_key, on.planes, softness_m=on.softness_m, side_px=on.shadow_px
    )
    ground = _ground(on, camera, shadow, FloorShade(columns.corners) if on.planes.has_floor else None)
    spots = spots_of(seen, columns, camera)
    light, clear = _lit(spots, columns, parts, on, camera, shadow, _openness(seen, camera))
    owners = np.full(camera.width_px * camera.height_px * FINER**2, -1, np.int16)
    owners[seen.pixels] = columns.owner_of_part[columns.part[seen.patches]]
    pixels = _laid_over(ground, light, clear, spots, camera)
    return Drawn(pixels, owners.reshape(camera.height_px * FINER, camera.width_px * FINER))


def _lit(
    spots: Spots,
    columns: Columns,
    parts: Sequence[Part],
    on: Set,
    camera: Camera,
    shadow: LightShadow,
    openness: Floats,
) -> tuple[Floats, Floats]:
    shares = weights(spots.s, spots.t)
    places = mixed(columns.corners, spots.patches, shares)
    normals = mixed(columns.normals, spots.patches, shares)
    uv = mixed(columns.uv, spots.patches, shares)
    to_eye = np.array(camera.eye, np.float32)[:, None] - places
    to_eye /= np.sqrt(to_eye[0] ** 2 + to_eye[1] ** 2 + to_eye[2] ** 2)
    surface, clear = _surface(columns.part[spots.patches], parts, uv, normals)
    normals /= np.sqrt(normals[0] ** 2 + normals[1] ** 2 + normals[2] ** 2) + np.float32(1e-9)
    turned = (normals[0] * to_eye[0] + normals[1] * to_eye[1] + normals[2] * to_eye[2]) < 0
    normals *= np.where(turned, np.float32(-1), np.float32(1))
    lit_places = places + normals * np.float32(0.004)
    key_share = shadow.lit(lit_places)
    if on.key_mask is not None:
        key_share = key_share * on.key_mask(places)
    light = lit_surface(surface, normals, to_eye, key_share, openness.take(spots.pixels), on.lights)
    return light, clear


def _surface(
    part: NDArray[np.int16], parts: Sequence[Part], uv: Floats, normals: Floats
) -> tuple[Surface, Floats]:
    colour = np.empty((3, len(part)), np.float32)
    values = {
        name: np.empty(len(part), np.float32)
        for name in ("roughness", "metal", "gloss", "sheen", "glow", "clear")
    }
    for number, each in enumerate(parts):
        here = np.flatnonzero(part == number)
        if not len(here):
            continue
        finish = each.finish
        u, v = uv[0, here], uv[1, here]
        colour[:, here] = finish.colour(u, v)
        for name, column in values.items():
            column[here] = getattr(finish, name)
        if finish.bump:
            grain = noise.tile(5, octaves=3, cells=32)
            for axis in range(3):
                step = np.float32(0.37 * axis)
                push = (
                    noise.read(grain, u / (finish.bump_m * 32) + step, v / (finish.bump_m * 32) + step) - 0.5
                )
                normals[axis, here] += push * finish.bump
    clear = values.pop("clear")
    return Surface(colour, **values), clear


def _openness(seen: Seen, camera: Camera) -> Floats:
    """[H * W] share of the surrounding light: hollows, farther than what is round them, get less."""
    step = FINER * 2
    width, height = camera.width_px * FINER // step, camera.height_px * FINER // step
    row, column = np.divmod(seen.pixels, camera.width_px * FINER)
    place = (row // step) * width + column // step
    count = np.bincount(place, minlength=width * height).astype(np.float32)
    away = np.bincount(place, seen.distance, minlength=width * height).astype(np.float32)
    covered = np.minimum(count, 1).reshape(height, width)
    mean = (away / np.maximum(count, 1)).reshape(height, width)
    if not len(seen.pixels):
        return np.ones(camera.width_px * camera.height_px, np.float32)
    open_share = np.ones_like(mean)
    pixel_m = float(np.median(seen.distance)) * np.tan(np.radians(camera.view_degrees) / 2) * 2 / height
    for radius, weight in ((3, 0.5), (9, 0.6)):
        around = blurred(mean * covered, radius) / np.maximum(blurred(covered, radius), 1e-4)
        hollow = np.clip((mean - around) / np.float32(pixel_m * radius * 2.2), 0, 1)
        open_share *= 1 - np.float32(weight) * hollow
    return blurred(open_share * covered + (1 - covered), 1).repeat(2, axis=0).repeat(2, axis=1).ravel()


def _ground(on: Set, camera: Camera, shadow: LightShadow, floor: FloorShade | None) -> Floats:
    rays = camera.rays(step_px=on.ground_step_px)
    eye = np.array(camera.eye, np.float32)
    reach = np.full(rays.shape[1], np.float32(200))
    is_floor = np.zeros(rays.shape[1], bool)
    if on.planes.wall_z is not None:
        reach = np.minimum(reach, (on.planes.wall_z - eye[2]) / np.minimum(rays[2], -1e-4))
    if on.planes.has_floor:
        down = np.where(rays[1] < -1e-4, -eye[1] / np.minimum(rays[1], -1e-4), np.float32(1e6))
        is_floor = down < reach
        reach = np.minimum(reach, down)
    places = eye[:, None] + rays * reach
    key_share = shadow.lit(places)
    if on.key_mask is not None:
        key_share = key_share * on.key_mask(places)
    open_share = np.ones(rays.shape[1], np.float32)
    if floor is not None:
        open_share = np.where(is_floor, floor.lit(places[0], places[2]), open_share)
    return on.ground(places, is_floor, key_share, open_share)


def _doubled(light: Floats, width: int) -> Floats:
    # [3, h * w] -> [3, 2h * 2w], straight lines between.
    image = light.reshape(3, -1, width)
    for axis in (1, 2):
        ends = [(1, 1) if each == axis else (0, 0) for each in range(3)]
        wide = np.moveaxis(np.pad(image, ends, mode="edge"), axis, 1)
        middle, pair = wide[:, 1:-1] * np.float32(0.75), np.float32(0.25)
        both = np.stack([middle + wide[:, :-2] * pair, middle + wide[:, 2:] * pair], axis=2)
        image = np.moveaxis(both.reshape(3, -1, wide.shape[2]), 1, axis)
    return np.ascontiguousarray(image).reshape(3, -1)


def _laid_over(
    ground: Floats, light: Floats, clear: Floats, spots: Spots, camera: Camera
) -> NDArray[np.uint8]:
    count = camera.width_px * camera.height_px
    covered = np.bincount(spots.pixels, spots.share, minlength=count).astype(np.float32)
    is_whole = ground.shape[1] == count
    behind = encoded(ground) if is_whole else _doubled(encoded(ground), camera.width_px // 2)
    if (clear > 0).any():
        whole_ground = ground if is_whole else _doubled(ground, camera.width_px // 2)
        light = light * (1 - clear) + whole_ground[:, spots.pixels] * clear * (0.35 + 0.65 * _tint(light))
    seen = encoded(light)
    whole = np.empty((count, 3), np.uint8)
    grain = _grain(count)
    for channel in range(3):
        over = np.bincount(spots.pixels, seen[channel] * spots.share, minlength=count)
        mixed = (behind[channel] * (1 - covered) + over) * 255 + grain
        whole[:, channel] = np.clip(mixed + 0.5, 0, 255).astype(np.uint8)
    return whole.reshape(camera.height_px, camera.width_px, 3)


@lru_cache(maxsize=4)
def _grain(count: int) -> Floats:
    # Steps of one level would show as bands on a calm ground.
    grain: Floats = (np.random.default_rng(0).random(count, np.float32) - 0.5) * np.float32(1.6)
    return grain


def _tint(light: Floats) -> Floats:
    strongest: Floats = light / np.maximum(light.max(axis=0), 1e-4)
    return strongest
