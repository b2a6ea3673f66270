"""A model trained on the processor and on the fake `neuron`: `train_on_neuron.py FAMILY`; prints JSON."""

import json
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).parent))
import fake_neuron
from learn_world import ring

from bowerbird.learn.config import TrainingConfig
from bowerbird.learn.splits import Split, split
from bowerbird.learn.training import Batch, TrainingJob, train
from bowerbird.learn.training.device import device, dist_backend

Made = tuple[torch.nn.Module, Callable[[int], Sequence[Batch]]]
TRAINING = TrainingConfig(epochs=3, learning_rate=0.01, precision="float32")


def sasrec(found: Split) -> Made:
    from bowerbird.retrieve.sasrec import SasrecConfig
    from bowerbird.retrieve.sasrec.model import Sasrec
    from bowerbird.retrieve.sasrec.train import batches_of

    config = SasrecConfig(width=16, inner=16, dropout=0.0, longest=8, rows=4, tokens=16)
    histories = found.training.histories()
    model = Sasrec(config, found.training.item_count)
    return model, lambda epoch: batches_of(histories, config, 3, epoch)


def hstu(found: Split) -> Made:
    from bowerbird.retrieve.hstu import HstuConfig
    from bowerbird.retrieve.hstu.model import Hstu
    from bowerbird.retrieve.hstu.train import batches_of

    config = HstuConfig(width=16, dropout=0.0, longest=8, rows=4, tokens=16, knows_asked_time=True)
    histories = found.training.histories()
    return Hstu(config, found.training.item_count), lambda epoch: batches_of(histories, config, 3, epoch)


def generative(found: Split) -> Made:
    from bowerbird.retrieve.generative import GenerativeConfig
    from bowerbird.retrieve.generative.model import Generative
    from bowerbird.retrieve.generative.train import batches_of, log_chances, outcomes_of

    config = GenerativeConfig(
        width=16, inner=16, dropout=0.0, longest=8, rows=4, tokens=16, negatives=20, is_sampled=True
    )
    histories, counts = found.training.histories(), found.training.item_counts()
    outcomes = outcomes_of(found.training)
    content = np.eye(len(counts), 8, dtype=np.float32)
    model = Generative(config, len(counts), len(outcomes), content, log_chances(counts))
    return model, lambda epoch: batches_of(histories, counts, outcomes, config, 3, epoch)


def semantic(found: Split) -> Made:
    from bowerbird.learn.types import Budget, FitPlan
    from bowerbird.retrieve.semantic import SemanticConfig
    from bowerbird.retrieve.semantic.model import Semantic
    from bowerbird.retrieve.semantic.train import batches_of, catalogue_of

    config = SemanticConfig(
        levels=2, codes=5, width=16, inner=16, dropout=0.0, decoder_dropout=0.0, forget_own=0.0, longest=8,
        rows=4, tokens=16,
    )  # fmt: skip
    histories = found.training.histories()
    catalogue = catalogue_of(found.training, config, FitPlan(3, Budget(), Path(tempfile.gettempdir())))
    model = Semantic(config, catalogue.ids, catalogue.sizes)
    return model, lambda epoch: batches_of(histories, config, 3, epoch)


FAMILIES = {"sasrec": sasrec, "hstu": hstu, "generative": generative, "semantic": semantic}


def main() -> int:
    found = split(ring(persons=60, items=30, length=9))

    def losses(where: torch.device) -> list[float]:
        torch.manual_seed(3)
        model, batches = FAMILIES[sys.argv[1]](found)
        seen.clear()
        with tempfile.TemporaryDirectory() as folder:
            job = TrainingJob(model, batches, counted, Path(folder), 3, "ring")
            return [record.loss for record in train(job, TRAINING, on=where).records]

    seen: list[int] = []

    def counted(_: torch.nn.Module) -> float:
        seen.append(len(fake_neuron.SIGNATURES))
        return float(len(seen))

    neuron = fake_neuron.register()
    on_cpu = losses(torch.device("cpu"))
    on_neuron = losses(neuron)
    told = {
        "device": str(device()),
        "backend": dist_backend(neuron),
        "cpu": on_cpu,
        "neuron": on_neuron,
        "signatures": seen,
        "operators": sorted(fake_neuron.operators()),
    }
    try:
        torch.ones(2, device=neuron) + torch.ones(2)
    except RuntimeError as error:
        told["mixed"] = str(error)
    print(json.dumps(told))
    return 0


if __name__ == "__main__":
    sys.exit(main())
