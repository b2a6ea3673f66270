"""This file is about `make bench`: every benchmark in turn, one file of lines, the tables in the docs.

Run: python benchmarks/run_all.py [--only WORD] [--quick]
"""

import argparse
import datetime as dt
import shutil
import subprocess
import sys
from pathlib import Path

import tables
from record import RESULTS, commit

HERE = Path(__file__).parent


def main() -> int:
    """Runs all benchmarks whose name holds `--only`; 1 if any failed, with the others' lines kept."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="only benchmarks whose file name holds this word")
    args = parser.parse_args()
    chosen = [path for path in sorted(HERE.glob("bench_*.py")) if args.only in path.name]
    if not chosen:
        parser.error(f"no benchmark has {args.only!r} in its name")
    out = RESULTS / f"{dt.date.today().isoformat()}-{commit().rstrip('+')}.jsonl"
    failed = [path.name for path in chosen if not _run(path, out)]
    if out.exists():
        merge_into_latest(out)
        tables.rewrite()
    print(f"{len(chosen) - len(failed)} of {len(chosen)} benchmarks ran; lines in {out}", file=sys.stderr)
    for name in failed:
        print(f"failed: {name}", file=sys.stderr)
    return 1 if failed else 0


def merge_into_latest(out: Path) -> None:
    """Lines of this run replace those with the same id and question; the others stay, with their own date."""
    latest = RESULTS / "latest.jsonl"
    if not latest.exists():
        shutil.copy(out, latest)
        return
    rows = {tables.key(row): row for row in tables.read(latest)}
    rows |= {tables.key(row): row for row in tables.read(out)}
    tables.write(latest, rows.values())


def _run(path: Path, out: Path) -> bool:
    print(f"running {path.name}", file=sys.stderr, flush=True)
    return subprocess.run([sys.executable, str(path), "--out", str(out)], check=False).returncode == 0


if __name__ == "__main__":
    sys.exit(main())
