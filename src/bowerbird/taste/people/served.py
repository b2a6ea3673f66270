"""This file is about answering with trained people, without torch."""

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np

from bowerbird.encode.session import open_session, write_whole
from bowerbird.taste.people.histories import Past, features_of

_ROWS_AT_ONCE = 1_024


class ServedPeople:
    """Vectors of people, in the space of the items they were trained on. Thread safe.

    Args:
        graph: ONNX: items [B, T, D], actions [B, T], features [B, T, F], lengths [B], to [B, D].
        longest: newest actions that are looked at.
    """

    def __init__(self, graph: bytes, longest: int, facts: dict[str, Any]) -> None:
        self._graph = graph
        self._session = open_session(graph)
        self.longest = longest
        self.facts = facts

    @property
    def version(self) -> str:
        """Changes with the model."""
        return hashlib.sha256(self._graph).hexdigest()[:16]

    def people(self, past: Past, vectors: np.ndarray) -> np.ndarray:
        """float32 [B, D] of length 1. Who has done nothing gets what people begin with, learned as well.

        Args:
            past: at most the newest `longest` actions count.
            vectors: float32 [N, D] of all items.
        """
        items, actions, at_ms = self._newest(past)
        parts = [np.zeros((0, vectors.shape[1]), dtype=np.float32)]
        for start in range(0, len(items), _ROWS_AT_ONCE):
            some = slice(start, start + _ROWS_AT_ONCE)
            is_there = items[some] >= 0
            given = {
                "items": vectors[np.maximum(items[some], 0)] * is_there[..., None].astype(np.float32),
                "actions": actions[some],
                "features": features_of(at_ms[some]),
                "lengths": is_there.sum(axis=1).astype(np.int64),
            }
            parts.append(self._session.run(None, given)[0])
        return np.concatenate(parts)

    def _newest(self, past: Past) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        width = max(min(int(past.lengths.max(initial=0)), self.longest), 1)
        first = np.maximum(past.lengths - self.longest, 0)
        place = first[:, None] + np.arange(width)
        place = np.minimum(place, past.items.shape[1] - 1)
        items, actions, at_ms = (
            np.take_along_axis(column, place, axis=1) for column in (past.items, past.actions, past.at_ms)
        )
        is_there = np.arange(width) < (past.lengths - first)[:, None]
        return np.where(is_there, items, -1), np.where(is_there, actions, -1), at_ms

    def save(self, folder: Path) -> None:
        """Everything that answers need, into an existing folder."""
        write_whole(folder / "person.onnx", self._graph)
        told = {"longest": self.longest, "facts": self.facts}
        write_whole(folder / "person.json", json.dumps(told).encode())


def load_people(folder: Path) -> ServedPeople:
    """What `save` wrote."""
    told = json.loads((folder / "person.json").read_text())
    return ServedPeople((folder / "person.onnx").read_bytes(), told["longest"], told["facts"])
