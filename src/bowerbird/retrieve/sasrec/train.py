"""This file is about fitting SASRec: packed histories in, a model that serves without torch out."""

import copy
from collections.abc import Sequence

import numpy as np
import torch

from bowerbird.core.errors import InputError
from bowerbird.learn.data import Histories, Interactions
from bowerbird.learn.packing import packed
from bowerbird.learn.splits import Cases, sampled
from bowerbird.learn.training import Batch, TrainingResult, train_until_stale, training_facts
from bowerbird.learn.training.export import onnx_bytes
from bowerbird.learn.training.item_content import ItemContent
from bowerbird.learn.types import FitPlan
from bowerbird.retrieve.history_times import for_ties_of, ties_redrawn
from bowerbird.retrieve.sasrec.config import SasrecConfig
from bowerbird.retrieve.sasrec.model import Query, Sasrec
from bowerbird.retrieve.sasrec.served import ServedSasrec


class SasrecRetriever:
    """A `Retriever`; `sasrec-content` where item vectors hold content."""

    has_chance = True

    def __init__(self, config: SasrecConfig | None = None) -> None:
        self.config = config or SasrecConfig()
        self.name = "sasrec" if self.config.content == "none" else "sasrec-content"

    def fit(self, training: Interactions, validation: Cases, plan: FitPlan) -> ServedSasrec:
        """Trained until the validation part says that it gets no better.

        Raises:
            InputError: content is to be added, and the catalogue has none.
        """
        torch.manual_seed(plan.seed)
        model = Sasrec(self.config, training.item_count, content_of(training, self.config))
        config, histories = for_ties_of(training, self.config), training.histories()
        result = train_until_stale(
            model,
            lambda epoch: batches_of(histories, config, plan.seed, epoch),
            lambda: served(model, self.config),
            training=training,
            cases=sampled(validation, self.config.validation_persons),
            config=self.config,
            trainer=self.config.training,
            plan=plan,
        )
        return served(model, self.config, result)


def content_of(training: Interactions, config: SasrecConfig) -> ItemContent | None:
    """What item vectors are made of beside those that training finds."""
    if config.content == "none":
        return None
    vectors = training.catalogue.vectors
    if vectors is None:
        raise InputError(
            "sasrec-content was asked of a catalogue without vectors; needed are words or vectors for the "
            "items; train `sasrec`, or bring an item file with titles"
        )
    return ItemContent(vectors, training.item_counts() > 0, config.width)


def batches_of(histories: Histories, config: SasrecConfig, seed: int, epoch: int) -> Sequence[Batch]:
    """An epoch: all histories in an order of its own, packed."""
    rng = np.random.default_rng((seed, epoch))
    if config.redraws_ties:
        histories = ties_redrawn(histories, rng)
    order = rng.permutation(len(histories))
    parts = packed(histories, order, rows=config.rows, tokens=config.tokens, longest=config.longest)
    items = np.append(histories.items.astype(np.int64), -1)  # entry -1 is padding
    return [
        Batch(
            {
                "items": items[part.entries],
                "targets": items[part.targets],
                "places": part.places,
                "segments": part.segments,
            },
            weight=float(np.count_nonzero(part.targets >= 0)),
        )
        for part in parts
    ]


def served(model: Sasrec, config: SasrecConfig, result: TrainingResult | None = None) -> ServedSasrec:
    """The model as it is now, exported; what item vectors were made of is left behind."""
    still = copy.deepcopy(model).cpu()
    with torch.no_grad():
        still.items.weight.copy_(still.item_vectors())
    still.content = None
    example = {"items": torch.tensor([[-1, 0], [0, 0]])}
    free = {"items": {0: "batch", 1: "tokens"}, "query": {0: "batch"}}
    graph = onnx_bytes(Query(still), example, outputs=["query"], free=free)
    items = still.items.weight.detach().numpy()
    return ServedSasrec(graph, items, config.longest, training_facts(model, result))
