"""This file is about which slots of a page candidates took, and why: as columns, for the request log."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import get_args

import numpy as np

from bowerbird.blend.types import Placement, ReasonKind

NO_SLOT = -1
REASON_KINDS: tuple[str, ...] = get_args(ReasonKind)
"""Order of the reason codes; they are stored, so new kinds go at the end of `ReasonKind`."""


@dataclass(frozen=True, slots=True)
class SlotsTaken:
    """What became of candidates.

    Attributes:
        positions: int16 [C] slot; `NO_SLOT` where it took none.
        propensities: float32 [C] chance that it came into its slot; 0 where it took none.
        reasons: int8 [C] rows of `REASON_KINDS`; -1 where it took none.
    """

    positions: np.ndarray
    propensities: np.ndarray
    reasons: np.ndarray


def slots_taken(count: int, rows: np.ndarray, placements: Sequence[Placement]) -> SlotsTaken:
    """What became of `count` candidates.

    Args:
        rows: int64 [S] of those that took a slot.
        placements: [S] where each is, why, and by which chance.
    """
    positions = np.full(count, NO_SLOT, dtype=np.int16)
    positions[rows] = [each.position for each in placements]
    propensities = np.zeros(count, dtype=np.float32)
    propensities[rows] = [each.propensity for each in placements]
    reasons = np.full(count, -1, dtype=np.int8)
    reasons[rows] = [REASON_KINDS.index(each.reason.kind) for each in placements]
    return SlotsTaken(positions, propensities, reasons)
