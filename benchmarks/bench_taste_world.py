"""Do Taste Graph vectors help, against the truth of a simulated world? Regret of every retriever, and cold-start curves.

People of a world are shown pages by an ordinary policy for some weeks. Whoever learns sees the log of that alone. Then each
retriever makes one page of 24 items that a person was never shown, and the world says what that page is worth to the person
in expectation, as a share of the best such page there is (1 - share is the regret). Retrievers that use content vectors are
fitted twice: with the content that anybody can see, and with taste vectors trained on the same log in its place.

Cold start: people of whom nothing was learned from, asked with their first n likes; items of which only the first m likes
were learned from, ranked among themselves. Intervals: 95 %, bootstrap over people. Simulated people.

Run: python benchmarks/bench_taste_world.py [--people N] [--items N] [--days N] [--plot FILE] [--out FILE]
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import record

from bowerbird.cli.retrievers import retrievers_of
from bowerbird.core.actions import ACTION_CODES, Action
from bowerbird.encode.minilm import MiniLmEncoder
from bowerbird.learn.data import Histories, Interactions
from bowerbird.learn.data.interactions import ItemFacts
from bowerbird.learn.splits import SplitConfig, split
from bowerbird.learn.types import Budget, FitPlan, FittedRetriever
from bowerbird.taste.encoder import LinkColumns, TasteColumns
from bowerbird.taste.people import past_at
from bowerbird.taste.space import SpaceConfig, TasteSpace
from bowerbird.taste.space.train import train_space
from bowerbird.world.config import DAY_MS, WorldConfig
from bowerbird.world.history import History
from bowerbird.world.liking import WEIGHTS
from bowerbird.world.log import SEARCH, WorldLog
from bowerbird.world.oracle import worths
from bowerbird.world.policies import SimilarPolicy
from bowerbird.world.regret import regret_of
from bowerbird.world.simulation import simulate
from bowerbird.world.world import World, make_world

PAGE, HELD_BACK, NEW_ITEMS = 24, 0.15, 0.1
FIRST_LIKES, SEEN_LIKES = (0, 1, 2, 3, 5, 10, 20), (0, 1, 2, 5, 10, 20)
PLAIN = ("popularity", "transitions", "item-knn", "walk", "bm25")
ON_CONTENT = ("content", "two-tower", "sasrec-content", "merged-counting")
SAVE, IMPRESSION = ACTION_CODES[Action.SAVE], ACTION_CODES[Action.IMPRESSION]


@dataclass(frozen=True, slots=True)
class Lived:
    """A world after its weeks, and what a learner sees of it."""

    world: World
    log: WorldLog
    queries: tuple[str, ...]
    query_vectors: np.ndarray
    end_ms: int

    def interactions(self, keep: np.ndarray, vectors: np.ndarray) -> Interactions:
        """Likes of the rows kept, with these vectors as content."""
        items = self.world.items
        rows = np.flatnonzero(keep & (WEIGHTS[self.log.actions] > 0) & (self.log.items >= 0))
        rows = rows[np.lexsort((self.log.at_ms[rows], self.log.persons[rows]))]
        attributes = tuple((items.topic_names[topic],) for topic in items.topics.tolist())
        facts = ItemFacts(items.ids, tuple(items.titles), attributes).with_vectors(vectors)
        return Interactions(
            self.log.persons[rows], self.log.items[rows], self.log.at_ms[rows], self.log.actions[rows],
            WEIGHTS[self.log.actions[rows]], self.world.people.ids, facts, "absolute",
        )  # fmt: skip

    def columns(self, keep: np.ndarray) -> TasteColumns:
        """The Taste Graph's edges of the rows kept."""
        log, people, count = self.log.where(keep), len(self.world.people), len(self.world.items)
        likes = log.where((WEIGHTS[log.actions] > 0) & (log.items >= 0))
        saves = likes.where((likes.actions == SAVE) & (likes.boards >= 0))
        _, boards = np.unique(saves.persons.astype(np.int64) << 16 | saves.boards, return_inverse=True)
        acted = LinkColumns.of(
            likes.persons, likes.items, likes.at_ms, weights=WEIGHTS[likes.actions], actions=likes.actions
        )
        texts = {text: place for place, text in enumerate(dict.fromkeys(self.queries))}
        asked = log.where(log.queries >= 0)
        text_of = np.array([texts[self.queries[query]] for query in asked.queries.tolist()], dtype=np.int64)
        by_session = np.full(int(log.sessions.max(initial=0)) + 1, -1, dtype=np.int64)
        by_session[asked.sessions] = text_of
        on_search = likes.where(likes.surfaces == SEARCH)
        query = by_session[on_search.sessions]
        found = LinkColumns.of(query[query >= 0], on_search.items[query >= 0], on_search.at_ms[query >= 0])
        seen = log.where(log.actions == IMPRESSION)
        left = ~np.isin(
            seen.persons.astype(np.int64) * count + seen.items,
            likes.persons.astype(np.int64) * count + likes.items,
        )
        board_count = int(boards.max(initial=-1)) + 1
        return TasteColumns(
            self.world.items.vectors.astype(np.float32), board_count, people, len(texts),
            LinkColumns.of(saves.items, boards, saves.at_ms), acted, found, self.query_vectors,
            np.zeros((board_count, self.query_vectors.shape[1]), np.float32),
            LinkColumns.of(seen.persons[left], seen.items[left], seen.at_ms[left]),
        )  # fmt: skip


def main() -> int:
    made = arguments()
    lived = live(made.people, made.items, made.days, made.seed)
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(lived, Path(folder), made.epochs, made.seed)
        curves: dict[str, dict[str, list[list[float]]]] = {}
        record.write(bench.regrets(), made.out)
        record.write(bench.new_people(curves), made.out)
        record.write(bench.new_items(curves), made.out)
    if made.plot:
        plot(curves, made.plot)
    return 0


def arguments() -> argparse.Namespace:
    parser = record.parser(__doc__.splitlines()[0])
    parser.add_argument("--people", type=int, default=1_200)
    parser.add_argument("--items", type=int, default=3_000)
    parser.add_argument("--days", type=int, default=21)
    parser.add_argument("--epochs", type=int, default=20, help="of each part of the taste space, at most")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--plot", type=Path, help="SVG with the cold-start curves")
    return parser.parse_args()


def live(people: int, items: int, days: int, seed: int) -> Lived:
    """The weeks, under a policy that shows what looks alike, with some variety."""
    config = WorldConfig(seed=seed, days=days)
    config = config.model_copy(
        update={
            "people": config.people.model_copy(update={"count": people}),
            "items": config.items.model_copy(update={"count": items}),
        }
    )
    world = make_world(config)
    history: History = simulate(world, SimilarPolicy(world.items, len(world.people), variety=0.05))
    texts = list(dict.fromkeys(history.queries))
    vectors = MiniLmEncoder().encode_words(texts) if texts else np.zeros((0, 384), np.float32)
    return Lived(world, history.log, history.queries, vectors, config.start_ms + days * DAY_MS)


class Bench:
    """Everything that is measured on one world."""

    def __init__(self, lived: Lived, folder: Path, epochs: int, seed: int) -> None:
        self.lived, self.folder, self.seed = lived, folder, seed
        self.config = SpaceConfig().with_epochs(epochs)
        rng = np.random.default_rng(seed)
        people, items = len(lived.world.people), len(lived.world.items)
        self.is_held = rng.random(people) < HELD_BACK
        self.is_new = rng.random(items) < NEW_ITEMS
        self.known = ~self.is_held[lived.log.persons]
        tell(f"{people:,} people, {items:,} items, {len(lived.log):,} events")
        self.space = self.trained(self.known)
        self.vectors = self.space.at(lived.columns(self.known), lived.end_ms).vectors
        self.everybody = lived.interactions(np.ones(len(lived.log), bool), lived.world.items.vectors)
        self.fitted: dict[str, FittedRetriever] = {}

    def trained(self, keep: np.ndarray) -> TasteSpace:
        began = time.perf_counter()
        space = train_space(
            self.lived.columns(keep), self.config, seed=self.seed,
            folder=Path(tempfile.mkdtemp(dir=self.folder)), tell=lambda _: None,
        )  # fmt: skip
        tell(f"taste space trained in {time.perf_counter() - began:.0f} s")
        return space

    def fit(self, name: str, keep: np.ndarray, vectors: np.ndarray) -> FittedRetriever:
        """A retriever by its word, tuned on the newest tenth of what it may see."""
        began = time.perf_counter()
        (retriever,) = retrievers_of(name)
        parts = split(
            self.lived.interactions(keep, vectors),
            SplitConfig(kind="time", validation_from=0.85, test_from=0.999),
        )
        plan = FitPlan(self.seed, Budget(candidates=PAGE, trials=6), Path(tempfile.mkdtemp(dir=self.folder)))
        fitted = retriever.fit(parts.training, parts.validation, plan)
        tell(f"{name} fitted in {time.perf_counter() - began:.0f} s")
        return fitted

    def histories(self, who: np.ndarray, first: int | None = None) -> Histories:
        """All likes of these people, or their first ones."""
        rows = self.everybody
        if first is not None:
            place = np.arange(len(rows)) - rows.bounds()[rows.persons]
            rows = rows.where(place < first)
        found = rows.histories().take(who)
        return replace(found, asked_ms=np.full(len(who), self.lived.end_ms, dtype=np.int64))

    def shown(self, who: np.ndarray) -> Histories:
        """What each person was shown, as a history of what must not come back."""
        person, item = np.nonzero(self.lived.world.state.shown[who])
        bounds = np.concatenate([[0], np.cumsum(np.bincount(person, minlength=len(who)))])
        nothing = np.zeros(len(item), dtype=np.int64)
        return Histories(
            np.arange(len(who), dtype=np.int32), bounds, item.astype(np.int32), nothing,
            nothing.astype(np.int8), nothing.astype(np.float32), np.full(len(who), self.lived.end_ms),
        )  # fmt: skip

    def share(self, who: np.ndarray, slates: np.ndarray) -> np.ndarray:
        return share_of(self.lived.world, who, slates)

    def lineup(self) -> Iterator[tuple[str, str, Callable[[Histories, np.ndarray], np.ndarray]]]:
        """Name, vectors, and what makes a page [B, 24] from histories."""
        content = self.lived.world.items.vectors.astype(np.float32)
        for name in PLAIN:
            yield name, "", self.pages_of(self.kept(name, "", content))
        for name in ON_CONTENT:
            yield name, "content", self.pages_of(self.kept(name, "content", content))
            yield name, "taste", self.pages_of(self.kept(name, "taste", self.vectors))
        yield "taste people", "taste", self.people_pages

    def kept(self, name: str, what: str, vectors: np.ndarray) -> FittedRetriever:
        key = f"{name} {what}"
        if key not in self.fitted:
            self.fitted[key] = self.fit(name, self.known, vectors)
        return self.fitted[key]

    def pages_of(self, fitted: FittedRetriever) -> Callable[[Histories, np.ndarray], np.ndarray]:
        def pages(histories: Histories, who: np.ndarray) -> np.ndarray:
            shown = self.shown(who)
            parts = [
                fitted.top(histories.rows(start, stop), PAGE, shown.rows(start, stop)).items
                for start, stop in batches(len(who))
            ]
            return np.concatenate(parts).astype(np.int64)

        return pages

    def people_pages(self, histories: Histories, who: np.ndarray) -> np.ndarray:
        """By the person's vector of the space; who liked nothing has the one that people start with."""
        rows = histories.row_of_entry()
        acted = LinkColumns.of(
            rows, histories.items, histories.at_ms, weights=histories.weights, actions=histories.actions
        )
        people = self.space.at(self.lived.columns(self.known), self.lived.end_ms).people(
            past_at(acted, np.arange(len(who)), self.lived.end_ms, 128)
        )
        scores = people.vectors @ self.vectors.T
        scores[self.lived.world.state.shown[who]] = -np.inf
        return np.argsort(-scores, axis=1, kind="stable")[:, :PAGE]

    def regrets(self) -> Iterator[dict[str, Any]]:
        """One line a retriever: people it learned from, asked with all they did."""
        who = self.active(~self.is_held)
        histories = self.histories(who)
        of_content: dict[str, np.ndarray] = {}
        for name, what, pages in self.lineup():
            share = self.share(who, pages(histories, who))
            of_content.setdefault(name, share)
            gain = share - of_content[name]
            yield record.line(
                f"Q-world-regret-{name.replace(' ', '-')}{'-' + what if what else ''}",
                "worth of a page of 24 never shown, as a share of the best such page; simulated people",
                float(share.mean()), "share", baseline="the best page, by the world's truth",
                metrics={"share": round(float(share.mean()), 4), "regret": round(1 - float(share.mean()), 4)}
                | ({"taste - content": round(float(gain.mean()), 4)} if what == "taste" and name in ON_CONTENT else {}),
                interval={"share": interval(share)}
                | ({"taste - content": interval(gain)} if what == "taste" and name in ON_CONTENT else {}),
                people=len(who), items=len(self.lived.world.items), events=len(self.lived.log),
            )  # fmt: skip

    def new_people(self, curves: dict[str, dict[str, list[list[float]]]]) -> Iterator[dict[str, Any]]:
        """People of whom nothing was learned from, by their first likes."""
        who = self.active(self.is_held)
        curve = curves.setdefault("likes of a new person", {})
        for name, what, pages in self.lineup():
            label = f"{name} ({what})" if what else name
            for first in FIRST_LIKES:
                if first == 0 and name != "taste people" and name != "popularity":
                    continue  # the others need something to begin with; the feed falls back to popularity
                share = self.share(who, pages(self.histories(who, first), who))
                curve.setdefault(label, []).append([first, float(share.mean()), *interval(share)])
            yield record.line(
                f"Q-world-new-people-{name.replace(' ', '-')}{'-' + what if what else ''}",
                "worth of a page for new people by their first likes, as a share of the best; simulated people",
                curve[label][-1][1], "share", baseline="the best page, by the world's truth",
                metrics={f"after {point[0]}": round(point[1], 4) for point in curve[label]},
                interval={f"after {point[0]}": point[2:] for point in curve[label]}, people=len(who),
            )  # fmt: skip

    def new_items(self, curves: dict[str, dict[str, list[list[float]]]]) -> Iterator[dict[str, Any]]:
        """New items ranked among themselves, by how many of their likes were learned from."""
        world, log = self.lived.world, self.lived.log
        who, new = self.active(~self.is_held), np.flatnonzero(self.is_new)
        worth = np.maximum(
            worths(world, who, len(world.items))[:, new], 0.0
        )  # what is worth less is left out
        worth[world.state.shown[who][:, new]] = 0.0
        ideal = np.sort(worth, axis=1)[:, ::-1][:, :PAGE].sum(axis=1)
        curve = curves.setdefault("likes of a new item that were learned from", {})
        likes = np.flatnonzero((WEIGHTS[log.actions] > 0) & (log.items >= 0))
        place = np.zeros(len(log), dtype=np.int64)
        order = likes[np.lexsort((log.at_ms[likes], log.items[likes]))]
        starts = np.searchsorted(log.items[order], log.items[order])
        place[order] = np.arange(len(order)) - starts
        for seen in SEEN_LIKES:
            keep = self.known & ~((log.items >= 0) & self.is_new[log.items] & (place >= seen))
            # What was only shown of a new item would tell of it too.
            keep &= ~((log.items >= 0) & self.is_new[log.items] & (log.actions == IMPRESSION))
            space = self.trained(keep)
            vectors = space.at(self.lived.columns(keep), self.lived.end_ms).vectors
            histories = self.histories_without(who, keep)
            content = world.items.vectors.astype(np.float32)
            lineup = {
                "popularity": self.fit("popularity", keep, content), "item-knn": self.fit("item-knn", keep, content),
                "content (content)": self.fit("content", keep, content), "content (taste)": self.fit("content", keep, vectors),
            }  # fmt: skip
            for label, fitted in lineup.items():
                scores = np.concatenate(
                    [fitted.scores(histories.rows(*rows))[:, new] for rows in batches(len(who))]
                )
                scores[world.state.shown[who][:, new]] = -np.inf
                top = np.argsort(-scores, axis=1, kind="stable")[:, :PAGE]
                share = np.take_along_axis(worth, top, axis=1).sum(axis=1) / ideal.mean()
                curve.setdefault(label, []).append([seen, float(share.mean()), *interval(share)])
        for label, points in curve.items():
            yield record.line(
                f"Q-world-new-items-{label.replace(' ', '-').replace('(', '').replace(')', '')}",
                "worth of the 24 best of the new items, as a share of the best 24 of them; simulated people",
                points[0][1], "share", baseline="the best new items, by the world's truth",
                metrics={f"after {point[0]}": round(point[1], 4) for point in points},
                interval={f"after {point[0]}": point[2:] for point in points}, people=len(who), new_items=len(new),
            )  # fmt: skip

    def histories_without(self, who: np.ndarray, keep: np.ndarray) -> Histories:
        rows = self.lived.interactions(keep, self.lived.world.items.vectors)
        return replace(
            rows.histories().take(who), asked_ms=np.full(len(who), self.lived.end_ms, dtype=np.int64)
        )

    def active(self, some: np.ndarray) -> np.ndarray:
        """Of these, who liked 20 things and is still there; at most 400."""
        counts = np.bincount(self.everybody.persons, minlength=len(some))
        who = np.flatnonzero(some & (counts >= max(FIRST_LIKES)) & ~self.lived.world.state.is_gone)
        return np.sort(np.random.default_rng(self.seed).permutation(who)[:400])


def share_of(world: World, who: np.ndarray, slates: np.ndarray) -> np.ndarray:
    """[B] worth of each page over the mean worth of the best pages of what people were never shown.

    Its mean is the share of all that could be had; people to whom little is worth anything weigh little.
    """
    best = worths(world, who, len(world.items))
    best[world.state.shown[who]] = -np.inf
    ideal = np.argsort(-best, axis=1, kind="stable")[:, :PAGE]
    worth = regret_of(world, who, slates).worth
    return worth / regret_of(world, who, ideal).worth.mean()


def batches(count: int) -> list[tuple[int, int]]:
    return [(start, min(start + 256, count)) for start in range(0, count, 256)]


def interval(values: np.ndarray) -> list[float]:
    rng = np.random.default_rng(0)
    means = values[rng.integers(0, len(values), (2_000, len(values)))].mean(axis=1)
    return [round(float(each), 4) for each in np.quantile(means, (0.025, 0.975))]


def plot(curves: dict[str, dict[str, list[list[float]]]], file: Path) -> None:
    import matplotlib as mpl

    mpl.use("svg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(1, len(curves), figsize=(11, 4.2), layout="constrained")
    for axis, (title, lines) in zip(axes, curves.items(), strict=True):
        for label, points in lines.items():
            at, mean, low, high = np.array(points).T
            axis.plot(at, mean, marker="o", markersize=3, label=label)
            axis.fill_between(at, low, high, alpha=0.12)
        axis.set_xscale("symlog", linthresh=1)
        axis.set_xticks(sorted({int(point[0]) for points in lines.values() for point in points}))
        axis.get_xaxis().set_major_formatter(mpl.ticker.ScalarFormatter())
        axis.set_xlabel(title)
        axis.set_ylabel("share of the best page's worth")
        axis.legend(fontsize=6.5, ncols=2)
        axis.grid(alpha=0.25)
    figure.savefig(file, metadata={"Date": None})


def tell(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
