"""This file is about answering with trained boards, without torch."""

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np

from bowerbird.encode.session import open_session, write_whole
from bowerbird.taste.boards.sets import BoardSets

_ROWS_AT_ONCE = 2_048


class ServedBoards:
    """Vectors of boards, in the space of the items they were trained on. Thread safe.

    Args:
        graph: ONNX: items [B, M, D], is_there [B, M], words [B, W], to [B, D].
        most_items: of a board that are looked at.
        words_width: W.
    """

    def __init__(self, graph: bytes, most_items: int, words_width: int, facts: dict[str, Any]) -> None:
        self._graph = graph
        self._session = open_session(graph)
        self.most_items = most_items
        self.words_width = words_width
        self.facts = facts

    @property
    def version(self) -> str:
        """Changes with the model."""
        return hashlib.sha256(self._graph + bytes([self.most_items % 256])).hexdigest()[:16]

    def boards(self, sets: BoardSets, vectors: np.ndarray, words: np.ndarray | None = None) -> np.ndarray:
        """float32 [B, D]; zeros for a board with neither items nor words, which is like nothing.

        Args:
            vectors: float32 [N, D] of all items.
            words: float32 [B, W]; none: no board has any.
        """
        if words is None:
            words = np.zeros((len(sets), self.words_width), dtype=np.float32)
        parts = [np.zeros((0, vectors.shape[1]), dtype=np.float32)]
        for start in range(0, len(sets), _ROWS_AT_ONCE):
            some = slice(start, start + _ROWS_AT_ONCE)
            items, said = sets.items[some], words[some]
            given = {
                "items": vectors[np.maximum(items, 0)],
                "is_there": (items >= 0).astype(np.float32),
                "words": said.astype(np.float32),
            }
            (found,) = self._session.run(None, given)
            says = (items >= 0).any(axis=1) | (np.abs(said).sum(axis=1) > 0)
            parts.append(found * says[:, None].astype(np.float32))
        return np.concatenate(parts)

    def save(self, folder: Path) -> None:
        """Everything that answers need, into an existing folder."""
        write_whole(folder / "board.onnx", self._graph)
        told = {"most_items": self.most_items, "words_width": self.words_width, "facts": self.facts}
        write_whole(folder / "board.json", json.dumps(told).encode())


def load_boards(folder: Path) -> ServedBoards:
    """What `save` wrote."""
    told = json.loads((folder / "board.json").read_text())
    graph = (folder / "board.onnx").read_bytes()
    return ServedBoards(graph, told["most_items"], told["words_width"], told["facts"])
