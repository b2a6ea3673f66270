"""How right are off-policy estimates? On Open Bandit, and on a simulated world whose truth is known.

Open Bandit (Saito et al., 2008.07146, the small sample): from the log of the random policy, what Thompson sampling would have
earned, and the other way, beside what its own log says; the policy's chance of an item in a place is how often it was there.
World: one item is shown to each person by a soft policy; another soft policy is asked about; the truth is the world's own chance
of a save. 300 logs: how far off, and how often the interval holds the truth.

Run: python benchmarks/bench_learn_off_policy.py [--data FOLDER] [--out FILE]
"""

import gzip
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.csv as pacsv
import record

from bowerbird.learn.off_policy import Logged, estimated
from bowerbird.world.behaviour import appeal_of, chances_of
from bowerbird.world.config import WorldConfig
from bowerbird.world.world import make_world

CHOICES, LOGS = 20, 300
ROWS = (2_000, 20_000)


def main() -> int:
    parser = record.parser(__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path("../shared/data/open-bandit-small"))
    made = parser.parse_args()
    if made.data.exists():
        record.write(open_bandit(made.data), made.out)
    else:
        print(f"{made.data} is not there: Open Bandit is left out", file=sys.stderr)
    record.write(world(), made.out)
    return 0


def open_bandit(folder: Path) -> Iterator[dict[str, Any]]:
    for campaign in ("all", "men", "women"):
        logs = {policy: _log(folder / f"{policy}_{campaign}.csv.gz") for policy in ("random", "bts")}
        for serving, asked in (("random", "bts"), ("bts", "random")):
            log, other = logs[serving], logs[asked]
            policy = _chance(other, log, items=int(max(log["item"].max(), other["item"].max())) + 1)
            report = estimated(Logged(log["click"], log["propensity"], policy))
            own = estimated(
                Logged(other["click"], np.ones(len(other["click"])), np.ones(len(other["click"])))
            ).estimates["logged"]
            found = {name: report.estimates[name] for name in ("logged", "ips", "ips clipped", "snips")}
            yield record.line(
                f"Q-off-policy-{campaign}-{serving}-to-{asked}",
                f"clicks a row of {asked} from the log of {serving}, Open Bandit {campaign}: SNIPS over its own log",
                round(found["snips"].value / own.value, 3), "ratio", baseline=f"the log of {asked} itself",
                metrics={"own": round(own.value, 5), **{name: round(each.value, 5) for name, each in found.items()},
                         "worth in rows": round(report.effective), "mean weight": round(report.mean_weight, 3)},
                interval={"own": [round(own.low, 5), round(own.high, 5)],
                          **{name: [round(each.low, 5), round(each.high, 5)] for name, each in found.items()}},
                rows=report.rows, warnings=list(report.warnings),
            )  # fmt: skip


def _log(path: Path) -> dict[str, np.ndarray]:
    with gzip.open(path) as file:
        table = pacsv.read_csv(file)
    names = {"item": "item_id", "position": "position", "click": "click", "propensity": "propensity_score"}
    return {
        name: table[column].to_numpy().astype(np.float64 if name != "item" else np.int64)
        for name, column in names.items()
    }


def _chance(policy: dict[str, np.ndarray], log: dict[str, np.ndarray], items: int) -> np.ndarray:
    """How often the policy put each item into each place of its own log, whoever was there.

    Not its mean propensity: rows are there because they were drawn, likely ones more often.
    """
    place = {
        name: each["item"] + items * each["position"].astype(int)
        for name, each in (("policy", policy), ("log", log))
    }
    size = int(max(each.max() for each in place.values())) + 1
    counts = np.bincount(place["policy"], minlength=size)
    slots = np.bincount(policy["position"].astype(int), minlength=size // items + 1)
    return counts[place["log"]] / slots[log["position"].astype(int)]


def world() -> Iterator[dict[str, Any]]:
    made = make_world(WorldConfig(seed=0))
    rng = np.random.default_rng(0)
    who = np.arange(min(len(made.people), 400))
    items = np.stack([rng.choice(len(made.items), CHOICES, replace=False) for _ in who])
    chances = chances_of(made, who, items, appeal_of(made, who, items)).save.astype(np.float64)
    serving, asked = (_softmax(rng.normal(size=chances.shape)) for _ in range(2))
    model = np.clip(chances * rng.lognormal(0, 0.4, chances.shape), 0, 1)
    truth = float((asked * chances).sum(axis=1).mean())
    for rows in ROWS:
        yield _judged(rows, truth, chances, serving, asked, model)


def _judged(
    rows: int, truth: float, chances: np.ndarray, serving: np.ndarray, asked: np.ndarray, model: np.ndarray
) -> dict[str, Any]:
    """How far off the estimates of many logs are, and how often their intervals hold the truth."""
    names = ("ips", "ips clipped", "snips", "dm", "dr", "dr clipped")
    off: dict[str, list[float]] = {name: [] for name in names}
    held: dict[str, list[bool]] = {name: [] for name in names}
    for seed in range(LOGS):
        draw = np.random.default_rng(seed)
        person = draw.integers(len(chances), size=rows)
        item = (draw.random((rows, 1)) < serving[person].cumsum(axis=1)).argmax(axis=1)
        found = estimated(
            Logged(
                (draw.random(rows) < chances[person, item]).astype(float),
                serving[person, item],
                asked[person, item],
                model=model[person, item],
                model_of_policy=(asked * model).sum(axis=1)[person],
            )
        ).estimates
        for name in names:
            off[name].append(abs(found[name].value / truth - 1))
            held[name].append(found[name].low <= truth <= found[name].high)
    return record.line(
        f"Q-off-policy-world-{rows}", f"how far estimates of saves are off, {LOGS} logs of {rows:,} rows, world's truth",
        float(np.mean(off["dr"])), "relative error of DR", baseline="the world's own chances",
        metrics={f"{name} error": round(float(np.mean(off[name])), 4) for name in names}
        | {f"{name} holds": round(float(np.mean(held[name])), 3) for name in names},
        interval={}, truth=round(truth, 5),
    )  # fmt: skip


def _softmax(logits: np.ndarray) -> np.ndarray:
    raised = np.exp(logits)
    return raised / raised.sum(axis=1, keepdims=True)


if __name__ == "__main__":
    sys.exit(main())
