"""This file is about how healthy semantic ids are: collisions, use of codes, and likes under one prefix."""

from typing import Any

import numpy as np

from bowerbird.retrieve.semantic.ids import SemanticIds

_ASKED = 2_000
_NEIGHBOURS = 10


def health_of(ids: SemanticIds, vectors: np.ndarray, size: int) -> dict[str, Any]:
    """What a card says about ids.

    `colliding_share`: items that share their L codes with another. `largest_group`: items on the same L
    codes at most. By level: `perplexity` (the exponential of its codes' entropy; at most K), `dead_codes` of
    K that no item has, `neighbour_share` (of the ten nearest items by the vectors, those with the same codes
    up to there) and `chance_share` (of any other items).

    Args:
        vectors: float32 [N, D] that the ids were made from.
        size: K.

    Source: usage perplexity and purity as the discovery notes ask; the ten nearest stand for the category.
    """
    told: dict[str, Any] = {
        "colliding_share": float((ids.codes[:, -1] >= 0).mean()) if len(ids) else 0.0,
        "largest_group": ids.largest_group,
        "perplexity": [],
        "dead_codes": [],
        "neighbour_share": [],
        "chance_share": [],
    }
    prefix = np.zeros(len(ids), dtype=np.int64)
    asked, near = _near(vectors)
    for level in range(ids.levels):
        counts = np.bincount(ids.codes[:, level], minlength=size)
        told["perplexity"].append(_perplexity(counts))
        told["dead_codes"].append(int(np.count_nonzero(counts == 0)))
        _, prefix = np.unique(prefix * size + ids.codes[:, level], return_inverse=True)
        told["neighbour_share"].append(
            float((prefix[near] == prefix[asked, None]).mean()) if near.size else 0.0
        )
        groups = np.bincount(prefix).astype(np.float64)
        pairs = len(ids) * max(len(ids) - 1, 1)
        told["chance_share"].append(float((groups * (groups - 1)).sum() / pairs))
    return told


def told_in_words(health: dict[str, Any]) -> str:
    """One line for a terminal."""
    levels = "; ".join(
        f"level {place}: perplexity {perplexity:.0f}, {dead} dead, "
        f"neighbours {near:.0%} (chance {chance:.1%})"
        for place, (perplexity, dead, near, chance) in enumerate(
            zip(
                health["perplexity"],
                health["dead_codes"],
                health["neighbour_share"],
                health["chance_share"],
                strict=True,
            ),
            start=1,
        )
    )
    return (
        f"ids: {health['colliding_share']:.1%} of items collide before the last level, "
        f"at most {health['largest_group']}; {levels}"
    )


def _perplexity(counts: np.ndarray) -> float:
    share = counts[counts > 0] / max(int(counts.sum()), 1)
    return float(np.exp(-(share * np.log(share)).sum()))


def _near(vectors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Some items, and the ten nearest others of each."""
    count = len(vectors)
    asked = np.sort(np.random.default_rng(0).permutation(count)[:_ASKED])
    lengths = np.square(vectors).sum(axis=1)
    taken = min(_NEIGHBOURS, count - 1)
    if taken <= 0:
        return asked, np.zeros((len(asked), 0), np.int64)
    parts = []
    for start in range(0, len(asked), 256):
        some = asked[start : start + 256]
        distances = lengths - 2 * (vectors[some] @ vectors.T)
        distances[np.arange(len(some)), some] = np.inf
        parts.append(np.argpartition(distances, taken - 1, axis=1)[:, :taken])
    return asked, np.concatenate(parts)
