"""This file is about light: what a surface sends to the eye under a window, a ceiling and a floor."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from bowerbird.world.shop.render.noise import Floats, smooth_step

ColourAt = Callable[[Floats, Floats], Floats]  # u, v in metres, [P] each -> linear colour [3, P]


@dataclass(frozen=True, slots=True)
class Finish:
    """How a surface looks.

    Attributes:
        colour: its own colour at a place of the surface.
        roughness: 0 mirrors, 1 is chalk.
        metal: 1 reflects in its own colour and has no other.
        gloss: share that a clear coat reflects when looked at straight; 0.04 is glaze or varnish.
        bump: how much the surface is uneven, 0..1, and `bump_m` the size of what makes it so.
        sheen: how much its nap catches light where it is looked at along the surface, as velvet's does.
        glow: how much light it sends of its own.
        clear: share of what is behind that is seen through it.
    """

    colour: ColourAt
    roughness: float = 0.6
    metal: float = 0.0
    gloss: float = 0.03
    bump: float = 0.0
    bump_m: float = 0.01
    sheen: float = 0.0
    glow: float = 0.0
    clear: float = 0.0


@dataclass(frozen=True, slots=True)
class Lights:
    """The lamps of a set.

    Attributes:
        towards_key: [3] unit vector to the large light.
        key: [3] its linear colour and strength.
        sky: [3] what comes from above and all round.
        ground: [3] what the floor sends back.
    """

    towards_key: Floats
    key: Floats
    sky: Floats
    ground: Floats


@dataclass(frozen=True, slots=True)
class Surface:
    """P places to be lit, as columns: [3, P] own colour, [P] each of the rest (see `Finish`)."""

    colour: Floats
    roughness: Floats
    metal: Floats
    gloss: Floats
    sheen: Floats
    glow: Floats


def lit_surface(
    surface: Surface, normals: Floats, to_eye: Floats, key_share: Floats, open_share: Floats, lights: Lights
) -> Floats:
    """[3, P] linear light sent to the eye.

    Args:
        surface: what is lit.
        normals: [3, P] unit vectors.
        to_eye: [3, P] unit vectors.
        key_share: [P] of the large light that no shadow takes.
        open_share: [P] of the surrounding light that nothing near takes.
        lights: the lamps.
    """
    towards = lights.towards_key
    facing = towards[0] * normals[0] + towards[1] * normals[1] + towards[2] * normals[2]
    # A large lamp reaches round the edge a little.
    direct = np.clip((facing + 0.15) / 1.15, 0, 1) * key_share
    up = 0.5 + 0.5 * normals[1]
    eye_cosine = np.clip(normals[0] * to_eye[0] + normals[1] * to_eye[1] + normals[2] * to_eye[2], 0.02, 1)
    mirrored = [2 * eye_cosine * normals[axis] - to_eye[axis] for axis in range(3)]
    sent = _surroundings(mirrored[0], mirrored[1], mirrored[2], surface.roughness)
    sent *= open_share * (0.35 + 0.65 * key_share)
    nap = surface.sheen * (1 - eye_cosine) ** 2
    grazing = (1 - eye_cosine) ** 5 * (1 - surface.roughness) * (1 - 0.5 * surface.metal)
    out = np.empty_like(surface.colour)
    for channel in range(3):
        own = surface.colour[channel]
        around = (lights.ground[channel] + (lights.sky[channel] - lights.ground[channel]) * up) * open_share
        matte = own * (direct * lights.key[channel] + around) * (1 - 0.82 * surface.metal)
        base = surface.gloss + (own - surface.gloss) * surface.metal
        mirror = base + (1 - base) * grazing
        out[channel] = matte + mirror * sent * (0.5 + 0.5 * lights.key[channel]) + own * surface.glow
        # The nap adds pale light at the rim and takes some from the middle.
        out[channel] += nap * (0.25 + 0.75 * own) * around * 2 - 0.35 * surface.sheen * matte * eye_cosine
    return out


def encoded(linear: Floats) -> Floats:
    """Linear light to 0..1 of the screen: the brightest parts bend instead of breaking off."""
    knee = np.float32(0.72)
    over = np.maximum(linear - knee, 0)
    bent = np.minimum(linear, knee) + (1 - knee) * (1 - np.exp(-over / (1 - knee)))
    place = np.clip(bent * (len(_TO_SCREEN) - 1), 0, len(_TO_SCREEN) - 1).astype(np.int32)
    screen: Floats = _TO_SCREEN.take(place)
    return screen


def linear_of(screen: Floats) -> Floats:
    """0..1 of the screen to linear light."""
    given = np.asarray(screen, np.float32)
    linear: Floats = np.where(given <= 0.04045, given / 12.92, ((given + 0.055) / 1.055) ** 2.4).astype(
        np.float32
    )
    return linear


def _surroundings(x: Floats, y: Floats, z: Floats, roughness: Floats) -> Floats:
    # A photographer's studio: a tall window left, a strip right, a pale ceiling, a dark horizon.
    blur = 0.04 + 0.75 * roughness
    ceiling = 0.18 + 0.5 * smooth_step(-0.1, 1.0, y)
    window = _box(x + 0.62, y - 0.38, 0.22, 0.42, blur) * (z > -0.6)
    strip = _box(x - 0.86, y - 0.2, 0.06, 0.5, blur) * 0.55
    level: Floats = ceiling + (3.4 * window + strip * 1.6) * (0.3 + 0.7 * (1 - roughness))
    level -= 0.16 * np.exp(-((y / (0.12 + blur)) ** 2))
    return level


def _box(x: Floats, y: Floats, half_width: float, half_height: float, blur: Floats) -> Floats:
    across = np.clip((half_width - np.abs(x)) / blur + 0.5, 0, 1)
    down = np.clip((half_height - np.abs(y)) / blur + 0.5, 0, 1)
    inside: Floats = across * down
    return inside


def _screen_curve() -> Floats:
    linear = np.linspace(0, 1, 8192, dtype=np.float64)
    curve: Floats = np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055).astype(
        np.float32
    )
    return curve


_TO_SCREEN = _screen_curve()
