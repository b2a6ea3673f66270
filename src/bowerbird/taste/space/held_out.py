"""This file is about what came after a moment, and how well a space that knows nothing of it finds it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np

from bowerbird.taste.boards.sets import BoardSets, board_labels
from bowerbird.taste.encoder.judging import Judged, ranked
from bowerbird.taste.encoder.labels import Labels, labels_of
from bowerbird.taste.encoder.types import NEVER_MS, TasteColumns
from bowerbird.taste.people.checking import Later, found_of, later_of
from bowerbird.taste.people.histories import Past
from bowerbird.taste.space.config import SpaceConfig
from bowerbird.taste.space.served import mean_of
from bowerbird.taste.space.types import Stamped

TASKS = ("item", "query", "board", "person")
_MOST_LABELS = 3_000


@runtime_checkable
class Answers(Protocol):
    """What is judged: a `SpaceAt`, or vectors of content alone."""

    @property
    def vectors(self) -> np.ndarray:
        """float32 [N, D] of all items."""
        ...

    def queries(self, words: np.ndarray) -> Stamped:
        """Of queries, from vectors of their words."""
        ...

    def boards(self, sets: BoardSets, words: np.ndarray | None = None) -> Stamped:
        """Of boards."""
        ...

    def people(self, past: Past) -> Stamped:
        """Of people."""
        ...


class ContentAnswers:
    """Content vectors less their mean, boards and people as means: what a learned space has to beat.

    Args:
        content: float32 [N, C].
    """

    def __init__(self, content: np.ndarray) -> None:
        says = np.linalg.norm(content, axis=1, keepdims=True) > 0
        self._middle = (
            content[says[:, 0]].mean(axis=0) if says.any() else np.zeros(content.shape[1], np.float32)
        )
        self.vectors = self._unit(content) * says

    def queries(self, words: np.ndarray) -> Stamped:
        """Words of a width that content does not have cannot be compared, and are like nothing."""
        if words.shape[1] != self.vectors.shape[1]:
            return Stamped(np.zeros((len(words), self.vectors.shape[1]), np.float32), "content")
        return Stamped(self._unit(words), "content")

    def boards(self, sets: BoardSets, words: np.ndarray | None = None) -> Stamped:  # noqa: ARG002 (means have no words)
        """The mean of what is looked at."""
        return Stamped(mean_of(sets.items, self.vectors), "content")

    def people(self, past: Past) -> Stamped:
        """The mean of what was done."""
        return Stamped(mean_of(past.items, self.vectors), "content")

    def _unit(self, rows: np.ndarray) -> np.ndarray:
        centred = rows - self._middle
        unit: np.ndarray = centred / np.maximum(np.linalg.norm(centred, axis=1, keepdims=True), 1e-9)
        return unit.astype(np.float32)


class PopularityAnswers:
    """The same items for everybody, those most acted on first: what a share of hits is worth little below.

    Args:
        counts: int64 [N] how often each item was acted on before.
    """

    def __init__(self, counts: np.ndarray) -> None:
        self.vectors = (counts + 1).astype(np.float32)[:, None]

    def queries(self, words: np.ndarray) -> Stamped:
        """Whatever is asked."""
        return self._ones(len(words))

    def boards(self, sets: BoardSets, words: np.ndarray | None = None) -> Stamped:  # noqa: ARG002 (all alike)
        """Whatever is on the board."""
        return self._ones(len(sets))

    def people(self, past: Past) -> Stamped:
        """Whatever was done."""
        return self._ones(len(past))

    def _ones(self, count: int) -> Stamped:
        return Stamped(np.ones((count, 1), dtype=np.float32), "popularity")


@dataclass(frozen=True, slots=True)
class HeldOut:
    """What came from a moment on, the same for every model.

    Attributes:
        known: the columns before the moment.
        counts: int64 [N] actions, saves and finds of each item before it.
        labels: a co-save and what a query led to.
        sets: what boards held before a save.
        later: persons' pasts, and what they did next.
    """

    known: TasteColumns
    from_ms: int
    counts: np.ndarray
    labels: Labels
    sets: Labels
    later: Later

    def judged(self, answers: Answers) -> Mapping[str, Judged]:
        """By task. `item`: its board-mate; `query`, `board`, `person`: what came of each."""
        found: dict[str, Judged] = {}
        is_asked = self.labels.queries >= 0
        pairs, asked = self.labels.take(np.flatnonzero(~is_asked)), self.labels.take(np.flatnonzero(is_asked))
        if len(pairs):
            asks = answers.vectors[pairs.sources[:, 0]]
            found["item"] = ranked(asks, answers.vectors, pairs.targets, pairs.contexts, pairs.sources)
        if len(asked):
            asks = answers.queries(self.known.query_words[asked.queries]).vectors
            found["query"] = ranked(asks, answers.vectors, asked.targets, asked.contexts, asked.sources)
        if len(self.sets):
            held = self.sets
            sets = BoardSets(held.queries, held.sources, (held.sources >= 0).sum(axis=1))
            asks = answers.boards(sets, self.known.board_words[held.queries]).vectors
            found["board"] = ranked(asks, answers.vectors, held.targets, held.contexts, held.sources)
        if len(self.later.targets):
            asks = answers.people(self.later.past).vectors
            found["person"] = found_of(asks, self.later, answers.vectors)
        return found


def held_out(columns: TasteColumns, config: SpaceConfig, seed: int) -> HeldOut:
    """The newest share of what people did, at most 3,000 labels of a kind."""
    times = np.concatenate([columns.saved.at_ms, columns.acted.at_ms, columns.found.at_ms])
    from_ms = int(np.quantile(times, 1 - config.held_out, method="higher")) if len(times) else NEVER_MS
    rng = np.random.default_rng((seed, 4))
    every = config.encoder.model_copy(
        update={"most_labels": NEVER_MS, "next_action": 0.0, "asked": 1.0, "co_save": 1.0}
    )
    labels = labels_of(columns, every, rng)
    later = np.flatnonzero(labels.at_ms >= from_ms)
    parts = [later[labels.kinds[later] == kind] for kind in np.unique(labels.kinds)]
    some = [rng.permutation(part)[:_MOST_LABELS] for part in parts]
    sets = board_labels(columns.saved, config.boards.most_items, rng)
    saves = rng.permutation(np.flatnonzero(sets.at_ms >= from_ms))[:_MOST_LABELS]
    known = columns.before(from_ms)
    counts = (
        np.bincount(known.saved.sources, minlength=columns.items)
        + np.bincount(known.acted.targets, minlength=columns.items)
        + np.bincount(known.found.targets, minlength=columns.items)
    )
    return HeldOut(
        known,
        from_ms,
        counts,
        labels.take(np.concatenate([np.zeros(0, np.int64), *some])),
        sets.take(saves),
        later_of(columns.acted, from_ms, config.people, seed),
    )
