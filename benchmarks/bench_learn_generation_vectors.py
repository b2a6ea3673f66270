"""This file is about what each added query vector of dense generation brings, on the same 50 candidates.

Amazon Beauty, leave-one-out, shuffled time ties: one vector alone; then vectors for what is met a day, a week, a month
later; then vectors of later steps of generation, which see the earlier ones as tokens. Differences to one vector are
paired over persons. `recall@50` does not look at the order within the 50.

Run: python benchmarks/bench_learn_generation_vectors.py [--data DIR] [--seeds 3] [--runs DIR] [--out FILE]
"""

import argparse
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
from generation import add_options, drawn, fitted_seeds, with_words
from record import line, parser, write

from bowerbird.learn.data import DataConfig, read
from bowerbird.learn.evaluate import difference, summary
from bowerbird.learn.splits import sampled, split
from bowerbird.retrieve.generative import VectorPlan

METRICS = ("recall@10", "ndcg@10", "recall@50", "tail_recall@50", "coverage@10", "novelty@10")
FIRST = 0.7
"""Share of the candidates that the first vector keeps, where there are others."""


def main() -> int:
    arguments = parser(__doc__ or "")
    add_options(arguments, "amazon-beauty")
    arguments.add_argument("--persons", type=int, default=100_000, help="at most so many of the test part")
    args = arguments.parse_args()
    if not args.data.exists():
        print(f"{args.data} is not there; say --data with a folder of interactions", file=sys.stderr)
        return 0
    write(lines(args), args.out)
    return 0


def plans() -> dict[str, VectorPlan]:
    """By name; the first is what the others are compared with."""
    made = {"1": VectorPlan()}
    made |= {f"{1 + more}-offsets": VectorPlan(offsets=_shares(more)) for more in (1, 2, 3)}
    made |= {f"{1 + more}-steps": VectorPlan(steps=_shares(more)) for more in (1, 3, 7)}
    return made


def lines(args: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """One for each plan."""
    reading = read(args.data, DataConfig(time_ties="shuffled"))
    found = split(with_words(reading.interactions, args.runs))
    fits, counts = fitted_seeds(found, args), found.training.item_counts()
    cases = sampled(found.test, args.persons)
    alone = drawn(fits, VectorPlan(), cases, counts)
    for name, plan in plans().items():
        here = drawn(fits, plan, cases, counts)
        told, gap = summary(here), difference(here, alone)["recall@50"]
        assert gap.interval is not None, "recall has an interval"
        kept = [(fit.with_plan(plan).generate(cases.histories).shares > 0).sum(axis=1).mean() for fit in fits]
        yield line(
            f"Q-generation-vectors-{name}",
            f"{reading.name}, loo {found.short_hash}, 50 candidates shared by {name} query vectors, {len(cases)} persons, "
            f"{args.seeds} seeds",
            told["recall@50"].mean,
            "recall@50",
            baseline="one vector",
            metrics={metric: round(told[metric].mean, 4) for metric in METRICS}
            | {"difference": round(gap.mean, 4)},
            interval={"difference": [round(gap.interval.low, 4), round(gap.interval.high, 4)]},
            vectors_after_merging=round(float(np.mean(kept)), 2),
            plans_chosen_on_validation=[fit.facts["plan"] for fit in fits],
        )


def _shares(more: int) -> tuple[float, ...]:
    return (FIRST, *([(1 - FIRST) / more] * more))


if __name__ == "__main__":
    sys.exit(main())
