"""This file is about the times that models read: seconds and gaps in a history, the moment asked for."""

from typing import TypeVar

import numpy as np
from pydantic import BaseModel

from bowerbird.learn.data import Histories, Interactions

Config = TypeVar("Config", bound=BaseModel)

GAP_BUCKETS = 32
"""0: not known; then by powers of two seconds, the last one from 34 years."""


def seconds_within(histories: Histories) -> np.ndarray:
    """int64 [H of all rows] seconds since the first entry of the row, so that they fit into any integer."""
    lengths = histories.lengths
    is_met = lengths > 0
    firsts = histories.at_ms[histories.bounds[:-1][is_met]]
    found: np.ndarray = (histories.at_ms - np.repeat(firsts, lengths[is_met])) // 1000
    return found


def asked_within(histories: Histories, seconds: np.ndarray, *, knows_asked_time: bool) -> np.ndarray:
    """int64 [H of all rows] for which moment each entry is asked what follows, in the same seconds.

    That of the entry itself, or where the model knows it, of the one that follows; of the newest entry
    `asked_ms`, where it is not withheld. Never before the entry itself.
    """
    if not knows_asked_time or not len(seconds):
        return seconds
    asked = np.append(seconds[1:], 0)
    rows = np.flatnonzero(histories.lengths > 0)
    newest, firsts = histories.bounds[1:][rows] - 1, histories.at_ms[histories.bounds[:-1][rows]]
    given = histories.asked_ms[rows]
    asked[newest] = np.where(given >= 0, (given - firsts) // 1000, seconds[newest])
    later: np.ndarray = np.maximum(asked, seconds)
    return later


def gap_buckets(histories: Histories, seconds: np.ndarray) -> np.ndarray:
    """int64 [H of all rows] how long after the entry before it each one was; of a row's first 0."""
    gaps = np.diff(seconds, prepend=0)
    buckets = 1 + np.log2(np.maximum(gaps, 1)).astype(np.int64)
    firsts = histories.bounds[:-1][histories.lengths > 0]
    buckets[firsts] = 0
    capped: np.ndarray = np.minimum(buckets, GAP_BUCKETS - 1)
    return capped


def for_ties_of(training: Interactions, config: Config) -> Config:
    """The settings, without redrawing where the source's order within a moment is taken for true."""
    return config if training.ties_are_drawn else config.model_copy(update={"redraws_ties": False})


def ties_redrawn(histories: Histories, rng: np.random.Generator) -> Histories:
    """The same histories with the entries of one moment in another order."""
    rows = histories.row_of_entry()
    order = np.lexsort((rng.permutation(len(rows)), histories.at_ms, rows))
    return Histories(
        histories.persons,
        histories.bounds,
        histories.items[order],
        histories.at_ms[order],
        histories.actions[order],
        histories.weights[order],
        histories.asked_ms,
    )
