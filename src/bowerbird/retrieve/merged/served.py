"""This file is about answering with several retrievers: one list comes out, and who proposed is kept."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bowerbird.encode.session import write_whole
from bowerbird.learn.data import Histories
from bowerbird.learn.types import FittedRetriever, Found
from bowerbird.retrieve.merged.fusing import Fusion, Quotas
from bowerbird.retrieve.merged.proposals import Proposals, proposals_of

Order = Fusion | Quotas
_ORDERS: dict[str, type[Fusion] | type[Quotas]] = {"fused": Fusion, "quotas": Quotas}


@dataclass(frozen=True, slots=True)
class MergedFound(Found):
    """Candidates of a batch of requests, and who proposed each.

    Attributes:
        sources: P names.
        proposed: bool [B, k, P]; all false where there is no item.
    """

    sources: tuple[str, ...]
    proposed: np.ndarray


class ServedMerged:
    """A `FittedRetriever` of fitted retrievers; needs no torch where they need none. Thread safe as they are.

    Args:
        parts: by name, in the order of the weights.
        each: items that each proposes, at least.
    """

    def __init__(
        self, parts: dict[str, FittedRetriever], order: Order, each: int, facts: dict[str, Any]
    ) -> None:
        self._parts = parts
        self._order = order
        self._each = each
        self._facts = facts

    @property
    def facts(self) -> dict[str, Any]:
        """How it was merged, what each source is good for, and the sizes of all parts together."""
        held = {name: part.facts for name, part in self._parts.items()}
        sizes = {
            size: sum(int(facts.get(size, 0)) for facts in held.values())
            for size in ("parameters", "size_bytes")
        }
        return {**self._facts, **sizes, "parts": held, "order": self._order.model_dump(mode="json")}

    def propose(self, histories: Histories, exclude: Histories | None = None, *, least: int = 1) -> Proposals:
        """What the parts propose, as many items as the settings say or `least`, side by side."""
        most = max(self._each, least)
        return proposals_of([part.top(histories, most, exclude) for part in self._parts.values()], self._each)

    def top(self, histories: Histories, k: int, exclude: Histories | None = None) -> MergedFound:
        """The k best items of each history; equal ones in catalogue order."""
        return best_of(self.propose(histories, exclude, least=k), self._order, k, tuple(self._parts))

    def save(self, folder: Path) -> None:
        """Each part in a folder of its own, and how they are merged."""
        for name, part in self._parts.items():
            home = folder / "parts" / name
            home.mkdir(parents=True, exist_ok=True)
            part.save(home)
        told = {
            "parts": list(self._parts),
            "each": self._each,
            "way": "fused" if isinstance(self._order, Fusion) else "quotas",
            "order": self._order.model_dump(mode="json"),
            "facts": self._facts,
        }
        write_whole(folder / "merged.json", json.dumps(told).encode())


def best_of(proposals: Proposals, order: Order, k: int, sources: Sequence[str]) -> MergedFound:
    """The k best candidates of each row."""
    scores = order.scores(proposals)
    ranked = np.lexsort((proposals.items, -scores, proposals.rows))
    place = np.arange(len(ranked)) - proposals.bounds[:-1][proposals.rows]
    kept = ranked[place < k]
    row, column = proposals.rows[kept], place[place < k]
    items = np.full((len(proposals), k), -1, dtype=np.int32)
    best = np.full((len(proposals), k), -np.inf, dtype=np.float32)
    proposed = np.zeros((len(proposals), k, len(sources)), dtype=bool)
    items[row, column], best[row, column] = proposals.items[kept], scores[kept]
    proposed[row, column] = proposals.proposed[kept]
    return MergedFound(items, best, tuple(sources), proposed)


def load_merged(folder: Path) -> ServedMerged:
    """What `save` wrote."""
    from bowerbird.retrieve.learned import load_fitted  # which knows this function

    told = json.loads((folder / "merged.json").read_text())
    parts = {name: load_fitted(name, folder / "parts" / name) for name in told["parts"]}
    order = _ORDERS[told["way"]].model_validate(told["order"])
    return ServedMerged(parts, order, told["each"], told["facts"])
