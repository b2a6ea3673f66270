"""This file is about what the vectors are learned from: edges with times, and content, as columns."""

import hashlib
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

import numpy as np

from bowerbird.core.errors import InputError

NEVER_MS = int(np.iinfo(np.int64).max)
"""The end of an edge that was not taken back."""


@runtime_checkable
class Links(Protocol):
    """Edges of one kind; what the Taste Graph hands on, and what any arrays can be made into."""

    @property
    def sources(self) -> np.ndarray:
        """int64 [E] numbers of the nodes that edges start from."""
        ...

    @property
    def targets(self) -> np.ndarray:
        """int64 [E]."""
        ...

    @property
    def at_ms(self) -> np.ndarray:
        """int64 [E] when it came to be."""
        ...

    @property
    def until_ms(self) -> np.ndarray:
        """int64 [E] when it was taken back; `NEVER_MS`: it holds."""
        ...

    @property
    def weights(self) -> np.ndarray:
        """float32 [E]."""
        ...

    @property
    def actions(self) -> np.ndarray:
        """int8 [E] codes of `core.actions`; -1 where there is none."""
        ...


@dataclass(frozen=True, slots=True)
class LinkColumns:
    """`Links` made of plain arrays."""

    sources: np.ndarray
    targets: np.ndarray
    at_ms: np.ndarray
    until_ms: np.ndarray
    weights: np.ndarray
    actions: np.ndarray

    @classmethod
    def of(
        cls,
        sources: np.ndarray,
        targets: np.ndarray,
        at_ms: np.ndarray,
        *,
        weights: np.ndarray | None = None,
        actions: np.ndarray | None = None,
        until_ms: np.ndarray | None = None,
    ) -> "LinkColumns":
        """Edges in order of time; what is left out is 1, -1 and never."""
        order = np.argsort(at_ms, kind="stable")
        count = len(order)
        return cls(
            np.asarray(sources, dtype=np.int64)[order],
            np.asarray(targets, dtype=np.int64)[order],
            np.asarray(at_ms, dtype=np.int64)[order],
            np.full(count, NEVER_MS) if until_ms is None else np.asarray(until_ms, dtype=np.int64)[order],
            np.ones(count, np.float32) if weights is None else np.asarray(weights, np.float32)[order],
            np.full(count, -1, np.int8) if actions is None else np.asarray(actions, np.int8)[order],
        )

    def __len__(self) -> int:
        return len(self.sources)


def no_links() -> LinkColumns:
    """No edge."""
    nothing = np.zeros(0, dtype=np.int64)
    return LinkColumns.of(nothing, nothing, nothing)


def held(links: Links, at_ms: int) -> np.ndarray:
    """bool [E] edges that came to be strictly before the moment and were not taken back before it."""
    is_held: np.ndarray = (links.at_ms < at_ms) & (links.until_ms >= at_ms)
    return is_held


def before(links: Links, at_ms: int) -> LinkColumns:
    """Edges that came to be strictly before a moment; ends after it are not known yet."""
    keep = links.at_ms < at_ms
    until_ms = np.where(links.until_ms >= at_ms, NEVER_MS, links.until_ms)[keep]
    return LinkColumns(
        links.sources[keep],
        links.targets[keep],
        links.at_ms[keep],
        until_ms,
        links.weights[keep],
        links.actions[keep],
    )


@dataclass(frozen=True, slots=True)
class TasteColumns:
    """Everything that the vectors of one catalogue are learned from.

    Attributes:
        content: float32 [N, C] of the items; a row of zeros says nothing.
        boards, persons, queries: how many there are of each.
        saved: item to board.
        acted: person to item.
        found: query to item: acted on after that query.
        shown: person to item: was seen and left alone. May be empty.
        query_words: float32 [queries, W] vectors of their words, for any query the same encoder.
        board_words: float32 [boards, W] of names and descriptions; a row of zeros where there are none.
    """

    content: np.ndarray
    boards: int
    persons: int
    queries: int
    saved: Links
    acted: Links
    found: Links
    query_words: np.ndarray
    board_words: np.ndarray
    shown: Links = field(default_factory=no_links)

    def __post_init__(self) -> None:
        sides = (
            ("saved", self.saved, self.items, self.boards),
            ("acted", self.acted, self.persons, self.items),
            ("found", self.found, self.queries, self.items),
            ("shown", self.shown, self.persons, self.items),
        )
        for name, links, sources, targets in sides:
            for what, column, count in (
                ("sources", links.sources, sources),
                ("targets", links.targets, targets),
            ):
                if len(column) and not 0 <= column.min() <= column.max() < count:
                    raise InputError(
                        f"{name} has {what} from {column.min()} to {column.max()}; needed are numbers from 0 "
                        f"to {count - 1}; leave out edges of nodes that are not there"
                    )
        for name, words, count in (
            ("query_words", self.query_words, self.queries),
            ("board_words", self.board_words, self.boards),
        ):
            if words.ndim != 2 or len(words) != count:
                raise InputError(
                    f"{name} of shape {words.shape} was received; needed is one row for each of {count:,}; "
                    "give rows of zeros where there are no words"
                )
        if not np.isfinite(self.content).all():
            raise InputError(
                "content vectors hold numbers that are not finite; needed are finite ones; "
                "put zeros in such rows"
            )

    @property
    def items(self) -> int:
        """N."""
        return len(self.content)

    def before(self, at_ms: int) -> "TasteColumns":
        """What was known at a moment: content and words stay, later edges are not there."""
        return TasteColumns(
            self.content,
            self.boards,
            self.persons,
            self.queries,
            before(self.saved, at_ms),
            before(self.acted, at_ms),
            before(self.found, at_ms),
            self.query_words,
            self.board_words,
            before(self.shown, at_ms),
        )

    def sha256(self) -> str:
        """Hex that changes when anything in it changes."""
        digest = hashlib.sha256()
        for each in (self.content, self.query_words, self.board_words):
            digest.update(np.ascontiguousarray(each).tobytes())
        for links in (self.saved, self.acted, self.found, self.shown):
            for column in (links.sources, links.targets, links.at_ms, links.until_ms, links.weights):
                digest.update(np.ascontiguousarray(column).tobytes())
        return digest.hexdigest()
