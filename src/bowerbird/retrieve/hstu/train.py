"""This file is about fitting the HSTU-type model: packed histories in, a model without torch out."""

import copy
from collections.abc import Sequence

import numpy as np
import torch

from bowerbird.learn.data import Histories, Interactions
from bowerbird.learn.int8 import int8_bytes
from bowerbird.learn.packing import packed
from bowerbird.learn.splits import Cases, sampled
from bowerbird.learn.training import (
    Batch,
    TrainingResult,
    as_int8_if_as_good,
    train_until_stale,
    training_facts,
)
from bowerbird.learn.training.export import onnx_bytes
from bowerbird.learn.types import FitPlan
from bowerbird.retrieve.history_times import asked_within, for_ties_of, seconds_within, ties_redrawn
from bowerbird.retrieve.hstu.config import HstuConfig
from bowerbird.retrieve.hstu.model import Hstu, Query
from bowerbird.retrieve.hstu.served import ServedHstu


class HstuRetriever:
    """A `Retriever`."""

    has_chance = True

    def __init__(self, config: HstuConfig | None = None) -> None:
        self.config = config or HstuConfig()

    @property
    def name(self) -> str:
        """Two words, because figures with and without the time asked for are not comparable."""
        return "hstu-timed" if self.config.knows_asked_time else "hstu"

    def fit(self, training: Interactions, validation: Cases, plan: FitPlan) -> ServedHstu:
        """Trained until the validation part says that it gets no better."""
        torch.manual_seed(plan.seed)
        model = Hstu(self.config, training.item_count)
        config = for_ties_of(training, self.config)
        histories, cases = training.histories(), sampled(validation, self.config.validation_persons)
        result = train_until_stale(
            model,
            lambda epoch: batches_of(histories, config, plan.seed, epoch),
            lambda: served(model, self.config),
            training=training,
            cases=cases,
            config=self.config,
            trainer=self.config.training,
            plan=plan,
        )
        exact = served(model, self.config, result)
        if not self.config.tries_int8:
            return exact
        return as_int8_if_as_good(exact, exact.in_int8(int8_bytes), cases, training.item_counts())


def batches_of(histories: Histories, config: HstuConfig, seed: int, epoch: int) -> Sequence[Batch]:
    """An epoch: all histories in an order of its own, packed."""
    rng = np.random.default_rng((seed, epoch))
    if config.redraws_ties:
        histories = ties_redrawn(histories, rng)
    order = rng.permutation(len(histories))
    parts = packed(histories, order, rows=config.rows, tokens=config.tokens, longest=config.longest)
    seconds = seconds_within(histories)
    asked = asked_within(histories, seconds, knows_asked_time=config.knows_asked_time)
    items = np.append(histories.items.astype(np.int64), -1)  # entry -1 is padding
    seconds, asked = np.append(seconds, 0), np.append(asked, 0)
    return [
        Batch(
            {
                "items": items[part.entries],
                "seconds": seconds[part.entries],
                "asked_seconds": asked[part.entries],
                "places": part.places,
                "segments": part.segments,
                "targets": items[part.targets],
            },
            weight=float(np.count_nonzero(part.targets >= 0)),
        )
        for part in parts
    ]


def served(model: Hstu, config: HstuConfig, result: TrainingResult | None = None) -> ServedHstu:
    """The model as it is now, exported."""
    still = copy.deepcopy(model).cpu()
    names = ("items", "seconds", "asked_seconds")
    example = {name: torch.tensor([[-1, 0], [0, 0]]) for name in names}
    free = {name: {0: "batch", 1: "tokens"} for name in names} | {"query": {0: "batch"}}
    graph = onnx_bytes(Query(still), example, outputs=["query"], free=free)
    items = still.items.weight.detach().numpy()
    facts = {**training_facts(model, result), "knows_asked_time": config.knows_asked_time}
    return ServedHstu(graph, items, config.longest, facts)
