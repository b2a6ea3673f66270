"""This file is about the full softmax over a catalogue, without ever holding all its logits.

Chunks of tokens are scored against every item and turned, in the same pass and in place, into the loss and
its gradients: the logits of a chunk stay in the cache, nothing is worked out twice, and memory does not grow
with tokens times items.
"""

import contextlib
from typing import Any

import torch

_CHUNK_LOGITS = 1_200_000
"""About what a processor's cache holds, in 32 bits; with 16 bits beside them more tokens a chunk pay."""


class FullSoftmax(torch.autograd.Function):
    """Cross-entropy against all items, summed over tokens with weights. Use `full_softmax_loss`."""

    @staticmethod
    def forward(  # noqa: D102
        ctx: Any,
        states: torch.Tensor,
        items: torch.Tensor,
        targets: torch.Tensor,
        weights: torch.Tensor,
        precision: torch.dtype,
    ) -> torch.Tensor:
        by_state, by_item = torch.empty_like(states), torch.zeros_like(items)
        total = torch.zeros((), device=states.device)
        exact = precision == torch.float32
        size = max(_CHUNK_LOGITS // max(len(items), 1), 16) * (1 if exact else 2)
        size = min(size, max(len(states), 1))
        logits = torch.empty((size, len(items)), device=states.device)
        table = items.to(precision)
        product = logits if exact else torch.empty_like(logits, dtype=precision)
        for start in range(0, len(states), size):
            chunk = states[start : start + size].to(precision)
            some = slice(start, start + len(chunk))
            goal, weight = targets[some, None], weights[some, None]
            slope, rough = logits[: len(chunk)], product[: len(chunk)]
            torch.mm(chunk, table.t(), out=rough)  # [T, D] @ [D, N] -> [T, N]
            if not exact:
                slope.copy_(rough)
            most, own = slope.amax(dim=1, keepdim=True), slope.gather(1, goal)
            share = slope.sub_(most).exp_()
            every = share.sum(dim=1, keepdim=True)
            total += ((every.log() + most - own) * weight).sum()
            slope.mul_(weight / every).scatter_add_(1, goal, -weight)
            if not exact:
                rough.copy_(slope)
            by_state[some] = torch.mm(rough, table)
            by_item += torch.mm(rough.t(), chunk)
        ctx.save_for_backward(by_state, by_item)
        return total

    @staticmethod
    def backward(ctx: Any, *slopes: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, None, None, None]:  # noqa: D102
        by_state, by_item = ctx.saved_tensors
        (slope,) = slopes
        return by_state * slope, by_item * slope, None, None, None


def full_softmax_loss(
    states: torch.Tensor, items: torch.Tensor, targets: torch.Tensor, weights: torch.Tensor
) -> torch.Tensor:
    """Sum over tokens of weight times -log softmax(states @ items)[target].

    Inside `autocast` the products are taken in its precision; sums and exponentials always in 32 bits.

    Args:
        states: [T, D].
        items: [N, D].
        targets: int64 [T]; any item where the weight is 0.
        weights: float32 [T].
    """
    kind = states.device.type
    rough = torch.is_autocast_enabled(kind)
    precision = torch.get_autocast_dtype(kind) if rough else torch.float32
    with torch.autocast(kind, enabled=False) if rough else contextlib.nullcontext():
        loss: torch.Tensor = FullSoftmax.apply(states.float(), items.float(), targets, weights, precision)
    return loss
