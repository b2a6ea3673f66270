"""This file is about how much a profile leans on what everybody likes: as much as makes its shares true.

Where people like what most people like, three saves say little of the fourth; where tastes lie far apart,
they say much. Which of the two a catalogue is, its own log tells.
"""

from dataclasses import dataclass

import numpy as np

from bowerbird.taste.config import TasteConfig
from bowerbird.taste.interest_tree.profile import Done, Leaning, of_everybody, profile_of
from bowerbird.taste.interest_tree.types import InterestTree
from bowerbird.taste.types import VectorsOf

LEAST_LIKES, LEAST_PEOPLE, MOST_PEOPLE = 8, 20, 200
_HELD_SHARE = 0.3
_MOMENTS = 8
_PRIORS = np.geomspace(0.25, 64.0, 17)
_MOST_OWN = np.arange(4, 11) / 10
_FLOOR = 1e-4


@dataclass(frozen=True, slots=True)
class _Told:
    """One person: float64 [later likes] what they did and what everybody likes say of each."""

    own: np.ndarray
    base: np.ndarray
    strength: float


def truest_leaning(
    tree: InterestTree,
    marks: np.ndarray,
    vectors_of: VectorsOf,
    config: TasteConfig,
    *,
    otherwise: Leaning,
    seed: int = 0,
) -> Leaning:
    """The leaning under which people's later likes were likeliest, told from what came before them.

    The later three tenths of a person's likes are told from what they did before; what everybody likes is
    known up to the last of eight moments before that. An empirical Bayes estimate of the weight of a
    Dirichlet prior, mixed with it once more: many likes of one evening say less than as many of a year.

    Args:
        marks: `MARK` rows of actions, in any order.
        otherwise: where fewer than `LEAST_PEOPLE` people have done enough.
    """
    likes = marks[marks["weight"] > 0]
    counts = np.bincount(likes["source"]) if len(likes) else np.zeros(0, np.int64)
    able = np.flatnonzero(counts >= LEAST_LIKES)
    people = np.random.default_rng(seed).permutation(able)[:MOST_PEOPLE]
    marks = marks[np.isin(marks["source"], people)]
    marks = marks[np.lexsort((marks["at_ms"], marks["source"]))]
    moments = (
        np.quantile(likes["at_ms"], np.arange(_MOMENTS) / _MOMENTS).astype(np.int64) if len(likes) else []
    )
    everybody = [
        of_everybody(tree, np.bincount(before["target"], before["weight"]))
        for before in (likes[likes["at_ms"] < moment] for moment in moments)
    ]
    bounds = np.searchsorted(marks["source"], np.stack([people, people + 1]))
    told = [
        found
        for first, last in bounds.T.tolist()
        if (found := _told(tree, marks[first:last], vectors_of, config, np.asarray(moments), everybody))
    ]
    if len(told) < LEAST_PEOPLE:
        return otherwise
    tried = [Leaning(float(prior), float(most), len(told)) for prior in _PRIORS for most in _MOST_OWN]
    return max(tried, key=lambda leaning: np.mean([_likelihood(each, leaning) for each in told]))


def _told(
    tree: InterestTree,
    marks: np.ndarray,
    vectors_of: VectorsOf,
    config: TasteConfig,
    moments: np.ndarray,
    everybody: list[np.ndarray],
) -> _Told | None:
    """One person's marks, oldest first; None where nothing is earlier, or nothing later has an interest."""
    likes = marks[marks["weight"] > 0]
    t_ms = int(likes["at_ms"][int(len(likes) * (1 - _HELD_SHARE))])
    later = likes["target"][likes["at_ms"] >= t_ms]
    leaves = tree.leaf_of[later[later < len(tree.leaf_of)]]
    leaves = leaves[leaves >= 0]
    before = marks[marks["at_ms"] < t_ms][::-1]
    known = int(np.searchsorted(moments, t_ms, side="right")) - 1
    if not len(leaves) or not len(before) or known < 0:
        return None
    done = Done(before["target"].astype(np.int64), before["action"], before["at_ms"])
    profile = profile_of(tree, done, vectors_of, (), t_ms, config)
    return _Told(profile.hefts[leaves], everybody[known][leaves], profile.strength)


def _likelihood(told: _Told, leaning: Leaning) -> float:
    return float(np.log(leaning.shares(told.own, told.strength, told.base) + _FLOOR).mean())
