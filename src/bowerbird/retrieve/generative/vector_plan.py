"""This file is about which query vectors a request gets, and what share of its candidates each may fetch."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Annotated

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from bowerbird.core.errors import InputError

ANY = "any"
"""Outcome left open."""

Share = Annotated[float, Field(ge=0)]


class VectorPlan(BaseModel):
    """Shares need not add up to 1; what has none is not generated.

    Attributes:
        outcomes: by action (`save`, `click`, …) or `any`.
        offsets: of what is next, and then of each of the model's offsets in time.
        steps: of each step of generation; from the second on, a step sees the vectors of those before as if
            they had been met, and asks only what is next.
        merge_above: vectors with a higher cosine are one, with their shares added.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    outcomes: dict[str, Share] = {ANY: 1.0}
    offsets: tuple[Share, ...] = (1.0,)
    steps: tuple[Share, ...] = (1.0,)
    merge_above: Annotated[float, Field(gt=0, le=1)] = 0.95

    def vectors(self) -> "tuple[PlannedVector, ...]":
        """Every vector of a request, largest share first.

        Raises:
            InputError: there is none.
        """
        outcomes = {name: share for name, share in self.outcomes.items() if share > 0}
        offsets = [(place, share) for place, share in enumerate(self.offsets) if share > 0]
        steps = [(place, share) for place, share in enumerate(self.steps) if share > 0]
        found = [
            PlannedVector(outcome, offset, step, share * part * piece)
            for (outcome, share), (step, piece) in product(outcomes.items(), steps)
            for offset, part in (offsets if step == 0 else [(0, 1.0)])
        ]
        if not found:
            raise InputError(
                "a plan without a single vector was received; needed is a share above 0 for an outcome, an "
                "offset and a step; raise one of each"
            )
        total = sum(each.share for each in found)
        whole = [PlannedVector(each.outcome, each.offset, each.step, each.share / total) for each in found]
        return tuple(sorted(whole, key=lambda each: -each.share))


@dataclass(frozen=True, slots=True)
class PlannedVector:
    """One query vector: for which outcome, offset and step, and its share of the candidates."""

    outcome: str
    offset: int
    step: int
    share: float


def merged_shares(vectors: np.ndarray, shares: Sequence[float], merge_above: float) -> np.ndarray:
    """float64 [B, V] shares after near-duplicate vectors of a request gave theirs to an earlier one.

    Source: "PinRec", embedding compression: a vector is kept unless its cosine with a kept one is above the
    threshold, else its budget goes to the nearest kept one.

    Args:
        vectors: [B, V, D] unit vectors, in the order in which they are kept.
        shares: [V].
    """
    left = np.tile(np.asarray(shares, dtype=np.float64), (len(vectors), 1))
    cosines = np.einsum("bvd,bwd->bvw", vectors, vectors)
    is_kept = np.zeros(left.shape, dtype=bool)
    rows = np.arange(len(vectors))
    for place in range(left.shape[1]):
        near = np.where(is_kept[:, :place], cosines[:, place, :place], -np.inf)
        nearest = near.argmax(axis=1) if place else np.zeros(len(vectors), np.int64)
        is_double = near[rows, nearest] > merge_above if place else np.zeros(len(vectors), bool)
        left[rows[is_double], nearest[is_double]] += left[is_double, place]
        left[is_double, place] = 0
        is_kept[:, place] = ~is_double
    return left


def quotas(shares: np.ndarray, total: int) -> np.ndarray:
    """int64 [B, V] how many items each vector fetches; a row adds up to `total` (largest remainders).

    Args:
        shares: [B, V] that add up to 1; what has none fetches nothing.
    """
    exact = shares * total
    whole = np.floor(exact + 1e-9).astype(np.int64)
    rest = np.where(shares > 0, exact - whole, -1.0)
    order = np.argsort(-rest, axis=1, kind="stable")
    place = np.argsort(order, axis=1, kind="stable")
    missing = total - whole.sum(axis=1, keepdims=True)
    given: np.ndarray = whole + (place < missing)
    return given


def shares_of_outcomes(counts: Mapping[str, int]) -> dict[str, float]:
    """Each outcome's share of what was done."""
    total = max(sum(counts.values()), 1)
    return {name: count / total for name, count in counts.items() if count}
