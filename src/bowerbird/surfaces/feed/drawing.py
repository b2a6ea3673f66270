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
class Policy:
    """How the slots of a page were filled.

    Attributes:
        id: which way.
        chance: of each shown candidate to be in its slot, before the draw; 1 where nothing was drawn.
    """

    id: str
    chance: float = 1.0


def is_drawn(seed: int, share: float) -> bool:
    """Whether the page with this seed is in the slice; the same page always is, or never."""
    return zlib.crc32(b"slice:%d" % seed) < share * _CHANCES


def drawn(count: int, limit: int, seed: int) -> tuple[np.ndarray, Policy]:
    """Rows of `count` candidates, best first, for `limit` slots, and how they were drawn."""
    pool = min(count, POOL_PAGES * limit)
    rows = np.random.default_rng([seed, 1]).permutation(pool)[:limit]
    return rows, Policy(RANDOM_POLICY, 1.0 / max(pool, 1))
