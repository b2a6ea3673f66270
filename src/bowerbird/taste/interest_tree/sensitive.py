"""This file is about interests that are nobody's business: no targeting may use them."""

import re
from collections.abc import Sequence

import numpy as np

from bowerbird.taste.interest_tree.types import InterestTree


def targetable(tree: InterestTree, words: Sequence[str]) -> np.ndarray:
    """bool [I] interests that targeting may use: neither they nor what is above them is named by these words.

    A word counts in the singular and the plural, as a whole word, whatever its case.
    """
    if not words:
        return np.ones(len(tree), bool)
    told = re.compile(r"\b(?:" + "|".join(re.escape(word.casefold()) for word in words) + r")(?:s|es|ren)?\b")
    is_free = np.array([told.search(name.casefold()) is None for name in tree.names], bool)
    for place in range(len(tree)):
        parent = tree.parents[place]
        is_free[place] &= parent < 0 or is_free[parent]
    return is_free
