"""What does the cut before ranking keep of the ranker's order, what does it cost a page in worth, what does it save in time?

People of a simulated world are shown pages by an ordinary policy for some weeks; a ranker learns from the log, and a pre-ranker
from the ranker; beside it one that learned from shown items alone, and one from what people did alone. Then retrieval proposes
2,000 items that a person was never shown: the nearest to their likes, what is popular and some by chance, in turns. Of those 400
are kept: by each pre-ranker, in the order of retrieval, the nearest to a like, at random. Told: how many of the ranker's first 24
and 100 of all 2,000 are among the 400, and what the 24 that the ranker then puts first are truly worth to the person, as a share
of the 24 best of all. Intervals: 95 %, bootstrap over people, paired where two are compared. Time: of one page of 2,000
candidates, one thread, the items' sides as they are kept. Simulated people.

Run: python benchmarks/bench_rank_prerank.py [--people N] [--items N] [--days N] [--out FILE]
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import record
from bench_taste_world import interval, live, share_of, tell

from bowerbird.core.actions import ACTION_CODES, Action
from bowerbird.rank.prerank import ItemRows, PrerankConfig, ServedPrerank
from bowerbird.rank.prerank.inputs import nearest
from bowerbird.rank.prerank.judging import recall
from bowerbird.rank.prerank.train import train_prerank
from bowerbird.rank.ranker import ItemSide, PersonSide, RankerConfig
from bowerbird.rank.ranker.requests import Acts, Pasts, Popularity
from bowerbird.rank.ranker.sides import features_of
from bowerbird.rank.ranker.train import train_ranker
from bowerbird.rank.utility import UtilityConfig, utility, weights_of

PAGE, FIRST, CANDIDATES, KEEP, ROUNDS = 24, 100, 2_000, 400, 60
WORTH = weights_of(UtilityConfig())
NEAR_PART, POPULAR_PART = 0.6, 0.2
VARIANTS: dict[str, dict[str, Any]] = {
    "pre-ranker": {},
    "pre-ranker, shown items alone": {"drawn_from": 0},
    "pre-ranker, labels alone": {"distilled": 0.0, "observed": 1.0},
}
WAYS = (*VARIANTS, "retrieval order", "nearest to a like", "chance")


def main() -> int:
    made = arguments()
    record.write(Bench(made).lines(), made.out)
    return 0


def arguments() -> argparse.Namespace:
    parser = record.parser(__doc__.splitlines()[0])
    parser.add_argument("--people", type=int, default=500)
    parser.add_argument("--items", type=int, default=6_000)
    parser.add_argument("--days", type=int, default=14)
    parser.add_argument("--epochs", type=int, default=4, help="of the ranker; the pre-ranker has its own")
    parser.add_argument("--judged", type=int, default=200, help="people")
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


class Bench:
    """One world, its ranker and pre-ranker, and what retrieval proposes to each person that judges."""

    def __init__(self, made: argparse.Namespace) -> None:
        self.rng = np.random.default_rng(made.seed)
        lived = live(made.people, made.items, made.days, made.seed)
        log, self.world, self.end_ms = lived.log, lived.world, lived.end_ms
        raw = self.world.items.vectors.astype(np.float32)
        acts = Acts.of(log.persons, log.items, log.actions, log.at_ms, log.positions, log.requests)
        unknown, topics = np.full(len(raw), -1), self.world.items.topics.astype(np.int32) + 1
        items = ItemSide(np.zeros((len(raw), 0), np.float32), unknown, topics, unknown)
        config = RankerConfig()
        training = config.training.model_copy(update={"epochs": made.epochs})
        self.config = config.model_copy(update={"training": training})
        with tempfile.TemporaryDirectory() as folder:
            self.ranker = train_ranker(
                acts, raw, items, self.config, space="world", seed=made.seed, folder=Path(folder), tell=tell
            ).ranker
        self.preranks: dict[str, ServedPrerank] = {}
        self.trained_s: dict[str, float] = {}
        for name, words in VARIANTS.items():
            began, sizes = time.perf_counter(), PrerankConfig().model_copy(update=words)
            with tempfile.TemporaryDirectory() as folder:
                self.preranks[name] = train_prerank(
                    self.ranker, acts, raw, items, sizes, seed=made.seed, folder=Path(folder), tell=tell
                ).prerank
            self.trained_s[name] = time.perf_counter() - began
        self.prerank = self.preranks["pre-ranker"]
        self.items = ItemSide(self.ranker.content(raw), unknown, topics, unknown)
        self.pasts = Pasts(acts)
        self.popular = Popularity(acts, len(raw), ACTION_CODES[Action.SAVE]).at(self.end_ms)
        counts = np.bincount(acts.persons)
        state = self.world.state
        has_left = (~state.shown[: len(counts)]).sum(axis=1) >= CANDIDATES  # some have seen nearly everything
        there = np.flatnonzero((counts >= 60) & ~state.is_gone[: len(counts)] & has_left)
        self.who = np.sort(np.random.default_rng(made.seed).permutation(there)[: made.judged])

    def lines(self) -> Iterator[dict[str, Any]]:
        """What is kept and what it is worth by each way, then time."""
        recalls: dict[str, list[tuple[float, float]]] = {way: [] for way in WAYS}
        pages: dict[str, list[np.ndarray]] = {way: [] for way in ("ranker on all", *WAYS)}
        for person in self.who.tolist():
            numbers, side = self.proposed(person), self.pasts.of(person, self.end_ms)
            worth, scores = self.worth_of(side, numbers), self.scores(side, numbers)
            pages["ranker on all"].append(numbers[np.argsort(-worth, kind="stable")[:PAGE]])
            for way in WAYS:
                each = scores[way]
                recalls[way].append((recall(each, worth, KEEP, PAGE), recall(each, worth, KEEP, FIRST)))
                kept = np.argsort(-each, kind="stable")[:KEEP]
                pages[way].append(numbers[kept[np.argsort(-worth[kept], kind="stable")[:PAGE]]])
        shares = {way: share_of(self.world, self.who, np.array(each)) for way, each in pages.items()}
        for way in WAYS:
            of_24, of_100 = np.array(recalls[way]).T
            lost = shares[way] - shares["ranker on all"]
            gained = shares[way] - shares["retrieval order"]
            values = {
                "recall of the first 24": of_24, "recall of the first 100": of_100, "worth": shares[way],
                "worth over ranking all": lost, "worth over retrieval order": gained,
            }  # fmt: skip
            yield record.line(
                "Q-prerank-" + way.replace("pre-ranker", "ours").replace(" ", "-").replace(",", ""),
                f"the ranker's first 24 of {CANDIDATES:,} among {KEEP} kept by {way}; simulated people",
                float(of_24.mean()), "share", better="higher", baseline="ranking all",
                metrics={name: round(float(each.mean()), 4) for name, each in values.items()},
                interval={name: interval(each) for name, each in values.items()},
                people=len(self.who), worth_of_ranking_all=round(float(shares["ranker on all"].mean()), 4),
            )  # fmt: skip
        yield self.time(float(np.mean([each[0] for each in recalls["pre-ranker"]])))

    def proposed(self, person: int) -> np.ndarray:
        """Unseen items in the order of retrieval: near ones, popular ones and some by chance, in turns."""
        unseen = np.flatnonzero(~self.world.state.shown[person])
        side, near = self.pasts.of(person, self.end_ms), np.zeros(len(unseen))
        if len(side.likes):
            near = nearest(self.items.vectors[unseen], self.items.vectors[side.likes[-50:]])
        lists = (
            unseen[np.argsort(-near, kind="stable")],
            unseen[np.argsort(-self.popular[unseen], kind="stable")],
            self.rng.permutation(unseen),
        )
        shares = (NEAR_PART, POPULAR_PART, 1 - NEAR_PART - POPULAR_PART)
        turns = [np.arange(len(each)) / share for each, share in zip(lists, shares, strict=True)]
        joined = np.concatenate(lists)[np.argsort(np.concatenate(turns), kind="stable")]
        _, first = np.unique(joined, return_index=True)
        found: np.ndarray = joined[np.sort(first)][:CANDIDATES]
        return found

    def features(self, side: PersonSide, numbers: np.ndarray) -> np.ndarray:
        return features_of(
            side, numbers, self.items, self.popular[numbers], self.end_ms, self.config.new_days
        )

    def worth_of(self, side: PersonSide, numbers: np.ndarray) -> np.ndarray:
        """[C] by the ranker, of all."""
        vectors, features = self.items.vectors, self.features(side, numbers)
        return utility(self.ranker.chances(side, vectors, vectors[numbers], features, self.end_ms), WORTH)

    def scores(self, side: PersonSide, numbers: np.ndarray) -> dict[str, np.ndarray]:
        """[C] by which each way keeps."""
        vectors, features = self.items.vectors, self.features(side, numbers)

        def by(prerank: ServedPrerank) -> np.ndarray:
            asking = prerank.asking_of(side, vectors, self.end_ms, self.ranker)
            return utility(prerank.chances(asking, prerank.item_rows(vectors[numbers]), features), WORTH)

        return {
            **{name: by(each) for name, each in self.preranks.items()},
            "retrieval order": -np.arange(len(numbers), dtype=np.float64),
            "nearest to a like": nearest(vectors[numbers], vectors[side.likes[-50:]]),
            "chance": self.rng.random(len(numbers)),
        }

    def time(self, kept: float) -> dict[str, Any]:
        """Milliseconds of the cut, of ranking what is kept, and of ranking all."""
        person = int(max(self.who.tolist(), key=lambda each: len(self.pasts.of(each, self.end_ms).likes)))
        side, numbers = self.pasts.of(person, self.end_ms), self.proposed(person)
        vectors, rows = self.items.vectors, ItemRows(self.prerank, 2**40)

        def content_of(some: np.ndarray) -> np.ndarray:
            return vectors[some]

        def cut() -> np.ndarray:
            asking = self.prerank.asking_of(side, vectors, self.end_ms, self.ranker)
            held = rows.of(numbers, self.end_ms, content_of)
            scores = utility(self.prerank.chances(asking, held, self.features(side, numbers)), WORTH)
            return np.argsort(-scores, kind="stable")[:KEEP]

        rows.of(np.arange(len(vectors)), self.end_ms, content_of)
        some = numbers[cut()]
        cut_ms, cut_p99 = timed(cut)
        part_ms, _ = timed(lambda: self.worth_of(side, some))
        all_ms, _ = timed(lambda: self.worth_of(side, numbers))
        return record.line(
            "P8-prerank", f"cut of {CANDIDATES:,} candidates to {KEEP}, one thread, p50", cut_ms, "ms", target=1.0,
            baseline=f"the ranker on {CANDIDATES:,}", ratio=all_ms / cut_ms,
            quality={"recall of the ranker's first 24": round(kept, 4)}, p99_ms=round(cut_p99, 3),
            ranking_kept_ms=round(part_ms, 3), ranking_all_ms=round(all_ms, 3),
            both_ms=round(cut_ms + part_ms, 3), trained_s=round(self.trained_s["pre-ranker"], 1),
            bytes_an_item=4 * self.prerank.row_width, likes=len(side.likes),
        )  # fmt: skip


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """p50 and p99 in milliseconds."""
    for _ in range(5):
        work()
    times = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        work()
        times.append((time.perf_counter() - began) * 1000)
    return float(np.median(times)), float(np.quantile(times, 0.99))


if __name__ == "__main__":
    sys.exit(main())
