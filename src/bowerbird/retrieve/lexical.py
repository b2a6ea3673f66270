"""This file is about items by their words: Lance's full-text index, filters, and mistyped words mended."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from bowerbird.core.arrays import ItemMask, ItemNumbers, Mask, Scores
from bowerbird.core.errors import FilterError, InputError
from bowerbird.core.filters import Filter
from bowerbird.lake.filters_sql import to_sql
from bowerbird.lake.tables import Table
from bowerbird.retrieve.exact_index import kept
from bowerbird.retrieve.query_words import query_words
from bowerbird.retrieve.types import FilterColumns, Hits

MIN_MENDED_LETTERS = 4
"""Shorter words have too many neighbours to guess what was meant."""
MAX_MENDED_LETTERS = 24
"""Lance refuses to look for neighbours of very long words."""
_TWO_EDITS_FROM_LETTERS = 7
_LISTED_NUMBERS = 1_000
_WIDENING = 8


@dataclass(frozen=True, slots=True)
class WordHits:
    """Items with the words of a search, best first: first those that have all of them.

    Attributes:
        numbers: [C] item numbers.
        scores: [C] BM25; comparable only within one search.
        has_all: [C] the item has every word.
        edits: how many letters of a word had to be changed to find anything with all of them; 0: none.
    """

    numbers: ItemNumbers
    scores: Scores
    has_all: Mask
    edits: int = 0

    def __len__(self) -> int:
        return len(self.numbers)


class LanceLexicalIndex:
    """Full-text search in the item table; a `LexicalIndex`. Other processes' writes are found at once."""

    def __init__(self, items: Table, columns: FilterColumns) -> None:
        self._items = items
        self._columns = columns

    def search(self, text: str, k: int, where: Filter | None = None) -> Hits:
        """One row of hits; an empty row where no word matches."""
        found = self.find(text, k, where)
        return Hits(found.numbers[None], found.scores[None])

    def find(self, text: str, k: int, where: Filter | None = None) -> WordHits:
        """At most k items with the words, those with all of them first.

        Args:
            text: as typed; operators and signs mean nothing.
            k: at least 1.
            where: only items that the filter keeps.

        Raises:
            FilterError: the filter names an unknown field.
        """
        if k < 1:
            raise InputError(f"k = {k} was received; needed is at least 1; ask for one item or more")
        mask = None if where is None else self._columns.mask(where)
        words = query_words(text)
        if not words or (mask is not None and not mask.any()):
            return _none()
        ask = self._asker(where, mask, k)
        some = ask(" ".join(words), 0, False)
        every = some if len(words) == 1 else ask(" ".join(words), 0, True)
        edits = 0
        lengths = [len(word) for word in words]
        if not len(every[0]) and min(lengths) >= MIN_MENDED_LETTERS and max(lengths) <= MAX_MENDED_LETTERS:
            allowed = 2 if max(lengths) >= _TWO_EDITS_FROM_LETTERS else 1
            while not len(every[0]) and edits < allowed:
                edits += 1
                every = ask(" ".join(words), edits, True)
        return _ranked(every, some, k, edits if len(every[0]) else 0)

    def _asker(
        self, where: Filter | None, mask: ItemMask | None, k: int
    ) -> Callable[[str, int, bool], tuple[np.ndarray, np.ndarray]]:
        def ask(text: str, edits: int, needs_all: bool) -> tuple[np.ndarray, np.ndarray]:
            sql, is_whole = _condition(where, mask)
            limit = k if is_whole else k * _WIDENING
            while True:
                found = self._items.search_words(text, limit, sql, edits=edits, needs_all=needs_all)
                numbers = found["number"].to_numpy().astype(np.int64)
                scores = found["_score"].to_numpy().astype(np.float32)
                keep = np.ones(len(numbers), bool) if mask is None else kept(mask, numbers)
                if is_whole or len(numbers) < limit or np.count_nonzero(keep) >= k:
                    return numbers[keep][:k], scores[keep][:k]
                limit *= _WIDENING

        return ask


def _condition(where: Filter | None, mask: ItemMask | None) -> tuple[str | None, bool]:
    """SQL for the filter, and whether it says all that the filter says."""
    if where is None or mask is None:
        return None, True
    if np.count_nonzero(mask) <= _LISTED_NUMBERS:
        return f"number IN ({', '.join(map(str, np.flatnonzero(mask).tolist()))})", True
    try:
        return to_sql(where), True
    except FilterError:  # the catalogue knows more fields than the table, colour for one
        return None, False


def _ranked(
    every: tuple[np.ndarray, np.ndarray], some: tuple[np.ndarray, np.ndarray], k: int, edits: int
) -> WordHits:
    also = ~np.isin(some[0], every[0])
    numbers = np.concatenate([every[0], some[0][also]])[:k]
    scores = np.concatenate([every[1], some[1][also]])[:k]
    has_all = np.arange(len(numbers)) < len(every[0])
    # Ties keep catalogue order, so that a page is the same on every replica.
    order = np.lexsort((numbers, -np.round(scores, 6), ~has_all))
    return WordHits(numbers[order], scores[order], has_all[order], edits)


def _none() -> WordHits:
    return WordHits(np.empty(0, np.int64), np.empty(0, np.float32), np.empty(0, bool))
