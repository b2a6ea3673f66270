"""This file is about the chance that what was found is what was asked for.

A logistic model of three facts about a search by words: how well the hit answers it, how near the search is
to any phrase of the catalogue, and how near to things that the catalogue does not name. It is fitted on the
catalogue itself: phrases of its own words are searches that must be found, everyday things that its words do
not name are searches that must not. Weights measured on other catalogues stand in where there is too little.
"""

from dataclasses import dataclass

import numpy as np

WORDED_ODDS = np.array([9.0, 3.5, -3.7, -5.2])
WORDLESS_ODDS = np.array([7.0, 2.8, -1.4, -3.5])
DEFAULT_LOOK_ODDS = np.array([7.4, -4.7])
"""Weights of the facts, then the constant; measured on four catalogues, with and without the items' words."""

_CAUTION = 0.8
"""Taken from the constant: an answer to what is not there annoys more than a hint too few."""

_PULL = np.array([0.05, 0.05, 0.05, 0.02])
_STEPS = 25
_DOUBT = 0.03  # some phrases say nothing about the picture, and some absent things are there unnamed


@dataclass(frozen=True, slots=True)
class Searches:
    """Searches whose answer is known.

    Attributes:
        facts: [S, 3] columns: best score, nearness to the vocabulary, nearness to absent things.
        is_present: [S].
    """

    facts: np.ndarray
    is_present: np.ndarray


def probability(facts: np.ndarray, odds: np.ndarray) -> np.ndarray:
    """[...] chance for facts [..., f], by weights [f + 1]."""
    chance: np.ndarray = 1 / (1 + np.exp(-np.clip(facts @ odds[:-1] + odds[-1], -30, 30)))
    return chance


def fit_odds(searches: Searches, default: np.ndarray) -> np.ndarray:
    """[f + 1] weights that tell present from absent, both kinds counted alike, pulled towards `default`.

    Newton's method on the penalised likelihood, then `_CAUTION`; with no searches the default itself.
    """
    present, absent = int(searches.is_present.sum()), int((~searches.is_present).sum())
    if min(present, absent) == 0:
        return default
    facts = np.column_stack([searches.facts, np.ones(len(searches.facts))])
    wanted = np.where(searches.is_present, 1 - _DOUBT, _DOUBT)
    balance = np.where(searches.is_present, 0.5 / present, 0.5 / absent) * (present + absent)
    pull = np.diag(_PULL) * 20
    odds = default.astype(np.float64)
    for _ in range(_STEPS):
        chance = probability(searches.facts, odds)
        slope = facts.T @ (balance * (chance - wanted)) + pull @ (odds - default)
        curve = (facts * (balance * np.maximum(chance * (1 - chance), 1e-4))[:, None]).T @ facts + pull
        odds = odds - np.linalg.solve(curve, slope)
    odds[-1] -= _CAUTION
    return odds
