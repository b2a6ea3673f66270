"""This file is about packing: many short histories in rows of one length, almost without padding.

Every step has the same shapes, which accelerators need, and no work is spent on padding, which processors
need. A token attends to earlier tokens of its own history, which `segments` tells apart.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bowerbird.core.errors import ConfigError
from bowerbird.learn.data import Histories
from bowerbird.learn.data.histories import entries_of


@dataclass(frozen=True, slots=True)
class Packed:
    """`rows` by `tokens` places; [R, T] each.

    Attributes:
        entries: int64 the entry of the histories that stands there, -1 in padding.
        targets: int64 the entry to predict there, which is the next one of the same history; -1: none.
        places: int64 how many entries of its history (as cut) stand before.
        segments: int64 which history of its row it belongs to, from 0; -1 in padding.
    """

    entries: np.ndarray
    targets: np.ndarray
    places: np.ndarray
    segments: np.ndarray


def packed(
    histories: Histories, order: np.ndarray, *, rows: int, tokens: int, longest: int
) -> Sequence[Packed]:
    """The histories in this order, each without its last entry (which is only predicted), in batches.

    Histories of fewer than two entries teach nothing and are left out; of longer ones the newest `longest +
    1` entries count. The last batch is filled up with padding.

    Args:
        rows, tokens: shape of a batch.
        longest: most tokens of one history; at most `tokens`.

    Raises:
        ConfigError: it is more.
    """
    if longest > tokens:
        raise ConfigError(
            f"histories of {longest} entries were to be trained on in rows of {tokens} tokens; needed are "
            f"rows that hold one; set `tokens` to {longest} or more, or `longest` lower"
        )
    lengths = np.minimum(histories.lengths[order] - 1, longest)
    order, lengths = order[lengths > 0], lengths[lengths > 0]
    row_of, start_of = _next_fit(lengths, tokens)
    segment_of = _segments(row_of)
    row_count = int(row_of[-1]) + 1 if len(row_of) else 0
    padded = max(-(-row_count // rows), 1) * rows
    entries, targets, places, segments = (np.full((padded, tokens), -1, dtype=np.int64) for _ in range(4))
    row = np.repeat(row_of, lengths)
    place = entries_of(np.zeros(len(lengths), np.int64), lengths)
    column = np.repeat(start_of, lengths) + place
    entry = np.repeat(histories.bounds[order + 1] - 1 - lengths, lengths) + place
    entries[row, column], targets[row, column] = entry, entry + 1
    places[row, column], segments[row, column] = place, np.repeat(segment_of, lengths)
    places[places < 0] = 0
    return [
        Packed(*(each[start : start + rows] for each in (entries, targets, places, segments)))
        for start in range(0, padded, rows)
    ]


def _next_fit(lengths: np.ndarray, tokens: int) -> tuple[np.ndarray, np.ndarray]:
    """Row and first column of each history: a row is closed when the next history does not fit."""
    rows = np.zeros(len(lengths), dtype=np.int64)
    starts = np.zeros(len(lengths), dtype=np.int64)
    row = used = 0
    for place, length in enumerate(lengths.tolist()):
        if used + length > tokens:
            row, used = row + 1, 0
        rows[place], starts[place] = row, used
        used += length
    return rows, starts


def _segments(rows: np.ndarray) -> np.ndarray:
    firsts = np.concatenate([[True], rows[1:] != rows[:-1]]) if len(rows) else np.zeros(0, bool)
    first_of = np.maximum.accumulate(np.where(firsts, np.arange(len(rows)), 0))
    segment: np.ndarray = np.arange(len(rows)) - first_of
    return segment
