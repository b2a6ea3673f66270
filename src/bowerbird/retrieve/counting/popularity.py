"""This file is about popularity: what most people met, lately or ever."""

from pathlib import Path
from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict

from bowerbird.learn.data import Histories, Interactions
from bowerbird.learn.evaluate import top_of_scores
from bowerbird.learn.types import Found

_DAY_MS = 86_400_000


class PopularityConfig(BaseModel):
    """`half_life_days`: after so long an interaction counts half; none: all count alike."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    half_life_days: float | None = None


class PopularityRetriever:
    """A `ScoringRetriever` that says the same to everybody."""

    def __init__(self, counts: np.ndarray, setting: PopularityConfig) -> None:
        self._counts = counts
        self._setting = setting

    @property
    def facts(self) -> dict[str, Any]:
        """One number an item."""
        return {
            "parameters": len(self._counts),
            "size_bytes": self._counts.nbytes,
            "setting": self._setting.model_dump(),
        }

    def scores(self, histories: Histories) -> np.ndarray:
        """float32 [B, N]."""
        return np.tile(self._counts, (len(histories), 1))

    def top(self, histories: Histories, k: int, exclude: Histories | None = None) -> Found:
        """The k best items of each history."""
        return top_of_scores(self.scores(histories), k, exclude)

    def save(self, folder: Path) -> None:
        """Counts and setting."""
        np.save(folder / "counts.npy", self._counts, allow_pickle=False)
        (folder / "setting.json").write_text(self._setting.model_dump_json())


def load_popularity(folder: Path) -> PopularityRetriever:
    """What `save` wrote."""
    setting = PopularityConfig.model_validate_json((folder / "setting.json").read_text())
    return PopularityRetriever(np.load(folder / "counts.npy", allow_pickle=False), setting)


def popularity_settings(training: Interactions) -> tuple[PopularityConfig, ...]:
    """Ever, and over shorter and shorter times where times are comparable between people."""
    if training.time != "absolute":
        return (PopularityConfig(),)
    lives = (None, 3650.0, 1825.0, 1095.0, 730.0, 365.0, 180.0, 90.0, 30.0, 14.0, 7.0, 1.0)
    return tuple(PopularityConfig(half_life_days=life) for life in lives)


def fit_popularity(training: Interactions, setting: PopularityConfig, _: int) -> PopularityRetriever:
    """Counts, older interactions for less where the setting says so."""
    weights = None
    if setting.half_life_days is not None:
        age_days = (training.at_ms.max(initial=0) - training.at_ms) / _DAY_MS
        weights = np.exp2(-age_days / setting.half_life_days)
    counts = np.bincount(training.items, weights, minlength=training.item_count)
    return PopularityRetriever(counts.astype(np.float32), setting)
