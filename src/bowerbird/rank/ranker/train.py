"""This file is about fitting the ranker: pages in, a model that serves out."""

import copy
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from bowerbird.core.actions import ACTION_CODES, Action
from bowerbird.core.errors import InputError
from bowerbird.learn.training import Batch, TrainingJob, TrainingResult, train, training_facts
from bowerbird.learn.training.export import onnx_bytes
from bowerbird.learn.types import Tell
from bowerbird.rank.ranker.calibration import Calibrated
from bowerbird.rank.ranker.config import RankerConfig
from bowerbird.rank.ranker.fitting import fitted
from bowerbird.rank.ranker.heads import HEADS
from bowerbird.rank.ranker.inputs import Arrays, as_vectors, person_arrays
from bowerbird.rank.ranker.judging import judged
from bowerbird.rank.ranker.looping import FuturePages
from bowerbird.rank.ranker.model import PLACES, RankerGraph, RankerTask
from bowerbird.rank.ranker.requests import Acts, Pasts, Popularity, Requests, requests_of
from bowerbird.rank.ranker.served import GRAPH_INPUTS, ServedRanker, along, main_directions
from bowerbird.rank.ranker.sides import FEATURES, POPULARITY_COLUMN, ItemSide, PersonSide, features_of
from bowerbird.rank.ranker.starting import Start

LEAST_PAGES = 50
_LEAN_ROWS = 20.0


@dataclass(frozen=True, slots=True)
class Table:
    """Pages with everything that the model reads of them, worked out once.

    Attributes:
        person: arrays [Q, …] by name, of `inputs.person_arrays`.
        features: float32 [R, F].
    """

    requests: Requests
    person: Arrays
    features: np.ndarray


@dataclass(frozen=True, slots=True)
class Trained:
    """A ranker, what it says of the pages that it did not learn from, and what another may start from."""

    ranker: ServedRanker
    report: dict[str, Any]
    weights: dict[str, np.ndarray]


def train_ranker(
    acts: Acts,
    raw: np.ndarray,
    items: ItemSide,
    config: RankerConfig,
    *,
    space: str,
    seed: int,
    folder: Path,
    pages: Requests | None = None,
    start: Start | None = None,
    tell: Tell = lambda _: None,
) -> Trained:
    """Trained until the newest pages say that it gets no better; half of them calibrate, the rest judge.

    Args:
        raw: float32 [N, D] content of the items by number.
        items: whose `vectors` are not read.
        space: which vectors `raw` is.
        pages: in order of time: some of those that `acts` show, all by default; or what could have been on
            them, where the log has no impressions and somebody else knows.
        start: a ranker of the same settings and space to go on from; by default nothing is known.

    Raises:
        InputError: fewer than `LEAST_PAGES` pages were seen, or nobody did anything with what was on them.
    """
    requests = requests_of(acts) if pages is None else pages
    if len(requests) < LEAST_PAGES or not requests.labels.any():
        raise InputError(
            f"{len(requests):,} pages with {int(requests.labels.sum()):,} actions were found; needed are at "
            f"least {LEAST_PAGES} pages and some actions on them; let people use the feed first, or import "
            "impressions"
        )
    centre, directions = (
        main_directions(raw, config.basis) if start is None else (start.centre, start.directions)
    )
    items = ItemSide(along(raw, centre, directions), items.created_ms, items.categories, items.owners)
    tell(f"{len(requests):,} pages, {len(requests.items):,} items on them")
    whole = table_of(requests, acts, items, config)
    learning, later = split(whole, config.held_out)
    calibrating, judging = split(later, 0.5)
    torch.manual_seed(seed)
    model = RankerTask(config, torch.from_numpy(items.vectors))
    if start is None:
        model.ranker.places.data = torch.from_numpy(places_at_first(learning.requests))
    else:
        model.load_state_dict({each: torch.from_numpy(value) for each, value in start.weights.items()})
        tell(f"going on from ranker {start.version}")
    name = hashlib.sha256(config.model_dump_json().encode())
    name.update(b"" if start is None else start.version.encode())
    for each in (requests.items, requests.labels, raw, np.array([seed])):
        name.update(np.ascontiguousarray(each).tobytes())

    def export(result: TrainingResult | None = None) -> ServedRanker:
        positions = learning.requests.positions
        graph, places = exported(model, positions, config)
        calibrated = Calibrated(np.ones(len(HEADS)), np.zeros(len(HEADS)))
        from_ = "" if start is None else start.version
        facts = {
            **training_facts(model.ranker, result),
            "pages": len(learning.requests),
            "started_from": from_,
        }
        return ServedRanker(graph, calibrated, centre, directions, config, space, facts, places)

    def validate(_: torch.nn.Module) -> float:
        return -_loss(export(), calibrating, items)

    job = TrainingJob(
        model, lambda epoch: batches_of(learning, config, seed, epoch), validate, folder, seed,
        name.hexdigest(), tell,
    )  # fmt: skip
    ranker = export(train(job, config.training))
    tell("calibrating")
    ranker = ranker.with_chances(fitted(logits_of(ranker, calibrating, items), calibrating.requests.labels))
    chances = ranker.calibrated.chances(logits_of(ranker, judging, items))
    weights = {each: value.detach().numpy().copy() for each, value in model.state_dict().items()}
    return Trained(ranker, judged(chances, judging.requests, items, config.new_days), weights)


def table_of(requests: Requests, acts: Acts, items: ItemSide, config: RankerConfig) -> Table:
    """What a server would have known when it made each page."""
    pasts = Pasts(acts)
    popular = Popularity(acts, len(items.created_ms), ACTION_CODES[Action.SAVE], config.popular_days)
    people: list[PersonSide] = []
    features = np.zeros((len(requests.items), len(FEATURES)), dtype=np.float32)
    for page in range(len(requests)):
        at_ms, rows = int(requests.at_ms[page]), slice(requests.bounds[page], requests.bounds[page + 1])
        person = pasts.of(int(requests.persons[page]), at_ms)
        numbers = requests.items[rows]
        features[rows] = features_of(
            person, numbers, items, popular.at(at_ms)[numbers], at_ms, config.new_days
        )
        people.append(person)
    return Table(requests, person_arrays(people, requests.at_ms.tolist(), config), features)


def future_pages(
    ranker: ServedRanker, acts: Acts, raw: np.ndarray, items: ItemSide, from_ms: int
) -> FuturePages:
    """What a ranker says of all pages from a moment on, each with what was known when it was made."""
    later = requests_of(acts).since(from_ms)
    own = ItemSide(ranker.content(raw), items.created_ms, items.categories, items.owners)
    table = table_of(later, acts, own, ranker.config)
    chances = ranker.calibrated.chances(logits_of(ranker, table, own))
    return FuturePages(chances, later.labels, later.request_of_row, later.persons)


def places_at_first(requests: Requests) -> np.ndarray:
    """float32 [positions, heads] log odds of each place beside those of all, leaning on all as on 20 rows.

    Training begins here: the place is what is plainest in a log, and the slowest to be found by small steps.
    """
    places = np.clip(requests.positions, 0, PLACES - 1)
    counts = np.bincount(places, minlength=PLACES)[:, None]
    rate = (requests.labels.sum(axis=0) + 0.5) / (len(places) + 1)
    events = np.stack(
        [np.bincount(places, weights=each, minlength=PLACES) for each in requests.labels.T], axis=1
    )
    chance = (events + _LEAN_ROWS * rate) / (counts + _LEAN_ROWS)
    found: np.ndarray = np.log(chance / (1 - chance)) - np.log(rate / (1 - rate))
    return found.astype(np.float32)


def split(table: Table, share: float) -> tuple[Table, Table]:
    """The pages before the newest `share`, and those."""
    before, after = table.requests.split(share)
    pages, rows = len(before), len(before.items)
    return (
        Table(before, {name: each[:pages] for name, each in table.person.items()}, table.features[:rows]),
        Table(after, {name: each[pages:] for name, each in table.person.items()}, table.features[rows:]),
    )


def batches_of(table: Table, config: RankerConfig, seed: int, epoch: int) -> Sequence[Batch]:
    """An epoch: every page once, long ones in parts, in an order of the epoch's own."""
    rng = np.random.default_rng((seed, epoch))
    requests = table.requests
    lengths = np.diff(requests.bounds)
    parts = -(-lengths // config.slots)
    page = np.repeat(np.arange(len(requests)), parts)
    first = requests.bounds[:-1][page] + config.slots * (
        np.arange(len(page)) - np.repeat(np.cumsum(parts) - parts, parts)
    )
    last = np.minimum(first + config.slots, requests.bounds[1:][page])
    order = rng.permutation(len(page))
    batches = []
    for start in range(0, len(order), config.requests):
        some = order[start : start + config.requests]
        some = np.concatenate([some, np.full(config.requests - len(some), -1)])
        rows = first[np.maximum(some, 0)][:, None] + np.arange(config.slots)
        inside = (rows < last[np.maximum(some, 0)][:, None]) & (some >= 0)[:, None]
        safe = np.where(inside, rows, 0)
        features = table.features[safe] * inside[..., None].astype(np.float32)
        hides = (features[..., 1] > 0) & (rng.random(inside.shape) < config.forget_new)
        features[..., POPULARITY_COLUMN][hides] = 0.0
        arrays = {name: each[page[np.maximum(some, 0)]] for name, each in table.person.items()}
        arrays |= {
            "candidates": np.where(inside, requests.items[safe], -1),
            "features": features,
            "positions": np.where(inside, np.maximum(requests.positions[safe], 0), 0),
            "labels": (requests.labels[safe] & inside[..., None]).astype(np.float32),
        }
        batches.append(Batch(arrays, weight=max(float(np.count_nonzero(inside)), 1.0)))
    return batches


def logits_of(ranker: ServedRanker, table: Table, items: ItemSide, at_once: int = 128) -> np.ndarray:
    """float32 [R, heads] of all rows, each at the place on its page that it had."""
    requests, parts = table.requests, []
    for start in range(0, len(requests), at_once):
        some = requests.rows(start, min(start + at_once, len(requests)))
        widest = int(np.diff(some.bounds).max(initial=1))
        rows = some.bounds[:-1][:, None] + np.arange(widest)
        inside = rows < some.bounds[1:][:, None]
        safe = np.where(inside, rows, 0)
        person = {name: each[start : start + len(some)] for name, each in table.person.items()}
        features = table.features[requests.bounds[start] : requests.bounds[start + len(some)]]
        found = ranker.logits(
            as_vectors(person, items.vectors),
            items.vectors[some.items[safe]],
            features[safe],
        )
        parts.append(found[inside])
    places = ranker.places[np.clip(requests.positions, 0, PLACES - 1)]
    logits: np.ndarray = np.concatenate([np.zeros((0, len(HEADS)), np.float32), *parts]) + places
    return logits


def _loss(ranker: ServedRanker, table: Table, items: ItemSide) -> float:
    logits = logits_of(ranker, table, items).astype(np.float64)
    losses = np.logaddexp(0, logits) - logits * table.requests.labels
    return float(losses.sum(axis=1).mean())


def exported(model: RankerTask, positions: np.ndarray, config: RankerConfig) -> tuple[bytes, np.ndarray]:
    """The graph at the usual place, and float32 [positions, heads] what other places add."""
    still = copy.deepcopy(model.ranker).cpu().eval()
    places = still.places.detach()
    usual = places[torch.from_numpy(np.clip(positions, 0, PLACES - 1))].mean(dim=0)
    example = {
        "recent": torch.zeros(2, max(config.recent, 1), config.basis),
        "recent_actions": torch.zeros(2, max(config.recent, 1), dtype=torch.int64),
        "recent_ages": torch.zeros(2, max(config.recent, 1)),
        "recent_there": torch.ones(2, max(config.recent, 1)),
        "long": torch.zeros(2, max(config.long, 1), config.basis),
        "long_actions": torch.zeros(2, max(config.long, 1), dtype=torch.int64),
        "long_there": torch.ones(2, max(config.long, 1)),
        "left": torch.zeros(2, max(config.left, 1), config.basis),
        "left_ages": torch.zeros(2, max(config.left, 1)),
        "left_there": torch.ones(2, max(config.left, 1)),
        "candidates": torch.zeros(2, 3, config.basis),
        "features": torch.zeros(2, 3, len(FEATURES)),
    }
    assert tuple(example) == GRAPH_INPUTS
    free = {name: {0: "requests"} for name in GRAPH_INPUTS}
    free["candidates"][1] = free["features"][1] = "candidates"
    free["logits"] = {0: "requests", 1: "candidates"}
    graph = onnx_bytes(RankerGraph(still, usual), example, outputs=["logits"], free=free)
    return graph, (places - usual).numpy()
