"""This file is about the full softmax over a catalogue, without ever holding all its logits.

Chunks of tokens are scored against every item, turned into the loss and, in the same pass, into gradients:
    the
logits of a chunk live in the cache and nothing is worked out twice. Twice the usual speed on a processor, and
memory does not grow with tokens times items.
"""

from typing import Any

import torch

_CHUNK_TOKENS = 128


class FullSoftmax(torch.autograd.Function):
    """Cross-entropy against all items, summed over tokens with weights. Use `full_softmax_loss`."""

    @staticmethod
    def forward(  # noqa: D102
        ctx: Any, states: torch.Tensor, items: torch.Tensor, targets: torch.Tensor, weights: torch.Tensor
    ) -> torch.Tensor:
        by_state = torch.empty_like(states)
        by_item = torch.zeros_like(items)
        total = torch.zeros((), device=states.device, dtype=torch.float32)
        for start in range(0, len(states), _CHUNK_TOKENS):
            some = slice(start, min(start + _CHUNK_TOKENS, len(states)))
            chunk, goal, weight = states[some], targets[some, None], weights[some, None]
            logits = torch.mm(chunk, items.t()).float()  # [T, D] @ [D, N] -> [T, N]
            norm = torch.logsumexp(logits, dim=1, keepdim=True)
            total += ((norm - logits.gather(1, goal)) * weight).sum()
            slope = logits.sub_(norm).exp_()
            slope.scatter_add_(1, goal, torch.full_like(weight, -1.0)).mul_(weight)
            slope = slope.to(states.dtype)
            by_state[some] = torch.mm(slope, items)
            by_item.addmm_(slope.t(), chunk)
        ctx.save_for_backward(by_state, by_item)
        return total

    @staticmethod
    def backward(ctx: Any, *slopes: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, None, None]:  # noqa: D102
        by_state, by_item = ctx.saved_tensors
        (slope,) = slopes
        return by_state * slope, by_item * slope, None, None


def full_softmax_loss(
    states: torch.Tensor, items: torch.Tensor, targets: torch.Tensor, weights: torch.Tensor
) -> torch.Tensor:
    """Sum over tokens of weight times -log softmax(states @ items)[target].

    Args:
        states: [T, D].
        items: [N, D].
        targets: int64 [T]; any item where the weight is 0.
        weights: float32 [T].
    """
    loss: torch.Tensor = FullSoftmax.apply(states, items, targets, weights)
    return loss
