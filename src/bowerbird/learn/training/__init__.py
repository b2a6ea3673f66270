"""Takes a job, gives a trained module. Imports torch, and nothing that serves may import it."""

from bowerbird.learn.training.job import Batch, TrainingJob, TrainingResult
from bowerbird.learn.training.stopping import as_int8_if_as_good, train_until_stale, training_facts
from bowerbird.learn.training.trainer import train

__all__ = [
    "Batch",
    "TrainingJob",
    "TrainingResult",
    "as_int8_if_as_good",
    "train",
    "train_until_stale",
    "training_facts",
]
