"""This file is about fitting the pre-ranker: a ranker and its pages in, its stand-in out."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from bowerbird.core.actions import ACTION_CODES, Action
from bowerbird.learn.training import Batch, TrainingJob, TrainingResult, train, training_facts
from bowerbird.learn.types import Tell
from bowerbird.rank.prerank.config import PrerankConfig
from bowerbird.rank.prerank.inputs import pooled
from bowerbird.rank.prerank.judging import agreement
from bowerbird.rank.prerank.model import PrerankTask
from bowerbird.rank.prerank.pools import PAGE_WITHIN_MS, WeighedSince, nothing_weighed, pools_of
from bowerbird.rank.prerank.served import ServedPrerank
from bowerbird.rank.ranker.inputs import Arrays, as_vectors
from bowerbird.rank.ranker.requests import Acts, Pasts, Popularity, Requests, requests_of
from bowerbird.rank.ranker.served import ServedRanker
from bowerbird.rank.ranker.sides import ItemSide, features_of
from bowerbird.rank.ranker.train import Table, logits_of, split, table_of
from bowerbird.rank.utility import UtilityConfig, weights_of

_AT_ONCE = 256
_LEAST_CHANCE = 1e-4


@dataclass(frozen=True, slots=True)
class TrainedPrerank:
    """A pre-ranker, and how well it keeps what its ranker puts first on pages that it did not learn from."""

    prerank: ServedPrerank
    report: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Lesson:
    """Pages with many candidates each, and what the ranker says of them.

    Attributes:
        pooled: float32 [Q, person_width].
        chances: float32 [R, heads] of the ranker, at the usual place.
    """

    table: Table
    pooled: np.ndarray
    chances: np.ndarray


def train_prerank(
    ranker: ServedRanker,
    acts: Acts,
    raw: np.ndarray,
    items: ItemSide,
    config: PrerankConfig,
    *,
    seed: int,
    folder: Path,
    pages: Requests | None = None,
    weighed_since: WeighedSince = nothing_weighed,
    tell: Tell = lambda _: None,
) -> TrainedPrerank:
    """Trained until the newest pages say that it gets no nearer to its ranker.

    Args:
        raw: float32 [N, D] content of the items by number, as the ranker was trained on.
        items: whose `vectors` are not read.
        pages: to learn from; by default all that `acts` show.
        weighed_since: what pages weighed and did not show; drawn items stand in where there is nothing.
    """
    items = ItemSide(ranker.content(raw), items.created_ms, items.categories, items.owners)
    worth = weights_of(UtilityConfig())
    whole, pasts = requests_of(acts) if pages is None else pages, Pasts(acts)
    newest = whole.rows(max(len(whole) - config.pages, 0), len(whole))
    tell(f"drawing candidates for {len(newest):,} pages")

    def likes_of(person: int, at_ms: int) -> np.ndarray:
        return pasts.of(person, at_ms).likes

    weighed = weighed_since(int(newest.at_ms[0]) - PAGE_WITHIN_MS)
    pools = pools_of(newest, weighed, likes_of, items.vectors, config, seed)
    tell(f"asking the ranker about {len(pools.items):,} candidates")
    lesson = lesson_of(ranker, table_of(pools, acts, items, ranker.config), items)
    learning, later = _parted(lesson, config.held_out)
    torch.manual_seed(seed)
    usual = np.clip(learning.chances.mean(axis=0), _LEAST_CHANCE, 1 - _LEAST_CHANCE)
    start = torch.from_numpy(np.log(usual / (1 - usual)).astype(np.float32))
    model = PrerankTask(config, torch.from_numpy(items.vectors), torch.from_numpy(worth), start)
    name = hashlib.sha256(f"{config.model_dump_json()} {ranker.version} {seed}".encode())
    name.update(pools.items.tobytes())
    # What pages weighed is no part of what the folder is named after: other samples begin anew beside these.
    folder = folder / name.hexdigest()[:12]

    def validate(module: torch.nn.Module) -> float:
        with torch.no_grad():
            batches = batches_of(later, ranker, config, seed, 0)
            losses: list[float] = [module(**_tensors(batch)).item() for batch in batches]
        return -sum(losses) / len(later.table.requests)

    job = TrainingJob(
        model, lambda epoch: batches_of(learning, ranker, config, seed, epoch), validate, folder, seed,
        name.hexdigest(), tell,
    )  # fmt: skip
    result: TrainingResult = train(job, config.training)
    facts = {**training_facts(model.prerank, result), "pages": len(learning.table.requests)}
    prerank = ServedPrerank(model.prerank.weights(), config, ranker.version, facts)
    tell("judging the pre-ranker")
    popular = Popularity(acts, len(items.created_ms), ACTION_CODES[Action.SAVE])
    judging = later.table.requests

    def features(page: int, numbers: np.ndarray) -> np.ndarray:
        at_ms = int(judging.at_ms[page])
        person = pasts.of(int(judging.persons[page]), at_ms)
        known = popular.at(at_ms)[numbers]
        return features_of(person, numbers, items, known, at_ms, ranker.config.new_days)

    report = agreement(prerank, ranker, judging, later.table.person, features, items, worth, seed)
    return TrainedPrerank(prerank, report)


def lesson_of(ranker: ServedRanker, table: Table, items: ItemSide) -> Lesson:
    """What the ranker says of every row, wherever on the page it stood."""
    at_places = logits_of(ranker, table, items)
    chances = ranker.calibrated.chances(at_places - _places(ranker, table.requests.positions))
    pages = len(table.requests)
    means = [
        pooled(as_vectors(_some(table.person, slice(start, start + _AT_ONCE)), items.vectors))
        for start in range(0, pages, _AT_ONCE)
    ]
    return Lesson(table, np.concatenate(means), chances)


def batches_of(
    lesson: Lesson, ranker: ServedRanker, config: PrerankConfig, seed: int, epoch: int
) -> Sequence[Batch]:
    """An epoch: every page once, in an order of the epoch's own."""
    requests, person = lesson.table.requests, lesson.table.person
    order = np.random.default_rng((seed, epoch)).permutation(len(requests))
    name = "long" if person["long"].shape[1] > person["recent"].shape[1] else "recent"
    slopes = ranker.calibrated.slopes.astype(np.float32)
    batches = []
    for start in range(0, len(order), config.requests):
        some = order[start : start + config.requests]
        is_page = np.append(np.ones(len(some), bool), np.zeros(config.requests - len(some), bool))
        some = np.concatenate([some, np.zeros(config.requests - len(some), np.int64)])
        rows = requests.bounds[:-1][some][:, None] + np.arange(config.candidates)
        inside = (rows < requests.bounds[1:][some][:, None]) & is_page[:, None]
        safe = np.where(inside, rows, 0)
        positions = requests.positions[safe]
        shown = inside & (positions >= 0)
        arrays = {
            "pooled": lesson.pooled[some],
            "likes": person[name][some][:, -config.near_likes :],
            "left": person["left"][some],
            "candidates": np.where(inside, requests.items[safe], -1),
            "features": lesson.table.features[safe],
            "chances": lesson.chances[safe],
            "labels": requests.labels[safe].astype(np.float32),
            "place": _places(ranker, positions) * slopes,
            "shown": shown.astype(np.float32),
        }
        batches.append(Batch(arrays, weight=max(float(is_page.sum()), 1.0)))
    return batches


def _places(ranker: ServedRanker, positions: np.ndarray) -> np.ndarray:
    """float32 [..., heads] what the place adds to logits."""
    added: np.ndarray = ranker.places[np.clip(positions, 0, len(ranker.places) - 1)]
    return added


def _parted(lesson: Lesson, share: float) -> tuple[Lesson, Lesson]:
    before, after = split(lesson.table, share)
    pages, rows = len(before.requests), len(before.requests.items)
    return (
        Lesson(before, lesson.pooled[:pages], lesson.chances[:rows]),
        Lesson(after, lesson.pooled[pages:], lesson.chances[rows:]),
    )


def _some(arrays: Arrays, rows: slice) -> Arrays:
    return {name: each[rows] for name, each in arrays.items()}


def _tensors(batch: Batch) -> dict[str, torch.Tensor]:
    return {name: torch.from_numpy(np.ascontiguousarray(each)) for name, each in batch.arrays.items()}
