"""This file is about item vectors made of what an item is and of what training found out about it."""

import numpy as np
import torch
from torch import nn

_PROJECTED_STD = 0.03
"""Content starts about as long as an item's own vector: content vectors are of length 1, before centring."""


class ItemContent(nn.Module):
    """Item vectors out of what the item is and of what training found out about it.

    Args:
        vectors: float32 [N, C] content vectors; a row of zeros says nothing.
        is_met: bool [N] items of the training part. Others have no vector of their own, and are no wrong
            answers either: training would only learn that such items are never right.
    """

    def __init__(self, vectors: np.ndarray, is_met: np.ndarray, width: int) -> None:
        super().__init__()
        has_content = np.linalg.norm(vectors, axis=1, keepdims=True) > 0
        # Vectors of one encoder share a direction, which tells no item from another.
        middle = vectors[has_content[:, 0]].mean(axis=0) if has_content.any() else np.zeros(vectors.shape[1])
        self.register_buffer(
            "vectors", torch.from_numpy(((vectors - middle) * has_content).astype(np.float32))
        )
        self.register_buffer("is_met", torch.from_numpy(is_met.astype(np.float32))[:, None])
        self.register_buffer("met", torch.from_numpy(np.flatnonzero(is_met)))
        self.register_buffer("place", torch.from_numpy(np.cumsum(is_met) - 1))
        self.project = nn.Linear(vectors.shape[1], width, bias=False)
        nn.init.normal_(self.project.weight, std=_PROJECTED_STD)

    def forward(self, own: torch.Tensor) -> torch.Tensor:
        """[N, D] for the items' own vectors [N, D]."""
        found: torch.Tensor = own * self.is_met + self.project(self.vectors)
        return found

    def met_only(self, vectors: torch.Tensor, goal: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """The vectors of items that training met, and where among them each target is; -1 stays."""
        if len(self.met) == len(vectors):
            return vectors, goal
        return vectors[self.met], torch.where(goal >= 0, self.place[goal.clamp(min=0)], goal)
