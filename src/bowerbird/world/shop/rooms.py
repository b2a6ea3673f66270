"""This file is about a room's picture: the plan's items under one light, and where each of them is seen."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bowerbird.world.shop.colours import PALETTES, linear, named
from bowerbird.world.shop.materials import natural
from bowerbird.world.shop.patterns import flat
from bowerbird.world.shop.render import noise
from bowerbird.world.shop.render.camera import Camera
from bowerbird.world.shop.render.lighting import Finish, Lights
from bowerbird.world.shop.render.mesh import rotation
from bowerbird.world.shop.render.noise import Floats, smooth_step
from bowerbird.world.shop.render.picture import Drawn, Set, draw
from bowerbird.world.shop.render.shadows import Planes
from bowerbird.world.shop.render.solids import rounded_box
from bowerbird.world.shop.render.spots import Part
from bowerbird.world.shop.room_plans import RoomPlan
from bowerbird.world.shop.room_sorts import Slot
from bowerbird.world.shop.studio import parts_of
from bowerbird.world.shop.styles import STYLES

WIDTH_PX, HEIGHT_PX = 720, 576
LEAST_SHARE = 0.0008  # of the picture: what shows less is not told as being there
NOBODY = -1
HIGHEST_M = 2.2  # to which things hang: the picture ends there


@dataclass(frozen=True, slots=True)
class Seen:
    """Where an item is seen in a room.

    Attributes:
        item_id: of the catalogue.
        box: left, top, right, bottom of what is seen of it, as shares of the picture's width and height.
        share: of the picture that it covers.
    """

    item_id: str
    box: tuple[float, float, float, float]
    share: float


def room_picture(plan: RoomPlan, *, without: int | None = None) -> tuple[NDArray[np.uint8], list[Seen]]:
    """[576, 720, 3] bytes, and what is seen where; `without` leaves the thing of one slot out."""
    drawn = drawn_room(plan, without=without)
    return drawn.pixels, seen_in(drawn, plan)


def drawn_room(plan: RoomPlan, *, without: int | None = None) -> Drawn:
    """The room, drawn."""
    parts = _placed(plan, without)
    return draw([*parts, _skirting()], _set(plan), _camera(plan))


def seen_in(drawn: Drawn, plan: RoomPlan) -> list[Seen]:
    """What is seen where, of what covers enough of the picture."""
    height, width = drawn.owners.shape
    found = []
    for number, recipe in enumerate(plan.recipes):
        rows, columns = np.nonzero(drawn.owners == number)
        share = len(rows) / (height * width)
        if share >= LEAST_SHARE:
            box = (
                columns.min() / width,
                rows.min() / height,
                (columns.max() + 1) / width,
                (rows.max() + 1) / height,
            )
            found.append(
                Seen(recipe.item_id, (float(box[0]), float(box[1]), float(box[2]), float(box[3])), share)
            )
    return found


def _placed(plan: RoomPlan, without: int | None) -> list[Part]:
    built = [parts_of(recipe) for recipe in plan.recipes]
    placed: list[Part] = []
    spots: list[tuple[float, float, float]] = []
    for number, (slot, parts) in enumerate(zip(plan.slots, built, strict=True)):
        spot = _spot(slot, parts, plan, built, spots)
        spots.append(spot)
        turn = rotation(about_y=slot.turn_degrees if slot.on is None else plan.slots[slot.on].turn_degrees)
        if number != without:
            placed += [part.owned_by(number, part.mesh.turned(turn).moved(*spot)) for part in parts]
    return placed


def _spot(
    slot: Slot,
    parts: list[Part],
    plan: RoomPlan,
    built: list[list[Part]],
    spots: list[tuple[float, float, float]],
) -> tuple[float, float, float]:
    if slot.hangs_at_m is not None:
        high = max(float(part.mesh.corners[..., 1].max()) for part in parts)
        return slot.x, min(slot.hangs_at_m, HIGHEST_M - high), 0.004
    if slot.on is None:
        return slot.x, 0.0, slot.z
    below, (x, y, z) = plan.slots[slot.on], spots[slot.on]
    scale = plan.recipes[slot.on].scale
    if slot.is_seat:
        turn = np.radians(below.turn_degrees)
        back = -0.14 * scale
        high = 0.37 if plan.recipes[slot.on].form == "armchair" else 0.46
        return x + back * float(np.sin(turn)), y + high * scale, z + back * float(np.cos(turn))
    top = max(float(part.mesh.corners[..., 1].max()) for part in built[slot.on])
    return x + slot.shift[0] * scale, y + top, z + slot.shift[1] * scale


def _skirting() -> Part:
    return Part(
        rounded_box(8, 0.09, 0.02, edge=0.006).moved(0, 0, 0.01),
        Finish(flat(linear("f1eee8")), roughness=0.5),
        NOBODY,
    )


def _camera(plan: RoomPlan) -> Camera:
    rng = np.random.default_rng([plan.seed, 1])
    aside = float(rng.uniform(-0.35, 0.35))
    return Camera((aside, 1.6, 5.8), (aside * 0.2, 0.85, 0.4), 28.5, WIDTH_PX, HEIGHT_PX)


def _set(plan: RoomPlan) -> Set:
    rng = np.random.default_rng([plan.seed, 2])
    palette = PALETTES[plan.palette]
    pale = linear(palette.backdrop)
    strong = named(palette.colours[int(rng.integers(len(palette.colours)))])
    wall = pale * 0.92 if rng.random() < 0.35 else pale * 0.4 + strong * 0.55
    boards = natural(STYLES[plan.style].floor).colour
    plaster = noise.tile(101, octaves=4, cells=8)
    towards = np.array([-0.62 * (1 if rng.random() < 0.7 else -1), 0.5, 0.6], np.float32)
    towards /= np.linalg.norm(towards)
    key = np.array([1.0, 0.93, 0.82], np.float32) * np.float32(1.0)
    sky = np.array([0.56, 0.57, 0.59], np.float32)
    window = (float(rng.uniform(-0.5, 0.5)), float(rng.uniform(0.75, 1.15)))

    def ground(places: Floats, is_floor: NDArray[np.bool_], key_share: Floats, open_share: Floats) -> Floats:
        x, y, z = places
        colour = np.empty_like(places)
        on_wall, on_floor = np.flatnonzero(~is_floor), np.flatnonzero(is_floor)
        tone = 0.97 + 0.06 * noise.read(plaster, x[on_wall] * np.float32(0.6), y[on_wall] * np.float32(0.6))
        colour[:, on_wall] = wall[:, None] * tone
        colour[:, on_floor] = _planks(
            boards(x[on_floor] + 7 * _row(z[on_floor]), z[on_floor]), x[on_floor], z[on_floor]
        )
        corner = 1 - 0.3 * np.exp(-np.where(is_floor, z, y) / np.float32(0.16))
        facing = np.where(is_floor, towards[1], towards[2])
        around = np.where(is_floor, np.float32(0.95), np.float32(0.86)) * open_share * corner
        lit = key[:, None] * (facing * key_share) + sky[:, None] * around
        sent: Floats = colour * lit
        return sent

    def key_mask(places: Floats) -> Floats:
        # Where the ray to the window meets the wall's plane, the window is a rectangle with bars.
        reach = places[2] / towards[2]
        across, up = places[0] - towards[0] * reach - window[0], places[1] - towards[1] * reach - window[1]
        soft = 0.035 + 0.03 * np.abs(places[2])
        return np.float32(0.34) + np.float32(0.66) * _window(across, up, soft)

    lights = Lights(towards, key, sky, (0.34 * wall + 0.1).astype(np.float32))
    return Set(Planes(True, 0.0), ground, lights, softness_m=0.12, key_mask=key_mask, shadow_px=448)


def _window(across: Floats, up: Floats, soft: Floats) -> Floats:
    wide, high, bar = 0.66, 0.8, 0.022
    across = across + 0.22 * up
    inside = np.minimum(wide - np.abs(across), high - np.abs(up))
    bars = np.minimum(np.abs(across), np.minimum(np.abs(up - 0.27), np.abs(up + 0.27))) - bar
    share: Floats = np.clip(np.minimum(inside, bars) / soft + 0.5, 0, 1).astype(np.float32)
    eased: Floats = share * share * (3 - 2 * share)
    return eased


def _row(z: Floats) -> Floats:
    row: Floats = np.floor(z / np.float32(0.14))
    return row


def _planks(colour: Floats, x: Floats, z: Floats) -> Floats:
    row = _row(z)
    tone = np.sin(row * 12.9898) * 43758.5453
    tone = (tone - np.floor(tone)).astype(np.float32)
    seam = np.abs(z / np.float32(0.14) - row - 0.5)
    length = x / np.float32(1.3) + tone * 3
    end = np.abs(length - np.round(length))
    gap = smooth_step(0.48, 0.496, seam) + (1 - smooth_step(0.001, 0.004, end))
    planks: Floats = colour * (0.84 + 0.3 * tone) * (1 - 0.45 * np.minimum(gap, 1))
    return planks
