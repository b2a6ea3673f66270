"""This file is about fitting people: vectors of items as of each view in, people without torch out."""

import copy
import hashlib
from pathlib import Path

import numpy as np
import torch

from bowerbird.learn.training import Batch, TrainingJob, TrainingResult, train, training_facts
from bowerbird.learn.training.export import onnx_bytes
from bowerbird.learn.types import Tell
from bowerbird.taste.encoder.batches import KnownPairs, chances_of
from bowerbird.taste.encoder.types import TasteColumns
from bowerbird.taste.encoder.views import Views
from bowerbird.taste.people.checking import Later, found_of, later_of
from bowerbird.taste.people.config import PeopleConfig
from bowerbird.taste.people.histories import FEATURES
from bowerbird.taste.people.model import PersonGraph, PersonTask
from bowerbird.taste.people.rows import acts_of, rows_of
from bowerbird.taste.people.served import ServedPeople


def train_people(
    columns: TasteColumns,
    views: Views,
    config: PeopleConfig,
    *,
    seed: int,
    folder: Path,
    tell: Tell = lambda _: None,
) -> ServedPeople | None:
    """Trained until the newest actions say that it gets no better; none where nobody acted twice.

    Args:
        views: vectors of all items at moments; actions from the last one on validate.
    """
    from_ms = views.validates_from(columns.acted.at_ms)
    acts = acts_of(columns.acted, from_ms)
    if not len(acts):
        return None
    pairs = KnownPairs(acts.persons, acts.items, columns.items)
    chances = chances_of(acts.items, columns.items)
    check = later_of(columns.acted, min(from_ms, int(views.moments_ms[-1])), config, seed)
    torch.manual_seed(seed)
    model = PersonTask(config, views.vectors, chances.logs)
    name = hashlib.sha256(f"{config.model_dump_json()}{columns.sha256()}{views.version}{seed}".encode())

    def batches(epoch: int) -> list[Batch]:
        rng = np.random.default_rng((seed, epoch))
        steps = rows_of(acts, columns.shown, views.moments_ms, pairs, chances, config, rng)
        return [
            Batch(arrays, weight=max(float(np.count_nonzero(arrays["goals"] >= 0)), 1.0)) for arrays in steps
        ]

    def validate(_: torch.nn.Module) -> float:
        return _mrr(served(model), check, views.vectors[-1])

    job = TrainingJob(model, batches, validate, folder, seed, name.hexdigest(), tell)
    return served(model, train(job, config.training))


def served(model: PersonTask, result: TrainingResult | None = None) -> ServedPeople:
    """The model as it is now, exported."""
    still = copy.deepcopy(model.person).cpu().eval()
    width = model.vectors.shape[2]
    example = {
        "items": torch.zeros(2, 3, width),
        "actions": torch.zeros(2, 3, dtype=torch.int64),
        "features": torch.zeros(2, 3, FEATURES),
        "lengths": torch.tensor([3, 1]),
    }
    free = {name: {0: "rows", 1: "tokens"} for name in ("items", "actions", "features")}
    ends = {"lengths": {0: "rows"}, "vectors": {0: "rows"}}
    graph = onnx_bytes(PersonGraph(still), example, outputs=["vectors"], free=free | ends)
    return ServedPeople(graph, model.config.longest, training_facts(model.person, result))


def _mrr(people: ServedPeople, check: Later, vectors: np.ndarray) -> float:
    found = found_of(people.people(check.past, vectors), check, vectors)
    return float(found.values()["mrr"].mean()) if len(found.ranks) else 0.0
