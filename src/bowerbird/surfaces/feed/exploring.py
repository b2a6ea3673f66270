"""This file is about exploring slots: a place or two on each page where little-known items are tried.

Each of a pool of candidates that nobody has a firm opinion of is as likely as any other to come into such a
slot; that chance is logged with the placement, so that what is learned there can be weighed for what it is.
"""

from dataclasses import dataclass

import numpy as np

_STREAM = 2
"""Of the page's chance; the randomised slice has another."""


@dataclass(frozen=True, slots=True)
class Tried:
    """Rows of candidates for slots.

    Attributes:
        row_at: slot → row.
        chance: of each of them to be in its slot, before the draw.
    """

    row_at: dict[int, int]
    chance: float = 1.0


NOTHING_TRIED = Tried({})


def tried(is_open: np.ndarray, slots: tuple[int, ...], limit: int, most: int, seed: int) -> Tried:
    """What is tried on one page.

    Args:
        is_open: bool [C] candidates, best first, that may be tried.
        slots: where, from 0; those beyond the page are left out.
        most: of the best of them are drawn from.
        seed: of the chance on the page.
    """
    pool = np.flatnonzero(is_open)[:most]
    there = [slot for slot in slots if slot < limit][: len(pool)]
    if not there:
        return NOTHING_TRIED
    drawn = np.random.default_rng([seed, _STREAM]).choice(pool, len(there), replace=False)
    return Tried(dict(zip(there, drawn.tolist(), strict=True)), 1.0 / len(pool))
