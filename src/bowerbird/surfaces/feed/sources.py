"""This file is about sources: each proposes items for a person, and says why."""

from dataclasses import dataclass

import numpy as np

from bowerbird.core.filters import Filter
from bowerbird.retrieve.types import Candidates
from bowerbird.surfaces.feed.person import Tasted
from bowerbird.surfaces.feed.types import Sight

INTERESTS, LEARNED, TASTE = "interests", "learned", "taste"
POPULAR, FRESH, EXPLORE = "popular", "fresh", "explore"
SOURCE_NAMES = (INTERESTS, LEARNED, TASTE, POPULAR, FRESH, EXPLORE)
"""Order of the source codes; the first one that proposes an item is named."""
NONE = -1


@dataclass(frozen=True, slots=True)
class Proposal:
    """What one source proposes, best first.

    Attributes:
        numbers: int64 [P].
        scores: float32 [P]; comparable only within the source.
        evidence: int64 [P] the item that led to each; -1 where none did.
    """

    source: str
    numbers: np.ndarray
    scores: np.ndarray
    evidence: np.ndarray


def near_interests(
    sight: Sight, tasted: Tasted, quotas: np.ndarray, k: int, where: Filter | None
) -> Proposal:
    """Neighbours of the items that a person likes, by look and by words, in one batch for each space.

    Args:
        quotas: int64 [Q] how many neighbours each may propose, at most k.
    """
    numbers = tasted.tastes.numbers
    if not len(numbers):
        return without_evidence(INTERESTS, np.zeros(0, dtype=np.int64))
    spaces = (sight.look.search(tasted.look, k, where), sight.words.search(tasted.words, k, where))
    # [Q, k] of both spaces side by side, so that a quota takes the best ranks of either.
    found = np.stack([hits.numbers for hits in spaces], axis=2)  # [Q, k, 2]
    scores = np.stack([hits.scores for hits in spaces], axis=2)
    ranks = np.broadcast_to(np.arange(found.shape[1])[None, :, None], found.shape)
    wanted = (found >= 0) & (ranks < quotas[:, None, None]) & (found != numbers[:, None, None])
    evidence = np.broadcast_to(numbers[:, None, None], found.shape)[wanted]
    order = np.argsort(ranks[wanted], kind="stable")
    return Proposal(
        INTERESTS,
        found[wanted][order],
        scores[wanted][order].astype(np.float32),
        evidence[order],
    )


def without_evidence(source: str, numbers: np.ndarray, scores: np.ndarray | None = None) -> Proposal:
    """A proposal that no liked item led to."""
    count = len(numbers)
    return Proposal(
        source,
        numbers.astype(np.int64),
        np.zeros(count, dtype=np.float32) if scores is None else scores.astype(np.float32),
        np.full(count, NONE, dtype=np.int64),
    )


def explore(allowed: np.ndarray, categories: np.ndarray, limit: int, seed: int) -> Proposal:
    """Items by chance, as even over the categories as can be.

    Args:
        allowed: int64 [N] numbers to draw from.
        categories: int32 by number; -1 where unknown.
    """
    rng = np.random.default_rng(seed)
    if len(allowed) <= 2 * limit:
        drawn = rng.permutation(allowed)
    else:
        # With three times as many draws as wanted, even a rare category is met.
        drawn = np.unique(allowed[rng.integers(len(allowed), size=3 * limit)])
        drawn = rng.permutation(drawn)
    return without_evidence(EXPLORE, drawn[_turns(categories[drawn])[:limit]])


def merge(proposals: list[Proposal]) -> Candidates:
    """All proposals as candidates, each item once: with the score and evidence of its first source."""
    numbers = np.concatenate([proposal.numbers for proposal in proposals])
    codes = [SOURCE_NAMES.index(proposal.source) for proposal in proposals]
    sources = np.repeat(np.array(codes, dtype=np.int64), [len(proposal.numbers) for proposal in proposals])
    first = np.sort(np.unique(numbers, return_index=True)[1])
    return Candidates(
        numbers[first],
        np.concatenate([proposal.scores for proposal in proposals])[first],
        sources[first],
        SOURCE_NAMES,
        np.concatenate([proposal.evidence for proposal in proposals])[first],
    )


def _turns(codes: np.ndarray) -> np.ndarray:
    """Rows so that each code has its turn: all firsts of their code, then all seconds, and so on."""
    by_code = np.argsort(codes, kind="stable")
    _, starts, lengths = np.unique(codes[by_code], return_index=True, return_counts=True)
    turn = np.empty(len(codes), dtype=np.int64)
    turn[by_code] = np.arange(len(codes)) - np.repeat(starts, lengths)
    return np.argsort(turn, kind="stable")
