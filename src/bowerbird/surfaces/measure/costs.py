"""This file is about what a model costs: seconds, memory, and how long one request waits."""

import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from bowerbird.learn.data import Histories
from bowerbird.learn.types import FittedRetriever

_STATUS = Path("/proc/self/status")
_RESET_PEAK = "5"


@dataclass(slots=True)
class Spent:
    """What happened inside the block; filled when it ends.

    Attributes:
        seconds: on the wall.
        cpu_seconds: of all threads of this process.
        peak_mb: highest resident memory of the whole process meanwhile.
    """

    seconds: float = 0.0
    cpu_seconds: float = 0.0
    peak_mb: float = 0.0
    started: tuple[float, float] = field(default=(0.0, 0.0), repr=False)


@contextmanager
def spent() -> Iterator[Spent]:
    """Measures its block."""
    found = Spent()
    _reset_peak()
    found.started = time.perf_counter(), time.process_time()
    try:
        yield found
    finally:
        found.seconds = time.perf_counter() - found.started[0]
        found.cpu_seconds = time.process_time() - found.started[1]
        found.peak_mb = _peak_mb()


def latency_ms(
    fitted: FittedRetriever, histories: Histories, *, candidates: int, requests: int
) -> tuple[float, float]:
    """p50 and p99 of single requests, in milliseconds, after a warm-up."""
    rows = np.random.default_rng(0).permutation(len(histories))[:requests]
    times = []
    for place, row in enumerate([*rows[:10], *rows]):
        one = histories.rows(int(row), int(row) + 1)
        started_ns = time.perf_counter_ns()
        fitted.top(one, candidates, one)
        if place >= min(10, len(rows)):
            times.append((time.perf_counter_ns() - started_ns) / 1e6)
    return float(np.percentile(times, 50)), float(np.percentile(times, 99))


def _reset_peak() -> None:
    try:
        Path("/proc/self/clear_refs").write_text(_RESET_PEAK)
    except OSError:
        return  # elsewhere the peak is that of the process's whole life, which is an upper bound


def _peak_mb() -> float:
    if _STATUS.exists():
        for line in _STATUS.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
