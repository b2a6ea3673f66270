"""This file is about labels: what the encoder is to find, when that came to be, and from what.

Three kinds share their columns: an item saved to the same board as another, an item acted on after a query,
and the next item of a person.
"""

from dataclasses import dataclass

import numpy as np

from bowerbird.learn.data.histories import entries_of
from bowerbird.taste.encoder.config import EncoderConfig
from bowerbird.taste.encoder.types import Links, TasteColumns

CO_SAVE, ASKED, NEXT_ACTION = 0, 1, 2
KINDS = ("co_save", "asked", "next_action")


@dataclass(frozen=True, slots=True)
class Labels:
    """One row a label.

    Attributes:
        kinds: int64 [L].
        sources: int64 [L, H] items that it is to be found from, the newest first; -1 where there are fewer.
        queries: int64 [L]; -1 where it is to be found from items.
        contexts: int64 [L] the board, person or query, in the numbering of `contexts_of`.
        targets: int64 [L] items.
        at_ms: int64 [L] when the target was acted on.
    """

    kinds: np.ndarray
    sources: np.ndarray
    queries: np.ndarray
    contexts: np.ndarray
    targets: np.ndarray
    at_ms: np.ndarray

    def __len__(self) -> int:
        return len(self.targets)

    def take(self, rows: np.ndarray) -> "Labels":
        """These rows in this order."""
        return Labels(
            self.kinds[rows],
            self.sources[rows],
            self.queries[rows],
            self.contexts[rows],
            self.targets[rows],
            self.at_ms[rows],
        )


def labels_of(columns: TasteColumns, config: EncoderConfig, rng: np.random.Generator) -> Labels:
    """The labels of an epoch: all that count, or `most_labels` drawn from them; pairs are drawn anew."""
    parts = []
    if config.co_save:
        parts.append(_co_saves(columns, config, rng))
    if config.asked:
        parts.append(_asked(columns, config))
    if config.next_action:
        parts.append(_next_actions(columns, config))
    labels = _joined(parts, config.history)
    if len(labels) > config.most_labels:
        labels = labels.take(rng.choice(len(labels), config.most_labels, replace=False))
    return labels


def _co_saves(columns: TasteColumns, config: EncoderConfig, rng: np.random.Generator) -> Labels:
    """Each save with one that its board had before; either of the two may be what is looked for."""
    saved = columns.saved
    rows = np.flatnonzero(saved.weights > 0)
    # A board's saves in the order of time; within a moment nothing was before anything else.
    rows = rows[np.lexsort((saved.at_ms[rows], saved.targets[rows]))]
    boards, at_ms = saved.targets[rows], saved.at_ms[rows]
    earlier = _entries_before(boards, at_ms)
    usable = np.flatnonzero(earlier > 0)
    usable = usable[_drawn_of_each(boards[usable], config.most_pairs_of_board, rng)]
    first = np.searchsorted(boards, boards[usable])
    other = rows[first + (rng.random(len(usable)) * earlier[usable]).astype(np.int64)]
    pair = saved.sources[rows[usable]], saved.sources[other]
    is_swapped = rng.random(len(usable)) < 0.5
    sources = np.where(is_swapped, pair[0], pair[1])
    targets = np.where(is_swapped, pair[1], pair[0])
    keep = sources != targets
    return _of_kind(
        CO_SAVE, sources[keep, None], boards[usable][keep], targets[keep], at_ms[usable][keep], config
    )


def _asked(columns: TasteColumns, config: EncoderConfig) -> Labels:
    found = columns.found
    keep = found.weights > 0
    queries, targets, at_ms = found.sources[keep], found.targets[keep], found.at_ms[keep]
    none = np.full((len(targets), 1), -1)
    contexts = queries + columns.boards + columns.persons
    labels = _of_kind(ASKED, none, contexts, targets, at_ms, config)
    return Labels(labels.kinds, labels.sources, queries, labels.contexts, labels.targets, labels.at_ms)


def _next_actions(columns: TasteColumns, config: EncoderConfig) -> Labels:
    persons, items, at_ms = ordered_actions(columns.acted)
    earlier = _entries_before(persons, at_ms)
    rows = np.flatnonzero(earlier > 0)
    first = np.searchsorted(persons, persons[rows])
    place = first[:, None] + earlier[rows][:, None] - 1 - np.arange(config.history)
    sources = np.where(place >= first[:, None], items[np.maximum(place, 0)], -1)
    return _of_kind(NEXT_ACTION, sources, persons[rows] + columns.boards, items[rows], at_ms[rows], config)


def ordered_actions(acted: Links) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Persons, items and times of actions that say "I like this", by person, then time."""
    rows = np.flatnonzero(acted.weights > 0)
    rows = rows[np.lexsort((acted.at_ms[rows], acted.sources[rows]))]
    return acted.sources[rows], acted.targets[rows], acted.at_ms[rows]


def _entries_before(groups: np.ndarray, at_ms: np.ndarray) -> np.ndarray:
    """int64 [E] how many rows of the same group are strictly earlier; rows by group, then time."""
    if not len(groups):
        return np.zeros(0, dtype=np.int64)
    opens_group = np.concatenate([[True], groups[1:] != groups[:-1]])
    opens_moment = opens_group | np.concatenate([[True], at_ms[1:] != at_ms[:-1]])
    place = np.arange(len(groups))
    first_of_group = np.maximum.accumulate(np.where(opens_group, place, 0))
    first_of_moment = np.maximum.accumulate(np.where(opens_moment, place, 0))
    earlier: np.ndarray = first_of_moment - first_of_group
    return earlier


def _drawn_of_each(groups: np.ndarray, most: int, rng: np.random.Generator) -> np.ndarray:
    """Rows, at most so many of each group."""
    order = np.lexsort((rng.random(len(groups)), groups))
    lengths = np.unique(groups, return_counts=True)[1] if len(groups) else np.zeros(0, dtype=np.int64)
    place = entries_of(np.zeros(len(lengths), np.int64), lengths)
    drawn: np.ndarray = np.sort(order[place < most])
    return drawn


def _of_kind(
    kind: int,
    sources: np.ndarray,
    contexts: np.ndarray,
    targets: np.ndarray,
    at_ms: np.ndarray,
    config: EncoderConfig,
) -> Labels:
    padded = np.full((len(targets), config.history), -1, dtype=np.int64)
    padded[:, : sources.shape[1]] = sources
    count = len(targets)
    return Labels(np.full(count, kind), padded, np.full(count, -1), contexts, targets, at_ms)


def _joined(parts: list[Labels], history: int) -> Labels:
    if not parts:
        nothing = np.zeros(0, dtype=np.int64)
        return Labels(nothing, np.zeros((0, history), np.int64), nothing, nothing, nothing, nothing)
    return Labels(
        np.concatenate([each.kinds for each in parts]),
        np.concatenate([each.sources for each in parts]),
        np.concatenate([each.queries for each in parts]),
        np.concatenate([each.contexts for each in parts]),
        np.concatenate([each.targets for each in parts]),
        np.concatenate([each.at_ms for each in parts]),
    )
