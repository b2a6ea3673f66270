"""This file is about retrieval over links: from the history, newest first, to what it leads to."""

from pathlib import Path
from typing import Any

import numpy as np
from pydantic import BaseModel

from bowerbird.learn.data import Histories
from bowerbird.learn.evaluate import top_of_scores
from bowerbird.learn.types import Found
from bowerbird.retrieve.counting.links import Links, recency_weights, save_links


class LinkedRetriever:
    """A `ScoringRetriever`: links of the last few items, popularity where they say nothing."""

    def __init__(
        self, links: Links, prior: np.ndarray, *, decay: float, entries: int, setting: BaseModel
    ) -> None:
        self._links = links
        self._prior = prior
        self._decay = decay
        self._entries = entries
        self._setting = setting

    @property
    def facts(self) -> dict[str, Any]:
        """Links count as parameters."""
        return {
            "parameters": len(self._links.targets),
            "size_bytes": self._links.targets.nbytes + self._links.weights.nbytes + self._prior.nbytes,
            "setting": self._setting.model_dump(),
        }

    def scores(self, histories: Histories) -> np.ndarray:
        """float32 [B, N]."""
        found = self._links.scores(histories, recency_weights(histories, self._decay, self._entries))
        found += self._prior
        return found

    def top(self, histories: Histories, k: int, exclude: Histories | None = None) -> Found:
        """The k best items of each history."""
        return top_of_scores(self.scores(histories), k, exclude)

    def save(self, folder: Path) -> None:
        """Links, prior and setting."""
        save_links(folder, self._links, self._prior)
        (folder / "setting.json").write_text(self._setting.model_dump_json())
