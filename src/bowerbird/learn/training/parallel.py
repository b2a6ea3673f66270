"""This file is about several processes that train one model: rows shared out, gradients added up.

Started with `torchrun --nproc-per-node=N`, or alone. Every process makes the same batches and takes its share
of the rows. The loss is a sum by the weight of the whole batch, which every process knows, so that added
gradients are those of one process with all rows, up to rounding (with dropout, up to chance).
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
import torch.distributed as dist

from bowerbird.core.errors import InputError
from bowerbird.learn.training.device import dist_backend


@dataclass(frozen=True, slots=True)
class Group:
    """This process among those that train together."""

    rank: int
    size: int
    where: torch.device

    @property
    def is_first(self) -> bool:
        """The one that validates, writes and tells."""
        return self.rank == 0

    def share(self, rows: int) -> slice:
        """The rows of a batch that are this process's.

        Raises:
            InputError: they cannot be shared out evenly.
        """
        if rows % self.size:
            raise InputError(
                f"batches of {rows} rows were to be shared by {self.size} processes; needed is a multiple; "
                "change the rows of a batch"
            )
        each = rows // self.size
        return slice(self.rank * each, (self.rank + 1) * each)

    def add_up(self, parameters: list[torch.nn.Parameter], loss: torch.Tensor) -> None:
        """Gradients and loss become the sum over all processes, in one message."""
        if self.size == 1:
            return
        grads = [each.grad if each.grad is not None else torch.zeros_like(each) for each in parameters]
        flat = torch.cat([grad.flatten() for grad in [*grads, loss.detach()]])
        dist.all_reduce(flat)
        start = 0
        for parameter, grad in zip(parameters, grads, strict=True):
            parameter.grad = flat[start : start + grad.numel()].view_as(grad)
            start += grad.numel()
        loss.data.copy_(flat[start])

    def agree(self, value: float) -> float:
        """The first process's value, in all of them."""
        if self.size == 1:
            return value
        held = torch.tensor([value], dtype=torch.float32, device=self.where)
        dist.broadcast(held, src=0)
        return float(held)


@contextmanager
def group(where: torch.device) -> Iterator[Group]:
    """The processes that `torchrun` started, or this one alone."""
    size = int(os.environ.get("WORLD_SIZE", "1"))
    if size == 1:
        yield Group(0, 1, where)
        return
    is_ours = not dist.is_initialized()
    if is_ours:
        dist.init_process_group(dist_backend(where))
    try:
        yield Group(dist.get_rank(), size, where)
    finally:
        if is_ours:
            dist.destroy_process_group()
