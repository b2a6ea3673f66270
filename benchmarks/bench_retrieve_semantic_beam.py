"""This file is about how long a beam over semantic ids takes: one person, one thread, a history of 50 entries.

100,000 clustered vectors coded by residual k-means (3 levels of 256, and a last one), random weights of the sizes of P7
(width 128; 4 levels; beam 50) and of half the beam. The baseline is what the two graphs take alone, without trie and beam,
in the same run. Figures are processor time of the thread: the machine is shared, and waiting is not the beam's; wall-clock
stands beside.

Run: python benchmarks/bench_retrieve_semantic_beam.py [--items 100000] [--requests 500] [--out FILE]
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
from bowerbird.retrieve.semantic import SemanticConfig, ServedSemantic
from bowerbird.retrieve.semantic.ids import ids_of
from bowerbird.retrieve.semantic.model import Semantic
from bowerbird.retrieve.semantic.residual_kmeans import residual_kmeans
from bowerbird.retrieve.semantic.train import Catalogue, served

TARGETS_MS = {"p50": 6.0, "p99": 12.0}
HISTORY, WIDTH, CENTRES = 50, 128, 2_000


def main() -> int:
    arguments = parser(__doc__ or "")
    arguments.add_argument("--items", type=int, default=100_000)
    arguments.add_argument("--requests", type=int, default=500)
    args = arguments.parse_args()
    write(lines(args), args.out)
    return 0


def lines(args: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """One for each beam and number of items asked for."""
    catalogue = coded(args.items)
    for beam, k in ((20, 10), (20, 20), (50, 10), (50, 50)):
        fitted = untrained(catalogue, beam)
        known = [history(place, args.items) for place in range(args.requests)]
        whole = timed_ms(lambda each, fitted=fitted, k=k: fitted.top(each, k, each), known)
        alone = timed_ms(graphs_alone(fitted, beam), known)
        found = np.stack([fitted.top(each, k, each).items[0] for each in known])
        seen = np.stack([each.items for each in known])
        is_bad = (found < 0) | (found >= args.items) | (found[:, :, None] == seen[:, None, :]).any(axis=2)
        is_p7 = (beam, k) == (50, 50)
        for part in TARGETS_MS:
            yield line(
                "P7" if is_p7 else f"L-semantic-beam-{beam}-k-{k}",
                f"semantic-id beam {beam}, {k} items, {args.items:,} ids, history {HISTORY}: {part}, processor time of 1 thread",
                whole[f"cpu {part}"],
                "ms",
                target=TARGETS_MS[part] if is_p7 else None,
                baseline="the two graphs alone",
                ratio=whole[f"cpu {part}"] / alone[f"cpu {part}"],
                quality={"invalid or seen items": int(is_bad.sum()), "wall ms": whole[f"wall {part}"]},
            )


def coded(items: int) -> Catalogue:
    """A catalogue of vectors around common centres, with ids."""
    rng = np.random.default_rng(0)
    centres = rng.normal(size=(CENTRES, 64)).astype(np.float32)
    vectors = centres[rng.integers(0, CENTRES, items)] + 0.5 * rng.normal(size=(items, 64)).astype(np.float32)
    codebooks = residual_kmeans(vectors, 3, 256, 0)
    ids = ids_of(codebooks, vectors, 256)
    return Catalogue(codebooks, ids, np.arange(items, dtype=np.int32), min(2 * ids.largest_group, 256), {})


def untrained(catalogue: Catalogue, beam: int) -> ServedSemantic:
    """A model of the right sizes; which items it finds does not matter."""
    torch.manual_seed(0)
    config = SemanticConfig(beam=beam, width=WIDTH, levels=3, codes=256)
    model = Semantic(config, catalogue.ids, catalogue.sizes).eval()
    with torch.no_grad():
        model.heads.mul_(50)  # chances as uneven as a trained model's
    return served(model, config, catalogue)


def graphs_alone(fitted: ServedSemantic, beam: int) -> Callable[[Histories], object]:
    """The same calls of ONNX Runtime, the beam's choices replaced by the first codes."""
    width = np.full((1, beam), 0)

    def run(known: Histories) -> None:
        spelling = fitted.spelling(known)
        for level in (1, 2, 3):
            spelling.append(level, width, width)

    return run


def history(seed: int, items: int) -> Histories:
    """One person's, an hour between entries."""
    chosen = np.random.default_rng(seed).permutation(items)[:HISTORY].astype(np.int32)
    at_ms = np.arange(HISTORY, dtype=np.int64) * 3_600_000
    actions, weights = np.zeros(HISTORY, np.int8), np.ones(HISTORY, np.float32)
    bounds, asked_ms = np.array([0, HISTORY], np.int64), np.array([-1], np.int64)
    return Histories(np.zeros(1, np.int32), bounds, chosen, at_ms, actions, weights, asked_ms)


def timed_ms(run: Callable[[Histories], object], known: list[Histories]) -> dict[str, float]:
    """p50 and p99 of each request, after a warm-up."""
    for each in known[:20]:
        run(each)
    times = []
    for each in known:
        wall_ns, own_ns = time.perf_counter_ns(), time.thread_time_ns()
        run(each)
        times.append((time.thread_time_ns() - own_ns, time.perf_counter_ns() - wall_ns))
    p50, p99 = np.percentile(np.array(times) / 1e6, [50, 99], axis=0)
    told = {"cpu p50": p50[0], "cpu p99": p99[0], "wall p50": p50[1], "wall p99": p99[1]}
    return {name: round(float(value), 3) for name, value in told.items()}


if __name__ == "__main__":
    sys.exit(main())
