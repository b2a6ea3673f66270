"""This file is about fitting two towers: histories cut at every place in, a model that serves out."""

import copy
from collections.abc import Sequence

import numpy as np
import torch

from bowerbird.learn.data import Histories, Interactions
from bowerbird.learn.data.histories import entries_of
from bowerbird.learn.splits import Cases, sampled
from bowerbird.learn.training import Batch, TrainingResult, train_until_stale, training_facts
from bowerbird.learn.training.export import onnx_bytes
from bowerbird.learn.training.item_content import ItemContent
from bowerbird.learn.types import FitPlan
from bowerbird.retrieve.history_times import for_ties_of, ties_redrawn
from bowerbird.retrieve.two_tower.config import TwoTowerConfig
from bowerbird.retrieve.two_tower.model import Query, TwoTower
from bowerbird.retrieve.two_tower.served import ServedTwoTower


class TwoTowerRetriever:
    """A `Retriever`."""

    name = "two-tower"
    has_chance = True

    def __init__(self, config: TwoTowerConfig | None = None) -> None:
        self.config = config or TwoTowerConfig()

    def fit(self, training: Interactions, validation: Cases, plan: FitPlan) -> ServedTwoTower:
        """Trained until the validation part says that it gets no better."""
        torch.manual_seed(plan.seed)
        model = untrained(training, self.config)
        config = for_ties_of(training, self.config)
        histories, counts = training.histories(), training.item_counts()
        result = train_until_stale(
            model,
            lambda epoch: batches_of(histories, counts, config, plan.seed, epoch),
            lambda: served(model, self.config),
            training=training,
            cases=sampled(validation, self.config.validation_persons),
            config=self.config,
            trainer=self.config.training,
            plan=plan,
        )
        return served(model, self.config, result)


def untrained(training: Interactions, config: TwoTowerConfig) -> TwoTower:
    """The towers for these items, as they start."""
    counts, vectors = training.item_counts(), training.catalogue.vectors
    content = None
    if config.uses_content and vectors is not None:
        content = ItemContent(vectors, counts > 0, config.width)
    return TwoTower(config, np.log(chances_of(counts)), content)


def chances_of(counts: np.ndarray) -> np.ndarray:
    """float64 [N] how likely each item is among the negatives.

    Half of them come as often as in the training part, half are drawn evenly from what it met; what it never
    met is never one, and its chance is only said to be above nothing.
    """
    is_met = counts > 0
    chances = 0.5 * counts / max(int(counts.sum()), 1) + 0.5 * is_met / max(int(is_met.sum()), 1)
    floored: np.ndarray = np.maximum(chances, 1e-12)
    return floored


def batches_of(
    histories: Histories, counts: np.ndarray, config: TwoTowerConfig, seed: int, epoch: int
) -> Sequence[Batch]:
    """An epoch: each entry that has one before it is a target once, in an order of the epoch's own."""
    rng = np.random.default_rng((seed, epoch))
    if config.redraws_ties:
        histories = ties_redrawn(histories, rng)
    place = entries_of(np.zeros(len(histories), np.int64), histories.lengths)
    targets = rng.permutation(np.flatnonzero(place > 0))
    met = np.flatnonzero(counts)
    size = config.batch_rows
    back = np.arange(config.longest, 0, -1)
    batches = []
    for start in range(0, len(targets), size):
        some = targets[start : start + size]
        items = np.full((size, config.longest), -1, dtype=np.int64)
        goals = np.full(size, -1, dtype=np.int64)
        before = some[:, None] - back
        is_own = back <= place[some][:, None]
        items[: len(some)] = np.where(is_own, histories.items[np.maximum(before, 0)], -1)
        goals[: len(some)] = histories.items[some]
        negatives = rng.choice(met, size)
        batches.append(
            Batch({"items": items, "targets": goals, "negatives": negatives}, weight=float(len(some)))
        )
    return batches


def served(model: TwoTower, config: TwoTowerConfig, result: TrainingResult | None = None) -> ServedTwoTower:
    """The model as it is now, exported."""
    still = copy.deepcopy(model).cpu().eval()
    query = Query(still)
    example = {"items": torch.tensor([[-1, 0], [0, 0]])}
    free = {"items": {0: "batch", 1: "tokens"}, "query": {0: "batch"}}
    graph = onnx_bytes(query, example, outputs=["query"], free=free)
    return ServedTwoTower(graph, query.vectors.numpy(), config.longest, training_facts(model, result))
