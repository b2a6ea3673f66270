"""This file is about joining lists: several sources propose items, one list of candidates comes out.

Two ways to score an item that several sources propose:

- `probable` (the default): each source says how probable it is that its hit is relevant, and the item is
  relevant unless all of them are wrong. A source that is sure counts for more than one that only ranks, and
  the result is what the cut-off needs.
- `reciprocal`: the sum of 1 / (60 + rank). For sources without calibrated scores. Source: "Reciprocal rank
  fusion outperforms Condorcet and individual rank learning methods", SIGIR 2009, section 2.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from bowerbird.core.arrays import ItemNumbers, Scores
from bowerbird.core.errors import InputError
from bowerbird.retrieve.types import Candidates, Hits

RECIPROCAL_RANK_CONSTANT = 60
Method = Literal["probable", "reciprocal"]


@dataclass(frozen=True, slots=True)
class SourceHits:
    """What one source proposes.

    Attributes:
        name: of the source.
        numbers: [P] item numbers, best first, each once.
        probabilities: [P] float32 chance that each is relevant, 0 to 1; for `reciprocal` any numbers.
        evidence: [P] item number that led to each, -1 where none did; None: none did.
        weight: how much the source counts.
        quota: so many places are its own, as long as it has items for them.
    """

    name: str
    numbers: ItemNumbers
    probabilities: Scores
    evidence: ItemNumbers | None = None
    weight: float = 1.0
    quota: int = 0


def merge(sources: Sequence[SourceHits], limit: int, *, method: Method = "probable") -> Candidates:
    """The best `limit` items of all sources, each once, best first.

    An item is attributed to the first of the sources, in the given order, that proposes it. Where quotas
    leave no room for all, the least of the items that no quota protects give way.

    Raises:
        InputError: no sources, or quotas that add up to more than the limit.
    """
    names = tuple(source.name for source in sources)
    if not sources or sum(source.quota for source in sources) > limit:
        raise InputError(
            f"sources {names} with quotas {[source.quota for source in sources]} and limit {limit} were "
            "received; needed is at least one source and quotas within the limit; lower them"
        )
    numbers = np.concatenate([source.numbers for source in sources])
    ranks = np.concatenate([np.arange(len(source.numbers)) for source in sources])
    code = np.repeat(np.arange(len(sources)), [len(source.numbers) for source in sources])
    evidence = np.concatenate([_evidence(source) for source in sources])
    unique, first, item = np.unique(numbers, return_index=True, return_inverse=True)
    scores = _scores(sources, ranks, code, item, len(unique), method)
    order = np.lexsort((unique, -np.round(scores, 6)))
    place = np.empty(len(unique), np.int64)
    place[order] = np.arange(len(unique))
    is_owed = np.zeros(len(unique), bool)
    is_owed[item[ranks < np.array([source.quota for source in sources])[code]]] = True
    chosen = np.lexsort((place, ~is_owed))[:limit]
    chosen = chosen[np.argsort(place[chosen])]
    rows = first[chosen]
    return Candidates(
        unique[chosen], scores[chosen].astype(np.float32), code[rows], names, evidence[rows].astype(np.int64)
    )


def first_row(name: str, hits: Hits, probabilities: np.ndarray, *, weight: float = 1.0) -> SourceHits:
    """A source out of the answer to one query; `probabilities` [1, K] belong to its scores."""
    there = hits.numbers[0] >= 0
    return SourceHits(name, hits.numbers[0][there], probabilities[0][there].astype(np.float32), weight=weight)


def _scores(
    sources: Sequence[SourceHits],
    ranks: np.ndarray,
    code: np.ndarray,
    item: np.ndarray,
    items: int,
    method: Method,
) -> np.ndarray:
    weights = np.array([source.weight for source in sources])[code]
    if method == "reciprocal":
        return np.bincount(item, weights / (RECIPROCAL_RANK_CONSTANT + ranks + 1), minlength=items)
    given = np.concatenate([source.probabilities for source in sources]).astype(np.float64)
    doubt = np.log1p(-np.clip(given, 0.0, 1 - 1e-6)) * weights
    chance: np.ndarray = 1 - np.exp(np.bincount(item, doubt, minlength=items))
    return chance


def _evidence(source: SourceHits) -> np.ndarray:
    return np.full(len(source.numbers), -1, np.int64) if source.evidence is None else source.evidence
