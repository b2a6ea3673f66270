"""This file is about groups of alike pictures, and what to call them."""

import math
import re
from collections import Counter
from dataclasses import dataclass

import numpy as np

from bowerbird.core.arrays import Embeddings

MAX_GROUPS = 16
ITEMS_PER_GROUP = 12
ROUNDS = 12
FEWEST_MEMBERS = 4
LEAST_TITLES = 2
PRIOR = 0.5
_WORD = re.compile(r"[^\W\d_]{3,}")


@dataclass(frozen=True, slots=True)
class LookGroup:
    """Pictures that look alike.

    Attributes:
        rows: int64 rows of the members.
        centre: row of the member nearest to all.
    """

    label: str
    rows: np.ndarray
    centre: int


def look_groups(
    vectors: Embeddings, titles: list[str], colours: np.ndarray, colour_names: tuple[str, ...]
) -> list[LookGroup]:
    """Groups of at least four, largest first, each under its own name.

    Args:
        vectors: [S, D] unit rows; rows of zeros are left out.
        titles: S titles; may be empty.
        colours: [S, n] shares of named colours, for names where titles say nothing.

    Source: spherical k-means with farthest-first seeds (Dhillon and Modha, 2001).
    """
    held = np.flatnonzero(np.einsum("sd,sd->s", vectors, vectors) > 0)
    count = min(MAX_GROUPS, len(held) // ITEMS_PER_GROUP)
    if count < 2:
        return []
    group_of = _spherical_k_means(vectors[held], count)
    words = [set(_WORD.findall(title.lower())) for title in titles]
    everywhere = Counter(word for each in words for word in each)
    groups: list[LookGroup] = []
    taken: set[str] = set()
    for group in np.argsort(-np.bincount(group_of, minlength=count), kind="stable"):
        rows = held[group_of == group]
        if len(rows) < FEWEST_MEMBERS:
            continue
        inside = Counter(word for row in rows for word in words[row])
        label = (
            _title_word(inside, everywhere, len(rows) / len(titles), taken)
            or _colour_name(colours[rows].mean(axis=0), colour_names, taken)
            or f"Pictures {len(groups) + 1}"
        )
        taken.add(label)
        middle = vectors[rows].sum(axis=0)
        groups.append(LookGroup(label, rows, int(rows[np.argmax(vectors[rows] @ middle)])))
    return groups


def _spherical_k_means(vectors: Embeddings, count: int) -> np.ndarray:
    """[S] group of each row."""
    seeds = [int(np.argmax(vectors @ vectors.sum(axis=0)))]
    nearest = vectors @ vectors[seeds[0]]
    for _ in range(count - 1):
        seeds.append(int(np.argmin(nearest)))
        nearest = np.maximum(nearest, vectors @ vectors[seeds[-1]])
    centres = vectors[seeds]
    group_of = np.zeros(len(vectors), dtype=np.int64)
    for _ in range(ROUNDS):
        group_of = np.argmax(vectors @ centres.T, axis=1)
        sums = np.zeros_like(centres)
        np.add.at(sums, group_of, vectors)
        centres = sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-6)
    return group_of


def _title_word(inside: Counter[str], everywhere: Counter[str], share: float, taken: set[str]) -> str:
    """The word that tells a group's titles from all titles; empty where none does.

    Args:
        inside, everywhere: in how many titles of the group, and of all, each word is.
        share: the group's part of all items.
    """
    # How much oftener than by chance, times how often: rare flukes and words of every title lose.
    told = {
        word: hits * math.log((hits + PRIOR) / (everywhere[word] * share + PRIOR))
        for word, hits in inside.items()
        if hits >= LEAST_TITLES and word.capitalize() not in taken
    }
    best = max(told, key=lambda word: (told[word], word), default="")
    return best.capitalize() if best and told[best] > 0 else ""


def _colour_name(shares: np.ndarray, names: tuple[str, ...], taken: set[str]) -> str:
    """After the colour that most of the pictures have; empty where they have none or it is taken."""
    name = f"Mostly {names[int(np.argmax(shares))]}"
    return name if shares.any() and name not in taken else ""
