"""This file is about the randomised slice: a few pages whose slots are drawn evenly, to learn without bias.

What a ranker learns from its own pages it has chosen itself. On a page of the slice each of the best `pool`
candidates is as likely as any other to be in any slot: the chance is one in `pool`, and is logged.
"""

import zlib
from dataclasses import dataclass

import numpy as np

POOL_PAGES = 3
RANDOM_POLICY = "even-1"
_CHANCES = 2**32


@dataclass(frozen=True, slots=True)
class Filled:
    """How the slots of a page were filled.

    Attributes:
        policy: which way.
        rows: int64 [S] of the candidates, by slot.
        chances: float32 [S] of each to be in its slot, before the draw; 1 where nothing was drawn.
    """

    policy: str
    rows: np.ndarray
    chances: np.ndarray


def is_drawn(seed: int, share: float) -> bool:
    """Whether the page with this seed is in the slice; the same page always is, or never."""
    return zlib.crc32(b"slice:%d" % seed) < share * _CHANCES


def drawn(count: int, limit: int, seed: int) -> Filled:
    """`limit` slots, drawn evenly from the best of `count` candidates."""
    pool = min(count, POOL_PAGES * limit)
    rows = np.random.default_rng([seed, 1]).permutation(pool)[:limit]
    return Filled(RANDOM_POLICY, rows, np.full(len(rows), 1.0 / max(pool, 1), np.float32))
