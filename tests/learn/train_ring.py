"""A small training run in a process of its own: `train_ring.py FOLDER`; prints a hash of the weights."""

import argparse
import hashlib
import sys
import time
from pathlib import Path

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).parent))
from learn_world import ring

from bowerbird.learn.config import TrainingConfig
from bowerbird.learn.splits import split
from bowerbird.learn.training import TrainingJob, train
from bowerbird.retrieve.sasrec import SasrecConfig
from bowerbird.retrieve.sasrec.model import Sasrec
from bowerbird.retrieve.sasrec.train import batches_of


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--dropout", type=float, default=0.2)
    parser.add_argument("--wait-s", type=float, default=0.0, help="after each step, so that it can be killed")
    args = parser.parse_args()
    found = split(ring(persons=60, items=30, length=9))
    training = TrainingConfig(
        epochs=4, learning_rate=0.01, checkpoint_steps=2, average=0.9, precision="float32"
    )
    config = SasrecConfig(
        width=16, inner=16, dropout=args.dropout, longest=8, rows=4, tokens=16, training=training
    )
    torch.manual_seed(3)
    model = Sasrec(config, found.training.item_count)
    histories = found.training.histories()

    def validate(module: torch.nn.Module) -> float:
        return -float(sum(each.abs().sum() for each in module.parameters()).detach())

    class Slow(list):  # type: ignore[type-arg]
        def __getitem__(self, place: int) -> object:  # type: ignore[override]
            time.sleep(args.wait_s)
            return super().__getitem__(place)

    job = TrainingJob(
        model, lambda epoch: Slow(batches_of(histories, config, 3, epoch)), validate, args.folder, 3, "ring"
    )
    result = train(job, training)
    weights = np.concatenate([each.detach().numpy().ravel() for each in model.parameters()])
    print(hashlib.sha256(weights.tobytes()).hexdigest(), result.epochs)
    np.save(args.folder / "weights.npy", weights)
    return 0


if __name__ == "__main__":
    sys.exit(main())
