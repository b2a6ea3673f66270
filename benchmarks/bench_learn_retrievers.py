"""This file is about which retriever finds what people do next: all of them on one split, with equal budgets.

Amazon Beauty, leave-one-out, both orders of same-day purchases (`shuffled`, `file`), and MovieLens latest-small by global
time; all items are ranked. Any other folder that `bowerbird measure compare` reads will do. Beside each model stands by how
much it is ahead of SASRec, paired over the same persons. Runs are kept in `--runs` and never done twice, so that an
interrupted benchmark goes on where it stopped; what each training said is copied to `results/training/`. Hours on two
cores.

Run: python benchmarks/bench_learn_retrievers.py [--data DIR] [--split loo] [--ties shuffled] [--models a,b] [--seeds 3]
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from record import RESULTS, line, parser, write

from bowerbird.cli.retrievers import MODELS

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"
METRICS = (
    "recall@5",
    "ndcg@5",
    "recall@10",
    "ndcg@10",
    "recall@50",
    "tail_recall@10",
    "cold_recall@10",
    "coverage@10",
)
BESIDE = "sasrec"
COMPARED = ("recall@10", "ndcg@10")
FLOORS = {"amazon-beauty": "transition counts of the README, raw order: R@10 .0755, NDCG@10 .0472"}


@dataclass(frozen=True)
class Protocol:
    """One split of one data set."""

    data: Path
    split: str
    ties: str

    @property
    def name(self) -> str:
        return f"{self.data.name}-{self.split}-{self.ties}"


EVERY = (
    Protocol(SHARED / "amazon-beauty", "loo", "shuffled"),
    Protocol(SHARED / "amazon-beauty", "loo", "file"),
    Protocol(SHARED / "movielens-latest-small", "time", "file"),
)


def main() -> int:
    arguments = parser(__doc__ or "")
    arguments.add_argument("--data", type=Path, help="a folder of interactions (default: the shared ones)")
    arguments.add_argument("--split", choices=("loo", "time"), help="with --data (default: loo)")
    arguments.add_argument("--ties", choices=("shuffled", "file"), help="only this order of one moment")
    arguments.add_argument("--models", default=",".join(MODELS), help="words of `measure compare`")
    arguments.add_argument("--seeds", type=int, default=3)
    arguments.add_argument("--runs", type=Path, default=Path.home() / ".cache" / "bowerbird-runs")
    args = arguments.parse_args()
    for protocol in protocols(args):
        if not protocol.data.is_dir():
            print(f"{protocol.data} is not there; say --data with a folder of interactions", file=sys.stderr)
            continue
        report = compared(protocol, args)
        write((quality(report, model, protocol) for model in report["models"]), args.out)
        keep_logs(report, protocol, args.runs)
    return 0


def protocols(args: argparse.Namespace) -> Iterator[Protocol]:
    """What was asked for: all of ours, or one folder in the orders that are wanted."""
    asked = EVERY
    if args.data is not None:
        asked = tuple(Protocol(args.data, args.split or "loo", ties) for ties in ("shuffled", "file"))
    return (each for each in asked if args.ties in (None, each.ties))


def compared(protocol: Protocol, args: argparse.Namespace) -> dict[str, Any]:
    """The report of the command that everybody has."""
    words = ["measure", "compare", "--data", str(protocol.data), "--split", protocol.split]
    words += ["--models", args.models, "--seeds", str(args.seeds), "--time-ties", protocol.ties]
    words += ["--out", str(args.runs / protocol.name), "--json"]
    done = subprocess.run(
        [sys.executable, "-m", "bowerbird.cli.main", *words], stdout=subprocess.PIPE, text=True, check=True
    )
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def quality(report: dict[str, Any], model: str, protocol: Protocol) -> dict[str, Any]:
    """One model's line: means over seeds, 95 % intervals over persons and seeds, and what it costs."""
    metrics, runs = report["models"][model]["metrics"], report["models"][model]["runs"]
    split, ahead = report["split"], differences(report, model)
    told = [name for name in METRICS if name in metrics]
    bounds = {name: metrics[name] for name in told if "low" in metrics[name]} | ahead
    return line(
        f"Q-{protocol.name}-{model}",
        f"{protocol.data.name}, {split['kind']} {split['sha256'][:12]}, order of one moment: {protocol.ties}; {model}, {len(runs)} runs",
        metrics["ndcg@10"]["mean"],
        "NDCG@10",
        baseline=FLOORS.get(protocol.data.name),
        metrics={name: round(metrics[name]["mean"], 4) for name in told}
        | {name: round(each["mean"], 4) for name, each in ahead.items()},
        interval={name: [round(each["low"], 4), round(each["high"], 4)] for name, each in bounds.items()},
        seeds={name: metrics[name]["seeds"] for name in COMPARED},
        fit_seconds=[round(run["fit_seconds"], 1) for run in runs],
        fit_peak_mb=[round(run["fit_peak_mb"]) for run in runs],
        latency_ms=[round(runs[0]["latency_p50_ms"], 3), round(runs[0]["latency_p99_ms"], 3)],
        config=report["models"][model]["config"],
    )


def differences(report: dict[str, Any], model: str) -> dict[str, dict[str, float]]:
    """By how much the model is ahead of SASRec on the same persons; empty where one of them is missing."""
    found: dict[str, dict[str, float]] = {}
    for each in report["differences"]:
        name = f"{each['metric']} ahead of {BESIDE}"
        if each["metric"] in COMPARED and "low" in each:
            if (each["first"], each["second"]) == (model, BESIDE):
                found[name] = {key: each[key] for key in ("mean", "low", "high")}
            elif (each["second"], each["first"]) == (model, BESIDE):
                found[name] = {"mean": -each["mean"], "low": -each["high"], "high": -each["low"]}
    return found


def keep_logs(report: dict[str, Any], protocol: Protocol, runs: Path) -> None:
    """Epoch by epoch what each training said, one line a run, beside the results; others' lines stay."""
    path = RESULTS / "training" / f"{protocol.name}.jsonl"
    before = path.read_text().splitlines() if path.exists() else []
    kept = {(row["model"], row["key"]): row for row in map(json.loads, before)}
    for model, told in report["models"].items():
        for run in told["runs"]:
            log = runs / protocol.name / "runs" / f"{model}-{run['seed']}-{run['key']}" / "training.jsonl"
            if log.exists():
                kept[model, run["key"]] = logged(model, run, log)
    if kept:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(json.dumps(kept[key]) + "\n" for key in sorted(kept)))


def logged(model: str, run: dict[str, Any], log: Path) -> dict[str, Any]:
    """One run's epochs as columns."""
    epochs = [json.loads(text) for text in log.read_text().splitlines()]
    columns = {
        name: [round(each[name], 5) for each in epochs if each.get(name) is not None]
        for name in ("loss", "validation", "seconds")
    }
    return {"model": model, "seed": run["seed"], "key": run["key"], "code": run["code"]} | columns


if __name__ == "__main__":
    sys.exit(main())
