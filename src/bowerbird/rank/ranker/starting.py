"""This file is about warm starts: a training that begins from the weights of a ranker that was kept.

The directions along which content is read are kept with them: weights mean nothing along others.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bowerbird.rank.ranker.config import RankerConfig
from bowerbird.rank.ranker.served import load_ranker

_FILE = "weights.npz"


@dataclass(frozen=True, slots=True)
class Start:
    """What a training begins from.

    Attributes:
        version: of the ranker.
        centre, directions: float32 [D] and [D, B].
        weights: by name, of everything that is trained.
    """

    version: str
    centre: np.ndarray
    directions: np.ndarray
    weights: dict[str, np.ndarray]


def save_weights(weights: dict[str, np.ndarray], folder: Path) -> None:
    """Into the folder of a ranker."""
    with (folder / _FILE).open("wb") as file:
        np.savez(file, **weights)  # type: ignore[arg-type]


def start_of(folder: Path, config: RankerConfig, space: str, width: int) -> Start | None:
    """What lies there, if a training with these settings on this content can begin from it; else None.

    Args:
        space, width: which vectors content is, and how many numbers each has.
    """
    if not (folder / _FILE).is_file():
        return None
    ranker = load_ranker(folder)
    training = {"training": config.training}
    if ranker.config.model_copy(update=training) != config or ranker.space != space:
        return None
    centre, directions = ranker.reading
    if len(centre) != width:
        return None
    with np.load(folder / _FILE, allow_pickle=False) as held:
        return Start(ranker.version, centre, directions, {name: held[name] for name in held.files})
