"""This file is about answering with one query vector a history: ONNX Runtime, one product with items."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import numpy as np

from bowerbird.encode.session import open_session, write_whole
from bowerbird.learn.data import Histories
from bowerbird.learn.evaluate import top_of_scores
from bowerbird.learn.types import Found
from bowerbird.retrieve.history_shapes import padded_length

Q = TypeVar("Q", bound="ServedQueries")


class ServedQueries:
    """A `ScoringRetriever` without torch. Thread safe.

    Args:
        graph: ONNX: what `inputs` gives, to [B, D].
        items: float32 [N, D] what an index would hold. Kept column by column: a product with few queries then
            takes a quarter of the time.
        longest: newest entries that count.
    """

    file_name: ClassVar[str]
    """Of the file with what is needed beside graph and items."""

    def __init__(self, graph: bytes, items: np.ndarray, longest: int, facts: dict[str, Any]) -> None:
        self.items = np.asfortranarray(items)
        self._graph = graph
        self._session = open_session(graph)
        self._longest = longest
        self._facts = facts

    @property
    def facts(self) -> dict[str, Any]:
        """What training left: parameters, epochs, seconds, validation; and the size of what is served."""
        return {**self._facts, "size_bytes": len(self._graph) + self.items.nbytes}

    def queries(self, histories: Histories) -> np.ndarray:
        """float32 [B, D] what each history expects next."""
        if not len(histories):
            return np.zeros((0, self.items.shape[1]), dtype=np.float32)
        (found,) = self._session.run(None, self.inputs(histories))
        queries: np.ndarray = found
        return queries

    def inputs(self, histories: Histories) -> dict[str, np.ndarray]:
        """What the graph is given for these histories: int64 [B, T] items, -1 before the first."""
        length = padded_length(histories, self._longest)
        return {"items": histories.newest(self._longest).padded(length).astype(np.int64)}

    def in_int8(self: Q, converted: Callable[[bytes], bytes]) -> Q:
        """The same model over the converted graph."""
        facts = {**self._facts, "is_int8": True}
        return type(self)(converted(self._graph), self.items, self._longest, facts)

    def scores(self, histories: Histories) -> np.ndarray:
        """float32 [B, N]."""
        scores: np.ndarray = self.queries(histories) @ self.items.T
        return scores

    def top(self, histories: Histories, k: int, exclude: Histories | None = None) -> Found:
        """The k best items of each history."""
        return top_of_scores(self.scores(histories), k, exclude)

    def save(self, folder: Path) -> None:
        """Graph, item vectors, and what is needed beside."""
        write_whole(folder / "query.onnx", self._graph)
        with (folder / "items.npy").open("wb") as file:
            np.save(file, self.items, allow_pickle=False)
        told = {"longest": self._longest, "facts": self._facts}
        write_whole(folder / self.file_name, json.dumps(told).encode())

    @classmethod
    def load(cls: type[Q], folder: Path) -> Q:
        """What `save` wrote."""
        told = json.loads((folder / cls.file_name).read_text())
        items = np.load(folder / "items.npy", allow_pickle=False)
        return cls((folder / "query.onnx").read_bytes(), items, told["longest"], told["facts"])
