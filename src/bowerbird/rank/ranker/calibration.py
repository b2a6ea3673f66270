"""This file is about true chances: each head's logits stretched and moved, and how true that makes them."""

from dataclasses import dataclass

import numpy as np

_BINS = 15


@dataclass(frozen=True, slots=True)
class Calibrated:
    """Chance = 1 / (1 + exp(-(slope * logit + shift))), both float64 [heads]."""

    slopes: np.ndarray
    shifts: np.ndarray

    def chances(self, logits: np.ndarray) -> np.ndarray:
        """float32 [..., heads]."""
        raised: np.ndarray = 1.0 / (1.0 + np.exp(-(logits * self.slopes + self.shifts)))
        return raised.astype(np.float32)


@dataclass(frozen=True, slots=True)
class Trueness:
    """How true chances of one head are, in one slice.

    Attributes:
        rows, events: how many rows there were, and how often it happened.
        said, was: mean chance and true rate.
        ece: mean gap over bins of equally many rows, weighted by rows.
    """

    rows: int
    events: int
    said: float
    was: float
    ece: float

    @property
    def ratio(self) -> float:
        """Said over was; NaN where it never happened."""
        return self.said / self.was if self.was else float("nan")


def trueness(chances: np.ndarray, labels: np.ndarray) -> Trueness:
    """Of one head: [R] chances and what was.

    Source: expected calibration error on bins of equal mass (appendix B.11 of the discovery facts).
    """
    if not len(chances):
        return Trueness(0, 0, float("nan"), float("nan"), float("nan"))
    order = np.argsort(chances, kind="stable")
    gaps = [
        abs(float(chances[some].mean()) - float(labels[some].mean())) * len(some)
        for some in np.array_split(order, min(_BINS, len(order)))
    ]
    return Trueness(
        len(chances), int(labels.sum()), float(chances.mean()), float(labels.mean()), sum(gaps) / len(chances)
    )


def bins_of(chances: np.ndarray, labels: np.ndarray) -> list[tuple[float, float, int]]:
    """(mean chance, true rate, rows) of bins of equal mass, for a plot."""
    order = np.argsort(chances, kind="stable")
    parts = [some for some in np.array_split(order, _BINS) if len(some)]
    return [(float(chances[some].mean()), float(labels[some].mean()), len(some)) for some in parts]
