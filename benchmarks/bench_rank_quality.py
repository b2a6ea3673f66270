"""Does the ranker that learns order better, and are its chances true? On a simulated world, beside LightGBM.

People of a world are shown pages by an ordinary policy for some weeks; its log trains every ranker, by pages before a
moment, and the newest pages judge. Two questions: the order within pages that people saw (NDCG of what actions are worth,
AUC of saves), and, of all items that a person was never shown, what the 24 best by each ranker are truly worth to them, as
a share of the best 24. Intervals: 95 %, bootstrap over people, paired with LightGBM on the same features, likeness to the
newest and to all likes among them. Simulated people.

Run: python benchmarks/bench_rank_quality.py [--people N] [--items N] [--days N] [--plot FILE] [--out FILE]
"""

import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import lightgbm
import numpy as np
import record
from bench_taste_world import Lived, interval, live, share_of, tell

from bowerbird.rank.ranker import HEADS, ItemSide, PersonSide, RankerConfig
from bowerbird.rank.ranker.calibration import bins_of, trueness
from bowerbird.rank.ranker.judging import auc_of_pages, measured, ndcg_of_pages
from bowerbird.rank.ranker.requests import Acts, Pasts, Popularity, Requests, requests_of
from bowerbird.rank.ranker.served import along, main_directions
from bowerbird.rank.ranker.sides import features_of
from bowerbird.rank.ranker.train import split, table_of, train_ranker
from bowerbird.rank.utility import UtilityConfig, utility, weights_of

PAGE, WORTH = 24, weights_of(UtilityConfig())
VARIANTS: dict[str, dict[str, Any]] = {
    "ours": {},
    "ours, newest like alone": {"recent": 1, "long": 0, "left": 0, "layers": 0, "next_action": 0.0},
    "ours without what was left alone": {"left": 0},
    "ours without the long history": {"long": 0},
    "ours without the next-action loss": {"next_action": 0.0},
}


def main() -> int:
    parser = record.parser(__doc__.splitlines()[0])
    parser.add_argument("--people", type=int, default=900)
    parser.add_argument("--items", type=int, default=2_000)
    parser.add_argument("--days", type=int, default=14)
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--variants", default=",".join(VARIANTS))
    parser.add_argument("--plot", type=Path, help="SVG with said and true chances")
    made = parser.parse_args()
    bench = Bench(live(made.people, made.items, made.days, made.seed), made.epochs, made.seed)
    record.write(bench.lines([each for each in VARIANTS if each in made.variants.split(",")]), made.out)
    if made.plot:
        plot(bench.said, made.plot)
    return 0


class Bench:
    """One world, one split, every ranker."""

    def __init__(self, lived: Lived, epochs: int, seed: int) -> None:
        log, self.world, self.seed = lived.log, lived.world, seed
        self.end_ms = lived.end_ms
        items = self.world.items
        self.raw = items.vectors.astype(np.float32)
        self.acts = Acts.of(log.persons, log.items, log.actions, log.at_ms, log.positions, log.requests)
        unknown = np.full(len(items), -1)
        config = RankerConfig()
        self.config = config.model_copy(
            update={"training": config.training.model_copy(update={"epochs": epochs})}
        )
        centre, directions = main_directions(self.raw, config.basis)
        vectors = along(self.raw, centre, directions)
        self.items = ItemSide(vectors, unknown, items.topics.astype(np.int32) + 1, unknown)
        whole = table_of(requests_of(self.acts), self.acts, self.items, self.config)
        self.learning, later = split(whole, self.config.held_out)
        self.calibrating, self.judging = split(later, 0.5)
        self.pasts = Pasts(self.acts)
        self.popular = Popularity(self.acts, len(items), int(_save()))
        counts = np.bincount(self.acts.persons)
        there = np.flatnonzero((counts >= 60) & ~self.world.state.is_gone[: len(counts)])
        self.who = np.sort(np.random.default_rng(seed).permutation(there)[:200])
        self.said: dict[str, list[tuple[float, float, int]]] = {}
        tell(
            f"{len(whole.requests):,} pages, {len(whole.requests.items):,} rows, {len(self.who)} people for worth"
        )

    def lines(self, variants: list[str]) -> Iterator[dict[str, Any]]:
        requests = self.judging.requests
        reference: dict[str, np.ndarray] = {}
        for name, scores, pages, chances in self.lineup(variants):
            ndcg, of_ndcg = ndcg_of_pages(scores, np.maximum(requests.labels @ WORTH, 0), requests)
            auc, of_auc = auc_of_pages(scores, requests.labels[:, 0], requests)
            share = share_of(self.world, self.who, pages)
            now = {"ndcg": ndcg, "save auc": auc, "worth": share}
            if name == "LightGBM":
                reference = now
            metrics = {each: round(float(values.mean()), 4) for each, values in now.items()}
            owners = {
                "ndcg": requests.persons[of_ndcg],
                "save auc": requests.persons[of_auc],
                "worth": self.who,
            }
            spread = {each: _interval(values, owners[each]) for each, values in now.items()}
            if reference and name != "LightGBM":
                for each, values in now.items():
                    gain = values - reference[each]
                    metrics[f"{each} over LightGBM"] = round(float(gain.mean()), 4)
                    spread[f"{each} over LightGBM"] = _interval(gain, owners[each])
            if chances is not None:
                for head, action in enumerate(HEADS):
                    true = trueness(chances[:, head], requests.labels[:, head])
                    if true.events >= 20:
                        metrics |= {
                            f"{action} said/was": round(true.ratio, 3),
                            f"{action} ece": round(true.ece, 4),
                        }
                self.said[name] = bins_of(chances[:, 0], requests.labels[:, 0])
            yield record.line(
                f"Q-rank-world-{name.replace(' ', '-').replace(',', '')}",
                "order within pages that people saw, and worth of the 24 best never shown; simulated people",
                metrics["worth"], "share of the best", baseline="LightGBM on the same features",
                metrics=metrics, interval=spread, pages=len(requests), people=len(self.who),
            )  # fmt: skip

    def lineup(self, variants: list[str]) -> Iterator[tuple[str, np.ndarray, np.ndarray, np.ndarray | None]]:
        """Name, scores of the rows that judge, pages [people, 24], and chances of the rows."""
        rng = np.random.default_rng(self.seed)
        plain: dict[str, Callable[[PersonSide, np.ndarray, np.ndarray], np.ndarray]] = {
            "chance": lambda _person, numbers, _features: rng.random(len(numbers)),
            "popularity": lambda _person, _numbers, features: features[:, 2],
            "retrieval order": self.likeness,
        }
        for name, score in plain.items():
            yield name, self.rows_by(score), self.pages_by(score), None
        yield self.trees()
        for name in variants:
            yield self.ours(name)

    def likeness(self, person: PersonSide, numbers: np.ndarray, _features: np.ndarray) -> np.ndarray:
        if not len(person.likes):
            return np.zeros(len(numbers))
        return (self.items.vectors[numbers] @ self.items.vectors[person.likes[-50:]].T).max(axis=1)

    def rows_by(self, score: Callable[[PersonSide, np.ndarray, np.ndarray], np.ndarray]) -> np.ndarray:
        requests = self.judging.requests
        parts = []
        for page in range(len(requests)):
            inside = slice(requests.bounds[page], requests.bounds[page + 1])
            person = self.pasts.of(int(requests.persons[page]), int(requests.at_ms[page]))
            parts.append(score(person, requests.items[inside], self.judging.features[inside]))
        return np.concatenate(parts)

    def pages_by(self, score: Callable[[PersonSide, np.ndarray, np.ndarray], np.ndarray]) -> np.ndarray:
        popular, every = self.popular.at(self.end_ms), np.arange(len(self.items.vectors))
        pages = []
        for who in self.who.tolist():
            person = self.pasts.of(who, self.end_ms)
            features = features_of(person, every, self.items, popular, self.end_ms, self.config.new_days)
            scores = np.array(score(person, every, features), dtype=np.float64)
            scores[self.world.state.shown[who]] = -np.inf
            pages.append(np.argsort(-scores, kind="stable")[:PAGE])
        return np.array(pages)

    def trees(self) -> tuple[str, np.ndarray, np.ndarray, np.ndarray]:
        """A forest for each head, on the features and on likeness to likes and to what was left alone."""
        learning, judging = self.with_likeness(self.learning), self.with_likeness(self.judging)
        calibrating = self.with_likeness(self.calibrating)
        began, forests = time.perf_counter(), []
        for head in range(len(HEADS)):
            labels = self.learning.requests.labels[:, head]
            if labels.sum() < 20:
                forests.append(None)
                continue
            words = {
                "objective": "binary", "learning_rate": 0.05, "num_leaves": 31, "num_threads": 1,
                "seed": self.seed, "verbose": -1,
            }  # fmt: skip
            data = lightgbm.Dataset(learning, labels)
            later = lightgbm.Dataset(calibrating, self.calibrating.requests.labels[:, head], reference=data)
            stop = lightgbm.early_stopping(20, verbose=False)
            booster = lightgbm.train(words, data, 400, valid_sets=[later], callbacks=[stop])
            forests.append(booster)
        tell(f"LightGBM fitted in {time.perf_counter() - began:.0f} s")

        def chances(rows: np.ndarray) -> np.ndarray:
            return np.column_stack(
                [np.zeros(len(rows)) if each is None else each.predict(rows) for each in forests]
            )

        def score(person: PersonSide, numbers: np.ndarray, features: np.ndarray) -> np.ndarray:
            return utility(chances(np.column_stack([features, self.near(person, numbers)])), WORTH)

        said = chances(judging)
        return "LightGBM", utility(said, WORTH), self.pages_by(score), said

    def with_likeness(self, table: Any) -> np.ndarray:
        requests: Requests = table.requests
        parts = [np.zeros((0, 4))]
        for page in range(len(requests)):
            inside = slice(requests.bounds[page], requests.bounds[page + 1])
            person = self.pasts.of(int(requests.persons[page]), int(requests.at_ms[page]))
            parts.append(self.near(person, requests.items[inside]))
        return np.column_stack([table.features, np.concatenate(parts)])

    def near(self, person: PersonSide, numbers: np.ndarray) -> np.ndarray:
        vectors = self.items.vectors
        found = np.full((len(numbers), 4), np.nan)
        if len(person.likes):
            close = vectors[numbers] @ vectors[person.likes[-256:]].T
            found[:, 0], found[:, 1], found[:, 2] = (
                close.max(axis=1),
                close.mean(axis=1),
                close[:, -5:].mean(axis=1),
            )
        if len(person.left):
            found[:, 3] = (vectors[numbers] @ vectors[person.left[-24:]].T).max(axis=1)
        return found

    def ours(self, name: str) -> tuple[str, np.ndarray, np.ndarray, np.ndarray]:
        from bowerbird.rank.ranker.train import logits_of

        began = time.perf_counter()
        config = self.config.model_copy(update=VARIANTS[name])
        with tempfile.TemporaryDirectory() as folder:
            trained = train_ranker(
                self.acts, self.raw, self.items, config, space="world", seed=self.seed, folder=Path(folder)
            )
        ranker = trained.ranker
        tell(f"{name} trained in {time.perf_counter() - began:.0f} s")
        table = table_of(self.judging.requests, self.acts, self.items, config)
        chances = ranker.calibrated.chances(logits_of(ranker, table, self.items))
        at_usual = ranker.calibrated.chances(
            logits_of(ranker, table, self.items)
            - ranker.places[np.clip(table.requests.positions, 0, len(ranker.places) - 1)]
        )

        def score(person: PersonSide, numbers: np.ndarray, features: np.ndarray) -> np.ndarray:
            vectors = self.items.vectors
            said = ranker.chances(person, vectors, vectors[numbers], features, self.end_ms)
            return utility(said, WORTH)

        # The order is judged at the usual place: what stood above earns nothing for standing there.
        return name, utility(at_usual, WORTH), self.pages_by(score), chances


def _interval(values: np.ndarray, owners: np.ndarray) -> list[float]:
    if len(owners) == len(np.unique(owners)):
        return interval(values)
    found = asdict(measured(values, owners))
    return [round(found["low"], 4), round(found["high"], 4)]


def _save() -> int:
    from bowerbird.core.actions import ACTION_CODES, Action

    return ACTION_CODES[Action.SAVE]


def plot(said: dict[str, list[tuple[float, float, int]]], file: Path) -> None:
    import matplotlib as mpl

    mpl.use("svg")
    from matplotlib import pyplot as plt

    figure, axis = plt.subplots(figsize=(5.6, 5), layout="constrained")
    most = max(value for bins in said.values() for row in bins for value in row[:2])
    axis.plot([0, most], [0, most], color="grey", linewidth=0.8)
    for name, bins in said.items():
        mean, true, _ = zip(*bins, strict=True)
        axis.plot(mean, true, marker="o", markersize=3, label=name)
    axis.set_xlabel("said chance of a save")
    axis.set_ylabel("true rate on later pages")
    axis.legend(fontsize=7)
    axis.grid(alpha=0.25)
    figure.savefig(file, metadata={"Date": None})


if __name__ == "__main__":
    sys.exit(main())
