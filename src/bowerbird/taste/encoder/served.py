"""This file is about answering with a trained encoder, without torch: items, new items, queries."""

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np

from bowerbird.core.errors import IncompatibleEmbeddingError
from bowerbird.encode.session import open_session, write_whole
from bowerbird.taste.encoder.basis import Basis
from bowerbird.taste.encoder.neighbours import Neighbours

_ROWS_AT_ONCE = 8_192


class ServedEncoder:
    """Vectors of length 1 in one space. Thread safe.

    Args:
        item_graph: ONNX: tokens [B, D], near [B, K, D], shares [B, K], to [B, D].
        query_graph: ONNX: words [B, W], to [B, D].
        basis: turns raw content into what the encoder reads.
        projection: float32 [P, D] from there to tokens.
        own: float32 [N, D] vectors of the items that training met; zeros for others.
        facts: what training left.
    """

    def __init__(
        self,
        item_graph: bytes,
        query_graph: bytes,
        basis: Basis,
        projection: np.ndarray,
        own: np.ndarray,
        facts: dict[str, Any],
    ) -> None:
        self._item_graph, self._query_graph = item_graph, query_graph
        self._items, self._queries = open_session(item_graph), open_session(query_graph)
        self._basis, self._projection, self._own = basis, projection, own
        self.facts = facts

    @property
    def version(self) -> str:
        """Changes with anything that a vector depends on; vectors of two versions must not be compared."""
        digest = hashlib.sha256(self._item_graph + self._query_graph)
        for each in (self._basis.centre, self._basis.directions, self._projection, self._own):
            digest.update(np.ascontiguousarray(each).tobytes())
        return digest.hexdigest()[:16]

    @property
    def width(self) -> int:
        """D."""
        return int(self._projection.shape[1])

    def tokens(self, content: np.ndarray, numbers: np.ndarray | None = None) -> np.ndarray:
        """float32 [B, D] what items are by themselves.

        Args:
            content: float32 [B, C] as the encoder was trained with; a row of zeros says nothing.
            numbers: int64 [B] of items; -1, and what training did not know, has no vector of its own. None:
                all rows are new.

        Raises:
            IncompatibleEmbeddingError: content of another width.
        """
        if content.ndim != 2 or content.shape[1] != len(self._basis.centre):
            raise IncompatibleEmbeddingError(
                f"content vectors of shape {content.shape} were received; needed are rows of "
                f"{len(self._basis.centre)} numbers, as this model was trained with; "
                "train again with `bowerbird taste train`"
            )
        found: np.ndarray = self._basis.of(content) @ self._projection
        if numbers is not None:
            is_known = (numbers >= 0) & (numbers < len(self._own))
            found[is_known] += self._own[numbers[is_known]]
        return found

    def items(self, tokens: np.ndarray, neighbours: Neighbours) -> np.ndarray:
        """float32 [N, D] vectors of items.

        Args:
            tokens: float32 [M, D] of all items that neighbours name; the first N rows are the items.
            neighbours: of the N items, numbers of rows of `tokens`.
        """
        parts = [np.zeros((0, self.width), dtype=np.float32)]
        for start in range(0, len(neighbours.items), _ROWS_AT_ONCE):
            near, shares = (
                each[start : start + _ROWS_AT_ONCE] for each in (neighbours.items, neighbours.shares)
            )
            (found,) = self._items.run(
                None,
                {
                    "tokens": tokens[start : start + len(near)],
                    "near": tokens[np.maximum(near, 0)],
                    "shares": np.where(near >= 0, shares, np.float32(0)),
                },
            )
            parts.append(found)
        return np.concatenate(parts)

    def new_items(self, content: np.ndarray) -> np.ndarray:
        """float32 [B, D] vectors of items that nobody has met, from content alone."""
        tokens = self.tokens(content)
        shape = (len(tokens), 1)
        return self.items(tokens, Neighbours(np.full(shape, -1, np.int32), np.zeros(shape, np.float32)))

    def queries(self, words: np.ndarray) -> np.ndarray:
        """float32 [B, D] vectors of queries from those of their words, float32 [B, W]."""
        if not len(words):
            return np.zeros((0, self.width), dtype=np.float32)
        (found,) = self._queries.run(None, {"words": words.astype(np.float32)})
        vectors: np.ndarray = found
        return vectors

    def save(self, folder: Path) -> None:
        """Everything that answers need, into an existing folder."""
        write_whole(folder / "item.onnx", self._item_graph)
        write_whole(folder / "query.onnx", self._query_graph)
        with (folder / "encoder.npz").open("wb") as file:
            np.savez(
                file,
                centre=self._basis.centre,
                directions=self._basis.directions,
                projection=self._projection,
                own=self._own,
            )
        write_whole(folder / "encoder.json", json.dumps(self.facts).encode())


def load_encoder(folder: Path) -> ServedEncoder:
    """What `save` wrote."""
    with np.load(folder / "encoder.npz", allow_pickle=False) as held:
        basis = Basis(held["centre"], held["directions"])
        projection, own = held["projection"], held["own"]
    item, query = (folder / "item.onnx").read_bytes(), (folder / "query.onnx").read_bytes()
    facts = json.loads((folder / "encoder.json").read_text())
    return ServedEncoder(item, query, basis, projection, own, facts)
