"""This file is about retrievers as the evaluation sees them: fitted to the past, asked what comes next."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
from pydantic import BaseModel

from bowerbird.learn.data import Histories, Interactions
from bowerbird.learn.splits import Cases

Tell = Callable[[str], None]
"""Hears one short sentence of progress at a time."""


@dataclass(frozen=True, slots=True)
class Budget:
    """What every retriever of one comparison may spend.

    Attributes:
        candidates: how many items it may propose for one request.
        vectors: how many query vectors it may send to the index for one request; together they may fetch
            `candidates` items, so that a model with many vectors gets fewer items from each.
        trials: how many settings it may try on the validation part.
    """

    candidates: int = 50
    vectors: int = 8
    trials: int = 12


@dataclass(frozen=True, slots=True)
class FitPlan:
    """How to fit.

    Attributes:
        folder: of one's own; it is there again after a kill.
        tell: hears of progress.
        home_of: the folder in which a run of a retriever with a seed on the same split is kept, if there was
            one; for those that are made of others.
    """

    seed: int
    budget: Budget
    folder: Path
    tell: Tell = field(default=lambda _: None)
    home_of: "Callable[[Retriever, int], Path] | None" = None


@dataclass(frozen=True, slots=True)
class Found:
    """Candidates of a batch of requests, best first.

    Attributes:
        items: int32 [B, k] item numbers, each once a row, -1 where fewer were found.
        scores: float32 [B, k] comparable within a row; -inf where there is no item.
    """

    items: np.ndarray
    scores: np.ndarray


@runtime_checkable
class FittedRetriever(Protocol):
    """Proposes items for histories. Runs without torch; safe to share between threads."""

    @property
    def facts(self) -> dict[str, Any]:
        """What its card says about it: `parameters`, `size_bytes`, chosen settings, what it learned from."""
        ...

    def top(self, histories: Histories, k: int, exclude: Histories | None = None) -> Found:
        """The k best items of each history.

        Args:
            histories: [B] of the catalogue it was fitted to.
            k: at least 1.
            exclude: [B] items that must not come back; usually the histories themselves.
        """
        ...

    def save(self, folder: Path) -> None:
        """Everything that answers need, as files in an existing folder."""
        ...


@runtime_checkable
class ScoringRetriever(FittedRetriever, Protocol):
    """A retriever that can score the whole catalogue."""

    def scores(self, histories: Histories) -> np.ndarray:
        """float32 [B, N]; -inf for an item that it would never propose. Never NaN."""
        ...


@runtime_checkable
class Retriever(Protocol):
    """A kind of retriever with its settings, not yet fitted."""

    @property
    def name(self) -> str:
        """One word, as in `--models`."""
        ...

    @property
    def config(self) -> BaseModel:
        """Its settings; what two runs have to share to be the same run."""
        ...

    @property
    def has_chance(self) -> bool:
        """Another seed gives another model; others are fitted once."""
        ...

    def fit(self, training: Interactions, validation: Cases, plan: FitPlan) -> FittedRetriever:
        """Learns from `training`, tunes and stops on `validation`; sees nothing else."""
        ...
