"""This file is about what a model brings to the trainer, and what it gets back."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from bowerbird.learn.types import Tell


@dataclass(frozen=True, slots=True)
class Batch:
    """One step's worth, of the same shapes at every step.

    Attributes:
        arrays: by name; the first axis of all is the rows that processes share out among them.
        weight: how much the whole batch counts (targets, usually). The step's loss is the sum over the batch
            by it.
    """

    arrays: Mapping[str, np.ndarray]
    weight: float


@dataclass(frozen=True, slots=True)
class TrainingJob:
    """A model, its data, and how to tell whether it gets better.

    Attributes:
        module: called with the arrays of a batch as tensors, by name; gives the loss summed over its rows.
        batches: the batches of an epoch, the same every time it is asked; a process skips what it has done.
        validate: what the validation part says about the module, in evaluation mode; more is better.
        folder: for checkpoints and the log; the same one after a kill.
        seed: of weights and dropout.
        fingerprint: of config and split; a checkpoint of another one is not taken up.
    """

    module: torch.nn.Module
    batches: Callable[[int], Sequence[Batch]]
    validate: Callable[[torch.nn.Module], float]
    folder: Path
    seed: int
    fingerprint: str
    tell: Tell = lambda _: None


@dataclass(frozen=True, slots=True)
class EpochRecord:
    """One line of `training.jsonl`."""

    epoch: int
    loss: float
    learning_rate: float
    seconds: float
    targets_per_second: float
    validation: float | None


@dataclass(frozen=True, slots=True)
class TrainingResult:
    """The module holds the best weights when this is given back.

    Attributes:
        best_epoch: the one whose weights they are.
        best_validation: what validation said then.
        epochs: how many were run, in all calls together.
        seconds, targets: spent on steps, validation left out, in all calls together.
    """

    best_epoch: int
    best_validation: float
    epochs: int
    seconds: float
    targets: float
    records: tuple[EpochRecord, ...]
