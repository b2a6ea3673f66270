"""This file is about short searches made from a catalogue's own words: phrases that are surely in it."""

import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

_WORD = re.compile(r"[^\W\d_]{2,}")
_EMPTY_WORDS = """
a an and are as at be by for from her his in into is it its of on or our the their this that to was with
your you not no all any can may will has have than them they these those very
"""
_EMPTY = frozenset(_EMPTY_WORDS.split())
_LONGEST = 3


@dataclass(frozen=True, slots=True)
class Phrases:
    """Phrases of a catalogue, and every word that it uses.

    Attributes:
        texts: distinct phrases of one to three words, each with at least one telling word.
        words: all words of all texts, in lower case, plural endings off.
    """

    texts: tuple[str, ...]
    words: frozenset[str]


def phrases_of(texts: Sequence[str], *, limit: int) -> Phrases:
    """At most `limit` phrases, spread over the texts; the same for the same texts in any order."""
    words: set[str] = set()
    found: set[str] = set()
    for text in texts:
        for line in text.split("\n")[:12]:
            line_words = _WORD.findall(line.lower())[:40]
            words.update(stem(word) for word in line_words)
            found.update(_windows(line_words))
    chosen = sorted(found, key=lambda phrase: (zlib.crc32(phrase.encode()), phrase))[:limit]
    return Phrases(tuple(chosen), frozenset(words))


def names_none_of(text: str, words: frozenset[str]) -> bool:
    """Whether no telling word of `text` is among `words`."""
    return not any(stem(word) in words for word in _WORD.findall(text.lower()) if word not in _EMPTY)


def stem(word: str) -> str:
    """The word without a plural ending; crude, for comparing words only."""
    for ending, kept in (("ies", "y"), ("sses", "ss"), ("shes", "sh"), ("ches", "ch"), ("xes", "x")):
        if word.endswith(ending) and len(word) > len(ending) + 1:
            return word[: -len(ending)] + kept
    return word[:-1] if word.endswith("s") and not word.endswith("ss") and len(word) > 3 else word


def _windows(words: list[str]) -> list[str]:
    made = []
    for start in range(len(words)):
        for size in range(1, _LONGEST + 1):
            window = words[start : start + size]
            # A phrase that starts or ends with "of the" is none that a person would type.
            if len(window) == size and window[0] not in _EMPTY and window[-1] not in _EMPTY:
                made.append(" ".join(window))
    return made
