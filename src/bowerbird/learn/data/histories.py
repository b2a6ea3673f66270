"""This file is about histories: what each of some people did, oldest first, as columns with row borders."""

from dataclasses import dataclass

import numpy as np

PADDING = -1
"""Stands where a history is shorter than the array that holds it."""


@dataclass(frozen=True, slots=True)
class Histories:
    """Row b is one person's history: the entries from `bounds[b]` up to `bounds[b + 1]`, oldest first.

    Attributes:
        persons: int32 [B] person numbers.
        bounds: int64 [B + 1] borders of the rows.
        items: int32 [H of all rows] item numbers, in 0..N-1.
        at_ms: int64 [H of all rows] when; comparable between people only where the source has real times.
        actions: int8 [H of all rows] codes of `core.actions`.
        weights: float32 [H of all rows] how strongly the action says "I like this".
        asked_ms: int64 [B] the moment to answer for, -1 where it is withheld. It is the time of the target in
            leave-one-out: a model that uses it says so in its card.
    """

    persons: np.ndarray
    bounds: np.ndarray
    items: np.ndarray
    at_ms: np.ndarray
    actions: np.ndarray
    weights: np.ndarray
    asked_ms: np.ndarray

    def __len__(self) -> int:
        return len(self.persons)

    @property
    def lengths(self) -> np.ndarray:
        """int64 [B] how many entries each row has."""
        counts: np.ndarray = np.diff(self.bounds)
        return counts

    def rows(self, start: int, stop: int) -> "Histories":
        """The rows from `start` up to `stop`; no copy of the columns."""
        inside = slice(int(self.bounds[start]), int(self.bounds[stop]))
        return Histories(
            self.persons[start:stop],
            self.bounds[start : stop + 1] - self.bounds[start],
            self.items[inside],
            self.at_ms[inside],
            self.actions[inside],
            self.weights[inside],
            self.asked_ms[start:stop],
        )

    def take(self, rows: np.ndarray) -> "Histories":
        """These rows in this order."""
        lengths = self.lengths[rows]
        return self._entries(rows, entries_of(self.bounds[rows], lengths), lengths)

    def newest(self, limit: int) -> "Histories":
        """The newest `limit` entries of each row."""
        lengths = np.minimum(self.lengths, limit)
        return self._entries(np.arange(len(self)), entries_of(self.bounds[1:] - lengths, lengths), lengths)

    def padded(self, length: int) -> np.ndarray:
        """int32 [B, length] the newest items of each row at the right end, `PADDING` before them."""
        return self.padded_column(self.items, length, PADDING)

    def padded_column(self, column: np.ndarray, length: int, filler: int) -> np.ndarray:
        """[B, length] any column of the entries, the newest at the right end, `filler` before them."""
        out = np.full((len(self), length), filler, dtype=column.dtype)
        newest = np.minimum(self.lengths, length)
        entries = entries_of(self.bounds[1:] - newest, newest)
        row = np.repeat(np.arange(len(self)), newest)
        out[row, length - newest[row] + entries_of(np.zeros(len(self), np.int64), newest)] = column[entries]
        return out

    def row_of_entry(self) -> np.ndarray:
        """int64 [H of all rows] which row each entry is in."""
        row: np.ndarray = np.repeat(np.arange(len(self)), self.lengths)
        return row

    def places_from_end(self) -> np.ndarray:
        """int64 [H of all rows] 0 for the newest entry of a row, 1 for the one before, …"""
        places: np.ndarray = np.repeat(self.bounds[1:], self.lengths) - 1 - np.arange(len(self.items))
        return places

    def _entries(self, rows: np.ndarray, entries: np.ndarray, lengths: np.ndarray) -> "Histories":
        return Histories(
            self.persons[rows],
            bounds_of(lengths),
            self.items[entries],
            self.at_ms[entries],
            self.actions[entries],
            self.weights[entries],
            self.asked_ms[rows],
        )


def bounds_of(lengths: np.ndarray) -> np.ndarray:
    """int64 [B + 1] borders of rows of these lengths."""
    bounds: np.ndarray = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    return bounds


def entries_of(starts: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """int64: `start, start + 1, …` of each row, one row after the other."""
    total = int(lengths.sum())
    firsts = np.concatenate([[0], np.cumsum(lengths)[:-1]]) if len(lengths) else np.zeros(0, np.int64)
    entries: np.ndarray = np.arange(total) + np.repeat(starts - firsts, lengths)
    return entries
