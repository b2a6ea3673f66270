"""This file is about P11: how many interactions a second SASRec learns from, beside RecTools' SASRec.

Both: Amazon Beauty (leave-one-out training part), full softmax over all items, width 64, two layers, two heads, the
newest 50 items, one thread, in turns. Ours packs histories and takes the softmax in chunks; RecTools pads every history
to 50. RecTools lives in an environment of its own, made on the first run with pip (`--peers` names it), and sees this
one's torch. Compared are processor seconds of training steps, because the machine may be shared.

Run: python benchmarks/bench_learn_training_speed.py --data DIR [--peers DIR] [--steps 5] [--out FILE]
"""

import json
import os
import subprocess
import sys
import sysconfig
import time
import venv
from pathlib import Path
from typing import Any

import torch
from record import line, parser, write

from bowerbird.learn.data import read
from bowerbird.learn.data.text_files import first_of
from bowerbird.learn.splits import Split, split
from bowerbird.learn.training.device import autocast
from bowerbird.retrieve.sasrec import SasrecConfig
from bowerbird.retrieve.sasrec.model import Sasrec
from bowerbird.retrieve.sasrec.train import batches_of

HERE = Path(__file__).parent
SHARED = HERE.parents[1] / "shared" / "data" / "amazon-beauty"
WIDTH, LONGEST, PERSONS, WARMUP = 64, 50, 128, 1


def main() -> int:
    arguments = parser(__doc__ or "")
    arguments.add_argument("--data", type=Path, default=SHARED)
    arguments.add_argument("--peers", type=Path, default=Path.home() / ".cache" / "bowerbird-peers")
    arguments.add_argument("--steps", type=int, default=5, help="of RecTools, in each of two turns")
    args = arguments.parse_args()
    if not args.data.is_dir():
        print(f"{args.data} is not there; say --data with a folder of sequences", file=sys.stderr)
        return 0
    python = peers(args.peers)
    found = split(read(args.data).interactions)
    torch.set_num_threads(1)
    totals: dict[str, dict[str, float]] = {}
    for _ in range(2):
        theirs = rectools(python, args.data, args.steps)
        for name, told in (
            ("rectools", theirs),
            ("float32", ours(found, "float32")),
            ("bfloat16", ours(found, "bfloat16")),
        ):
            total = totals.setdefault(name, {"targets": 0.0, "cpu_seconds": 0.0, "seconds": 0.0})
            for key in total:
                total[key] += told[key]
    write(lines(found, totals), args.out)
    return 0


def lines(found: Split, totals: dict[str, dict[str, float]]) -> list[dict[str, Any]]:
    """One line a precision."""
    rate = {name: total["targets"] / total["cpu_seconds"] for name, total in totals.items()}
    return [
        line(
            "P11",
            f"interactions a processor second of SASRec training, full softmax, {name}",
            rate[name],
            "per s",
            better="higher",
            target=2 * rate["rectools"],
            baseline="RecTools 0.19 SASRec, same sizes",
            ratio=rate[name] / rate["rectools"],
            quality={"items_in_the_softmax": found.training.item_count, "split": found.short_hash},
            wall_rate=round(totals[name]["targets"] / totals[name]["seconds"], 1),
            baseline_rate=round(rate["rectools"], 1),
        )
        for name in ("float32", "bfloat16")
    ]


def ours(found: Split, precision: str, steps: int = 12) -> dict[str, float]:
    """Training steps as the trainer takes them."""
    config = SasrecConfig(width=WIDTH, longest=LONGEST, dropout=0.4, rows=32)
    torch.manual_seed(0)
    model = Sasrec(config, found.training.item_count).train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.0)
    batches = batches_of(found.training.histories(), config, 0, 0)[: steps + WARMUP]
    total = {"targets": 0.0, "cpu_seconds": 0.0, "seconds": 0.0}
    for place, batch in enumerate(batches):
        started_s, started_cpu_s = time.perf_counter(), time.process_time()
        optimizer.zero_grad(set_to_none=True)
        with autocast(torch.device("cpu"), precision):
            loss = (
                model(**{name: torch.from_numpy(each) for name, each in batch.arrays.items()}) / batch.weight
            )
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        if place >= WARMUP:
            total["seconds"] += time.perf_counter() - started_s
            total["cpu_seconds"] += time.process_time() - started_cpu_s
            total["targets"] += batch.weight
    return total


def rectools(python: Path, data: Path, steps: int) -> dict[str, float]:
    """RecTools' steps, in its own environment."""
    sequences = first_of(data, ("sequences.txt",))
    words = [sequences, steps, WARMUP, WIDTH, LONGEST, PERSONS]
    one_thread = {**os.environ, "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    done = subprocess.run(
        [str(python), str(HERE / "peers_rectools.py"), *map(str, words)],
        capture_output=True,
        text=True,
        env=one_thread,
        check=False,
    )
    if done.returncode:
        raise SystemExit(done.stderr[-2000:])
    told: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return told


def peers(folder: Path) -> Path:
    """The Python of an environment with RecTools, made where it is missing."""
    python = folder / "bin" / "python"
    if not (folder / "ready").exists():
        venv.create(folder, with_pip=True)
        version = f"python{sys.version_info.major}.{sys.version_info.minor}"
        beside = folder / "lib" / version / "site-packages" / "zz_house.pth"
        beside.write_text("\n".join(path for path in sys.path if path.endswith("site-packages")) + "\n")
        subprocess.run([str(python), "-m", "pip", "install", "-q", "rectools[torch]==0.19.0"], check=True)
        (folder / "ready").write_text(sysconfig.get_python_version())
    return python


if __name__ == "__main__":
    sys.exit(main())
