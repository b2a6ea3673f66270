"""This file is about what people did after a moment, and whether their vectors find it."""

from dataclasses import dataclass

import numpy as np

from bowerbird.taste.encoder.judging import Judged, ranked
from bowerbird.taste.encoder.types import Links
from bowerbird.taste.people.config import PeopleConfig
from bowerbird.taste.people.histories import Past

AHEAD = 10
"""Later actions of one state that are looked for; more of them would let a few busy people decide."""


@dataclass(frozen=True, slots=True)
class Later:
    """Some persons' pasts and what came after.

    Attributes:
        past: [B].
        persons: int64 [B].
        rows: int64 [L] which past a label is of.
        targets: int64 [L].
    """

    past: Past
    persons: np.ndarray
    rows: np.ndarray
    targets: np.ndarray


def later_of(
    acted: Links, from_ms: int, config: PeopleConfig, seed: int, *, given: int | None = None
) -> Later:
    """Persons who act from a moment on: their past up to a place among those actions, and the next ones.

    Args:
        given: actions that are known, counted from a person's first ever; none: all before a place drawn at
            random among the later ones, so that people who came after the moment are there with a few.
    """
    rows = np.flatnonzero(acted.weights > 0)
    rows = rows[np.lexsort((acted.at_ms[rows], acted.sources[rows]))]
    owners, items, at_ms = acted.sources[rows], acted.targets[rows], acted.at_ms[rows]
    rng = np.random.default_rng((seed, 3))
    persons = rng.permutation(np.unique(owners[at_ms >= from_ms]))[: config.validation_persons]
    pasts, targets, of = [], [], []
    kept: list[int] = []
    for person in np.sort(persons).tolist():
        first, last = np.searchsorted(owners, [person, person + 1])
        later = first + int(np.searchsorted(at_ms[first:last], from_ms))
        cut = first + given if given is not None else int(rng.integers(later, last))
        # What happened in the moment of the cut is neither known nor looked for.
        until = np.searchsorted(at_ms[first:last], at_ms[cut]) + first if cut < last else last
        if cut >= last or cut < later or (given is not None and until != cut):
            continue
        ahead = np.unique(items[cut : cut + AHEAD])
        ahead = ahead[~np.isin(ahead, items[first:until])]
        if len(ahead):
            targets.append(ahead)
            of.append(np.full(len(ahead), len(kept)))
            pasts.append(np.arange(max(first, until - config.longest), until))
            kept.append(person)
    width = max((len(each) for each in pasts), default=1)
    entry = np.full((len(pasts), max(width, 1)), -1, dtype=np.int64)
    for row, each in enumerate(pasts):
        entry[row, : len(each)] = each
    is_there = entry >= 0
    held = rows[np.maximum(entry, 0)] if len(rows) else entry
    past = Past(
        np.where(is_there, acted.targets[held], -1),
        np.where(is_there, acted.actions[held].astype(np.int64), -1),
        np.where(is_there, acted.at_ms[held], 0),
    )
    nothing = [np.zeros(0, dtype=np.int64)]
    return Later(
        past,
        np.array(kept, dtype=np.int64),
        np.concatenate(of or nothing),
        np.concatenate(targets or nothing),
    )


def found_of(asks: np.ndarray, later: Later, vectors: np.ndarray) -> Judged:
    """Where each of the later items stands among all but those of the past.

    Args:
        asks: float32 [B, D] vectors of the persons.
    """
    return ranked(
        asks[later.rows], vectors, later.targets, later.persons[later.rows], later.past.items[later.rows]
    )
