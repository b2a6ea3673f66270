"""What does the gate of the loop let through, and what does it stop? Clean and poisoned windows of a simulated world.

A champion is trained on the first part of the log. Then turns are taken on windows that end later: clean ones, and the same
with labels drawn anew, with a bot that clicks what it is shown, with one item that many save at once, with a day missing,
and without any action. A turn is right where a clean window is promoted or honestly no better, and a poisoned one is not
promoted. Beside it: what the frozen champion loses on later pages as tastes drift, against the one that was trained anew.

Run: python benchmarks/bench_loop_gate.py [--people N] [--items N] [--days N] [--out FILE]
"""

import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import record
from bench_taste_world import live, tell

from bowerbird.core.actions import ACTION_CODES, Action
from bowerbird.learn.loop import LoopConfig
from bowerbird.rank.ranker import ItemSide, RankerConfig, ServedRanker
from bowerbird.rank.ranker.heads import IMPRESSION_CODE
from bowerbird.rank.ranker.looping import Turn, Turning, turn
from bowerbird.rank.ranker.requests import Acts, requests_of
from bowerbird.rank.ranker.train import future_pages, train_ranker

DAY_MS = 86_400_000
SAVE, CLOSEUP = ACTION_CODES[Action.SAVE], ACTION_CODES[Action.CLOSEUP]


def main() -> int:
    parser = record.parser(__doc__.splitlines()[0])
    parser.add_argument("--people", type=int, default=400)
    parser.add_argument("--items", type=int, default=1_200)
    parser.add_argument("--days", type=int, default=24)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--seed", type=int, default=0)
    made = parser.parse_args()
    record.write(Bench(made).lines(), made.out)
    return 0


class Bench:
    """One world, one champion, many turns."""

    def __init__(self, made: Any) -> None:
        lived = live(made.people, made.items, made.days, made.seed)
        log, items = lived.log, lived.world.items
        self.acts = Acts.of(log.persons, log.items, log.actions, log.at_ms, log.positions, log.requests)
        unknown = np.full(len(items), -1)
        self.raw = items.vectors.astype(np.float32)
        self.items = ItemSide(
            np.zeros((len(items), 0), np.float32), unknown, items.topics.astype(np.int32) + 1, unknown
        )
        config = RankerConfig()
        training = config.training.model_copy(update={"epochs": made.epochs})
        self.config, self.seed = config.model_copy(update={"training": training}), made.seed
        self.start_ms, self.days = int(self.acts.at_ms[0]), made.days

    def lines(self) -> Iterator[dict[str, Any]]:
        half = self.until(self.days // 2)
        champion = self.turn(half, None, None)
        assert champion.challenger is not None
        first, rate = champion.challenger, champion.facts.action_rate
        yield self.line("the first champion, against nothing but rates", champion)
        for days in (3 * self.days // 4, self.days):
            yield self.line(f"clean, {days} days", self.turn(self.until(days), first, rate))
        whole = self.until(self.days)
        for name, poisoned in self.poisons(whole).items():
            yield self.line(name, self.turn(poisoned, first, rate))

    def until(self, days: int) -> Acts:
        return self.acts.where(self.acts.at_ms < self.start_ms + days * DAY_MS)

    def turn(self, acts: Acts, champion: ServedRanker | None, rate: float | None) -> Turn:
        def learn(some: Acts, from_ms: int) -> ServedRanker:
            with tempfile.TemporaryDirectory() as folder:
                return train_ranker(
                    some,
                    self.raw,
                    self.items,
                    self.config,
                    space="world",
                    seed=self.seed,
                    folder=Path(folder),
                    pages=requests_of(some).since(from_ms),
                ).ranker

        turning = Turning(
            LoopConfig(), learn, lambda ranker, some, ms: future_pages(ranker, some, self.raw, self.items, ms)
        )
        began = time.perf_counter()
        found = turn(acts, champion, rate, turning, lambda _: None)
        tell(f"turn in {time.perf_counter() - began:.0f} s")
        return found

    def poisons(self, acts: Acts) -> dict[str, Acts]:
        """The same window, spoiled in what a challenger would learn from."""
        rng = np.random.default_rng(self.seed)
        acted = np.flatnonzero(acts.actions != IMPRESSION_CODE)
        cut_ms = int(np.quantile(acts.at_ms, 0.8))
        early = acted[acts.at_ms[acted] < cut_ms]
        shuffled = acts.items.copy()
        shuffled[early] = rng.permutation(shuffled[early])
        swapped = acts.actions.copy()
        hides = ACTION_CODES[Action.HIDE]
        swapped[early] = np.where(
            swapped[early] == SAVE, hides, np.where(swapped[early] == hides, SAVE, swapped[early])
        )
        count = len(acted)
        bot = _more(acts, np.full(count, acts.persons.max() + 1), rng.choice(acts.items, count), CLOSEUP, rng)
        spam = _more(acts, rng.choice(acts.persons, count // 2), np.full(count // 2, 3), SAVE, rng)
        middle = self.start_ms + (self.days // 2) * DAY_MS
        day = acts.at_ms // DAY_MS == middle // DAY_MS
        names = {name: getattr(acts, name) for name in Acts.__slots__}
        return {
            "actions land on others' items": Acts(**{**names, "items": shuffled}),
            "saves and hides change places": Acts(**{**names, "actions": swapped}),
            "a bot opens what it is shown": bot,
            "one item saved by many at once": spam,
            "a day is missing": acts.where(~day),
            "nobody did anything": acts.where(acts.actions == IMPRESSION_CODE),
        }

    def line(self, name: str, found: Turn) -> dict[str, Any]:
        passes = found.decision is not None and found.decision.passes
        gate = found.decision
        reasons = [each.text for each in found.complaints] or list(gate.reasons if gate else ())
        return record.line(
            f"Q-loop-{name.replace(' ', '-').replace(',', '')}",
            f"a turn of the loop: {name}; simulated people",
            0.0 if gate is None else round(gate.gain, 4), "less loss than the champion, share",
            baseline="the champion trained on the first half", quality={"promoted": passes, "reasons": reasons},
            metrics={"promoted": float(passes), "pages": found.facts.pages},
            interval={} if gate is None else {"gain": [round(gate.low, 4), round(gate.high, 4)]},
        )  # fmt: skip


def _more(acts: Acts, persons: np.ndarray, items: np.ndarray, action: int, rng: np.random.Generator) -> Acts:
    count = len(persons)
    at_ms = rng.choice(acts.at_ms, count)
    none = np.full(count, -1)
    columns = (
        (acts.persons, persons), (acts.items, items), (acts.actions, np.full(count, action)), (acts.at_ms, at_ms),
        (acts.positions, none), (acts.requests, none),
    )  # fmt: skip
    return Acts.of(*(np.concatenate(pair) for pair in columns))


if __name__ == "__main__":
    sys.exit(main())
