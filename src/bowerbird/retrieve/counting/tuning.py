"""This file is about tuning: a few settings tried on the validation part, the best one kept."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict

from bowerbird.learn.data import Interactions
from bowerbird.learn.evaluate import EvaluationConfig, evaluate
from bowerbird.learn.splits import Cases, sampled
from bowerbird.learn.types import FitPlan, FittedRetriever

TUNED_FOR = "ndcg@10"
MOST_PERSONS = 5_000
"""More persons than these tell settings apart no better; the first of a fixed shuffle are taken."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of retriever that counts.

    Attributes:
        settings: what may be tried, the plain one first; the budget says how many are.
        fit_one: one setting, fitted. Gets a seed, which only kinds with chance use.
    """

    name: str
    settings: Callable[[Interactions], tuple[BaseModel, ...]]
    fit_one: Callable[[Interactions, Any, int], FittedRetriever]
    has_chance: bool = False


class TuningConfig(BaseModel):
    """How a setting is chosen; `setting` fixes it, and nothing is tried."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: str
    tuned_for: str = TUNED_FOR
    most_persons: int = MOST_PERSONS
    setting: dict[str, Any] | None = None


class TunedRetriever:
    """A `Retriever` of some kind, its setting chosen on the validation part."""

    def __init__(self, kind: Kind, setting: BaseModel | None = None) -> None:
        self._kind = kind
        self._setting = setting
        self._config = TuningConfig(kind=kind.name, setting=setting.model_dump() if setting else None)

    @property
    def name(self) -> str:
        """One word, as in `--models`."""
        return self._kind.name

    @property
    def config(self) -> TuningConfig:
        """What is tuned for, or the fixed setting."""
        return self._config

    @property
    def has_chance(self) -> bool:
        """Another seed gives another model."""
        return self._kind.has_chance

    def fit(self, training: Interactions, validation: Cases, plan: FitPlan) -> FittedRetriever:
        """The kind with the setting that is best on the validation part."""
        if self._setting is not None:
            return self._kind.fit_one(training, self._setting, plan.seed)
        tried = self._kind.settings(training)[: max(plan.budget.trials, 1)]
        if len(tried) == 1:
            return self._kind.fit_one(training, tried[0], plan.seed)
        cases, counts = sampled(validation, self._config.most_persons), training.item_counts()
        config = EvaluationConfig(cutoffs=(10,))
        best: tuple[float, FittedRetriever] | None = None
        for number, setting in enumerate(tried, start=1):
            fitted = self._kind.fit_one(training, setting, plan.seed)
            # Without a target that could be found all settings are equal, and the plain one is kept.
            value = evaluate(fitted, cases, counts, config).values().get(TUNED_FOR, 0.0)
            plan.tell(f"{self.name}: setting {number} of {len(tried)}, validation {TUNED_FOR} {value:.4f}")
            if best is None or value > best[0]:
                best = value, fitted
        assert best is not None, "at least one setting is tried"
        return best[1]
