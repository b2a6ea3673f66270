"""This file is about how long dense generation takes: one request, one thread, histories of 50 and 100 entries.

Random weights of the default sizes and of the architecture's user encoder (P6: 100 actions, width 128, four layers; that one
in 8 bits); 12,101 items compared exactly. Beside each stands the same model in 32 bits, and how near the vectors are to its.

Run: python benchmarks/bench_learn_generation_latency.py [--requests 1000] [--out FILE]
"""

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from record import line, parser, write

from bowerbird.learn.data import Histories
from bowerbird.learn.int8 import int8_bytes
from bowerbird.retrieve.generative import GenerativeConfig, ServedGenerative, VectorPlan
from bowerbird.retrieve.generative.model import Generative
from bowerbird.retrieve.generative.train import served

USER_ENCODER_MS = 1.5
ITEMS = 12_101
OUTCOMES = ("save", "click")
PLANS = {
    "1-vector": VectorPlan(),
    "4-vectors-1-step": VectorPlan(offsets=(0.25,) * 4, merge_above=1.0),
    "8-vectors-1-step": VectorPlan(
        outcomes={"save": 0.5, "click": 0.5}, offsets=(0.25,) * 4, merge_above=1.0
    ),
    "4-vectors-4-steps": VectorPlan(steps=(0.25,) * 4, merge_above=1.0),
}


def main() -> int:
    arguments = parser(__doc__ or "")
    arguments.add_argument("--requests", type=int, default=1000)
    args = arguments.parse_args()
    write(lines(args), args.out)
    return 0


def lines(args: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """One for each number of layers, length and plan."""
    for layers, length in ((2, 50), (2, 100), (4, 100)):
        fitted = untrained(layers, length)
        small, known = fitted.in_int8(int8_bytes), history(length)
        for name, plan in PLANS.items():
            asked, in_int8 = fitted.with_plan(plan), small.with_plan(plan)
            quick = timed_ms(lambda asked=in_int8, known=known: asked.generate(known), args.requests)
            alone = timed_ms(lambda asked=asked, known=known: asked.generate(known), args.requests)
            whole = timed_ms(lambda asked=asked, known=known: asked.top(known, 50, known), args.requests)
            is_p6 = name == "1-vector" and (layers, length) == (4, 100)
            for place, part in enumerate(("p50", "p99")):
                yield line(
                    "P6" if is_p6 else f"L-generation-{layers}-layers-{length}-{name}",
                    f"user encoder in 8 bits, {layers} layers, history {length}, {name}: {part}, processor time of 1 thread",
                    quick[place],
                    "ms",
                    target=USER_ENCODER_MS if is_p6 and part == "p50" else None,
                    baseline="in 32 bits",
                    ratio=quick[place] / alone[place],
                    quality={
                        "least cosine with 32 bits": round(likeness(in_int8, asked, known), 4),
                        "in 32 bits with exact lookup, ms": round(whole[place], 2),
                    },
                )


def likeness(one: ServedGenerative, other: ServedGenerative, known: Histories) -> float:
    """The least cosine of a vector with the same one of the other form."""
    return float((one.generate(known).vectors * other.generate(known).vectors).sum(axis=-1).min())


def untrained(layers: int, length: int) -> ServedGenerative:
    """A model of the right sizes; what it finds does not matter."""
    torch.manual_seed(0)
    config = GenerativeConfig(layers=layers, longest=length)
    return served(Generative(config, ITEMS, len(OUTCOMES)).eval(), config, OUTCOMES)


def history(length: int) -> Histories:
    """One person's, an hour between entries."""
    items = np.random.default_rng(0).permutation(ITEMS)[:length].astype(np.int32)
    at_ms = np.arange(length, dtype=np.int64) * 3_600_000
    actions, weights = np.full(length, 5, np.int8), np.ones(length, np.float32)
    bounds, asked_ms = np.array([0, length], np.int64), np.array([-1], np.int64)
    return Histories(np.zeros(1, np.int32), bounds, items, at_ms, actions, weights, asked_ms)


def timed_ms(run: Callable[[], object], requests: int) -> tuple[float, float]:
    """p50 and p99 of the thread's own time after a warm-up: the machine is shared, and waiting is not the model's."""
    times = []
    for _ in range(requests + 20):
        started_ns = time.thread_time_ns()
        run()
        times.append((time.thread_time_ns() - started_ns) / 1e6)
    p50, p99 = np.percentile(times[20:], [50, 99])
    return float(p50), float(p99)


if __name__ == "__main__":
    sys.exit(main())
