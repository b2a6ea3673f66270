"""This file is about P2: what a vector search costs at a stated recall, beside bare FAISS and exact numpy.

Vectors are synthetic and clustered (Zipf-weighted clusters in topics, 48 inner dimensions, noise, unit norm),
the queries are held out, the truth is exact. Ours chooses how many lists to read by
the calibration it made when it was built; bare FAISS is given the best number for these very queries, and the
faster of two codes. Both run on one thread, query by query, in turns.

Run: python benchmarks/bench_retrieve_recall_at_latency.py [--sizes 10k,100k,1m] [--out FILE]
"""

import gc
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import faiss
import numpy as np
from record import line, parser, write

from bowerbird.core.filters import Eq, Filter
from bowerbird.retrieve.config import IndexConfig
from bowerbird.retrieve.faiss_index import FaissIndex
from bowerbird.retrieve.recall_table import recall_at

SIZES = {"10k": (10_000, 256), "100k": (100_000, 256), "1m": (1_000_000, 128)}
QUERIES, ROUNDS, K, EFFORT = 1_000, 5, 10, 0.97
TOPICS, CLUSTERS, INNER = 200, 5_000, 48
PROBES = sorted({int(1.25**power) for power in range(40)})
Search = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True, slots=True)
class World:
    """Vectors [N, D], the cluster of each, and held-out queries [Q, D]."""

    vectors: np.ndarray
    clusters: np.ndarray
    queries: np.ndarray


@dataclass(frozen=True, slots=True)
class Cost:
    """What searches one by one cost."""

    cpu_ms: float
    p50_ms: float
    p99_ms: float


class Masks:
    """Filter columns that are masks by name: `Eq("mask", name)`."""

    version = 1

    def __init__(self, masks: dict[str, np.ndarray]) -> None:
        self.masks = masks

    def mask(self, where: Filter) -> np.ndarray:
        return self.masks[str(where.value)]  # type: ignore[union-attr]


def world_of(rows: int, width: int) -> World:
    """The same for the same size."""
    rng = np.random.default_rng(7)
    basis = (rng.normal(size=(INNER, width)) / np.sqrt(INNER)).astype(np.float32)
    topics = rng.normal(size=(TOPICS, INNER)).astype(np.float32)
    centres = topics[rng.integers(0, TOPICS, CLUSTERS)]
    centres += 0.6 * rng.normal(size=(CLUSTERS, INNER)).astype(np.float32)
    weights = 1 / np.arange(1, CLUSTERS + 1) ** 0.9
    vectors, clusters = _drawn(rng, rows, basis, centres, weights / weights.sum())
    queries, _ = _drawn(rng, QUERIES, basis, centres, weights / weights.sum())
    return World(vectors, clusters, queries)


def _drawn(
    rng: np.random.Generator, rows: int, basis: np.ndarray, centres: np.ndarray, weights: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    clusters = rng.choice(CLUSTERS, rows, p=weights)
    drawn = np.empty((rows, basis.shape[1]), dtype=np.float32)
    for start in range(0, rows, 50_000):
        block = slice(start, min(start + 50_000, rows))
        count = block.stop - block.start
        inner = centres[clusters[block]] + 0.45 * rng.normal(size=(count, INNER)).astype(np.float32)
        outer = inner @ basis + 0.02 * rng.normal(size=(count, basis.shape[1])).astype(np.float32)
        drawn[block] = outer / np.linalg.norm(outer, axis=1, keepdims=True)
    return drawn, clusters


def masks_of(world: World) -> dict[str, np.ndarray]:
    """Filters that keep 1 % and 10 %: by chance, and whole clusters."""
    rng = np.random.default_rng(11)
    rows = len(world.vectors)
    order = rng.permutation(CLUSTERS)[world.clusters]
    by_cluster = np.argsort(order, kind="stable")
    masks = {}
    for share, name in ((0.01, "1 %"), (0.1, "10 %")):
        masks[f"{name} by chance"] = rng.random(rows) < share
        masks[f"{name} in whole clusters"] = np.zeros(rows, dtype=bool)
        masks[f"{name} in whole clusters"][by_cluster[: int(share * rows)]] = True
    return masks


def truth_of(world: World, keep: np.ndarray | None = None) -> np.ndarray:
    """[Q, K] item numbers of the exact answer."""
    numbers = np.arange(len(world.vectors)) if keep is None else np.flatnonzero(keep)
    vectors = world.vectors if keep is None else world.vectors[keep]
    found = np.empty((QUERIES, K), dtype=np.int64)
    for start in range(0, QUERIES, 50):
        scores = world.queries[start : start + 50] @ vectors.T
        top = np.argpartition(-scores, K, axis=1)[:, :K]
        found[start : start + 50] = numbers[top]
    return found


def in_turns(world: World, *searches: Search) -> list[Cost]:
    """Each search over all queries, one by one, in turns; medians over the rounds."""
    one_by_one = [world.queries[row][None] for row in range(QUERIES)]
    cpu = [[] for _ in searches]  # type: list[list[float]]
    wall = [[] for _ in searches]  # type: list[list[float]]
    for _ in range(ROUNDS):
        for place, search in enumerate(searches):
            before = time.process_time()
            for query in one_by_one:
                asked = time.perf_counter()
                search(query)
                wall[place].append(time.perf_counter() - asked)
            cpu[place].append((time.process_time() - before) / QUERIES)
    return [
        Cost(1e3 * float(np.median(c)), 1e3 * float(np.median(w)), 1e3 * float(np.percentile(w, 99)))
        for c, w in zip(cpu, wall, strict=True)
    ]


def per_second(world: World, search: Search) -> float:
    """Queries a second with two threads."""

    def part(start: int) -> None:
        faiss.omp_set_num_threads(1)
        for row in range(start, QUERIES, 2):
            search(world.queries[row][None])

    with ThreadPoolExecutor(2) as threads:
        started = time.perf_counter()
        for _ in range(3):
            list(threads.map(part, range(2)))
        return 3 * QUERIES / (time.perf_counter() - started)


class Bare:
    """FAISS by itself: inverted lists, and the fewest of them that reach a recall for these queries."""

    def __init__(self, world: World, code: str, lists: int) -> None:
        faiss.omp_set_num_threads(1)
        started = time.process_time()
        self.ivf: Any = faiss.index_factory(
            world.vectors.shape[1], f"IVF{lists},{code}", faiss.METRIC_INNER_PRODUCT
        )
        self.ivf.cp.niter, self.ivf.cp.max_points_per_centroid = 8, 40
        self.ivf.cp.min_points_per_centroid = 1
        self.ivf.train(world.vectors)
        self.ivf.add(world.vectors)
        self.build_s = time.process_time() - started
        self.code, self.lists = code, lists

    def search(self, probes: int, keep: np.ndarray | None = None) -> Search:
        """Search in so many lists."""
        if keep is None:
            params = faiss.SearchParametersIVF(nprobe=probes)
        else:
            bits = np.packbits(keep, bitorder="little")
            params = faiss.SearchParametersIVF(nprobe=probes, sel=faiss.IDSelectorBitmap(bits))
            params.kept_alive = bits
        return lambda queries: self.ivf.search(queries, K, params=params)[1]

    def fewest(
        self, world: World, truth: np.ndarray, wanted: float, keep: np.ndarray | None = None
    ) -> tuple[int, float] | None:
        """The fewest lists that reach the recall, and the recall; None where all lists do not."""
        for probes in [*(p for p in PROBES if p < self.lists), self.lists]:
            recall = recall_of(truth, self.search(probes, keep)(world.queries))
            if recall >= wanted:
                return probes, recall
        return None


def recall_of(truth: np.ndarray, found: np.ndarray) -> float:
    """Mean recall@10."""
    return float(recall_at(truth, found, K).mean())


def measure(name: str) -> Iterator[dict[str, Any]]:
    """All lines of one size."""
    rows, width = SIZES[name]
    world = world_of(rows, width)
    masks = masks_of(world)
    started_cpu, started = time.process_time(), time.perf_counter()
    built = FaissIndex.build(np.arange(rows), world.vectors, columns=Masks(masks))
    build = {
        "build_s": round(time.perf_counter() - started, 1),
        "build_cpu_s": round(time.process_time() - started_cpu, 1),
    }
    with tempfile.TemporaryDirectory() as folder:
        built.save(Path(folder), lake_version=1)
        del built
        gc.collect()
        size = sum(file.stat().st_size for file in Path(folder).rglob("*") if file.is_file())
        before = _resident_mb()
        started = time.perf_counter()
        ours, _ = FaissIndex.load(Path(folder), width=width, stamp_text="", columns=Masks(masks))
        loaded_s = time.perf_counter() - started
        memory = {"file_mb": round(size / 1e6), "load_s": round(loaded_s, 2)}
        yield from _unfiltered(f"{name} × {width}", world, ours, {**build, **memory}, before)
        yield from _filtered(f"{name} × {width}", world, ours, masks)


def _unfiltered(
    size: str, world: World, ours: FaissIndex, facts: dict[str, float], resident_before: float
) -> Iterator[dict[str, Any]]:
    truth = truth_of(world)
    lists = ours.lists or IndexConfig(flat_below_items=0).lists_for(len(world.vectors))
    search: Search = lambda queries: ours.search(queries, K, effort=EFFORT).numbers  # noqa: E731
    recall = recall_of(truth, search(world.queries))
    own = _resident_mb() - resident_before
    rivals = [Bare(world, code, lists) for code in ("Flat", "SQbf16")]
    reached = [(rival, rival.fewest(world, truth, EFFORT)) for rival in rivals]
    able = [(rival, *found) for rival, found in reached if found is not None]
    exact = in_turns_exact(world)
    mine, *theirs = in_turns(world, search, *(rival.search(probes) for rival, probes, _ in able))
    best = int(np.argmin([cost.cpu_ms for cost in theirs]))
    rival, probes, rival_recall = able[best]
    bare = theirs[best]
    seconds = per_second(world, search), per_second(world, rival.search(probes))
    yield line(
        "P2", f"vector search, {size}", mine.cpu_ms / bare.cpu_ms, "× CPU of bare FAISS",
        target=1.5, baseline="bare FAISS", ratio=mine.cpu_ms / bare.cpu_ms,
        quality={"recall@10": round(recall, 4), "bare recall@10": round(rival_recall, 4)},
        cpu_ms=round(mine.cpu_ms, 4), p50_ms=round(mine.p50_ms, 4), p99_ms=round(mine.p99_ms, 4),
        per_s_2_threads=round(seconds[0]), bare_cpu_ms=round(bare.cpu_ms, 4),
        bare_p50_ms=round(bare.p50_ms, 4),
        bare_p99_ms=round(bare.p99_ms, 4), bare_per_s_2_threads=round(seconds[1]),
        bare_kind=f"IVF{rival.lists},{rival.code} probes {probes}", bare_build_cpu_s=round(rival.build_s, 1),
        numpy_ms=round(exact, 3), ratio_to_numpy=round(mine.p50_ms / exact, 4), probes=ours.probes(EFFORT),
        resident_mb=round(own), **facts,
    )  # fmt: skip
    yield line(
        "P2", f"vector search, {size}: recall@10", recall, "recall@10", target=EFFORT, better="higher",
        quality={"p50 ms": round(mine.p50_ms, 4)},
    )  # fmt: skip


def _filtered(
    size: str, world: World, ours: FaissIndex, masks: dict[str, np.ndarray]
) -> Iterator[dict[str, Any]]:
    lists = ours.lists or IndexConfig(flat_below_items=0).lists_for(len(world.vectors))
    rival = Bare(world, "Flat", lists)
    for name, keep in masks.items():
        where = Eq("mask", name)
        truth = truth_of(world, keep)
        search: Search = lambda queries, where=where: ours.search(queries, K, where, EFFORT).numbers  # noqa: E731
        recall = recall_of(truth, search(world.queries))
        wanted = 0.99 if name.startswith("1 %") else EFFORT
        probes, rival_recall = rival.fewest(world, truth, wanted, keep) or (lists, float("nan"))
        mine, bare = in_turns(world, search, rival.search(probes, keep))
        yield line(
            "P2", f"vector search, {size}, filter keeps {name}: recall@10", recall, "recall@10",
            target=wanted, better="higher", baseline="CPU of bare FAISS", ratio=mine.cpu_ms / bare.cpu_ms,
            quality={"p50 ms": round(mine.p50_ms, 4), "bare recall@10": round(rival_recall, 4)},
            cpu_ms=round(mine.cpu_ms, 4), p99_ms=round(mine.p99_ms, 4), bare_cpu_ms=round(bare.cpu_ms, 4),
            bare_probes=probes, lists=lists,
        )  # fmt: skip


def in_turns_exact(world: World) -> float:
    """Median milliseconds of one exact numpy search."""
    times = []
    for query in world.queries[:40]:
        started = time.perf_counter()
        np.argpartition(-(world.vectors @ query), K)[:K]
        times.append(time.perf_counter() - started)
    return 1e3 * float(np.median(times))


def _resident_mb() -> float:
    fields = Path("/proc/self/statm").read_text().split()
    return int(fields[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def _on_one_thread() -> None:
    # The libraries read it once, when they load; the server runs so too.
    wanted = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    if not wanted.items() <= os.environ.items():
        os.execve(sys.executable, [sys.executable, *sys.argv], {**os.environ, **wanted})


def main() -> int:
    made = parser(__doc__ or "")
    made.add_argument("--sizes", default="10k,100k,1m", help=f"of {', '.join(SIZES)}")
    args = made.parse_args()
    _on_one_thread()
    names = args.sizes.split(",")
    if unknown := set(names) - set(SIZES):
        made.error(f"sizes {sorted(unknown)} were received; needed are some of {', '.join(SIZES)}")
    for name in names:
        write(measure(name), args.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
