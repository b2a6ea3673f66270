"""This file is about fitting boards: vectors of items as of each view in, boards without torch out."""

import copy
import hashlib
from pathlib import Path

import numpy as np
import torch

from bowerbird.learn.training import Batch, TrainingJob, TrainingResult, train, training_facts
from bowerbird.learn.training.export import onnx_bytes
from bowerbird.learn.types import Tell
from bowerbird.taste.boards.config import BoardConfig
from bowerbird.taste.boards.model import BoardTask
from bowerbird.taste.boards.served import ServedBoards
from bowerbird.taste.boards.sets import BoardSets, board_labels
from bowerbird.taste.encoder.batches import KnownPairs, arrays_of, chances_of
from bowerbird.taste.encoder.judging import ranked
from bowerbird.taste.encoder.labels import Labels
from bowerbird.taste.encoder.train import batch_of
from bowerbird.taste.encoder.types import NEVER_MS, TasteColumns
from bowerbird.taste.encoder.views import Views

_VALIDATED = 2_000


def train_boards(
    columns: TasteColumns,
    views: Views,
    config: BoardConfig,
    *,
    seed: int,
    folder: Path,
    tell: Tell = lambda _: None,
) -> ServedBoards | None:
    """Trained until the newest labels say that it gets no better; none where no board has two items.

    Args:
        views: vectors of all items at moments; labels from the last one on validate.
    """
    rng = np.random.default_rng((seed, 2))
    every = board_labels(columns.saved, config.most_items, rng)
    if not len(every):
        return None
    from_ms = views.validates_from(every.at_ms)
    known = columns.saved
    keep = known.at_ms < from_ms
    pairs = KnownPairs(known.targets[keep], known.sources[keep], columns.items)
    chances = chances_of(every.targets[every.at_ms < from_ms], columns.items)
    newest = np.flatnonzero(every.at_ms >= from_ms) if from_ms < NEVER_MS else np.arange(len(every))
    check = every.take(rng.permutation(newest)[:_VALIDATED])
    torch.manual_seed(seed)
    model = BoardTask(config, views.vectors, _one_row(columns.board_words), chances.logs)
    name = hashlib.sha256(f"{config.model_dump_json()}{columns.sha256()}{views.version}{seed}".encode())

    def batches(epoch: int) -> list[Batch]:
        drawn = np.random.default_rng((seed, epoch))
        labels = board_labels(columns.saved, config.most_items, drawn)
        rows = drawn.permutation(np.flatnonzero(labels.at_ms < from_ms))[: config.most_labels]
        steps = arrays_of(labels.take(rows), views.moments_ms, pairs, chances, config.batch_rows, drawn)
        return [batch_of(arrays, without=("kinds",)) for arrays in steps]

    def validate(_: torch.nn.Module) -> float:
        return _found(served(model), check, columns, views.vectors[-1])

    job = TrainingJob(model, batches, validate, folder, seed, name.hexdigest(), tell)
    return served(model, train(job, config.training))


def served(model: BoardTask, result: TrainingResult | None = None) -> ServedBoards:
    """The model as it is now, exported."""
    still = copy.deepcopy(model.board).cpu().eval()
    width, words = model.vectors.shape[2], model.words.shape[1]
    example = {
        "items": torch.zeros(2, 3, width),
        "is_there": torch.ones(2, 3),
        "words": torch.zeros(2, words),
    }
    free = {"items": {0: "rows", 1: "items"}, "is_there": {0: "rows", 1: "items"}, "words": {0: "rows"}}
    graph = onnx_bytes(still, example, outputs=["vectors"], free={**free, "vectors": {0: "rows"}})
    return ServedBoards(graph, model.config.most_items, words, training_facts(model.board, result))


def _found(boards: ServedBoards, check: Labels, columns: TasteColumns, vectors: np.ndarray) -> float:
    sizes = (check.sources >= 0).sum(axis=1)
    sets = BoardSets(check.queries, check.sources, sizes)
    asks = boards.boards(sets, vectors, columns.board_words[check.queries])
    found = ranked(asks, vectors, check.targets, check.contexts, check.sources)
    return float(found.values()["mrr"].mean()) if len(check) else 0.0


def _one_row(words: np.ndarray) -> np.ndarray:
    return words.astype(np.float32) if len(words) else np.zeros((1, max(words.shape[1], 1)), np.float32)
