"""How long does forgetting take, until no row names an item, and until no file of the lake holds it?

One item that the joint space was not fitted on, and 100 items at once, are forgotten on a built lake, and the files
are purged as `bowerbird lake forget --now` does it. The baseline, in the same run: reading and writing every byte of
the lake once, as a copy does. Quality: how many files still hold the id afterwards (0), and what remains.

Run: python benchmarks/bench_lake_forget.py [--items N] [--out FILE]
"""

import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import record
import synthetic_lake

from bowerbird.encode.fitting import sample_numbers
from bowerbird.lake.forgetting.purging import purge
from bowerbird.lake.forgetting.removing import forget
from bowerbird.lake.lake import Lake
from bowerbird.retrieve.forgetting import forget_derived


def main() -> int:
    """Writes one line a question."""
    parser = record.parser(__doc__.splitlines()[0])
    parser.add_argument("--items", type=int, default=100_000)
    made = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = synthetic_lake.lake_of(Path(folder), made.items)
        record.write(lines(path, made.items), made.out)
    return 0


def lines(path: Path, items: int) -> Iterator[dict[str, Any]]:
    """Of one item and of a hundred."""
    with Lake.open(path) as lake:
        lake.maintain()
        copied_s = _copied(path)
        fitted_on = set(sample_numbers(lake).tolist())
        others = [number for number in range(items) if number not in fitted_on]
        for count in (1, 100):
            ids = [f"item-{number}" for number in others[-count:]]
            del others[-count:]
            yield _forgotten(lake, ids, items, copied_s)


def _copied(path: Path) -> float:
    """Seconds of a copy that is on the disk."""
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        shutil.copytree(path, Path(folder) / "copy")
        os.sync()
        return time.perf_counter() - started


def _forgotten(lake: Lake, ids: Sequence[str], items: int, copied_s: float) -> dict[str, Any]:
    started = time.perf_counter()
    forget(lake, "item", ids)
    removed_s = time.perf_counter() - started
    report = purge(lake, [forget_derived], keeps_versions=False)
    seconds = time.perf_counter() - started
    needle = f'"{ids[0]}"'.encode(), f"/{ids[0]}".encode()
    files = [file for file in lake.path.rglob("*") if file.is_file()]
    left = sum(any(each in file.read_bytes() for each in needle) for file in files)
    return record.line(
        f"forget-{len(ids)}", f"forget {len(ids):,} of {items:,} items, out of every file", seconds, "s",
        baseline="a copy of the lake", ratio=seconds / copied_s,
        quality={"files that hold the first id": left, "remains": len(report.remains)},
        metrics={"no row names it after s": round(removed_s, 2)},
    )  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
