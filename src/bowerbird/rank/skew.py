"""This file is about skew: whether features that were served are those that the stored data give later.

A ranker learns from served features, and is asked with features that are made the same way. Where the two
come apart (a cache that is not told, an event that was lost, a definition that changed) it is asked about a
world that it has never seen, and no error says so.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class FieldSkew:
    """How one feature compares.

    Attributes:
        compared, differing: values; those that cannot be made again are not among them.
        largest: the largest difference; infinite where one side has no number.
    """

    name: str
    compared: int
    differing: int
    largest: float

    @property
    def rate(self) -> float:
        """Share of the compared values that differ; 0 where none was compared."""
        return self.differing / self.compared if self.compared else 0.0


@dataclass(frozen=True, slots=True)
class SkewReport:
    """Some requests, compared field by field.

    Attributes:
        requests: that were compared.
        passed_over: why → how many were not.
        fields: in the order of the features.
    """

    requests: int
    passed_over: dict[str, int]
    fields: tuple[FieldSkew, ...]

    def alarms(self, *, most_rate: float, least_compared: int) -> tuple[FieldSkew, ...]:
        """Fields of which more than `most_rate` differ, with enough values to say so."""
        return tuple(
            each for each in self.fields if each.compared >= least_compared and each.rate > most_rate
        )


def compared(
    names: Sequence[str], served: np.ndarray, again: np.ndarray, tolerance: float
) -> tuple[FieldSkew, ...]:
    """Each feature as served beside the same made again.

    Args:
        served: float32 [N, F] as logged.
        again: float32 [N, F]; NaN in a whole column that cannot be made again. Where only some values of a
            column are NaN, they differ from a number.
        tolerance: largest difference that is none.
    """
    is_made = ~np.isnan(again).all(axis=0) if len(again) else np.zeros(len(names), dtype=bool)
    with np.errstate(invalid="ignore"):
        apart = np.abs(served.astype(np.float64) - again.astype(np.float64))
    apart[np.isnan(served) & np.isnan(again)] = 0.0
    apart[np.isnan(apart)] = np.inf
    differs = apart > tolerance
    return tuple(
        FieldSkew(
            name,
            len(served) if is_made[row] else 0,
            int(differs[:, row].sum()) if is_made[row] else 0,
            float(apart[:, row].max(initial=0.0)) if is_made[row] else 0.0,
        )
        for row, name in enumerate(names)
    )
