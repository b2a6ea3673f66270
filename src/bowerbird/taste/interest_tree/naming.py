"""This file is about names of interests made out of vectors: the words that tell them from others."""

import re
from collections import Counter
from collections.abc import Sequence

import numpy as np

from bowerbird.taste.interest_tree.types import ROOT

_WORD = re.compile(r"[^\W\d_]{3,}")
_UNNAMED = "Interest"
_WORDS = 2
_LEAST_ITEMS = 2
_LEAST_SHARE = 0.25
"""Of how many items the commonest word of an interest is in: rare words name nothing."""
_STEM = 4
_SMOOTHING = 0.5
_SAYS_NOTHING = frozenset(
    (
        "the",
        "and",
        "with",
        "for",
        "from",
        "this",
        "that",
        "your",
        "our",
        "its",
        "are",
        "was",
        "has",
        "all",
        "new",
    )
)


def distinguishing(leaf_of: np.ndarray, parents: np.ndarray, texts: Sequence[str]) -> tuple[str, ...]:
    """A name for each interest: the words that are commoner in it than among its siblings.

    A word has to occur in two items of it, so that no name tells of a single one; where no word does, the
    interest is `Interest N`. No two siblings have one name.

    Args:
        leaf_of: int64 [N] the interest that each item was put into; -1 for none.
        parents: int64 [I], parents before children.
        texts: [N] words of the items.

    Source: log odds with an informative prior, as in "Fightin' Words" (Monroe et al., 2008), section 3.5.1.
    """
    held = [Counter[str]() for _ in parents]
    for leaf, text in zip(leaf_of.tolist(), texts, strict=True):
        if leaf >= 0:
            held[leaf].update({word.casefold() for word in _WORD.findall(text)} - _SAYS_NOTHING)
    for place in range(len(parents) - 1, -1, -1):
        if parents[place] != ROOT:
            held[parents[place]].update(held[place])
    everything = Counter[str]()
    for place in np.flatnonzero(parents == ROOT).tolist():
        everything.update(held[place])
    names: list[str] = []
    taken: set[tuple[int, str]] = set()
    for place, parent in enumerate(parents.tolist()):
        around = everything if parent == ROOT else held[parent]
        name = " & ".join(_best(held[place], around)) or unnamed(place)
        if (parent, name) in taken:
            name = f"{name} {place + 1}"
        taken.add((parent, name))
        names.append(name[:1].upper() + name[1:])
    return tuple(names)


def unnamed(place: int) -> str:
    """What an interest is called for which there is no word."""
    return f"{_UNNAMED} {place + 1}"


def is_unnamed(name: str) -> bool:
    """Whether no word was found for it."""
    return name.startswith(f"{_UNNAMED} ")


def _best(inside: Counter[str], around: Counter[str]) -> list[str]:
    """Up to two words that are much commoner inside, and common there; not one word in two forms."""
    all_in, all_around = sum(inside.values()), sum(around.values())
    commonest = max(inside.values(), default=0)
    told: list[tuple[float, str]] = []
    for word, count in inside.items():
        outside = around[word] - count
        if count < max(_LEAST_ITEMS, _LEAST_SHARE * commonest):
            continue
        prior = _SMOOTHING + around[word] / max(all_around, 1)
        odds = np.log((count + prior) / (all_in - count + prior)) - np.log(
            (outside + prior) / (max(all_around - all_in - outside, 0) + prior)
        )
        spread = np.sqrt(1 / (count + prior) + 1 / (outside + prior))
        told.append((float(odds / spread), word))
    best: list[str] = []
    for score, word in sorted(told, key=lambda each: (-each[0], each[1])):
        is_form = any(word[:_STEM] == other[:_STEM] for other in best)
        if score > 1 and not is_form and len(best) < _WORDS:
            best.append(word)
    return sorted(best, key=lambda word: -inside[word])
