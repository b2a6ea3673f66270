"""This file is about the mix of a page: which stream each candidate belongs to, and each stream's share."""

from dataclasses import dataclass

import numpy as np

from bowerbird.core.arrays import Scores
from bowerbird.rank import Features
from bowerbird.retrieve.types import Candidates
from bowerbird.surfaces.feed.config import FeedConfig
from bowerbird.surfaces.feed.person import Person
from bowerbird.surfaces.feed.sources import EXPLORE, FRESH, INTERESTS, LEARNED, POPULAR, SOURCE_NAMES, TASTE

FLATTEN = 0.75
"""Exponent on importance: small interests get more than their part, so that none is drowned."""


@dataclass(frozen=True, slots=True)
class Mix:
    """Streams of the candidates.

    Attributes:
        streams: int64 [C] rows of `shares`.
        shares: [S] first one for each interest that is asked for, then one for each other source; sums to 1.
    """

    streams: np.ndarray
    shares: Scores


def mix(candidates: Candidates, known: Features, person: Person, config: FeedConfig) -> Mix:
    """The streams and shares of a page."""
    asked, interest_row = np.unique(person.tasted.interest_of, return_inverse=True)
    streams = len(asked) + candidates.sources - 1  # the codes of SOURCE_NAMES after the interests
    personal = candidates.sources == SOURCE_NAMES.index(INTERESTS)
    streams[personal] = interest_row[known.nearest[personal]]
    trained = _trained_shares(candidates, config)
    interests = interest_shares(person, asked, config) * (1.0 - sum(trained.values()))
    shares = np.concatenate([interests, _other_shares(person, trained, config)])
    # A stream without candidates leaves its share to the others.
    shares *= np.bincount(streams, minlength=len(shares)) > 0
    total = float(shares.sum())
    return Mix(streams, (shares / total if total > 0 else shares).astype(np.float32))


def personal_share(person: Person, config: FeedConfig) -> float:
    """The part of the page that interests fill: more, the more the person has done lately."""
    if not len(person.tasted.interest_of):
        return 0.0
    strength = person.interests.strength
    return config.max_personal_share * strength / (strength + config.half_personal_saves)


def interest_shares(person: Person, asked: np.ndarray, config: FeedConfig) -> np.ndarray:
    """[I] parts of the page for the interests `asked`; the newest has at least its least share of them."""
    if not len(asked):
        return np.zeros(0)
    flat = person.interests.importance[asked].astype(np.float64) ** FLATTEN
    flat /= max(float(flat.sum()), 1e-12)
    newest = asked == person.interests.interest_of[0]
    if newest.any() and flat[newest][0] < config.least_newest_share:
        flat *= (1.0 - config.least_newest_share) / (1.0 - flat[newest][0])
        flat[newest] = config.least_newest_share
    shares: np.ndarray = flat * personal_share(person, config)
    return shares


def _trained_shares(candidates: Candidates, config: FeedConfig) -> dict[str, float]:
    """The parts of what is personal that trained models have, by source; none for one that proposed nothing.

    Together at most the whole: two that were given more share it.
    """
    given = {LEARNED: config.learned_share, TASTE: config.taste_share}
    there = {
        name: share if (candidates.sources == SOURCE_NAMES.index(name)).any() else 0.0
        for name, share in given.items()
    }
    total = max(sum(there.values()), 1.0)
    return {name: share / total for name, share in there.items()}


def _other_shares(person: Person, trained: dict[str, float], config: FeedConfig) -> np.ndarray:
    personal = personal_share(person, config)
    parts = {POPULAR: config.popular_share, FRESH: config.fresh_share, EXPLORE: config.explore_share}
    left = (1.0 - personal) / max(sum(parts.values()), 1e-12)
    shares = {name: part * personal for name, part in trained.items()}
    shares |= {name: part * left for name, part in parts.items()}
    return np.array([shares[name] for name in SOURCE_NAMES[1:]])
