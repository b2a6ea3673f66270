"""This file is about pre-ranking without torch: items' sides kept, a person's once a page, one product.

Sources: pre-ranking at Pinterest as told in section 3.4 of the discovery facts (request-level and item-level
networks trained together, apart when they serve, distilled from the ranker), InteractRank (WWW 2025) for a
few cross columns beside the product, and ColBERT (2004.12832) for comparing an item with single likes.
"""

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from bowerbird.core.errors import InputError
from bowerbird.encode.session import write_whole
from bowerbird.rank.prerank.config import PrerankConfig
from bowerbird.rank.prerank.inputs import nearest, newest_likes, pooled
from bowerbird.rank.ranker.inputs import Arrays, as_vectors, person_arrays
from bowerbird.rank.ranker.served import ServedRanker
from bowerbird.rank.ranker.sides import PersonSide

_WEIGHTS, _FACTS = "prerank.npz", "prerank.json"
Weights = dict[str, np.ndarray]


@dataclass(frozen=True, slots=True)
class Asking:
    """A person's side of one request.

    Attributes:
        slots: float32 [item_width, slots] that items are multiplied with.
        likes, left: float32 [L, near_width] and [J, near_width] that items are compared with.
    """

    slots: np.ndarray
    likes: np.ndarray
    left: np.ndarray


class ServedPrerank:
    """Says how a ranker would order many candidates. Thread safe.

    Args:
        weights: as `model.Prerank.weights` names them.
        of_ranker: version of the ranker that it was distilled from.
        facts: what training left.
    """

    def __init__(
        self, weights: Weights, config: PrerankConfig, of_ranker: str, facts: dict[str, Any]
    ) -> None:
        self.weights, self.config, self.of_ranker, self.facts = weights, config, of_ranker, facts
        self.id = ""

    @cached_property
    def version(self) -> str:
        """Changes with anything that a score depends on."""
        digest = hashlib.sha256(self.of_ranker.encode())
        for name in sorted(self.weights):
            digest.update(np.ascontiguousarray(self.weights[name]).tobytes())
        return digest.hexdigest()[:12]

    @property
    def text(self) -> str:
        """Name and id, as pages tell it; the id is that of its ranker."""
        return f"prerank {self.id or self.version}"

    @property
    def row_width(self) -> int:
        """Numbers that `item_rows` gives for each item."""
        return self.config.item_width + self.config.near_width

    def item_rows(self, content: np.ndarray) -> np.ndarray:
        """float32 [N, row_width] the items' side, to be kept.

        Args:
            content: float32 [N, B] as `ServedRanker.content` gives it.
        """
        w = self.weights
        bent = np.maximum(content @ w["item_in"] + w["item_in_bias"], 0.0)
        slots = bent @ w["item_out"] + content @ w["item_straight"]
        rows: np.ndarray = np.concatenate([slots, content @ w["near"]], axis=1).astype(np.float32)
        return rows

    def asking(self, person: Arrays) -> list[Asking]:
        """The people's sides, of [Q, …] arrays as `rank.ranker.inputs.as_vectors` gives them."""
        w, config = self.weights, self.config
        bent = np.maximum(pooled(person) @ w["person_in"] + w["person_in_bias"], 0.0)
        slots = (bent @ w["person_out"] + w["person_out_bias"]).reshape(-1, config.item_width, config.slots)
        likes, liked = newest_likes(person, config.near_likes)
        return [
            Asking(
                slots[row],
                likes[row][liked[row] > 0] @ w["near"],
                person["left"][row][person["left_there"][row] > 0] @ w["near"],
            )
            for row in range(len(slots))
        ]

    def asking_of(self, person: PersonSide, vectors: np.ndarray, now_ms: int, ranker: ServedRanker) -> Asking:
        """One person's side; items in `person` are rows of `vectors`, as for `ServedRanker.chances`."""
        return self.asking(as_vectors(person_arrays([person], [now_ms], ranker.config), vectors))[0]

    def logits(self, asking: Asking, rows: np.ndarray, features: np.ndarray) -> np.ndarray:
        """float32 [C, heads] of the candidates of one request.

        Args:
            rows: float32 [C, row_width] of `item_rows`.
            features: float32 [C, F] as the ranker reads them.
        """
        w, width = self.weights, self.config.item_width
        near = rows[:, width:]
        cross = np.column_stack([features, nearest(near, asking.likes), nearest(near, asking.left)])
        straight = rows[:, :width] @ asking.slots + cross @ w["cross"] + w["cross_bias"]  # [C, slots]
        logits: np.ndarray = (
            np.maximum(straight, 0.0) @ w["bent_out"]
            + straight @ w["straight_out"]
            + cross @ w["cross_out"]
            + w["out_bias"]
        )
        return logits

    def chances(self, asking: Asking, rows: np.ndarray, features: np.ndarray) -> np.ndarray:
        """float32 [C, heads] about what the ranker would say."""
        raised: np.ndarray = 1.0 / (1.0 + np.exp(-self.logits(asking, rows, features)))
        return raised

    def save(self, folder: Path) -> None:
        """Everything that answers need, into an existing folder."""
        with (folder / _WEIGHTS).open("wb") as file:
            np.savez(file, **self.weights)  # type: ignore[arg-type]
        told = {
            "config": self.config.model_dump(mode="json"),
            "of_ranker": self.of_ranker,
            "facts": self.facts,
        }
        write_whole(folder / _FACTS, json.dumps(told).encode())


def load_prerank(folder: Path, ranker: ServedRanker) -> ServedPrerank | None:
    """What `save` wrote beside this ranker; None where nothing was.

    Raises:
        InputError: it was distilled from another ranker.
    """
    if not (folder / _FACTS).exists():
        return None
    told = json.loads((folder / _FACTS).read_text())
    if told["of_ranker"] != ranker.version:
        raise InputError(
            f"a pre-ranker of ranker {told['of_ranker']} lies beside ranker {ranker.version}; needed is the "
            "one that was trained with it; train both again with `bowerbird rank train`"
        )
    with np.load(folder / _WEIGHTS, allow_pickle=False) as held:
        weights = {name: held[name] for name in held.files}
    config = PrerankConfig.model_validate(told["config"])
    found = ServedPrerank(weights, config, told["of_ranker"], told["facts"])
    found.id = ranker.id
    return found
