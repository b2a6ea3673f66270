"""This file is about what an entry of a history is to predict: what is next, and what comes after a time."""

import numpy as np

from bowerbird.learn.data import Histories
from bowerbird.retrieve.history_times import seconds_within

_DAY_S = 86_400


def entries_after(histories: Histories, offset_days: float) -> np.ndarray:
    """int64 [H of all rows] the first entry of the same history at least so much later; -1: there is none."""
    seconds = seconds_within(histories)
    span = int(seconds.max(initial=0)) + 1
    row = histories.row_of_entry() * span
    wanted = np.minimum(seconds + int(offset_days * _DAY_S), span)
    found = np.searchsorted(row + seconds, row + wanted, side="left")
    ends = np.repeat(histories.bounds[1:], histories.lengths)
    after: np.ndarray = np.where(found < ends, found, -1)
    return after


def drawn_offsets(
    entries: np.ndarray, after: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """For each entry one of the offsets after which there is a target, and that target.

    Args:
        entries: int64 of any shape, -1 in padding.
        after: int64 [O, H] of each offset, what comes after each entry.

    Returns:
        offsets, of 0..O-1, and targets, -1 where no offset has one; in the shape of `entries`.
    """
    if not len(after):
        return np.zeros_like(entries), np.full_like(entries, -1)
    choices = np.where(entries[None] >= 0, after[:, entries], -1)  # [O, …]
    chance = np.where(choices >= 0, rng.random(choices.shape), -1.0)
    offsets = chance.argmax(axis=0)
    return offsets, np.take_along_axis(choices, offsets[None], axis=0)[0]
