"""How often to train the ranker anew where tastes drift? A frozen model beside the loop every 8, 4, 2 and 1 days.

One simulated world lives through its weeks under one policy (what looks alike, a tenth by chance), so that all models are judged
on the same people and the same pages. Its knobs are turned up: interests turn and are replaced, seasons rise and fall, items
keep arriving. Each night the loop takes its own turn on a window of the same length, which trains one model a night; every one
of them is judged on all later days of the last eight: what the 24 best of the items that a person was never shown are truly worth
to them, as a share of the best 24, and loss and NDCG on the next day's pages. So a model's age is seen over many models,
and not as the luck of one: training every k days without a gate serves models of 0 to k - 1 days. The loop with its gate is
told as it went. Everybody's history is live for every model, except in one line that freezes what is known of people too.
Intervals: 95 %, bootstrap over people, paired.

Run: python benchmarks/bench_loop_cadence.py [--people N] [--items N] [--first N] [--days N] [--plot FILE] [--out FILE]
"""

import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import record
from bench_taste_world import tell

from bowerbird.core.actions import ACTION_CODES, Action
from bowerbird.learn.loop import LoopConfig
from bowerbird.rank.ranker import ItemSide, RankerConfig, ServedRanker
from bowerbird.rank.ranker.judging import measured, ndcg_of_pages
from bowerbird.rank.ranker.looping import Turn, Turning, turn
from bowerbird.rank.ranker.requests import Acts, Pasts, Popularity, Requests, requests_of
from bowerbird.rank.ranker.sides import features_of
from bowerbird.rank.ranker.train import future_pages, logits_of, table_of, train_ranker
from bowerbird.rank.utility import UtilityConfig, utility, weights_of
from bowerbird.world.config import DAY_MS, WorldConfig
from bowerbird.world.oracle import worths
from bowerbird.world.policies import ExploringPolicy, SimilarPolicy
from bowerbird.world.simulation import simulate
from bowerbird.world.world import make_world

PAGE, WORTH = 24, weights_of(UtilityConfig())
SAVE = ACTION_CODES[Action.SAVE]
CADENCES = (1, 2, 4, 8)
AGES = (1, 2, 4, 6, 8, 10)
OLD_DAYS = 8
MEASURES = ("worth", "loss", "ndcg")
DRIFT = {"drift": 0.15, "new_interest_share": 0.08}
FASHION = {"season_height": 4.0, "arriving_share": 0.5}
"""In four weeks an interest turns by about half a right angle, and nine of ten people have lost one for another; the
liking of a topic moves by up to two in log-odds; half of the items come later."""


@dataclass(frozen=True, slots=True)
class Night:
    """The truth when a day is over, for the people who are asked.

    Attributes:
        worth: float32 [P, live] of each item there; `shown`: bool [P, live].
        is_gone: bool [P].
    """

    worth: np.ndarray
    shown: np.ndarray
    is_gone: np.ndarray


@dataclass(frozen=True, slots=True)
class Judged:
    """What one model is worth on one day.

    Attributes:
        owners, values: by measure: persons int64 [R], float64 [R]; rows are the same for all models of a day.
    """

    owners: dict[str, np.ndarray]
    values: dict[str, np.ndarray]


def main() -> int:
    parser = record.parser(__doc__.splitlines()[0])
    parser.add_argument("--people", type=int, default=300)
    parser.add_argument("--items", type=int, default=1_800)
    parser.add_argument(
        "--first", type=int, default=6, help="days that the first model, and every window, has"
    )
    parser.add_argument("--days", type=int, default=16, help="after the first ones; more than ten")
    parser.add_argument(
        "--window", type=int, help="days of pages that a turn learns from (default: as the first)"
    )
    parser.add_argument("--every", type=int, default=1, choices=CADENCES, help="days between turns, at least")
    parser.add_argument("--asked", type=int, default=120, help="people whose best pages are judged")
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--plot", type=Path, help="SVG with quality by day, and cadence against quality and seconds"
    )
    made = parser.parse_args()
    bench = Bench(made)
    record.write(bench.lines(), made.out)
    if made.plot:
        plot(bench, made.plot)
    return 0


class Bench:
    """One world, one log, all cadences."""

    def __init__(self, made: Any) -> None:
        self.first, self.days, self.seed = made.first, made.days, made.seed
        self.window, self.cadences = (
            made.window or made.first,
            [each for each in CADENCES if each >= made.every],
        )
        config = WorldConfig(seed=made.seed, days=made.first + made.days)
        self.world = make_world(
            config.model_copy(
                update={
                    "people": config.people.model_copy(update={"count": made.people, **DRIFT}),
                    "items": config.items.model_copy(update={"count": made.items, **FASHION}),
                }
            )
        )
        self.start_ms = config.start_ms
        rng = np.random.default_rng(made.seed)
        often = self.world.people_truth.sessions_a_day
        # Who comes more often has seen most of the catalogue before the end.
        usual = np.flatnonzero((often > 0.3) & (often < 1.5))
        self.who = np.sort(rng.permutation(usual)[: made.asked])
        self.nights: dict[int, Night] = {}
        began = time.perf_counter()
        policy = ExploringPolicy(SimilarPolicy(self.world.items, made.people, variety=0.05), 0.1, made.seed)
        log = simulate(self.world, policy, self.remember).log
        self.acts = Acts.of(log.persons, log.items, log.actions, log.at_ms, log.positions, log.requests)
        tell(f"{len(log):,} events of {config.days} days in {time.perf_counter() - began:.0f} s")
        items = self.world.items
        self.raw = items.vectors.astype(np.float32)
        born_ms = self.start_ms + items.born_day.astype(np.int64) * DAY_MS
        created_ms = np.where(items.born_day > 0, born_ms, self.start_ms - 30 * DAY_MS)
        nothing = np.zeros((len(items), 0), np.float32)
        owners = items.owners.astype(np.int32) + 1
        self.items = ItemSide(nothing, created_ms, items.topics.astype(np.int32) + 1, owners)
        ranking = RankerConfig()
        self.config = ranking.model_copy(
            update={"training": ranking.training.model_copy(update={"epochs": made.epochs})}
        )
        self.pasts, self.popular = Pasts(self.acts), Popularity(self.acts, len(items), int(SAVE))
        self.pages = requests_of(self.acts)
        self.learned: dict[int, tuple[ServedRanker, float]] = {}
        last = self.first + self.days
        self.judged_days = range(self.first + OLD_DAYS, last)
        self.served = self.lived(range(self.first, last))
        self.judged = {
            (trained, day): self.judge(self.learned[trained][0], day, day)
            for day in self.judged_days
            for trained in self.learned
            if trained <= day
        }
        self.still = {
            day: self.judge(self.learned[self.first][0], day, self.first) for day in self.judged_days
        }

    def remember(self, day: int, _events: int) -> None:
        """The truth at the end of a day; `day` of them are over."""
        if day < self.first + OLD_DAYS:
            return
        live, state = self.world.items.live_on(self.world.day), self.world.state
        shown = state.shown[self.who, :live].copy()
        self.nights[day] = Night(worths(self.world, self.who, live), shown, state.is_gone[self.who].copy())

    def lived(self, days: range) -> dict[int, dict[int, int]]:
        """By cadence and day: when the champion was trained that the gate left in place."""
        found = self.turn(self.first, None, None)
        rate = found.facts.action_rate
        served = {every: {self.first: self.first} for every in self.cadences}
        for day in days[1:]:
            for every, champions in served.items():
                champions[day] = champions[day - 1]
                if (day - self.first) % every == 0:
                    found = self.turn(day, self.learned[champions[day]][0], rate)
                    if found.decision is not None and found.decision.passes:
                        champions[day], rate = day, found.facts.action_rate
            if day in self.learned:
                champions = [each[day] for each in served.values()]
                tell(f"day {day}: trained in {self.learned[day][1]:.0f} s; champions {champions}")
        return served

    def turn(self, day: int, champion: ServedRanker | None, rate: float | None) -> Turn:
        """The loop's own, in the night before `day`; its challenger is trained once, whoever asks for it."""

        def learn(acts: Acts, from_ms: int) -> ServedRanker:
            if day not in self.learned:
                began = time.perf_counter()
                with tempfile.TemporaryDirectory() as folder:
                    ranker = train_ranker(
                        acts, self.raw, self.items, self.config, space="world", seed=self.seed,
                        folder=Path(folder), pages=requests_of(acts).since(from_ms),
                    ).ranker  # fmt: skip
                self.learned[day] = ranker, time.perf_counter() - began
            return self.learned[day][0]

        turning = Turning(
            LoopConfig(window_days=self.window), learn,
            lambda ranker, acts, ms: future_pages(ranker, acts, self.raw, self.items, ms),
        )  # fmt: skip
        return turn(self.until(day), champion, rate, turning, lambda _: None)

    def until(self, days: int) -> Acts:
        return self.acts.where(self.acts.at_ms < self.start_ms + days * DAY_MS)

    def judge(self, ranker: ServedRanker, day: int, known_day: int) -> Judged:
        """At the end of `day` days, with what was known of people after `known_day`."""
        known_ms = self.start_ms + known_day * DAY_MS
        who, worth = self.worth(ranker, day, known_ms)
        (of_page, losses), (of_ndcg, ndcg) = self.next_day(ranker, day, known_day)
        return Judged(
            {"worth": who, "loss": of_page, "ndcg": of_ndcg}, {"worth": worth, "loss": losses, "ndcg": ndcg}
        )

    def worth(self, ranker: ServedRanker, day: int, known_ms: int) -> tuple[np.ndarray, np.ndarray]:
        """Persons, and worth of their 24 best over the mean of the best there are."""
        night, now_ms = self.nights[day], self.start_ms + day * DAY_MS
        content, popular = ranker.content(self.raw), self.popular.at(min(known_ms, now_ms))
        live = np.arange(night.worth.shape[1])
        rows, got, ideal = np.flatnonzero(~night.is_gone & (~night.shown).any(axis=1)), [], []
        for row in rows.tolist():
            person = self.pasts.of(int(self.who[row]), known_ms)
            free = live[~night.shown[row]]
            own = ItemSide(content, self.items.created_ms, self.items.categories, self.items.owners)
            features = features_of(person, free, own, popular[free], now_ms, self.config.new_days)
            chances = ranker.chances(person, content, content[free], features, now_ms)
            truth = night.worth[row, free]
            got.append(truth[np.argsort(-utility(chances, WORTH), kind="stable")[:PAGE]].mean())
            ideal.append(np.sort(truth)[-PAGE:].mean())
        return self.who[rows], np.array(got) / np.mean(ideal)

    def next_day(self, ranker: ServedRanker, day: int, known_day: int) -> tuple[Any, Any]:
        """(persons, loss of each page of the next day), (persons, NDCG within it)."""
        begins = np.searchsorted(self.pages.at_ms, self.start_ms + np.array([day, day + 1]) * DAY_MS)
        pages = self.pages.rows(int(begins[0]), int(begins[1]))
        acts = self.acts if known_day == day else self.until(known_day)
        own = ItemSide(
            ranker.content(self.raw), self.items.created_ms, self.items.categories, self.items.owners
        )
        logits = logits_of(ranker, table_of(pages, acts, own, ranker.config), own)
        losses = _losses(ranker.calibrated.chances(logits), pages)
        usual = logits - ranker.places[np.clip(pages.positions, 0, len(ranker.places) - 1)]
        gains = np.maximum(pages.labels @ WORTH, 0)
        ndcg, some = ndcg_of_pages(utility(ranker.calibrated.chances(usual), WORTH), gains, pages)
        return (pages.persons, losses), (pages.persons[some], ndcg)

    def lines(self) -> Iterator[dict[str, Any]]:
        spent = float(np.mean([seconds for _, seconds in self.learned.values()]))
        ages: tuple[dict[str, Any], dict[str, Any]] = {}, {}
        for age in AGES:
            days = [day for day in self.judged_days if {day, day - age} <= set(self.learned)]
            for measure in MEASURES if days else ():
                now, old = (
                    self.of_ages(measure, range(1), days),
                    self.of_ages(measure, range(age, age + 1), days),
                )
                _told(*ages, f"{measure}, {age} days old", now[0], old[1] - now[1])
        yield self.line(
            "age", "worth that a ranker loses a day after day, against one trained that night",
            ages[0][f"worth, {OLD_DAYS} days old"], *ages,
        )  # fmt: skip
        for every in self.cadences:
            yield self.against_old(f"every {every} days", self.by_cadence(every), spent / every)
            gated = {measure: self.gated(measure, every) for measure in MEASURES}
            turns = range(self.first + every, self.first + self.days, every)
            promoted = len(set(self.served[every].values())) - 1
            yield self.against_old(
                f"every {every} days with the gate", gated, spent / every, turns=len(turns), promoted=promoted
            )
        first = {measure: self.trained_on(measure, self.first) for measure in MEASURES}
        yield self.against_old("frozen from the first night", first, 0.0)
        still = {
            measure: _joined([self.still[day] for day in self.judged_days], measure) for measure in MEASURES
        }
        yield self.against_old("frozen, and what is known of people", still, 0.0)

    def against_old(
        self, name: str, found: dict[str, tuple[np.ndarray, np.ndarray]], seconds: float, **facts: int
    ) -> dict[str, Any]:
        metrics: dict[str, Any] = {"training seconds a day": round(seconds, 1)}
        spread: dict[str, Any] = {}
        for measure, (owners, values) in found.items():
            _told(metrics, spread, measure, owners, values)
            _told(metrics, spread, f"{measure} over old", owners, values - self.old(measure)[1])
        return self.line(name, "worth of the 24 best never shown", metrics["worth"], metrics, spread, **facts)

    def line(
        self,
        name: str,
        question: str,
        value: float,
        metrics: dict[str, Any],
        spread: dict[str, Any],
        **facts: int,
    ) -> dict[str, Any]:
        return record.line(
            f"Q-loop-cadence-{self.window}-days-{name.replace(' ', '-').replace(',', '')}",
            f"{question}; ranker {name}, strong drift, simulated people", value, "share of the best", better="higher",
            baseline=f"rankers trained {OLD_DAYS} days ago and earlier", metrics=metrics, interval=spread, people=len(self.who),
            days=len(self.judged_days), window_days=self.window, **facts,
        )  # fmt: skip

    def of_ages(self, measure: str, ages: range, days: Any) -> tuple[np.ndarray, np.ndarray]:
        """Owners, and the mean over models of these ages, row by row."""
        owners, means = [], []
        for day in days:
            some = [self.judged[day - age, day] for age in ages if day - age in self.learned]
            owners.append(some[0].owners[measure])
            means.append(np.mean([each.values[measure] for each in some], axis=0))
        return np.concatenate(owners), np.concatenate(means)

    def by_cadence(self, every: int) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        return {measure: self.of_ages(measure, range(every), self.judged_days) for measure in MEASURES}

    def old(self, measure: str) -> tuple[np.ndarray, np.ndarray]:
        return self.of_ages(measure, range(OLD_DAYS, self.days), self.judged_days)

    def gated(self, measure: str, every: int) -> tuple[np.ndarray, np.ndarray]:
        return _joined([self.judged[self.served[every][day], day] for day in self.judged_days], measure)

    def trained_on(self, measure: str, trained: int) -> tuple[np.ndarray, np.ndarray]:
        return _joined([self.judged[trained, day] for day in self.judged_days], measure)


def _losses(chances: np.ndarray, pages: Requests) -> np.ndarray:
    """float64 [P] cross entropy of all rows of each page, as the gate counts it."""
    sure = np.clip(chances.astype(np.float64), 1e-7, 1 - 1e-7)
    rows = -(pages.labels * np.log(sure) + ~pages.labels * np.log1p(-sure)).sum(axis=1)
    return np.bincount(pages.request_of_row, weights=rows, minlength=len(pages))


def _joined(judged: list[Judged], measure: str) -> tuple[np.ndarray, np.ndarray]:
    return (
        np.concatenate([each.owners[measure] for each in judged]),
        np.concatenate([each.values[measure] for each in judged]),
    )


def _told(
    metrics: dict[str, float],
    spread: dict[str, list[float]],
    name: str,
    owners: np.ndarray,
    values: np.ndarray,
) -> None:
    found = measured(values, owners)
    metrics[name] = round(found.mean, 4)
    spread[name] = [round(found.low, 4), round(found.high, 4)]


def plot(bench: Bench, file: Path) -> None:
    import matplotlib as mpl

    mpl.use("svg")
    from matplotlib import pyplot as plt

    mpl.rcParams["svg.hashsalt"] = "cadence"
    figure, (by_age, by_cadence) = plt.subplots(1, 2, figsize=(10.5, 4), layout="constrained")
    for measure, sign in (("worth", 1), ("loss", -1)):
        points = []
        for age in range(1, AGES[-1] + 1):
            days = [day for day in bench.judged_days if {day, day - age} <= set(bench.learned)]
            now, old = (
                bench.of_ages(measure, range(1), days),
                bench.of_ages(measure, range(age, age + 1), days),
            )
            found = measured(sign * (old[1] - now[1]), now[0])
            points.append(np.array([found.mean, found.low, found.high]) / now[1].mean())
        mean, low, high = 100 * np.array(points).T
        at = np.arange(1, AGES[-1] + 1)
        by_age.plot(at, mean, marker="o", markersize=3, label="worth" if sign > 0 else "loss, upside down")
        by_age.fill_between(at, low, high, alpha=0.15)
    by_age.set_xlabel("days since the ranker was trained")
    by_age.set_ylabel("change against one trained that night, %")
    by_age.legend(fontsize=7)
    spent = float(np.mean([seconds for _, seconds in bench.learned.values()]))
    old = bench.old("worth")[1]
    for shift, style, label in ((0.97, "o", "always served"), (1.03, "s", "with the gate")):
        at, points = [], []
        for every in bench.cadences:
            found = bench.by_cadence(every)["worth"] if style == "o" else bench.gated("worth", every)
            gain = measured(found[1] - old, found[0])
            at.append(spent / every * shift)
            points.append((gain.mean, gain.mean - gain.low, gain.high - gain.mean))
        mean, down, up = np.array(points).T
        by_cadence.errorbar(at, mean, yerr=[down, up], marker=style, capsize=3, label=label)
    for every in bench.cadences:
        by_cadence.annotate(
            f"every {every} d", (spent / every, by_cadence.get_ylim()[0]), fontsize=7, ha="center"
        )
    by_cadence.set_xscale("log")
    by_cadence.axhline(0, color="grey", linewidth=0.8)
    by_cadence.set_xlabel("seconds of training a day")
    by_cadence.set_ylabel(f"worth over rankers {OLD_DAYS} days old and older")
    by_cadence.legend(fontsize=7)
    for axis in (by_age, by_cadence):
        axis.grid(alpha=0.25)
    figure.savefig(file, metadata={"Date": None})


if __name__ == "__main__":
    sys.exit(main())
