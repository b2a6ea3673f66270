"""This file is about one record of the request log: a page, with all that was weighed for it.

Source: the impression log of Appendix D in the discovery facts. One record stands for one page, so that what
is true of the whole request is kept once and not once an impression.
"""

import zlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

import numpy as np

NOT_SHOWN = -1


def hash_of(features: np.ndarray) -> int:
    """What says later whether these are the features that were served."""
    return zlib.crc32(np.ascontiguousarray(features, dtype=np.float32).tobytes())


def _none() -> np.ndarray:
    return np.zeros(0, dtype=np.float32)


@dataclass(frozen=True, slots=True)
class RequestRecord:
    """What one request weighed and showed, as columns: row i of those marked [C] is one candidate.

    Columns may be left empty, apart from `numbers` and `positions`: then nothing is known of them.

    Attributes:
        at_ms: when the request came; features are as of then.
        surface: `feed`, `related`, …
        policy_id: which way of filling slots; requests with the same id draw alike.
        numbers: int64 [C] item numbers.
        positions: int16 [C] slot on the page; `NOT_SHOWN` where it was not.
        sources: int8 [C] rows of `source_names`.
        scores: float32 [C] of retrieval; comparable only within a source.
        values: float32 [C] that the page was ordered by.
        heads: float32 [C, H] predicted probability of each action in `head_names`.
        propensities: float32 [C] chance that the policy puts the candidate into its slot; 0 if not shown.
        reasons: int8 [C] rows of `reason_names`; -1 where none was given.
        features: float32 [C, F] as ranking saw them, in the order of `feature_names`.
        feature_set: which definition made them.
        models: name → version of all that had a say.
        candidates: how many there were before a sample was taken.
        logged_with: float32 [C] chance that the log keeps the row; 1 for what was shown.
        seed: of the chance in the features.
        features_hash: of the features as they were served; 0 until the log has taken the record.
        about: number of the item that the request is about; -1 where it is about none.
    """

    request_id: str
    person_id: str
    at_ms: int
    surface: str
    policy_id: str
    numbers: np.ndarray
    positions: np.ndarray
    sources: np.ndarray = field(default_factory=_none)
    source_names: tuple[str, ...] = ()
    scores: np.ndarray = field(default_factory=_none)
    values: np.ndarray = field(default_factory=_none)
    heads: np.ndarray = field(default_factory=_none)
    head_names: tuple[str, ...] = ()
    propensities: np.ndarray = field(default_factory=_none)
    reasons: np.ndarray = field(default_factory=_none)
    reason_names: tuple[str, ...] = ()
    features: np.ndarray = field(default_factory=_none)
    feature_names: tuple[str, ...] = ()
    feature_set: str = ""
    models: dict[str, str] = field(default_factory=dict)
    candidates: int = 0
    logged_with: np.ndarray = field(default_factory=_none)
    seed: int = 0
    features_hash: int = 0
    about: int = -1

    def rows(self, rows: np.ndarray) -> "RequestRecord":
        """Only these candidates; what is true of the request stays."""
        count = len(self.numbers)
        columns = {name: getattr(self, name) for name in CANDIDATE_COLUMNS}
        return replace(
            self, **{name: column[rows] for name, column in columns.items() if len(column) == count}
        )

    @property
    def shown(self) -> np.ndarray:
        """int64 rows of what was on the page, by position."""
        rows = np.flatnonzero(self.positions >= 0)
        by_position: np.ndarray = rows[np.argsort(self.positions[rows], kind="stable")]
        return by_position


CANDIDATE_COLUMNS: dict[str, np.dtype[Any]] = {
    "numbers": np.dtype("<i8"),
    "positions": np.dtype("<i2"),
    "sources": np.dtype("<i1"),
    "scores": np.dtype("<f4"),
    "values": np.dtype("<f4"),
    "propensities": np.dtype("<f4"),
    "reasons": np.dtype("<i1"),
    "logged_with": np.dtype("<f4"),
    "features": np.dtype("<f4"),
    "heads": np.dtype("<f4"),
}
"""Columns with one row a candidate, and how they are stored; the last two are matrices."""
MATRICES = {"features": "feature_names", "heads": "head_names"}
"""Which names each matrix has one column for."""

LogRequest: TypeAlias = Callable[[RequestRecord], object]
"""Takes a record and never waits; whoever made a page calls it."""
