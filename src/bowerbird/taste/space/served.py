"""This file is about a trained space: items, queries, boards and people, comparable with one another."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bowerbird.encode.session import write_whole
from bowerbird.taste.boards.served import ServedBoards, load_boards
from bowerbird.taste.boards.sets import BoardSets
from bowerbird.taste.encoder.checking import vectors_at
from bowerbird.taste.encoder.config import EncoderConfig
from bowerbird.taste.encoder.served import ServedEncoder, load_encoder
from bowerbird.taste.encoder.types import TasteColumns
from bowerbird.taste.people.histories import Past
from bowerbird.taste.people.served import ServedPeople, load_people
from bowerbird.taste.space.types import Stamped


class TasteSpace:
    """Three models that were trained together. Needs no torch; thread safe.

    Args:
        boards, people: none where there was nothing to learn them from; means stand for them then.
        config, seed: of the encoder; neighbours are found with them.
    """

    def __init__(
        self,
        encoder: ServedEncoder,
        boards: ServedBoards | None,
        people: ServedPeople | None,
        config: EncoderConfig,
        seed: int,
    ) -> None:
        self.encoder, self.boards, self.people = encoder, boards, people
        self._config, self._seed = config, seed

    @property
    def version(self) -> str:
        """Stamped on every vector; those of two versions must not be compared."""
        parts = (
            part.version if part is not None else "" for part in (self.encoder, self.boards, self.people)
        )
        return hashlib.sha256(" ".join(parts).encode()).hexdigest()[:16]

    @property
    def facts(self) -> dict[str, Any]:
        """What training left of each part."""
        parts = {"encoder": self.encoder, "boards": self.boards, "people": self.people}
        return {name: part.facts if part is not None else None for name, part in parts.items()}

    def at(self, columns: TasteColumns, at_ms: int) -> "SpaceAt":
        """The space over a catalogue as of a moment: vectors of all its items from edges before it."""
        return SpaceAt(self, vectors_at(self.encoder, columns, at_ms, self._config, self._seed))

    def save(self, folder: Path) -> None:
        """Everything that answers need, into an existing folder."""
        for part in (self.encoder, self.boards, self.people):
            if part is not None:
                part.save(folder)
        told = {"encoder": self._config.model_dump(mode="json"), "seed": self._seed}
        write_whole(folder / "space.json", json.dumps(told).encode())


@dataclass(frozen=True, slots=True)
class SpaceAt:
    """A space with the vectors of one catalogue's items as of one moment.

    Attributes:
        vectors: float32 [N, D] of length 1.
    """

    space: TasteSpace
    vectors: np.ndarray

    def items(self, numbers: np.ndarray) -> Stamped:
        """Vectors of items by number."""
        return Stamped(self.vectors[numbers], self.space.version)

    def new_items(self, content: np.ndarray) -> Stamped:
        """Vectors of items that came after the moment, from content float32 [B, C] alone."""
        return Stamped(self.space.encoder.new_items(content), self.space.version)

    def queries(self, words: np.ndarray) -> Stamped:
        """Vectors of queries from those of their words, float32 [B, W]."""
        return Stamped(self.space.encoder.queries(words), self.space.version)

    def boards(self, sets: BoardSets, words: np.ndarray | None = None) -> Stamped:
        """Vectors of boards; a row of zeros for one with neither items nor words."""
        if self.space.boards is not None:
            return Stamped(self.space.boards.boards(sets, self.vectors, words), self.space.version)
        return Stamped(mean_of(sets.items, self.vectors), self.space.version)

    def people(self, past: Past) -> Stamped:
        """Vectors of people; also of those who have done nothing yet, where people were trained."""
        if self.space.people is not None:
            return Stamped(self.space.people.people(past, self.vectors), self.space.version)
        return Stamped(mean_of(past.items, self.vectors), self.space.version)


def mean_of(items: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    """float32 [B, D] unit mean of each row's items, int64 [B, M], -1 for none; zeros where it has none."""
    is_there = (items >= 0).astype(np.float32)
    sums = np.einsum("bmd,bm->bd", vectors[np.maximum(items, 0)], is_there)
    means: np.ndarray = sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-9)
    return means.astype(np.float32)


def load_space(folder: Path) -> TasteSpace:
    """What `save` wrote."""
    told = json.loads((folder / "space.json").read_text())
    return TasteSpace(
        load_encoder(folder),
        load_boards(folder) if (folder / "board.onnx").exists() else None,
        load_people(folder) if (folder / "person.onnx").exists() else None,
        EncoderConfig.model_validate(told["encoder"]),
        told["seed"],
    )
