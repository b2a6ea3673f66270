"""This file is about the softmax over sampled items, corrected for how they were sampled."""

import torch
from torch.nn import functional as F  # noqa: N812

LEAST_TEMPERATURE = 0.01


def sampled_softmax_losses(
    queries: torch.Tensor,
    against: torch.Tensor,
    own: torch.Tensor,
    *,
    temperature: torch.Tensor,
    log_chances: torch.Tensor,
    is_void: torch.Tensor,
) -> torch.Tensor:
    """[B] cross-entropy of each query's own column.

    Source: appendix B.1 of the discovery facts: s = (u·i)/tau − log Q(i), accidental hits left out.

    Args:
        queries: [B, D].
        against: [J, D] vectors of targets and negatives.
        own: int64 [B] the column of each query's target.
        temperature: [B, 1], or one number; not below `LEAST_TEMPERATURE`.
        log_chances: [J] logarithm of how likely a column is to stand there.
        is_void: bool [B, J] columns that are no wrong answer; a query's own one always counts.
    """
    logits = queries @ against.T / temperature.clamp(min=LEAST_TEMPERATURE) - log_chances
    columns = torch.arange(len(against), device=own.device)
    logits = logits.float().masked_fill(is_void & (columns[None] != own[:, None]), -1e9)
    return F.cross_entropy(logits, own, reduction="none")
