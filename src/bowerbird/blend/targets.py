"""This file is about shares of the page for kinds of content, held by a controller that watches pages.

"A quarter of what people see should be for sale" cannot be said to a ranker, and a fixed boost misses it as
soon as the catalogue changes. Here each kind has a boost that grows while it is short of its share, shrinks
while it has more: integral control, bounded, and at rest where pages have nothing of the kind to offer.
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, field_validator

from bowerbird.core.arrays import Scores
from bowerbird.core.errors import FilterError
from bowerbird.core.filters import Filter, parse_filter

_REMEMBERED = 0.98
"""Of what was measured before, after each page: the share of the last fifty."""


class ShareTarget(BaseModel):
    """The share of a page that a kind of content should have.

    Attributes:
        name: of the kind, for reports and metrics.
        where: filter of the catalogue that says what is of the kind, as the API takes filters.
        share: of what is placed.
        pace: boost, in units of value, for each page that is a whole page away from the share.
        most_boost: the boost lies within so much of 0, so that a target never buries what people want.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,31}$")]
    where: dict[str, Any]
    share: Annotated[float, Field(ge=0, le=1)]
    pace: Annotated[float, Field(gt=0, le=1)] = 0.05
    most_boost: Annotated[float, Field(gt=0, le=2)] = 0.5

    @field_validator("where")
    @classmethod
    def _is_a_filter(cls, where: dict[str, Any]) -> dict[str, Any]:
        try:
            parse_filter(where)
        except FilterError as error:
            raise ValueError(str(error)) from error
        return where

    @property
    def filter(self) -> Filter:
        """What is of the kind."""
        return parse_filter(self.where)


@dataclass(frozen=True, slots=True)
class TargetState:
    """How one target stands: its share of the last pages (None before the first), and its boost now."""

    name: str
    wanted: float
    placed: float | None
    boost: float


class ShareControl:
    """The boosts of all targets. Shared by all pages; safe between threads."""

    def __init__(self, targets: Sequence[ShareTarget], mask: Callable[[Filter | None], np.ndarray]) -> None:
        """`mask` gives bool [catalogue size] of what a filter keeps.

        Raises:
            FilterError: a filter names a field that the catalogue does not have.
        """
        self._targets, self._mask = tuple(targets), mask
        self._filters = [each.filter for each in self._targets]
        for where in self._filters:
            mask(where)
        self._boosts = np.zeros(len(self._targets))
        self._placed = np.full(len(self._targets), np.nan)
        self._changing = threading.Lock()

    def __len__(self) -> int:
        return len(self._targets)

    def kinds_of(self, numbers: np.ndarray) -> np.ndarray:
        """bool [T, C] which of the items are of each target's kind."""
        kinds: np.ndarray = np.stack([self._mask(where)[numbers] for where in self._filters])
        return kinds

    def boosts(self, kinds: np.ndarray) -> Scores:
        """float32 [C] what is added to the value of each candidate now."""
        added: Scores = (self._boosts @ kinds).astype(np.float32)
        return added

    def placed(self, kinds: np.ndarray, rows: np.ndarray) -> None:
        """A page was filled with these rows of the candidates that `kinds` [T, C] speaks of."""
        if not len(rows):
            return
        share = kinds[:, rows].mean(axis=1)
        offered = kinds.mean(axis=1)
        wanted = np.array([each.share for each in self._targets])
        pace = np.array([each.pace for each in self._targets])
        most = np.array([each.most_boost for each in self._targets])
        # Where all candidates are of the kind, or none is, the page could not have been otherwise.
        could_differ = (offered > 0) & (offered < 1)
        with self._changing:
            moved = np.clip(self._boosts + pace * (wanted - share) * could_differ, -most, most)
            self._boosts = moved
            before = np.where(np.isnan(self._placed), share, self._placed)
            self._placed = _REMEMBERED * before + (1 - _REMEMBERED) * share

    def states(self) -> tuple[TargetState, ...]:
        """How each target stands now."""
        return tuple(
            TargetState(
                each.name,
                each.share,
                None if np.isnan(self._placed[row]) else float(self._placed[row]),
                float(self._boosts[row]),
            )
            for row, each in enumerate(self._targets)
        )
