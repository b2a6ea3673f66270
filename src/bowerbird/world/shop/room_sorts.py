"""This file is about sorts of room: which places each has, and which forms may stand there."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Slot:
    """A place in a room.

    Attributes:
        forms: that may stand here.
        x: metres right of the middle, and `z` metres before the wall.
        turn_degrees: about the upright axis.
        on: number of the slot that it lies or stands on; None for the floor.
        hangs_at_m: height of its lower edge on the wall; None when it does not hang.
        is_seat: lies on the seat of what it is `on`, not on its highest point.
        shift: along the top of what it is `on`, in metres.
        is_needed: without it the room is not what it is called.
    """

    forms: tuple[str, ...]
    x: float = 0.0
    z: float = 0.0
    turn_degrees: float = 0.0
    on: int | None = None
    hangs_at_m: float | None = None
    is_seat: bool = False
    shift: tuple[float, float] = (0.0, 0.0)
    is_needed: bool = False


VASES = (
    "bottle vase",
    "amphora vase",
    "round vase",
    "gourd vase",
    "trumpet vase",
    "ribbed vase",
    "cylinder vase",
)
PRINTS = ("arch print", "landscape print", "abstract print", "botanical print", "line print")
GREEN = ("monstera", "palm", "olive tree", "snake plant")
CUSHIONS = ("square cushion", "lumbar cushion")
RUGS = ("rug", "round rug")
SMALL = ("mug", "bowl", "teapot", "carafe set", "bud vase", "succulent")


def _reading(rng: np.random.Generator) -> list[Slot]:
    flip = 1 if rng.random() < 0.5 else -1
    return [
        Slot(RUGS, 0.05 * flip, 1.25),
        Slot(("armchair",), -0.5 * flip, 0.85, 24 * flip, is_needed=True),
        Slot(CUSHIONS, on=1, is_seat=True),
        Slot(("side table", "stool"), 0.32 * flip, 0.8),
        Slot((*VASES, *SMALL), on=3),
        Slot(("floor lamp", "arc lamp"), -1.22 * flip, 0.42, 90 - 90 * flip),
        Slot(PRINTS, 0.02 * flip, hangs_at_m=1.3),
        Slot(PRINTS, 0.72 * flip, hangs_at_m=1.36),
        Slot(GREEN, 1.12 * flip, 0.5),
        Slot(("pouffe",), 1.05 * flip, 1.45),
    ]


def _dining(rng: np.random.Generator) -> list[Slot]:
    return [
        Slot(RUGS, 0, 1.15),
        Slot(("dining table",), 0, 1.0, is_needed=True),
        Slot(("dining chair", "shell chair"), -1.02, 1.0, 82 + rng.uniform(-8, 8), is_needed=True),
        Slot(("dining chair", "shell chair"), 1.02, 1.0, -82 + rng.uniform(-8, 8)),
        Slot(VASES, on=1, shift=(-0.12, 0.0)),
        Slot(("bowl", "plate set", "teapot", "serving board"), on=1, shift=(0.3, 0.12)),
        Slot(("mug", "carafe set", "teapot"), on=1, shift=(-0.5, 0.14)),
        Slot(PRINTS, -0.36, hangs_at_m=1.32),
        Slot((*PRINTS, "wall hanging"), 0.36, hangs_at_m=1.32),
        Slot(GREEN, 1.3, 0.36),
        Slot(("floor lamp", "arc lamp"), -1.34, 0.36),
    ]


def _sideboard(rng: np.random.Generator) -> list[Slot]:
    flip = 1 if rng.random() < 0.5 else -1
    return [
        Slot(("runner rug", "rug"), 0, 1.35, 90),
        Slot(("sideboard",), 0, 0.28, is_needed=True),
        Slot(("table lamp", "globe lamp"), on=1, shift=(-0.42 * flip, 0)),
        Slot(VASES, on=1, shift=(0.3 * flip, 0)),
        Slot((*SMALL, *VASES), on=1, shift=(0.5 * flip, 0.05)),
        Slot(PRINTS, 0.02, hangs_at_m=1.22),
        Slot((*PRINTS, "wall hanging"), 0.72 * flip, hangs_at_m=1.3),
        Slot(GREEN, 1.08 * flip, 0.4),
        Slot(("pouffe", "stool"), -1.02 * flip, 0.75),
        Slot(("folded throw",), on=8),
    ]


def _lounge(rng: np.random.Generator) -> list[Slot]:
    return [
        Slot(RUGS, 0, 1.3),
        Slot(("armchair", "shell chair"), -0.98, 0.95, 42 + rng.uniform(-6, 6), is_needed=True),
        Slot(("armchair", "shell chair"), 0.98, 0.95, -42 + rng.uniform(-6, 6)),
        Slot(CUSHIONS, on=1, is_seat=True),
        Slot(("coffee table",), 0, 1.45, is_needed=True),
        Slot(("carafe set", "teapot", "bowl"), on=4, shift=(0.14, 0.0)),
        Slot(("succulent", "bud vase", "round vase"), on=4, shift=(-0.16, 0.02)),
        Slot(("hanging throw", "wall hanging"), 0, hangs_at_m=1.05),
        Slot(GREEN, -1.32, 0.38),
        Slot(("floor lamp", "arc lamp"), 1.34, 0.38, 180),
    ]


def _green(rng: np.random.Generator) -> list[Slot]:
    flip = 1 if rng.random() < 0.5 else -1
    return [
        Slot(("round rug", "rug"), 0, 1.3),
        Slot(("shelf", "sideboard"), -0.72 * flip, 0.24),
        Slot(GREEN, 0.92 * flip, 0.5, is_needed=True),
        Slot(("stool", "side table"), 0.32 * flip, 0.72),
        Slot(("succulent", "snake plant", *VASES), on=3),
        Slot(("snake plant", "monstera", "olive tree"), 1.3 * flip, 1.05),
        Slot(("pouffe", "armchair"), -0.2 * flip, 1.4, -20 * flip),
        Slot(PRINTS, 0.3 * flip, hangs_at_m=1.35),
        Slot((*SMALL, *VASES), on=1, shift=(0.12, 0)),
    ]


SORTS: dict[str, Callable[[np.random.Generator], list[Slot]]] = {
    "reading corner": _reading,
    "dining room": _dining,
    "hallway": _sideboard,
    "living room": _lounge,
    "green corner": _green,
}
