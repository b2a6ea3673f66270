"""This file is about fitting: ids for the catalogue, a decoder that spells them, what serves."""

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from bowerbird.learn.data import Histories, Interactions
from bowerbird.learn.data.histories import PADDING
from bowerbird.learn.packing import packed
from bowerbird.learn.splits import Cases, sampled
from bowerbird.learn.training import Batch, TrainingResult, train_until_stale, training_facts
from bowerbird.learn.training.export import onnx_bytes
from bowerbird.learn.types import FitPlan
from bowerbird.retrieve.history_times import for_ties_of, ties_redrawn
from bowerbird.retrieve.rqvae.train import RqvaeTokeniser
from bowerbird.retrieve.semantic.codebooks import Codebooks, Tokeniser
from bowerbird.retrieve.semantic.config import SemanticConfig
from bowerbird.retrieve.semantic.health import health_of, told_in_words
from bowerbird.retrieve.semantic.ids import SemanticIds, ids_of
from bowerbird.retrieve.semantic.model import Prefill, Semantic, Step
from bowerbird.retrieve.semantic.residual_kmeans import residual_kmeans
from bowerbird.retrieve.semantic.served import ServedSemantic
from bowerbird.retrieve.semantic.vectors import vectors_for_ids

_SPARE_LAST_CODES = 8


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Items with their ids, as training and serving need them.

    Attributes:
        own: int32 [N] the item itself, -1 where training never met it.
        last_codes: how many codes the last level has: twice what the largest group needs, for new items.
        facts: for the card.
    """

    codebooks: Codebooks
    ids: SemanticIds
    own: np.ndarray
    last_codes: int
    facts: dict[str, Any]

    @property
    def sizes(self) -> list[int]:
        """How many codes each level has."""
        return [self.codebooks.size] * self.codebooks.levels + [self.last_codes]


class SemanticRetriever:
    """A `Retriever`."""

    has_chance = True

    def __init__(self, config: SemanticConfig | None = None) -> None:
        self.config = config or SemanticConfig()

    @property
    def name(self) -> str:
        """By the tokeniser."""
        return self.config.name

    def fit(self, training: Interactions, validation: Cases, plan: FitPlan) -> ServedSemantic:
        """Trained until the validation part says that it gets no better."""
        catalogue = catalogue_of(training, self.config, plan)
        torch.manual_seed(plan.seed)
        model = Semantic(self.config, catalogue.ids, catalogue.sizes)
        config, histories = for_ties_of(training, self.config), training.histories()
        result = train_until_stale(
            model,
            lambda epoch: batches_of(histories, config, plan.seed, epoch),
            lambda: served(model, self.config, catalogue),
            training=training,
            cases=sampled(validation, self.config.validation_persons),
            config=self.config,
            trainer=self.config.training,
            plan=plan,
        )
        return served(model, self.config, catalogue, result)


def catalogue_of(training: Interactions, config: SemanticConfig, plan: FitPlan) -> Catalogue:
    """Ids for every item, from what `config` says."""
    vectors, made_from = vectors_for_ids(training, config.ids_from, plan.seed)
    tokenise = _tokeniser(config, plan)
    codebooks = tokenise(vectors, config.levels, config.codes, plan.seed)
    ids = ids_of(codebooks, vectors, config.most_last_codes)
    health = health_of(ids, vectors, codebooks.size)
    plan.tell(told_in_words(health))
    own = np.arange(len(ids), dtype=np.int32)
    own[training.item_counts() == 0] = PADDING
    last_codes = min(2 * ids.largest_group + _SPARE_LAST_CODES, config.most_last_codes)
    return Catalogue(codebooks, ids, own, last_codes, {"ids_from": made_from, "ids": health})


def _tokeniser(config: SemanticConfig, plan: FitPlan) -> Tokeniser:
    if config.tokeniser == "kmeans":
        return residual_kmeans
    return RqvaeTokeniser(config.rqvae, plan.folder / "rqvae", plan.tell)


def batches_of(histories: Histories, config: SemanticConfig, seed: int, epoch: int) -> Sequence[Batch]:
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


def served(
    model: Semantic, config: SemanticConfig, catalogue: Catalogue, result: TrainingResult | None = None
) -> ServedSemantic:
    """The model as it is now, exported."""
    still = copy.deepcopy(model).cpu().eval()
    levels = still.levels
    items = torch.tensor([[-1, 0], [0, 0]])
    codes = torch.where(items[:, :, None] >= 0, torch.zeros(levels, dtype=torch.int64), -1)
    free = {0: "batch", 1: "tokens"}
    prefill = onnx_bytes(
        Prefill(still),
        {"items": items, "codes": codes},
        outputs=["logits", "asked", "kept"],
        free={
            "items": free,
            "codes": free,
            "logits": {0: "batch"},
            "asked": {0: "batch"},
            "kept": {1: "batch"},
        },
    )
    cache = torch.zeros(2 * config.decoder_layers, 3, config.heads, 1, config.width // config.heads)
    step = onnx_bytes(
        Step(still),
        {
            "codes": torch.zeros(3, dtype=torch.int64),
            "level": torch.ones(1, dtype=torch.int64),
            "cache": cache,
        },
        outputs=["logits", "asked", "kept"],
        free={
            "codes": {0: "rows"},
            "cache": {1: "rows", 3: "before"},
            "logits": {0: "rows"},
            "asked": {0: "rows"},
            "kept": {1: "rows", 3: "levels"},
        },
    )
    facts = {**training_facts(model, result), **catalogue.facts}
    prefixes = tuple(each.detach().numpy() for each in still.prefixes)
    return ServedSemantic(
        prefill,
        step,
        catalogue.codebooks,
        catalogue.ids,
        catalogue.own,
        prefixes,
        catalogue.last_codes,
        config,
        facts,
    )
