"""This file is about suggestions: what someone who has typed a few letters may be about to type."""

import re
import threading
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from bowerbird.lake.catalogue import Catalogue
from bowerbird.surfaces.search.types import Suggestion, SuggestionKind

MAX_PHRASES = 20_000
MAX_CHARS = 24
LEAST_TITLES = 2
MIN_MENDED_CHARS = 4
TWO_EDITS_FROM_CHARS = 8
CHANGED = 0.05
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")
_JOINING = frozenset(
    {
        "a",
        "an",
        "and",
        "at",
        "by",
        "de",
        "des",
        "for",
        "from",
        "in",
        "la",
        "le",
        "of",
        "on",
        "or",
        "the",
        "to",
    }
    | {"und", "with", "without"}
)


class Suggester:
    """Phrases of a catalogue, found by their beginning or the beginning of one of their words.

    `refresh` reads the catalogue; until it has, there are no suggestions.
    """

    def __init__(self, catalogue: Catalogue, *, titles: int) -> None:
        self._catalogue = catalogue
        self._titles = titles
        self._phrases = _Phrases.of([])
        self._counted = (-1, 0)
        self._reading = threading.Lock()

    def suggest(self, prefix: str, limit: int) -> tuple[Suggestion, ...]:
        """At most `limit` phrases, the most frequent first; spelt nearly so where none is spelt so."""
        typed = " ".join(prefix.lower().split())
        if not typed:
            return ()
        return self._phrases.starting(typed, limit) or self._phrases.nearly(typed, limit)

    def refresh(self) -> None:
        """Read the catalogue anew if it has changed by a twentieth or more."""
        version, items = self._catalogue.version, self._catalogue.count()
        known_version, known_items = self._counted
        if version == known_version or abs(items - known_items) < CHANGED * known_items:
            return
        with self._reading:
            self._phrases = _Phrases.of(self._read())
            self._counted = (version, items)

    def _read(self) -> list[tuple[str, SuggestionKind, int]]:
        facets = self._catalogue.facets()
        kinds: list[tuple[SuggestionKind, Iterable[tuple[str, int]]]] = [
            ("category", [(each.value, each.count) for each in facets.category]),
            ("brand", [(each.value, each.count) for each in facets.brand]),
            ("colour", [(each.value, each.count) for each in facets.colour]),
            ("words", _frequent(self._some_titles())),
        ]
        taken: dict[str, tuple[str, SuggestionKind, int]] = {}
        for kind, counted in kinds:
            for text, count in counted:
                if len(text) <= MAX_CHARS:
                    taken.setdefault(text.lower(), (text, kind, count))
        most_first = sorted(taken.values(), key=lambda phrase: (-phrase[2], phrase[0]))
        return most_first[:MAX_PHRASES]

    def _some_titles(self) -> list[str]:
        numbers = np.flatnonzero(self._catalogue.mask(None))
        sample = np.random.default_rng(0).permutation(numbers)[: self._titles]
        return [self._catalogue.title(int(number)) for number in sample]


@dataclass(frozen=True, slots=True)
class _Phrases:
    """Phrases, most frequent first, and what they are found by.

    Attributes:
        starts: sorted (beginning at some word, row of the phrase).
        letters: uint32 [V, MAX_CHARS] code points of the phrases in lower case; 0 after the end.
    """

    suggestions: tuple[Suggestion, ...]
    starts: tuple[tuple[str, int], ...]
    letters: np.ndarray

    @classmethod
    def of(cls, phrases: list[tuple[str, SuggestionKind, int]]) -> "_Phrases":
        """The phrases with their indexes."""
        starts, letters = [], np.zeros((len(phrases), MAX_CHARS), dtype=np.uint32)
        for row, (text, _, _) in enumerate(phrases):
            lowered = text.lower()[:MAX_CHARS]
            letters[row, : len(lowered)] = [ord(letter) for letter in lowered]
            starts += [(lowered[word.start() :], row) for word in _WORD.finditer(lowered)]
        suggestions = tuple(Suggestion(text, kind) for text, kind, _ in phrases)
        return cls(suggestions, tuple(sorted(starts)), letters)

    def starting(self, typed: str, limit: int) -> tuple[Suggestion, ...]:
        """Phrases with a word at which `typed` begins; those that begin with it first."""
        first = bisect_left(self.starts, (typed, -1))
        last = bisect_left(self.starts, (typed + chr(0x10FFFF), -1))
        rows = {row for _, row in self.starts[first:last]}
        in_order = sorted(rows, key=lambda row: (not self._text(row).startswith(typed), row))
        return tuple(self.suggestions[row] for row in in_order[:limit])

    def nearly(self, typed: str, limit: int) -> tuple[Suggestion, ...]:
        """Phrases that begin like `typed` but for one wrong, missing, doubled or swapped letter, or two."""
        if len(typed) < MIN_MENDED_CHARS or not len(self.letters):
            return ()
        edits = _edits_to_beginning(typed[:MAX_CHARS], self.letters)
        allowed = 2 if len(typed) >= TWO_EDITS_FROM_CHARS else 1
        rows = np.flatnonzero(edits <= allowed)
        in_order = rows[np.argsort(edits[rows], kind="stable")]
        return tuple(self.suggestions[row] for row in in_order[:limit])

    def _text(self, row: int) -> str:
        return self.suggestions[row].text.lower()


def _edits_to_beginning(typed: str, letters: np.ndarray) -> np.ndarray:
    """uint8 [V] fewest edits from `typed` to any beginning of each phrase.

    Source: optimal string alignment (Damerau 1964): one letter wrong, missing, too much, or two swapped;
    row by row, all phrases at once.
    """
    count, width = letters.shape
    codes = [ord(letter) for letter in typed]
    before: np.ndarray = np.zeros((width + 1, count), dtype=np.uint8)
    row = np.repeat(np.arange(width + 1, dtype=np.uint8)[:, None], count, axis=1)
    by_place = np.ascontiguousarray(letters.T)  # [MAX_CHARS, V]
    for typed_so_far, code in enumerate(codes, start=1):
        older, before = before, row
        row = np.empty_like(before)
        row[0] = typed_so_far
        wrong = (by_place != code).astype(np.uint8)
        for place in range(1, width + 1):
            best = np.minimum(before[place] + 1, row[place - 1] + 1)
            best = np.minimum(best, before[place - 1] + wrong[place - 1])
            if typed_so_far > 1 and place > 1:
                is_swap = (by_place[place - 1] == codes[typed_so_far - 2]) & (by_place[place - 2] == code)
                best = np.where(is_swap, np.minimum(best, older[place - 2] + 1), best)
            row[place] = best
    fewest: np.ndarray = row.min(axis=0)
    return fewest


def _frequent(titles: list[str]) -> list[tuple[str, int]]:
    """Words and pairs of words that several titles have, with how many."""
    counts: Counter[str] = Counter()
    for title in titles:
        words = [word.lower() for word in _WORD.findall(title)]
        singles = {word for word in words if len(word) > 2 and word not in _JOINING and not word.isdigit()}
        pairs = {f"{left} {right}" for left, right in pairwise(words) if left in singles and right in singles}
        counts.update(singles | pairs)
    return [(text, count) for text, count in counts.items() if count >= LEAST_TITLES]
