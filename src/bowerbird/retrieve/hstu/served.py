"""This file is about answering with a trained HSTU-type model: ONNX Runtime, then one product with items."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from bowerbird.encode.session import open_session, write_whole
from bowerbird.learn.data import Histories
from bowerbird.learn.evaluate import top_of_scores
from bowerbird.learn.types import Found
from bowerbird.retrieve.history_shapes import padded_length
from bowerbird.retrieve.history_times import asked_within, seconds_within
from bowerbird.retrieve.hstu.config import HstuConfig


class ServedHstu:
    """A `ScoringRetriever` without torch. Thread safe.

    Args:
        graph: ONNX: int64 [B, T] items (-1 before the first), seconds, and seconds asked for, to [B, D].
        items: float32 [N, D].
    """

    def __init__(self, graph: bytes, items: np.ndarray, config: HstuConfig, facts: dict[str, Any]) -> None:
        self._graph = graph
        self._session = open_session(graph)
        self._items = items
        self._config = config
        self._facts = facts

    @property
    def facts(self) -> dict[str, Any]:
        """What training left; whether it knows the time asked for; the size of what is served."""
        size = len(self._graph) + self._items.nbytes
        return {**self._facts, "knows_asked_time": self._config.knows_asked_time, "size_bytes": size}

    def in_int8(self, converted: Callable[[bytes], bytes]) -> "ServedHstu":
        """The same model over the converted graph."""
        facts = {**self._facts, "is_int8": True}
        return ServedHstu(converted(self._graph), self._items, self._config, facts)

    def queries(self, histories: Histories) -> np.ndarray:
        """float32 [B, D] what each history expects next."""
        if not len(histories):
            return np.zeros((0, self._items.shape[1]), dtype=np.float32)
        (found,) = self._session.run(None, self.inputs(histories))
        queries: np.ndarray = found
        return queries

    def inputs(self, histories: Histories) -> dict[str, np.ndarray]:
        """What the graph is given for these histories."""
        newest = histories.newest(self._config.longest)
        length = padded_length(newest, self._config.longest)
        seconds = seconds_within(newest)
        asked = asked_within(newest, seconds, knows_asked_time=self._config.knows_asked_time)
        return {
            "items": newest.padded(length).astype(np.int64),
            "seconds": newest.padded_column(seconds, length, 0),
            "asked_seconds": newest.padded_column(asked, length, 0),
        }

    def scores(self, histories: Histories) -> np.ndarray:
        """float32 [B, N]."""
        scores: np.ndarray = self.queries(histories) @ self._items.T
        return scores

    def top(self, histories: Histories, k: int, exclude: Histories | None = None) -> Found:
        """The k best items of each history."""
        return top_of_scores(self.scores(histories), k, exclude)

    def save(self, folder: Path) -> None:
        """Graph, item vectors, and what is needed beside."""
        write_whole(folder / "query.onnx", self._graph)
        with (folder / "items.npy").open("wb") as file:
            np.save(file, self._items, allow_pickle=False)
        told = {"config": self._config.model_dump(mode="json"), "facts": self._facts}
        write_whole(folder / "hstu.json", json.dumps(told).encode())


def load_hstu(folder: Path) -> ServedHstu:
    """What `save` wrote."""
    told = json.loads((folder / "hstu.json").read_text())
    items = np.load(folder / "items.npy", allow_pickle=False)
    config = HstuConfig.model_validate(told["config"])
    return ServedHstu((folder / "query.onnx").read_bytes(), items, config, told["facts"])
