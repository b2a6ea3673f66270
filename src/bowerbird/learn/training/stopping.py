"""This file is about training a retriever until the validation part says that it gets no better."""

import hashlib
from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np
import torch
from pydantic import BaseModel

from bowerbird.learn.config import TrainingConfig
from bowerbird.learn.data import Interactions
from bowerbird.learn.evaluate import EvaluationConfig, evaluate
from bowerbird.learn.splits import Cases
from bowerbird.learn.training.job import Batch, TrainingJob, TrainingResult
from bowerbird.learn.training.trainer import train
from bowerbird.learn.types import FitPlan, FittedRetriever

STOPS_ON = "ndcg@10"
INT8_MAY_LOSE = 0.003
"""Share of the validation metric that answering in 8 bits may cost; more, and it stays at 32."""

F = TypeVar("F", bound=FittedRetriever)


def train_until_stale(
    module: torch.nn.Module,
    batches: Callable[[int], Sequence[Batch]],
    served: Callable[[], FittedRetriever],
    *,
    training: Interactions,
    cases: Cases,
    config: BaseModel,
    trainer: TrainingConfig,
    plan: FitPlan,
) -> TrainingResult:
    """Leaves the best weights in the module.

    Args:
        batches: of an epoch.
        served: the module as it is now, as it will answer; asked after each epoch.
        cases: of the validation part.
        config: settings of the whole model; a checkpoint of others is refused.
    """
    counts = training.item_counts()

    def validate(_: torch.nn.Module) -> float:
        return validation_of(served(), cases, counts)

    print_of = hashlib.sha256(config.model_dump_json().encode())
    for column in (training.persons, training.items, training.at_ms, training.actions):
        print_of.update(np.ascontiguousarray(column).tobytes())
    name = f"{print_of.hexdigest()}-{plan.seed}"
    job = TrainingJob(module, batches, validate, plan.folder, plan.seed, name, plan.tell)
    return train(job, trainer)


def validation_of(fitted: FittedRetriever, cases: Cases, counts: np.ndarray) -> float:
    """The one number that stops training and chooses between forms of a model; more is better.

    Args:
        counts: int64 [N] training interactions of each item.
    """
    return evaluate(fitted, cases, counts, EvaluationConfig(cutoffs=(10,))).values().get(STOPS_ON, 0.0)


def as_int8_if_as_good(exact: F, small: F, cases: Cases, counts: np.ndarray) -> F:
    """The form in 8 bits, unless the validation part says that it answers worse."""
    least = validation_of(exact, cases, counts) * (1 - INT8_MAY_LOSE)
    return small if validation_of(small, cases, counts) >= least else exact


def training_facts(module: torch.nn.Module, result: TrainingResult | None) -> dict[str, object]:
    """What a card says about how a model came to be; without a result only its size."""
    facts: dict[str, object] = {"parameters": sum(each.numel() for each in module.parameters())}
    if result is None:
        return facts
    return facts | {
        "best_epoch": result.best_epoch,
        "epochs": result.epochs,
        "best_validation": result.best_validation,
        "train_seconds": result.seconds,
        "targets_per_second": result.targets / max(result.seconds, 1e-9),
    }
