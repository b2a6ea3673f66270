"""This file is about fitting the encoder: columns in, an encoder that answers without torch out."""

import copy
import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from bowerbird.core.errors import InputError
from bowerbird.learn.training import Batch, TrainingJob, TrainingResult, train, training_facts
from bowerbird.learn.training.export import onnx_bytes
from bowerbird.learn.types import Tell
from bowerbird.taste.encoder.basis import Basis, basis_of
from bowerbird.taste.encoder.batches import Chances, KnownPairs, arrays_of, chances_of
from bowerbird.taste.encoder.checking import check_of
from bowerbird.taste.encoder.config import EncoderConfig
from bowerbird.taste.encoder.labels import Labels, labels_of
from bowerbird.taste.encoder.model import Encoder, ItemGraph
from bowerbird.taste.encoder.moments import moments
from bowerbird.taste.encoder.neighbours import Neighbours, contexts_of, neighbours_of
from bowerbird.taste.encoder.served import ServedEncoder
from bowerbird.taste.encoder.types import NEVER_MS, TasteColumns

VALIDATED = 0.1
"""Share of labels, the newest ones, that decide when to stop."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """What training reads beside the columns.

    Attributes:
        columns: up to the moment from which labels only validate.
        moments_ms: int64 [S] of the views.
        views: neighbours of all items as of each.
    """

    columns: TasteColumns
    moments_ms: np.ndarray
    views: tuple[Neighbours, ...]
    basis: Basis
    chances: Chances
    known: KnownPairs


def train_encoder(
    columns: TasteColumns, config: EncoderConfig, *, seed: int, folder: Path, tell: Tell = lambda _: None
) -> ServedEncoder:
    """Trained until the newest tenth of the labels says that it gets no better.

    The same call after a kill goes on where it struck.

    Raises:
        InputError: no two actions that belong together.
    """
    check = check_of(columns, config, VALIDATED, seed)
    prepared = prepare(columns.before(check.from_ms), config, seed)
    torch.manual_seed(seed)
    model = untrained(prepared, config)
    name = hashlib.sha256(f"{config.model_dump_json()}{columns.sha256()}{seed}".encode()).hexdigest()

    def batches(epoch: int) -> list[Batch]:
        rng = np.random.default_rng((seed, epoch))
        labels = labels_of(prepared.columns, config, rng)
        return [
            batch_of(arrays)
            for arrays in arrays_of(
                labels, prepared.moments_ms, prepared.known, prepared.chances, config.batch_rows, rng
            )
        ]

    def validate(_: torch.nn.Module) -> float:
        return check.hits(served(model, prepared.basis), prepared.columns, config, seed)

    job = TrainingJob(model, batches, validate, folder, seed, name, tell)
    return served(model, prepared.basis, train(job, config.training))


def prepare(columns: TasteColumns, config: EncoderConfig, seed: int) -> Prepared:
    """Views, basis and chances for these columns.

    Raises:
        InputError: there is nothing to learn from.
    """
    labels = all_labels(columns, config, seed)
    if not len(labels):
        raise InputError(
            "there are no two actions that belong together; needed is a board with two items, a person with "
            "two actions, or a query that led to an item; import more, or do without vectors of taste for now"
        )
    at = moments(labels.at_ms, config.views)
    views = tuple(neighbours_of(columns, int(each), config, seed=seed) for each in at)
    items, contexts, _ = contexts_of(columns, NEVER_MS)
    basis = basis_of(columns.content, config.content_width, np.random.default_rng(seed))
    # Of all edges, not of one draw of pairs: an item that another draw names must have its chance too.
    chances = chances_of(items, columns.items)
    return Prepared(columns, at, views, basis, chances, KnownPairs(contexts, items, columns.items))


def batch_of(arrays: dict[str, np.ndarray], *, without: tuple[str, ...] = ()) -> Batch:
    """A step for the trainer; when labels came to be is not told to the model."""
    told = {name: each for name, each in arrays.items() if name not in ("at_ms", *without)}
    return Batch(told, weight=float(np.count_nonzero(arrays["targets"] >= 0)))


def training_moments(columns: TasteColumns, config: EncoderConfig, seed: int) -> np.ndarray:
    """int64 [S + 1] the moments of the views that train, and the one from which labels validate."""
    check = check_of(columns, config, VALIDATED, seed)
    labels = all_labels(columns.before(check.from_ms), config, seed)
    return np.append(moments(labels.at_ms, config.views), check.from_ms)


def all_labels(columns: TasteColumns, config: EncoderConfig, seed: int) -> Labels:
    """The labels of no epoch: none left out for their number."""
    every = config.model_copy(update={"most_labels": NEVER_MS})
    return labels_of(columns, every, np.random.default_rng(seed))


def untrained(prepared: Prepared, config: EncoderConfig) -> Encoder:
    """The encoder for these columns, as it starts."""
    return Encoder(
        config,
        prepared.basis.of(prepared.columns.content),
        _at_least_one_row(prepared.columns.query_words),
        np.stack([view.items for view in prepared.views]),
        np.stack([view.shares for view in prepared.views]),
        prepared.chances.logs,
    )


def served(model: Encoder, basis: Basis, result: TrainingResult | None = None) -> ServedEncoder:
    """The encoder as it is now, exported."""
    still = copy.deepcopy(model).cpu().eval()
    width, words = still.config.width, still.words.shape[1]
    example = {
        "tokens": torch.zeros(2, width),
        "near": torch.zeros(2, 3, width),
        "shares": torch.zeros(2, 3),
    }
    free = {"tokens": {0: "rows"}, "near": {0: "rows", 1: "near"}, "shares": {0: "rows", 1: "near"}}
    item = onnx_bytes(ItemGraph(still), example, outputs=["vectors"], free={**free, "vectors": {0: "rows"}})
    query = onnx_bytes(
        still.query,
        {"words": torch.zeros(2, words)},
        outputs=["vectors"],
        free={"words": {0: "rows"}, "vectors": {0: "rows"}},
    )
    projection = still.token.project.weight.detach().numpy().T * np.float32(still.config.uses_content)
    met = np.zeros((len(still.content), 1), dtype=np.float32)
    if still.config.uses_graph:
        # An own vector that no step has moved is a draw of chance.
        met[still.log_chances.numpy() > _NEVER_DRAWN] = 1
    own = still.own.weight.detach().numpy() * met
    return ServedEncoder(
        item, query, basis, np.ascontiguousarray(projection), own, training_facts(model, result)
    )


_NEVER_DRAWN = float(np.log(1e-11))


def _at_least_one_row(words: np.ndarray) -> np.ndarray:
    return words.astype(np.float32) if len(words) else np.zeros((1, max(words.shape[1], 1)), np.float32)
