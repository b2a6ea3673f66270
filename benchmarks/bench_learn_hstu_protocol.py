"""This file is about HSTU under the protocol of its paper: MovieLens-1M, leave-one-out, all items ranked, 200 entries.

Ratings in time with ties in the order of the file (a stable sort); hit rate and NDCG at 10, 50 and 200 of each person's
last film; with the time of the target, as the paper's code has it, and without. Two things differ from the published
figures: their models also train on the last film but one, which is validation here, and the softmax is full.
The data are not ours to ship: give a folder with `ratings.dat`.

Run: python benchmarks/bench_learn_hstu_protocol.py --data DIR [--models hstu,hstu-timed,sasrec] [--out FILE]
"""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from record import line, parser, write

from bowerbird.learn.config import TrainingConfig
from bowerbird.learn.data import DataConfig, read
from bowerbird.learn.evaluate import EvaluationConfig, draws, evaluate, summary
from bowerbird.learn.splits import split
from bowerbird.learn.types import Budget, FitPlan, Retriever
from bowerbird.retrieve.hstu import HstuConfig
from bowerbird.retrieve.hstu.train import HstuRetriever
from bowerbird.retrieve.sasrec import SasrecConfig
from bowerbird.retrieve.sasrec.train import SasrecRetriever

PUBLISHED = "published NDCG@10: HSTU .1720, HSTU-large .1893, SASRec .1603 (paper's code); .1880, .2164, .1622 (RecTools)"
METRICS = ("hit@10", "ndcg@10", "hit@50", "ndcg@50", "hit@200")


def main() -> int:
    arguments = parser(__doc__ or "")
    arguments.add_argument("--data", type=Path, help="folder with ratings.dat")
    arguments.add_argument("--models", default="hstu,hstu-timed,sasrec")
    arguments.add_argument("--epochs", type=int, default=100)
    arguments.add_argument("--width", type=int, default=64)
    arguments.add_argument("--longest", type=int, default=200)
    arguments.add_argument("--seeds", type=int, default=1)
    arguments.add_argument(
        "--runs", type=Path, default=Path.home() / ".cache" / "bowerbird-runs" / "hstu-protocol"
    )
    args = arguments.parse_args()
    if args.data is None or not args.data.exists():
        print("MovieLens-1M is not here; say --data with the folder that holds ratings.dat", file=sys.stderr)
        return 0
    write(lines(args), args.out)
    return 0


def lines(args: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """One for each model."""
    reading = read(args.data, DataConfig(time_ties="file"))
    found = split(reading.interactions)
    config = EvaluationConfig(cutoffs=(10, 50, 200))
    counts = found.training.item_counts()
    for word in args.models.split(","):
        runs = []
        for seed in range(args.seeds):
            folder = args.runs / f"{found.short_hash}-{word}-{args.width}-{args.longest}-{args.epochs}-{seed}"
            folder.mkdir(parents=True, exist_ok=True)
            plan = FitPlan(seed, Budget(), folder, lambda told: print(told, file=sys.stderr, flush=True))
            fitted = model_of(word, args).fit(found.training, found.validation, plan)
            runs.append(evaluate(fitted, found.test, counts, config))
        told = summary(draws(runs))
        yield line(
            f"Q-hstu-protocol-{word}",
            f"{reading.name}, loo {found.short_hash}, stable sort, longest {args.longest}, width {args.width}: {word}",
            told["ndcg@10"].mean,
            "NDCG@10",
            baseline=PUBLISHED,
            metrics={name: round(told[name].mean, 4) for name in METRICS},
            knows_target_time=word == "hstu-timed",
            persons=len(found.test),
            seeds=args.seeds,
        )


def model_of(word: str, args: argparse.Namespace) -> Retriever:
    """A retriever of the protocol's sizes."""
    training = TrainingConfig(epochs=args.epochs, learning_rate=1e-3, patience=10)
    sizes = {"width": args.width, "longest": args.longest, "tokens": args.longest, "rows": 8, "dropout": 0.2}
    if word == "sasrec":
        return SasrecRetriever(SasrecConfig(**sizes, inner=4 * args.width, training=training))
    return HstuRetriever(HstuConfig(**sizes, knows_asked_time=word == "hstu-timed", training=training))


if __name__ == "__main__":
    sys.exit(main())
