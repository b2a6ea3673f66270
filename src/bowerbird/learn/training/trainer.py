"""This file is about training: steps, validation, early stop, and going on exactly where a kill struck."""

import json
import math
import time
from dataclasses import asdict
from typing import Any

import torch

from bowerbird.core.errors import InputError
from bowerbird.learn.config import TrainingConfig
from bowerbird.learn.training.checkpoint import load_checkpoint, rng_state, save_checkpoint, set_rng_state
from bowerbird.learn.training.device import autocast, compile, device, sync  # noqa: A004
from bowerbird.learn.training.job import Batch, EpochRecord, TrainingJob, TrainingResult
from bowerbird.learn.training.parallel import Group, group
from bowerbird.learn.training.weights import WeightAverage, copied, put_back


def train(job: TrainingJob, config: TrainingConfig, *, on: torch.device | None = None) -> TrainingResult:
    """Trains the job's module until validation brings nothing new, and leaves the best weights in it.

    The same call after a kill goes on from the last checkpoint and ends with the same weights as an
    undisturbed one on the same machine with the same number of threads.

    Raises:
        InputError: the loss is no number any more, or a checkpoint of other settings lies in the folder.
    """
    where = on if on is not None else device()
    torch.set_num_threads(config.threads)
    with group(where) as processes:
        return _Training(job, config, where, processes).run()


class _Training:
    def __init__(
        self, job: TrainingJob, config: TrainingConfig, where: torch.device, processes: Group
    ) -> None:
        self._job, self._config, self._where, self._processes = job, config, where, processes
        self._module = job.module.to(where)
        self._step_module = compile(self._module, where)
        self._parameters = [each for each in self._module.parameters() if each.requires_grad]
        # One tensor at a time on new devices: their fused kernels are the last to work.
        self._optimizer = torch.optim.AdamW(
            self._parameters,
            lr=config.learning_rate,
            weight_decay=config.weight_decay,
            foreach=where.type in ("cpu", "cuda"),
        )
        self._average = WeightAverage(self._parameters, config.average) if config.average else None
        self._epoch = self._step = 0
        self._best: tuple[float, int, list[torch.Tensor]] | None = None
        self._stale = 0
        self._seconds = self._targets = 0.0
        self._epoch_loss = torch.zeros((), device=where)
        self._epoch_weight = self._epoch_seconds = 0.0
        self._records: list[EpochRecord] = []

    def run(self) -> TrainingResult:
        self._resume()
        while self._epoch < self._config.epochs and self._stale < self._config.patience:
            self._run_epoch()
        assert self._best is not None, "every run validates at least once"
        put_back(self._best[2], self._parameters)
        self._module.eval()
        return TrainingResult(
            self._best[1], self._best[0], self._epoch, self._seconds, self._targets, tuple(self._records)
        )

    def _run_epoch(self) -> None:
        self._module.train()
        batches = self._job.batches(self._epoch)
        total = self._config.epochs * len(batches)
        while self._step < len(batches):
            started_s = time.perf_counter()
            batch = batches[self._step]
            rate = self._rate((self._epoch * len(batches) + self._step) / total)
            self._take_step(batch, rate)
            self._step += 1
            self._epoch_weight += batch.weight
            self._epoch_seconds += time.perf_counter() - started_s
            if self._step % self._config.checkpoint_steps == 0 and self._step < len(batches):
                self._save()
        sync(self._where)
        self._end_epoch(self._rate((self._epoch + 1) / self._config.epochs))

    def _take_step(self, batch: Batch, rate: float) -> None:
        for options in self._optimizer.param_groups:
            options["lr"] = rate
        self._optimizer.zero_grad(set_to_none=True)
        with autocast(self._where, self._config.precision):
            loss = self._step_module(**self._tensors(batch)) / batch.weight
        loss.backward()
        held = loss.detach()
        self._processes.add_up(self._parameters, held)
        if self._config.clip is not None:
            torch.nn.utils.clip_grad_norm_(
                self._parameters, self._config.clip, foreach=self._where.type in ("cpu", "cuda")
            )
        self._optimizer.step()
        if self._average is not None:
            self._average.follow(self._parameters)
        # Kept on the device: reading it at every step would wait for the step to end.
        self._epoch_loss += held * batch.weight

    def _tensors(self, batch: Batch) -> dict[str, torch.Tensor]:
        rows = self._processes.share(len(next(iter(batch.arrays.values()))))
        return {name: torch.from_numpy(each[rows]).to(self._where) for name, each in batch.arrays.items()}

    def _rate(self, done: float) -> float:
        peak = self._config.learning_rate
        if done < self._config.warmup:
            # The first step moves too.
            return peak * max(done / self._config.warmup, 0.01)
        if self._config.decay == "none":
            return peak
        rest = (done - self._config.warmup) / (1 - self._config.warmup)
        return peak * max(0.5 * (1 + math.cos(math.pi * rest)), 0.001)

    def _end_epoch(self, rate: float) -> None:
        loss = float(self._epoch_loss) / max(self._epoch_weight, 1e-12)
        if not math.isfinite(loss):
            raise InputError(
                f"the loss became {loss} in epoch {self._epoch}; needed is a number; "
                "train with a lower learning rate"
            )
        self._epoch += 1
        self._step = 0
        self._seconds += self._epoch_seconds
        self._targets += self._epoch_weight
        is_due = self._epoch % self._config.validate_every == 0 or self._epoch == self._config.epochs
        validation = self._validate() if is_due else None
        record = EpochRecord(
            self._epoch,
            loss,
            rate,
            self._epoch_seconds,
            self._epoch_weight / max(self._epoch_seconds, 1e-9),
            validation,
        )
        self._records.append(record)
        self._epoch_loss = torch.zeros((), device=self._where)
        self._epoch_weight = self._epoch_seconds = 0.0
        self._save()
        self._tell(record)

    def _validate(self) -> float:
        own = None
        if self._average is not None:
            own = copied(self._parameters)
            put_back(self._average.mean, self._parameters)
        self._module.eval()
        # Validation may draw numbers of its own; the next step must not notice.
        states = rng_state(self._where)
        value = self._processes.agree(self._job.validate(self._module) if self._processes.is_first else 0.0)
        set_rng_state(self._where, states)
        if self._best is None or value > self._best[0]:
            self._best, self._stale = (value, self._epoch, copied(self._parameters)), 0
        else:
            self._stale += 1
        if own is not None:
            put_back(own, self._parameters)
        return value

    def _tell(self, record: EpochRecord) -> None:
        if not self._processes.is_first:
            return
        lines = "".join(json.dumps(asdict(each)) + "\n" for each in self._records)
        (self._job.folder / "training.jsonl").write_text(lines)
        told = "" if record.validation is None else f", validation {record.validation:.4f}"
        self._job.tell(
            f"epoch {record.epoch} of at most {self._config.epochs}: loss {record.loss:.4f}{told}, "
            f"{record.targets_per_second:,.0f} targets/s"
        )

    def _save(self) -> None:
        if not self._processes.is_first:
            return
        state: dict[str, Any] = {
            "fingerprint": self._job.fingerprint,
            "module": self._module.state_dict(),
            "optimizer": self._optimizer.state_dict(),
            "average": self._average.mean if self._average is not None else [],
            "best": list(self._best) if self._best is not None else [],
            "rng": rng_state(self._where),
            "epoch": self._epoch,
            "step": self._step,
            "stale": self._stale,
            "seconds": self._seconds,
            "targets": self._targets,
            "epoch_loss": self._epoch_loss,
            "epoch_weight": self._epoch_weight,
            "epoch_seconds": self._epoch_seconds,
            "records": [asdict(record) for record in self._records],
        }
        save_checkpoint(self._job.folder, state)

    def _resume(self) -> None:
        state = load_checkpoint(self._job.folder, self._job.fingerprint)
        if state is None:
            torch.manual_seed(self._job.seed)
            return
        self._module.load_state_dict(state["module"])
        self._optimizer.load_state_dict(state["optimizer"])
        if self._average is not None:
            self._average.mean = [each.to(self._where) for each in state["average"]]
        if state["best"]:
            value, epoch, weights = state["best"]
            self._best = value, epoch, weights
        for name in ("epoch", "step", "stale", "seconds", "targets", "epoch_weight", "epoch_seconds"):
            setattr(self, f"_{name}", state[name])
        self._epoch_loss = state["epoch_loss"].to(self._where)
        self._records = [EpochRecord(**record) for record in state["records"]]
        set_rng_state(self._where, state["rng"])
