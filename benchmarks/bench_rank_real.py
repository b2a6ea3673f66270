"""Does the ranker that learns order better on logs of real people, and are its chances true there?

MovieLens latest-small has no impressions, so candidates are made as a retriever of that moment would have made them: the log
after its first half is cut into ten parts, and in each the 100 best by item-knn, fitted on what came before the part, for what
the person had done before the page. A page is asked for before each next ten ratings of a person; ratings from 4 within a day are
saves, others close-ups. All 100 are ranked, none is sampled, and what was saved but not retrieved counts as missed. Content is words of
title and genres beside what people rated together in the first half, which no page is made of. By time, 60 % of the
pages learn, 20 % stop and calibrate, 20 % judge. Intervals: 95 %, bootstrap over persons, paired with LightGBM.

Run: python benchmarks/bench_rank_real.py [--epochs N] [--out FILE]
"""

import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import record
from rank_rivals import NO_SEQUENCE, forest, likeness
from real_logs import BLOCK, CANDIDATES, DAY_MS, FILMS, films, tell

from bowerbird.rank.ranker import HEADS, ItemSide, RankerConfig
from bowerbird.rank.ranker.calibration import trueness
from bowerbird.rank.ranker.judging import measured
from bowerbird.rank.ranker.requests import Pasts, Requests
from bowerbird.rank.ranker.served import along, main_directions
from bowerbird.rank.ranker.train import Table, logits_of, split, table_of, train_ranker
from bowerbird.rank.utility import UtilityConfig, utility, weights_of

YEAR_DAYS, NEWER_DAYS = 365.0, 5 * 365.0
AT = 10
RIVALS = ("retrieval order", "LightGBM", "ours without the sequence, with the place in retrieval")
WORTH = weights_of(UtilityConfig())


def main() -> int:
    parser = record.parser(__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--seed", type=int, default=0)
    made = parser.parse_args()
    if not FILMS.is_dir():
        print("skipped: the shared data are not on this machine", file=sys.stderr)
        return 0
    record.write(FilmBench(made.epochs, made.seed).lines(), made.out)
    return 0


class FilmBench:
    """One split of the films, every ranker."""

    def __init__(self, epochs: int, seed: int) -> None:
        self.film, self.seed = films(), seed
        config = RankerConfig(
            basis=96,
            left=0,
            held_out=0.4,
            new_days=YEAR_DAYS,
            popular_days=YEAR_DAYS,
            slots=CANDIDATES,
            requests=16,
        )
        training = config.training.model_copy(update={"epochs": epochs})
        self.config = config.model_copy(update={"training": training})
        centre, directions = main_directions(self.film.raw, self.config.basis)
        facts = self.film.items
        self.items = ItemSide(
            along(self.film.raw, centre, directions), facts.created_ms, facts.categories, facts.owners
        )
        whole = table_of(self.film.pages, self.film.acts, self.items, self.config)
        self.learning, later = split(whole, self.config.held_out)
        self.calibrating, self.judging = split(later, 0.5)
        first = len(whole.requests) - len(self.judging.requests)
        self.saved, self.history = self.film.saved[first:], self.film.histories[first:]
        self.pasts = Pasts(self.film.acts)
        tell(
            f"{len(whole.requests):,} pages of {CANDIDATES}, {len(self.learning.requests):,} learn, "
            f"{len(self.judging.requests):,} judge"
        )

    def lines(self) -> Iterator[dict[str, Any]]:
        pages = self.judging.requests
        asked = np.flatnonzero(self.saved > 0)
        found = np.bincount(pages.request_of_row, weights=pages.labels[:, 0], minlength=len(pages))
        kept: dict[str, dict[str, np.ndarray]] = {}
        owners = pages.persons[asked]
        for name, scores, chances in self.lineup():
            now = kept[name] = top_of_pages(scores, pages, self.saved)
            metrics = {each: round(float(values[asked].mean()), 4) for each, values in now.items()}
            spread = {each: interval(values[asked], owners) for each, values in now.items()}
            for rival in RIVALS:
                for each in now if rival in kept and rival != name else ():
                    gain = (now[each] - kept[rival][each])[asked]
                    metrics[f"{each} over {rival}"] = round(float(gain.mean()), 4)
                    spread[f"{each} over {rival}"] = interval(gain, owners)
            if chances is not None:
                metrics |= self.trueness(chances)
            yield record.line(
                f"Q-rank-movielens-{name.replace(' ', '-').replace(',', '')}",
                f"order of {CANDIDATES} retrieved films, saves of the next {BLOCK} ratings; MovieLens latest-small, split by time",
                metrics[f"ndcg@{AT}"], f"NDCG@{AT}", better="higher", baseline="LightGBM on the same features",
                metrics=metrics, interval=spread, pages=len(asked), people=len(np.unique(owners)),
                retrieved=round(float(found[asked].sum() / self.saved[asked].sum()), 4),
            )  # fmt: skip

    def lineup(self) -> Iterator[tuple[str, np.ndarray, np.ndarray | None]]:
        """Name, scores of the rows that judge, their chances."""
        pages = self.judging.requests
        yield "chance", np.random.default_rng(self.seed).random(len(pages.items)), None
        yield "popularity", self.judging.features[:, 2].astype(np.float64), None
        yield "retrieval order", -pages.positions.astype(np.float64), None
        yield self.trees("LightGBM", places=False)
        yield self.trees("LightGBM with the place in retrieval", places=True)
        yield from self.ours("ours without the sequence", NO_SEQUENCE)
        yield from self.ours("ours", {})

    def trees(self, name: str, *, places: bool) -> tuple[str, np.ndarray, np.ndarray]:
        """A forest for each head."""
        learning, calibrating, judging = (
            self.columns(table, places) for table in (self.learning, self.calibrating, self.judging)
        )
        began, said = time.perf_counter(), np.zeros((len(judging), len(HEADS)))
        for head in range(len(HEADS)):
            labels = self.learning.requests.labels[:, head]
            if labels.any():
                later = self.calibrating.requests.labels[:, head]
                said[:, head] = forest(learning, labels, calibrating, later, self.seed).predict(judging)
        tell(f"{name} fitted in {time.perf_counter() - began:.0f} s")
        return name, utility(said, WORTH), said

    def columns(self, table: Table, places: bool) -> np.ndarray:
        """[R, …] features, likeness to likes, and the place where it is asked for."""
        near = likeness(self.pasts, table.requests, self.items.vectors)
        columns = [table.features, near]
        return np.column_stack([*columns, table.requests.positions] if places else columns)

    def ours(self, name: str, update: dict[str, Any]) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
        """With the place left out, as it is served, and with it."""
        began, config = time.perf_counter(), self.config.model_copy(update=update)
        with tempfile.TemporaryDirectory() as folder:
            ranker = train_ranker(
                self.film.acts, self.film.raw, self.film.items, config, space="films", seed=self.seed,
                folder=Path(folder), pages=self.film.pages,
            ).ranker  # fmt: skip
        tell(f"{name} trained in {time.perf_counter() - began:.0f} s: {ranker.facts}")
        table = table_of(self.judging.requests, self.film.acts, self.items, config)
        logits = logits_of(ranker, table, self.items)
        at_place = ranker.calibrated.chances(logits)
        places = ranker.places[np.clip(table.requests.positions, 0, len(ranker.places) - 1)]
        at_usual = ranker.calibrated.chances(logits - places)
        yield name, utility(at_usual, WORTH), at_usual
        yield f"{name}, with the place in retrieval", utility(at_place, WORTH), at_place

    def trueness(self, chances: np.ndarray) -> dict[str, float]:
        """Said over was and expected error of each head that happens, in slices."""
        pages = self.judging.requests
        age_days = (pages.at_ms[pages.request_of_row] - self.items.created_ms[pages.items]) / DAY_MS
        short = self.history[pages.request_of_row] < 20
        slices = {
            "": np.ones(len(pages.items), bool), ", first ten places": pages.positions < AT,
            ", other places": pages.positions >= AT, ", newer films": age_days < NEWER_DAYS,
            ", older films": age_days >= NEWER_DAYS, ", short histories": short, ", long histories": ~short,
        }  # fmt: skip
        told: dict[str, float] = {}
        for head, action in enumerate(HEADS):
            for what, inside in slices.items():
                true = trueness(chances[inside, head], pages.labels[inside, head])
                if true.events >= 20:
                    told[f"{action} said/was{what}"] = round(true.ratio, 3)
                    told[f"{action} ece{what}"] = round(true.ece, 4)
        return told


def top_of_pages(scores: np.ndarray, pages: Requests, saved: np.ndarray) -> dict[str, np.ndarray]:
    """[Q] NDCG and recall of the first ten; what was saved and not retrieved is in the best there could be."""
    owner = pages.request_of_row
    order = np.lexsort((np.arange(len(scores)), -scores, owner))
    place = np.arange(len(scores)) - pages.bounds[:-1][owner[order]]
    hit = pages.labels[order, 0] & (place < AT)
    discount = 1 / np.log2(np.arange(AT) + 2)
    gained = np.bincount(owner[order[hit]], weights=discount[place[hit]], minlength=len(pages))
    best = np.concatenate([[1.0], np.cumsum(discount)])[np.minimum(saved, AT)]
    hits = np.bincount(owner[order[hit]], minlength=len(pages))
    return {f"ndcg@{AT}": gained / best, f"recall@{AT}": hits / np.maximum(saved, 1)}


def interval(values: np.ndarray, owners: np.ndarray) -> list[float]:
    found = measured(values, owners)
    return [round(found.low, 4), round(found.high, 4)]


if __name__ == "__main__":
    sys.exit(main())
