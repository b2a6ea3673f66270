"""This file is about result lines: one JSON object a measurement, with where and when it was taken."""

import argparse
import datetime as dt
import json
import os
import platform
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results"


def line(
    id_: str,
    question: str,
    value: float,
    unit: str,
    *,
    target: float | None = None,
    better: str = "lower",
    baseline: str | None = None,
    ratio: float | None = None,
    quality: dict[str, Any] | None = None,
    metrics: dict[str, Any] | None = None,
    interval: dict[str, Any] | None = None,
    **facts: Any,
) -> dict[str, Any]:
    """One result line in the form of the targets table; `better` says which side of the target is good."""
    met = None
    if target is not None:
        met = bool(value <= target) if better == "lower" else bool(value >= target)
    given = {
        "id": id_, "question": question, "value": round(float(value), 5), "unit": unit, "target": target,
        "baseline": baseline, "ratio": None if ratio is None else round(float(ratio), 4), "quality": quality,
        "metrics": metrics, "interval": interval, "met": met, **facts,
    }  # fmt: skip
    return {**given, "commit": commit(), "date": dt.date.today().isoformat(), "machine": machine()}


def parser(doc: str) -> argparse.ArgumentParser:
    """A parser with the one option that every benchmark has: `--out FILE` to append its lines to."""
    made = argparse.ArgumentParser(description=doc)
    made.add_argument("--out", type=Path, help="append the lines to this file as well")
    return made


def write(lines: Iterable[dict[str, Any]], out: Path | None) -> None:
    """Prints each line as it comes, and appends it to `out`."""
    for each in lines:
        text = json.dumps(each)
        print(text, flush=True)
        if out is not None:
            out.parent.mkdir(parents=True, exist_ok=True)
            with out.open("a") as file:
                file.write(text + "\n")


def commit() -> str:
    """The short commit, with `+` when the tree differs from it."""
    asked = ["git", "-C", str(Path(__file__).parent), "describe", "--always", "--dirty=+", "--exclude=*"]
    done = subprocess.run(asked, capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown"


def machine() -> str:
    """Cores, processor family, Python and the load when the line was made."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    load = os.getloadavg()[0]
    version = ".".join(map(str, sys.version_info[:3]))
    return f"{cores} cores {platform.machine()}, {_processor()}, Python {version}, load {load:.1f}"


def _processor() -> str:
    try:
        info = Path("/proc/cpuinfo").read_text()
    except OSError:
        return platform.processor() or "unknown processor"
    names = [row.split(":", 1)[1].strip() for row in info.splitlines() if row.startswith("model name")]
    return names[0] if names else "unknown processor"
