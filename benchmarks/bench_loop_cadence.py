"""How often to train the ranker anew where tastes drift? A frozen model beside the loop every 8, 4, 2 and 1 days.

One simulated world lives through its weeks under one policy (what looks alike, a tenth by chance), so that all models are judged
on the same people and the same pages. Its knobs are turned up: interests turn and are replaced, seasons rise and fall, items
keep arriving. The first model learns from the first days; then the loop's own turn (window, gate and all) is taken at night,
every so many days, on a window of the same length. Each night the world's truth says what the 24 best of the items a person was
never shown are worth to them, as a share of the best 24; the next day's pages say the loss and the NDCG. Everybody's history is live for
every model, except one line that freezes what is known of people as well. Intervals: 95 %, bootstrap over people, paired with the frozen model.

Run: python benchmarks/bench_loop_cadence.py [--people N] [--items N] [--first N] [--days N] [--plot FILE] [--out FILE]
"""

import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
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
FROZEN, STILL, UNGATED = "frozen", "frozen, people too", "every day, no gate"
CADENCES = {FROZEN: 0, "every 8 days": 8, "every 4 days": 4, "every 2 days": 2, "every day": 1}
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


@dataclass(slots=True)
class Run:
    """What one cadence serves and what came of it.

    Attributes:
        every: days between turns; 0: none.
        worth, losses, ndcg: by judged day, the persons and the values.
    """

    every: int
    champion: ServedRanker
    is_gated: bool = True
    turns: int = 0
    promoted: int = 0
    seconds: float = 0.0
    worth: dict[int, tuple[np.ndarray, np.ndarray]] = field(default_factory=dict)
    losses: dict[int, tuple[np.ndarray, np.ndarray]] = field(default_factory=dict)
    ndcg: dict[int, tuple[np.ndarray, np.ndarray]] = field(default_factory=dict)


def main() -> int:
    parser = record.parser(__doc__.splitlines()[0])
    parser.add_argument("--people", type=int, default=300)
    parser.add_argument("--items", type=int, default=1_800)
    parser.add_argument(
        "--first", type=int, default=6, help="days that the first model, and every window, has"
    )
    parser.add_argument("--days", type=int, default=16, help="after the first ones")
    parser.add_argument("--asked", type=int, default=150, help="people whose best pages are judged")
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
        self.runs = self.lived()

    def remember(self, day: int, _events: int) -> None:
        """The truth at the end of a day; `day` of them are over."""
        if day < self.first:
            return
        live, state = self.world.items.live_on(self.world.day), self.world.state
        self.nights[day] = Night(
            worths(self.world, self.who, live),
            state.shown[self.who, :live].copy(),
            state.is_gone[self.who].copy(),
        )

    def lived(self) -> dict[str, Run]:
        """Every cadence, night by night."""
        found, seconds = self.turn(self.until(self.first), None, None)
        first, rate = found.challenger, found.facts.action_rate
        assert first is not None
        runs = {name: Run(every, first) for name, every in CADENCES.items()}
        runs[STILL], runs[UNGATED] = Run(0, first), Run(1, first, is_gated=False)
        tell(f"first model in {seconds:.0f} s")
        for day in range(self.first, self.first + self.days):
            for run in runs.values():
                if run.every and day > self.first and (day - self.first) % run.every == 0:
                    rate = self.take_turn(run, day, rate)
            self.judge(runs, day)
            tell(
                f"day {day}: "
                + ", ".join(f"{name} {run.worth[day][1].mean():.3f}" for name, run in runs.items())
            )
        return runs

    def take_turn(self, run: Run, day: int, rate: float) -> float:
        found, seconds = self.turn(self.until(day), run.champion, rate)
        run.turns, run.seconds = run.turns + 1, run.seconds + seconds
        passes = found.decision is not None and (found.decision.passes or not run.is_gated)
        if passes and found.challenger is not None:
            run.champion, run.promoted = found.challenger, run.promoted + 1
        return found.facts.action_rate

    def turn(self, acts: Acts, champion: ServedRanker | None, rate: float | None) -> tuple[Turn, float]:
        """The loop's own; a challenger of the same window is trained once, whoever asks for it."""
        spent = 0.0

        def learn(some: Acts, from_ms: int) -> ServedRanker:
            nonlocal spent
            ranker, spent = self.challenger(some, from_ms)
            return ranker

        turning = Turning(
            LoopConfig(window_days=self.first), learn,
            lambda ranker, some, ms: future_pages(ranker, some, self.raw, self.items, ms),
        )  # fmt: skip
        return turn(acts, champion, rate, turning, lambda _: None), spent

    def challenger(self, acts: Acts, from_ms: int) -> tuple[ServedRanker, float]:
        key = int(acts.at_ms[-1])
        if key not in self.learned:
            began = time.perf_counter()
            with tempfile.TemporaryDirectory() as folder:
                ranker = train_ranker(
                    acts,
                    self.raw,
                    self.items,
                    self.config,
                    space="world",
                    seed=self.seed,
                    folder=Path(folder),
                    pages=requests_of(acts).since(from_ms),
                ).ranker
            self.learned[key] = ranker, time.perf_counter() - began
        return self.learned[key]

    def until(self, days: int) -> Acts:
        return self.acts.where(self.acts.at_ms < self.start_ms + days * DAY_MS)

    def judge(self, runs: dict[str, Run], day: int) -> None:
        """What every champion is worth at the end of `day` days; the same model is asked once."""
        asked: dict[tuple[int, bool], tuple[Any, Any, Any]] = {}
        for name, run in runs.items():
            key = id(run.champion), name == STILL
            if key not in asked:
                known_ms = self.start_ms + (self.first if name == STILL else day) * DAY_MS
                asked[key] = (
                    self.worth(run.champion, day, known_ms),
                    *self.next_day(run.champion, day, known_ms),
                )
            run.worth[day], run.losses[day], run.ndcg[day] = asked[key]

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

    def next_day(self, ranker: ServedRanker, day: int, known_ms: int) -> tuple[Any, Any]:
        """(persons, loss of each page of the next day), (persons, NDCG within it)."""
        begins = np.searchsorted(self.pages.at_ms, self.start_ms + np.array([day, day + 1]) * DAY_MS)
        pages = self.pages.rows(int(begins[0]), int(begins[1]))
        if not len(pages):
            nothing = np.zeros(0, np.int64), np.zeros(0)
            return nothing, nothing
        acts = self.acts if known_ms >= self.start_ms + day * DAY_MS else self.until(self.first)
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
        base, last = self.runs[FROZEN], self.first + self.days
        half = range(self.first + self.days // 2, last)
        for name, run in self.runs.items():
            metrics: dict[str, float] = {
                "turns": run.turns,
                "promoted": run.promoted,
                "training seconds": round(run.seconds, 1),
            }
            spread: dict[str, list[float]] = {}
            for what in ("worth", "losses", "ndcg"):
                own, frozen = _joined(getattr(run, what), half), _joined(getattr(base, what), half)
                _told(metrics, spread, what, *own)
                _told(metrics, spread, f"{what} over frozen", own[0], own[1] - frozen[1])
                early = range(self.first, self.first + 2)
                metrics[f"{what}, first two days"] = round(
                    float(_joined(getattr(run, what), early)[1].mean()), 4
                )
            yield record.line(
                f"Q-loop-cadence-{name.replace(' ', '-').replace(',', '')}",
                f"worth of the 24 best never shown, second half of the days, ranker {name}; strong drift, simulated people",
                metrics["worth"], "share of the best", better="higher", baseline="the frozen ranker",
                metrics=metrics, interval=spread, people=len(self.who), days=self.days, window_days=self.first,
                by_day={day: round(float(values.mean()), 4) for day, (_, values) in run.worth.items()},
            )  # fmt: skip


def _losses(chances: np.ndarray, pages: Requests) -> np.ndarray:
    """float64 [P] cross entropy of all rows of each page, as the gate counts it."""
    sure = np.clip(chances.astype(np.float64), 1e-7, 1 - 1e-7)
    rows = -(pages.labels * np.log(sure) + ~pages.labels * np.log1p(-sure)).sum(axis=1)
    return np.bincount(pages.request_of_row, weights=rows, minlength=len(pages))


def _joined(by_day: dict[int, tuple[np.ndarray, np.ndarray]], days: range) -> tuple[np.ndarray, np.ndarray]:
    some = [by_day[day] for day in days]
    return np.concatenate([each[0] for each in some]), np.concatenate([each[1] for each in some])


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
    figure, (by_day, by_cadence) = plt.subplots(1, 2, figsize=(10.5, 4.2), layout="constrained")
    for name, run in bench.runs.items():
        days = np.array(sorted(run.worth))
        means = np.array([run.worth[day][1].mean() for day in days.tolist()])
        smooth = np.convolve(np.pad(means, 1, mode="edge"), np.ones(3) / 3, mode="valid")
        by_day.plot(days, smooth, label=name, linewidth=1.2, linestyle=":" if run.every == 0 else "-")
    by_day.set_xlabel("day (mean of three)")
    by_day.set_ylabel("worth of the 24 best, share of the best")
    by_day.legend(fontsize=7)
    half = range(bench.first + bench.days // 2, bench.first + bench.days)
    frozen = _joined(bench.runs[FROZEN].worth, half)
    for name in (*CADENCES, UNGATED):
        run = bench.runs[name]
        owners, values = _joined(run.worth, half)
        gain = measured(values - frozen[1], owners)
        spent = run.seconds / bench.days
        by_cadence.errorbar(
            spent, gain.mean, yerr=[[gain.mean - gain.low], [gain.high - gain.mean]], marker="o", capsize=3
        )
        by_cadence.annotate(name, (spent, gain.mean), textcoords="offset points", xytext=(5, 5), fontsize=7)
    by_cadence.axhline(0, color="grey", linewidth=0.8)
    by_cadence.set_xlabel("seconds of training a day")
    by_cadence.set_ylabel("worth over the frozen ranker, second half")
    for axis in (by_day, by_cadence):
        axis.grid(alpha=0.25)
    figure.savefig(file, metadata={"Date": None})


if __name__ == "__main__":
    sys.exit(main())
