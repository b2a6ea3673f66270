"""This file is about RecTools' SASRec for `bench_learn_training_speed.py`: run by the peers' own Python, never imported.

Run: PEERS/bin/python peers_rectools.py SEQUENCES STEPS WARMUP WIDTH LONGEST PERSONS   (prints one JSON line)
"""

import gzip
import json
import sys
import time
import warnings
from pathlib import Path
from typing import ClassVar

import pandas as pd
import torch
from pytorch_lightning import Callback, Trainer
from rectools import Columns
from rectools.dataset import Dataset
from rectools.models import SASRecModel


class Clock(Callback):
    """Times steps after a few for warming up, and counts the targets that they learned from."""

    # RecTools copies its trainer with all callbacks, so that what is found is kept with the class.
    found: ClassVar[dict[str, float]] = {"seconds": 0.0, "cpu_seconds": 0.0, "targets": 0, "steps": 0}

    def __init__(self, warmup: int) -> None:
        self.warmup = warmup
        self.started = 0.0, 0.0

    def on_train_batch_start(self, *_):
        self.started = time.perf_counter(), time.process_time()

    def on_train_batch_end(self, trainer, module, outputs, batch, place):  # noqa: ARG002
        if place >= self.warmup:
            self.found["seconds"] += time.perf_counter() - self.started[0]
            self.found["cpu_seconds"] += time.process_time() - self.started[1]
            self.found["targets"] += int((batch["y"] != 0).sum())
            self.found["steps"] += 1


def main() -> int:
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    path = Path(sys.argv[1])
    steps, warmup, width, longest, persons = map(int, sys.argv[2:7])
    with gzip.open(path, "rt") if path.suffix == ".gz" else path.open() as file:
        rows = [
            (words[0], item, place)
            for words in map(str.split, file)
            for place, item in enumerate(words[1:-2])
        ]
    table = pd.DataFrame(rows, columns=[Columns.User, Columns.Item, Columns.Datetime])
    table[Columns.Weight] = 1.0
    table[Columns.Datetime] = pd.to_datetime(table[Columns.Datetime], unit="D")
    clock = Clock(warmup)

    def trainer(**_: object) -> Trainer:
        return Trainer(
            max_steps=steps + warmup, callbacks=[clock], logger=False, enable_checkpointing=False,
            enable_progress_bar=False, enable_model_summary=False, accelerator="cpu",
        )  # fmt: skip

    model = SASRecModel(
        n_blocks=2, n_heads=2, n_factors=width, session_max_len=longest, dropout_rate=0.4, loss="softmax",
        batch_size=persons, epochs=1, get_trainer_func=trainer,
    )  # fmt: skip
    model.fit(Dataset.construct(table))
    print(json.dumps(Clock.found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
