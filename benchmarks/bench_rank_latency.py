"""How long does the trained ranker take for 500 candidates (P8), and what does it save to read the person once?

A ranker of default size with weights as they start (time does not depend on them), someone with full histories, one thread.
Beside it the same graph asked naively: the person\'s side once for each candidate. And how time grows with the history.

Run: python benchmarks/bench_rank_latency.py [--out FILE]
"""

import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import record
import torch

from bowerbird.rank.prerank import PrerankConfig, ServedPrerank
from bowerbird.rank.prerank.model import Prerank
from bowerbird.rank.ranker import HEADS, PersonSide, RankerConfig, ServedRanker
from bowerbird.rank.ranker.calibration import Calibrated
from bowerbird.rank.ranker.inputs import as_vectors, person_arrays
from bowerbird.rank.ranker.model import RankerTask
from bowerbird.rank.ranker.sides import FEATURES
from bowerbird.rank.ranker.train import exported

CANDIDATES, ROUNDS, NAIVE_ROUNDS = 500, 300, 8


def main() -> int:
    made = record.parser(__doc__.splitlines()[0]).parse_args()
    record.write(lines(), made.out)
    return 0


def lines() -> Iterator[dict[str, Any]]:
    ranker = untrained(RankerConfig())
    ask = Asked(ranker)
    p50, p99 = timed(lambda: ask.shared(), ROUNDS)
    naive, _ = timed(lambda: ask.naive(), NAIVE_ROUNDS)
    difference = float(np.abs(ask.shared() - ask.naive()).max())
    yield record.line(
        "P8", "ranker, 500 candidates, 32 newest likes, 256 likes, 24 left alone, one thread, p50", p50, "ms",
        target=3.5, baseline="the person's side once for each candidate", ratio=naive / p50,
        quality={"largest difference of a chance": difference}, p99_ms=round(p99, 3), naive_ms=round(naive, 1),
        precision="fp32", parameters_bytes=ranker.size_bytes,
    )  # fmt: skip
    for long in (0, 64, 256, 1024):
        ranker = untrained(RankerConfig(long=long))
        took, _ = timed(Asked(ranker).shared, ROUNDS // 3)
        yield record.line(
            f"P8-history-{long}", f"the same with a long history of {long} likes, p50", took, "ms",
            baseline="256 likes", ratio=took / p50,
        )  # fmt: skip


def untrained(config: RankerConfig, *, width: int | None = None, space: str = "bench") -> ServedRanker:
    """For content of this width; as wide as what is looked at where none is given."""
    torch.manual_seed(0)
    model = RankerTask(config, torch.zeros(1, config.basis))
    graph, places = exported(model, np.zeros(1, np.int64), config)
    heads = len(HEADS)
    calibrated = Calibrated(np.ones(heads), np.zeros(heads))
    wide = width or config.basis
    centre, directions = np.zeros(wide, np.float32), np.eye(wide, config.basis, dtype=np.float32)
    return ServedRanker(graph, calibrated, centre, directions, config, space, {}, places)


def untrained_beside(ranker: ServedRanker) -> ServedPrerank:
    """A pre-ranker with weights as they start, for benchmarks of time."""
    torch.manual_seed(0)
    config = PrerankConfig()
    weights = Prerank(config, ranker.config.basis).weights()
    return ServedPrerank(weights, config, ranker.version, {})


class Asked:
    """One request, asked in two ways."""

    def __init__(self, ranker: ServedRanker) -> None:
        config, rng = ranker.config, np.random.default_rng(0)
        count = max(config.long, config.recent)
        likes, left = np.arange(count), count + np.arange(config.left)
        person = PersonSide(likes, np.ones(count, np.int8), likes * 1000, left, left * 1000, left)
        vectors = rng.normal(size=(count + config.left, config.basis)).astype(np.float32)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        self.ranker, self.person, self.vectors = ranker, person, vectors
        self.candidates = rng.normal(size=(CANDIDATES, config.basis)).astype(np.float32)
        self.features = rng.random((CANDIDATES, len(FEATURES)), dtype=np.float32)

    def shared(self) -> np.ndarray:
        return self.ranker.chances(self.person, self.vectors, self.candidates, self.features, 10**9)

    def naive(self) -> np.ndarray:
        side = as_vectors(
            person_arrays([self.person] * CANDIDATES, [10**9] * CANDIDATES, self.ranker.config), self.vectors
        )
        logits = self.ranker.logits(side, self.candidates[:, None], self.features[:, None])
        return self.ranker.calibrated.chances(logits[:, 0])


def timed(work: Callable[[], object], rounds: int) -> tuple[float, float]:
    """Median and 99th percentile, ms."""
    for _ in range(max(rounds // 10, 1)):
        work()
    times = []
    for _ in range(rounds):
        began = time.perf_counter()
        work()
        times.append(1000 * (time.perf_counter() - began))
    return float(np.median(times)), float(np.percentile(times, 99))


if __name__ == "__main__":
    sys.exit(main())
