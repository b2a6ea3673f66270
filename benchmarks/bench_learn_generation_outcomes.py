"""This file is about whether an outcome steers dense generation: matched against mismatched, on the same targets.

MovieLens (small), ratings from 4 count as saves, lower ones as close-ups. The targets that were saved are looked for
under `save`, under `closeup` and with the outcome left open, and so are those that were looked at; same model, one
vector, same candidates. Differences are paired over persons, intervals hold persons and seeds.

Run: python benchmarks/bench_learn_generation_outcomes.py [--data DIR] [--seeds 3] [--runs DIR] [--out FILE]
"""

import argparse
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
from generation import add_options, drawn, fitted_seeds, with_words
from record import line, parser, write

from bowerbird.core.actions import ACTION_CODES, Action
from bowerbird.learn.config import TrainingConfig
from bowerbird.learn.data import DataConfig, read
from bowerbird.learn.evaluate import difference, summary
from bowerbird.learn.splits import Cases, split
from bowerbird.retrieve.generative import GenerativeConfig, VectorPlan

LIKED_FROM = 4.0
LONG = GenerativeConfig(
    dropout=0.4,
    longest=200,
    tokens=200,
    rows=4,
    negatives=512,
    training=TrainingConfig(epochs=12, learning_rate=0.002),
)
"""Persons have rated 149 films in the mean."""
PAIRS = ((Action.SAVE, Action.CLOSEUP), (Action.CLOSEUP, Action.SAVE))
METRICS = ("recall@10", "ndcg@10", "recall@50")


def main() -> int:
    arguments = parser(__doc__ or "")
    add_options(arguments, "movielens-latest-small")
    args = arguments.parse_args()
    if not args.data.exists():
        print(f"{args.data} is not there; say --data with a folder of ratings", file=sys.stderr)
        return 0
    write(lines(args), args.out)
    return 0


def lines(args: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """Two for each outcome: less the mismatched one, and less the open one."""
    reading = read(args.data, DataConfig(liked_from=LIKED_FROM))
    found = split(with_words(reading.interactions, args.runs))
    fits, counts = fitted_seeds(found, args, LONG), found.training.item_counts()
    for action, other in PAIRS:
        cases = with_action(found.test, action)
        names = {"matched": action.value, "mismatched": other.value, "open": "any"}
        judged = {
            name: drawn(fits, VectorPlan(outcomes={outcome: 1.0}), cases, counts)
            for name, outcome in names.items()
        }
        means = {
            f"{metric} {name}": round(summary(each)[metric].mean, 4)
            for metric in METRICS
            for name, each in judged.items()
        }
        for rival in ("mismatched", "open"):
            gap = difference(judged["matched"], judged[rival])["recall@50"]
            assert gap.interval is not None, "recall has an interval"
            yield line(
                f"Q-generation-{action.value}-{rival}",
                f"{reading.name}, loo {found.short_hash}, {len(cases)} targets with outcome {action.value}: "
                f"matched outcome less {rival}, one vector, 50 candidates, {args.seeds} seeds",
                gap.mean,
                "recall@50",
                metrics=means | {"difference": round(gap.mean, 4)},
                interval={"difference": [round(gap.interval.low, 4), round(gap.interval.high, 4)]},
            )


def with_action(cases: Cases, action: Action) -> Cases:
    """The cases whose target had this action; each has one target."""
    return cases.take(np.flatnonzero(cases.actions == ACTION_CODES[action]))


if __name__ == "__main__":
    sys.exit(main())
