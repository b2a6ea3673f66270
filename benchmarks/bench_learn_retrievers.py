"""This file is about which retriever finds what people do next: all of them on one split, with equal budgets.

Amazon Beauty, leave-one-out, all items ranked, both orders of same-day purchases (`file`, `shuffled`); the floors of the
data's README stand beside. Any other folder that `bowerbird measure compare` reads will do. Runs are kept in `--runs`
and never done twice, so that an interrupted benchmark goes on where it stopped. Hours on two cores.

Run: python benchmarks/bench_learn_retrievers.py [--data DIR] [--models a,b] [--seeds 3] [--runs DIR] [--out FILE]
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from record import line, parser, write

from bowerbird.cli.retrievers import MODELS

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data" / "amazon-beauty"
METRICS = ("recall@5", "ndcg@5", "recall@10", "ndcg@10", "recall@50", "tail_recall@10", "coverage@10")
FLOORS = "transition counts of the README, raw order: R@10 .0755, NDCG@10 .0472"


def main() -> int:
    arguments = parser(__doc__ or "")
    arguments.add_argument("--data", type=Path, default=SHARED)
    arguments.add_argument("--models", default=",".join(MODELS), help="words of `measure compare`")
    arguments.add_argument("--ties", default="file,shuffled")
    arguments.add_argument("--seeds", type=int, default=3)
    arguments.add_argument("--runs", type=Path, default=Path.home() / ".cache" / "bowerbird-runs")
    args = arguments.parse_args()
    if not args.data.is_dir():
        print(f"{args.data} is not there; say --data with a folder of interactions", file=sys.stderr)
        return 0
    for ties in args.ties.split(","):
        report = compared(args.data, args.models, args.seeds, ties, args.runs / args.data.name)
        write((quality(report, model, ties) for model in report["models"]), args.out)
    return 0


def compared(data: Path, models: str, seeds: int, ties: str, runs: Path) -> dict[str, Any]:
    """The report of the command that everybody has."""
    words = ["measure", "compare", "--data", str(data), "--models", models, "--seeds", str(seeds)]
    words += ["--time-ties", ties, "--out", str(runs / ties), "--json"]
    done = subprocess.run(
        [sys.executable, "-m", "bowerbird.cli.main", *words], stdout=subprocess.PIPE, text=True, check=True
    )
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def quality(report: dict[str, Any], model: str, ties: str) -> dict[str, Any]:
    """One model's line: means over seeds, 95 % intervals over persons and seeds, and what it costs."""
    metrics, runs = report["models"][model]["metrics"], report["models"][model]["runs"]
    data, split = report["data"]["name"], report["split"]
    told = [name for name in METRICS if name in metrics]
    return line(
        f"Q-{data}-{model}-{ties}",
        f"{data}, {split['kind']} {split['sha256'][:12]}, same-day order {ties}: {model}, {len(runs)} runs",
        metrics["ndcg@10"]["mean"],
        "NDCG@10",
        baseline=FLOORS if data == SHARED.name else None,
        metrics={name: round(metrics[name]["mean"], 4) for name in told},
        interval={
            name: [round(metrics[name]["low"], 4), round(metrics[name]["high"], 4)]
            for name in told
            if "low" in metrics[name]
        },
        seeds={name: metrics[name]["seeds"] for name in ("recall@10", "ndcg@10")},
        fit_seconds=[round(run["fit_seconds"], 1) for run in runs],
        latency_ms=[round(runs[0]["latency_p50_ms"], 3), round(runs[0]["latency_p99_ms"], 3)],
        config=report["models"][model]["config"],
    )


if __name__ == "__main__":
    sys.exit(main())
