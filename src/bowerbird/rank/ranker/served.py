"""This file is about ranking with a trained model, without torch: the person once, all candidates with it."""

import hashlib
import json
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from bowerbird.core.errors import IncompatibleEmbeddingError
from bowerbird.encode.session import open_session, write_whole
from bowerbird.rank.ranker.calibration import Calibrated
from bowerbird.rank.ranker.config import RankerConfig
from bowerbird.rank.ranker.inputs import Arrays, as_vectors, person_arrays
from bowerbird.rank.ranker.sides import PersonSide

GRAPH_INPUTS = (
    "recent", "recent_actions", "recent_ages", "recent_there", "long", "long_actions", "long_there",
    "left", "left_ages", "left_there", "candidates", "features",
)  # fmt: skip


class ServedRanker:
    """Chances of each action. Thread safe.

    Args:
        graph: ONNX: `GRAPH_INPUTS` to logits [Q, C, heads].
        centre, directions: float32 [D] and [D, B] from raw content to what the graph reads.
        space: which vectors the raw content is; others are refused.
        facts: what training left.
        places: float32 [positions, heads] what each position adds to the logits, beside the usual one, for
            which the graph answers.
    """

    def __init__(
        self,
        graph: bytes,
        calibrated: Calibrated,
        centre: np.ndarray,
        directions: np.ndarray,
        config: RankerConfig,
        space: str,
        facts: dict[str, Any],
        places: np.ndarray,
    ) -> None:
        self.places = places
        self._graph, self._session = graph, open_session(graph)
        self.calibrated, self.config, self.space, self.facts = calibrated, config, space, facts
        self._centre, self._directions = centre, directions
        self.id = ""

    @cached_property
    def version(self) -> str:
        """Changes with anything that a chance depends on."""
        digest = hashlib.sha256(self._graph)
        for each in (self._centre, self._directions, self.calibrated.slopes, self.calibrated.shifts):
            digest.update(np.ascontiguousarray(each).tobytes())
        return digest.hexdigest()[:12]

    @property
    def text(self) -> str:
        """Name and id, as pages tell it."""
        return f"ranker {self.id or self.version}"

    @property
    def reading(self) -> tuple[np.ndarray, np.ndarray]:
        """Centre float32 [D] and directions [D, B] along which it reads content."""
        return self._centre, self._directions

    @property
    def size_bytes(self) -> int:
        """Of what is kept."""
        return len(self._graph) + self._centre.nbytes + self._directions.nbytes

    def with_chances(self, calibrated: Calibrated) -> "ServedRanker":
        """The same, its chances made true."""
        return ServedRanker(
            self._graph,
            calibrated,
            self._centre,
            self._directions,
            self.config,
            self.space,
            self.facts,
            self.places,
        )

    def content(self, raw: np.ndarray) -> np.ndarray:
        """float32 [N, B] of unit length along the main directions; zeros where raw content has none.

        Raises:
            IncompatibleEmbeddingError: of another width than the ranker was trained with.
        """
        if raw.ndim != 2 or raw.shape[1] != len(self._centre):
            raise IncompatibleEmbeddingError(
                f"content of shape {raw.shape} was received; needed are rows of {len(self._centre)} numbers, "
                "as this ranker was trained with; train again with `bowerbird rank train`"
            )
        return along(raw, self._centre, self._directions)

    def logits(self, person: Arrays, candidates: np.ndarray, features: np.ndarray) -> np.ndarray:
        """float32 [Q, C, heads].

        Args:
            person: as `inputs.as_vectors` gives it.
            candidates: float32 [Q, C, B]; features: float32 [Q, C, F].
        """
        given = {**person, "candidates": candidates, "features": features}
        (found,) = self._session.run(None, {name: given[name] for name in GRAPH_INPUTS})
        logits: np.ndarray = found
        return logits

    def chances(
        self,
        person: PersonSide,
        vectors: np.ndarray,
        candidates: np.ndarray,
        features: np.ndarray,
        now_ms: int,
    ) -> np.ndarray:
        """float32 [C, heads] of all candidates of one request.

        Args:
            person: items are rows of `vectors`.
            vectors: float32 [V, B] content of what the person's side names.
            candidates: float32 [C, B]; features: float32 [C, F].
        """
        side = as_vectors(person_arrays([person], [now_ms], self.config), vectors)
        return self.calibrated.chances(self.logits(side, candidates[None], features[None])[0])

    def save(self, folder: Path) -> None:
        """Everything that answers need, into an existing folder."""
        write_whole(folder / "ranker.onnx", self._graph)
        with (folder / "content.npz").open("wb") as file:
            np.savez(file, centre=self._centre, directions=self._directions)
        told = {
            "config": self.config.model_dump(mode="json"),
            "slopes": self.calibrated.slopes.tolist(),
            "shifts": self.calibrated.shifts.tolist(),
            "space": self.space,
            "facts": self.facts,
            "places": self.places.tolist(),
        }
        write_whole(folder / "ranker.json", json.dumps(told).encode())


def along(raw: np.ndarray, centre: np.ndarray, directions: np.ndarray) -> np.ndarray:
    """float32 [N, B] raw content less its mean along the main directions, of length 1."""
    has = raw.any(axis=1, keepdims=True)
    found = (
        raw @ directions - centre @ directions
    )  # the same as of the difference, without a copy of all of raw
    lengths = np.linalg.norm(found, axis=1, keepdims=True)
    unit: np.ndarray = (found / np.maximum(lengths, 1e-9) * has).astype(np.float32)
    return unit


def main_directions(raw: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Mean float32 [D] and the `count` main directions float32 [D, B] of the rows that are not zeros."""
    has = np.abs(raw).sum(axis=1) > 0
    rows = raw[has].astype(np.float64)
    centre = rows.mean(axis=0) if len(rows) else np.zeros(raw.shape[1])
    _, directions = np.linalg.eigh((rows - centre).T @ (rows - centre))
    kept = directions[:, ::-1][:, :count]
    if kept.shape[1] < count:
        kept = np.pad(kept, ((0, 0), (0, count - kept.shape[1])))
    return centre.astype(np.float32), np.ascontiguousarray(kept, dtype=np.float32)


def load_ranker(folder: Path) -> ServedRanker:
    """What `save` wrote."""
    told = json.loads((folder / "ranker.json").read_text())
    with np.load(folder / "content.npz", allow_pickle=False) as held:
        centre, directions = held["centre"], held["directions"]
    return ServedRanker(
        (folder / "ranker.onnx").read_bytes(),
        Calibrated(np.array(told["slopes"]), np.array(told["shifts"])),
        centre,
        directions,
        RankerConfig.model_validate(told["config"]),
        told["space"],
        told["facts"],
        np.array(told["places"], dtype=np.float32),
    )
