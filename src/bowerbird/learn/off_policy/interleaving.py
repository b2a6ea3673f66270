"""This file is about interleaving: two orders on one page, so that one person at one moment judges both.

Team draft (Radlinski, Kurup and Joachims, 2008): in each round the two orders pick in a drawn sequence, each
its best item that is not on the page yet; an action on an item counts for the order that picked it. A
person's own level of action cancels out, so that far fewer pages tell two orders apart than people in two
arms.
"""

from dataclasses import dataclass

import numpy as np
from scipy.stats import binomtest

from bowerbird.core.errors import InputError

FIRST, SECOND = 0, 1


@dataclass(frozen=True, slots=True)
class Interleaved:
    """A page: int64 [S] items, and int8 [S] which order picked each."""

    items: np.ndarray
    teams: np.ndarray


@dataclass(frozen=True, slots=True)
class Credits:
    """What pages said.

    Attributes:
        first, second, ties: pages that each order won, and those that neither did.
        share: of the pages with a winner that the second won, with its 95 % interval (Clopper and Pearson).
        p_value: of the sign test that both are as good.
    """

    first: int
    second: int
    ties: int
    share: float
    low: float
    high: float
    p_value: float


def interleave(first: np.ndarray, second: np.ndarray, limit: int, seed: int) -> Interleaved:
    """A page of at most `limit` items of two orders.

    Args:
        first, second: int64 items, best first, each once.

    Raises:
        InputError: an order names an item twice.
    """
    for order in (first, second):
        if len(np.unique(order)) != len(order):
            raise InputError("an order names an item twice; needed is each once; drop the later ones")
    orders = (first.tolist(), second.tolist())
    rng = np.random.default_rng(seed)
    taken: set[int] = set()
    items: list[int] = []
    teams: list[int] = []
    places = [0, 0]
    while len(items) < limit:
        begins = int(rng.integers(2))
        before = len(items)
        for team in (begins, 1 - begins):
            order = orders[team]
            while places[team] < len(order) and order[places[team]] in taken:
                places[team] += 1
            if places[team] < len(order) and len(items) < limit:
                taken.add(order[places[team]])
                items.append(order[places[team]])
                teams.append(team)
        if len(items) == before:
            break  # both are at their end
    return Interleaved(np.array(items, dtype=np.int64), np.array(teams, dtype=np.int8))


def compared(pages: np.ndarray, teams: np.ndarray, gains: np.ndarray) -> Credits:
    """Which order people acted on, page by page; a page counts once, however much was done on it.

    Args:
        pages: int64 [N] page of each item.
        teams: int8 [N] who picked it.
        gains: float64 [N] what was done with it.
    """
    _, page = np.unique(pages, return_inverse=True)
    lead = np.bincount(page, weights=np.where(teams == SECOND, gains, -gains)) if len(pages) else np.zeros(0)
    first, second = int((lead < 0).sum()), int((lead > 0).sum())
    ties = len(lead) - first - second
    if not first + second:
        return Credits(0, 0, ties, 0.5, 0.0, 1.0, 1.0)
    test = binomtest(second, first + second)
    interval = test.proportion_ci(0.95)
    return Credits(first, second, ties, second / (first + second), interval.low, interval.high, test.pvalue)
