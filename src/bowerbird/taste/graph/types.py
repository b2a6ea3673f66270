"""This file is about the kinds of nodes and edges of the Taste Graph, and edges as columns."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

NEVER = np.iinfo(np.int64).max
"""Of an edge that was not taken back."""


class NodeKind(StrEnum):
    """What a node stands for. An item node is a picture: copies of one picture are one node."""

    PERSON = "person"
    ITEM = "item"
    BOARD = "board"
    QUERY = "query"
    OWNER = "owner"
    INTEREST = "interest"


class EdgeKind(StrEnum):
    """What joins two nodes."""

    ACTED = "acted"  # person → item, with the action
    SAVED_TO = "saved_to"  # item → board
    KEEPS = "keeps"  # person → board
    ASKED = "asked"  # person → query
    FOUND = "found"  # query → item that its person acted on soon after
    OWNED_BY = "owned_by"  # item → who offers it
    ABOUT = "about"  # item → interest


ENDS: dict[EdgeKind, tuple[NodeKind, NodeKind]] = {
    EdgeKind.ACTED: (NodeKind.PERSON, NodeKind.ITEM),
    EdgeKind.SAVED_TO: (NodeKind.ITEM, NodeKind.BOARD),
    EdgeKind.KEEPS: (NodeKind.PERSON, NodeKind.BOARD),
    EdgeKind.ASKED: (NodeKind.PERSON, NodeKind.QUERY),
    EdgeKind.FOUND: (NodeKind.QUERY, NodeKind.ITEM),
    EdgeKind.OWNED_BY: (NodeKind.ITEM, NodeKind.OWNER),
    EdgeKind.ABOUT: (NodeKind.ITEM, NodeKind.INTEREST),
}
"""Kinds of the source and of the target."""


@dataclass(frozen=True, slots=True)
class Edges:
    """Edges of one kind as columns, oldest first.

    Attributes:
        kind: which.
        sources, targets: int64 [E] dense numbers of nodes of the kinds in `ENDS`.
        at_ms: int64 [E] when each came to be.
        until_ms: int64 [E] when it was taken back; `NEVER` where it was not.
        weights: float32 [E] how strongly it says "I like this".
        actions: int8 [E] codes of `core.actions`; -1 where none led to it.
    """

    kind: EdgeKind
    sources: np.ndarray
    targets: np.ndarray
    at_ms: np.ndarray
    until_ms: np.ndarray
    weights: np.ndarray
    actions: np.ndarray

    def __len__(self) -> int:
        return len(self.sources)

    @classmethod
    def none(cls, kind: EdgeKind) -> "Edges":
        """No edge of this kind."""
        whole = np.zeros(0, np.int64)
        return cls(kind, whole, whole, whole, whole, np.zeros(0, np.float32), np.zeros(0, np.int8))

    def where(self, keep: np.ndarray) -> "Edges":
        """Only those: [E] bool, or their rows in order of time."""
        return Edges(
            self.kind,
            self.sources[keep],
            self.targets[keep],
            self.at_ms[keep],
            self.until_ms[keep],
            self.weights[keep],
            self.actions[keep],
        )

    def as_of(self, t_ms: int) -> "Edges":
        """What had come before t and still held: nothing at t or later is known."""
        known = self.where(self.at_ms < t_ms)
        held = known.where(known.until_ms >= t_ms)
        return Edges(
            held.kind,
            held.sources,
            held.targets,
            held.at_ms,
            np.full(len(held), NEVER),
            held.weights,
            held.actions,
        )

    def held(self) -> "Edges":
        """Those that were not taken back."""
        return self.where(self.until_ms == NEVER)
