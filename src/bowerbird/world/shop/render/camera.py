"""This file is about the camera: where it stands, and what of the world falls on which pixel."""

from dataclasses import dataclass

import numpy as np

from bowerbird.world.shop.render.mesh import cross
from bowerbird.world.shop.render.noise import Floats


@dataclass(frozen=True, slots=True)
class Camera:
    """A lens that looks from one place to another; lengths in metres.

    Attributes:
        eye: [3] where it stands.
        target: [3] what is in the middle of the picture.
        view_degrees: angle that the picture's height takes.
        width_px: of the picture.
        height_px: of the picture.
    """

    eye: tuple[float, float, float]
    target: tuple[float, float, float]
    view_degrees: float
    width_px: int
    height_px: int

    @property
    def axes(self) -> Floats:
        """[3, 3] rows: right, up, ahead."""
        ahead = np.subtract(self.target, self.eye)
        ahead = ahead / np.linalg.norm(ahead)
        right = np.array([-ahead[2], 0.0, ahead[0]]) / np.hypot(ahead[0], ahead[2])
        return np.stack([right, cross(right, ahead), ahead]).astype(np.float32)

    def projected(self, places: Floats, *, finer: int = 1) -> Floats:
        """[..., 3] places to pixel x and y, both times distance, and distance; `finer` pixels for one."""
        seen = (places - np.array(self.eye, np.float32)) @ self.axes.T
        focal = self._focal_px * finer
        away = seen[..., 2]
        x = seen[..., 0] * focal + away * np.float32(self.width_px * finer / 2)
        y = away * np.float32(self.height_px * finer / 2) - seen[..., 1] * focal
        projected: Floats = np.stack([x, y, away], axis=-1).astype(np.float32)
        return projected

    def rays(self, *, step_px: int = 1) -> Floats:
        """[3, P] directions through the middles of squares of `step_px`, each reaching one metre ahead."""
        half = step_px / 2
        x = (
            np.arange(0, self.width_px, step_px, dtype=np.float32) + half - self.width_px / 2
        ) / self._focal_px
        y = (
            self.height_px / 2 - np.arange(0, self.height_px, step_px, dtype=np.float32) - half
        ) / self._focal_px
        right, up, ahead = self.axes
        directions = (
            right[:, None, None] * x[None, None, :]
            + up[:, None, None] * y[None, :, None]
            + ahead[:, None, None]
        )
        flat: Floats = directions.reshape(3, -1).astype(np.float32)
        return flat

    @property
    def _focal_px(self) -> float:
        return float(self.height_px / 2 / np.tan(np.radians(self.view_degrees) / 2))


def looking_at(
    places: Floats,
    *,
    turn_degrees: float,
    rise_degrees: float,
    view_degrees: float = 16.0,
    side_px: int = 512,
    fill: float = 0.7,
) -> Camera:
    """A camera far enough away that [N, 3] places fill this share of a square picture, in its middle."""
    low, high = places.min(axis=0), places.max(axis=0)
    middle = (low + high) / 2
    turn, rise = np.radians(turn_degrees), np.radians(rise_degrees)
    away = np.array([np.sin(turn) * np.cos(rise), np.sin(rise), np.cos(turn) * np.cos(rise)])
    size = float(np.linalg.norm(high - low))
    distance = size / fill / 2 / np.tan(np.radians(view_degrees) / 2)
    for _ in range(4):
        camera = _at(middle, away, distance, view_degrees, side_px)
        seen = camera.projected(places)
        x, y = seen[:, 0] / seen[:, 2], seen[:, 1] / seen[:, 2]
        taken = max(x.max() - x.min(), y.max() - y.min()) / side_px
        distance *= taken / fill
        off_x, off_y = (x.max() + x.min()) / 2 - side_px / 2, (y.max() + y.min()) / 2 - side_px / 2
        metres = float(seen[:, 2].mean()) / camera._focal_px
        right, up, _ = camera.axes
        middle = middle + right * off_x * metres - up * off_y * metres
    return _at(middle, away, distance, view_degrees, side_px)


def _at(middle: Floats, away: Floats, distance: float, view_degrees: float, side_px: int) -> Camera:
    eye = middle + away * distance
    return Camera(
        (float(eye[0]), float(eye[1]), float(eye[2])),
        (float(middle[0]), float(middle[1]), float(middle[2])),
        view_degrees,
        side_px,
        side_px,
    )
