"""How long does it take to find every pair of near signatures among very many, and is any missed?

Signatures are drawn at random with a share of copies that differ in a few bits. The baseline, in the same run: each
signature compared with all before it, measured on a sample of them and scaled up. Both must find the same pairs.

Run: python benchmarks/bench_lake_copies_pairs.py [--signatures N] [--out FILE]
"""

import resource
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import record

from bowerbird.lake.near_signatures import MOST_BITS, near_pairs

COPIES = 0.05
SAMPLE = 300


def main() -> int:
    """Writes one line a question."""
    parser = record.parser(__doc__.splitlines()[0])
    parser.add_argument("--signatures", type=int, default=1_000_000)
    made = parser.parse_args()
    record.write(lines(made.signatures), made.out)
    return 0


def lines(count: int) -> Iterator[dict[str, Any]]:
    """All pairs at once, then those of a hundred new pictures."""
    signatures = drawn(count)
    before_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    pairs, seconds = timed(signatures, 0)
    grown_mb = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kb) // 1024
    sample = np.sort(np.random.default_rng(2).choice(count, SAMPLE, replace=False))
    started = time.process_time()
    wanted = {(int(one), int(row)) for row in sample for one in each_with_all(signatures, int(row))}
    plain_s = (time.process_time() - started) / SAMPLE * count
    found = {tuple(pair) for pair in pairs[np.isin(pairs[:, 1], sample)].tolist()}
    yield record.line(
        "lake-copies-pairs", f"pairs within {MOST_BITS} bits among {count:,} signatures, CPU time", seconds, "s",
        baseline="each compared with all before it, scaled up from a sample", ratio=seconds / plain_s,
        quality={"pairs": len(pairs), "missed_in_sample": len(wanted - found), "false_in_sample": len(found - wanted)},
        grown_mb=grown_mb,
    )  # fmt: skip
    _, seconds = timed(signatures, count - 100)
    yield record.line(
        "lake-copies-pairs-new", f"pairs of 100 new signatures with {count:,}, CPU time", seconds, "s",
        baseline="all pairs among them", ratio=seconds / max(timed(signatures, 0)[1], 1e-9),
    )  # fmt: skip


def drawn(count: int) -> np.ndarray:
    """[count] int64; some are an earlier one with up to six bits changed."""
    rng = np.random.default_rng(1)
    bits = rng.integers(0, 2**64, count, dtype=np.uint64)
    rows = np.flatnonzero(rng.random(count) < COPIES)[1:]
    bits[rows] = bits[(rows * rng.random(len(rows))).astype(np.int64)]
    for _ in range(6):
        flips = np.uint64(1) << rng.integers(0, 64, len(rows)).astype(np.uint64)
        bits[rows] ^= np.where(rng.random(len(rows)) < 0.5, flips, np.uint64(0))
    return bits.view(np.int64)


def timed(signatures: np.ndarray, first_new: int) -> tuple[np.ndarray, float]:
    """The pairs, and the seconds of processor time that they took."""
    started = time.process_time()
    pairs = near_pairs(signatures, first_new)
    return pairs, time.process_time() - started


def each_with_all(signatures: np.ndarray, row: int) -> np.ndarray:
    """Rows before `row` that are near it."""
    bits = signatures.view(np.uint64)
    return np.flatnonzero(np.bitwise_count(bits[:row] ^ bits[row]) <= MOST_BITS)


if __name__ == "__main__":
    raise SystemExit(main())
