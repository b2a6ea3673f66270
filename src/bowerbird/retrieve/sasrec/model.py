"""This file is about the SASRec network: causal self-attention over the items of a history.

Source: "Self-attentive sequential recommendation", with pre-norm blocks, and with the full softmax in place
    of one
negative, which later work found to be what it lacked.
"""

import math

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812

from bowerbird.learn.training.attention import Block
from bowerbird.learn.training.softmax import full_softmax_loss
from bowerbird.retrieve.sasrec.config import SasrecConfig

_PROJECTED_STD = 0.03
"""Content starts about as long as an item's own vector: content vectors are of length 1, before centring."""


class Sasrec(nn.Module):
    """Items and places in, what comes next out.

    Args:
        content: what is known of the items beside who met them; none: nothing.
    """

    def __init__(self, config: SasrecConfig, items: int, content: "ItemContent | None" = None) -> None:
        super().__init__()
        self.items = nn.Embedding(items, config.width)
        self.places = nn.Embedding(config.longest, config.width)
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.layers))
        self.last = nn.LayerNorm(config.width)
        self.dropout = nn.Dropout(config.dropout)
        self.apply(_start)
        self.content = content

    def item_vectors(self) -> torch.Tensor:
        """[N, D] what histories are read with and what answers are compared with."""
        return self.items.weight if self.content is None else self.content(self.items.weight)

    def states(
        self,
        items: torch.Tensor,
        places: torch.Tensor,
        segments: torch.Tensor,
        *,
        newest_only: bool = False,
        vectors: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """What each token expects next.

        Args:
            items, places, segments: int64 [R, T]; padding is -1.
            newest_only: answer for the last token alone.
            vectors: [N, D] `item_vectors`, where they are known already.

        Returns:
            [R, T, D], or [R, 1, D].
        """
        width = self.items.embedding_dim
        table = self.item_vectors() if vectors is None else vectors
        found = F.embedding(items.clamp(min=0), table) * math.sqrt(width) + self.places(places)
        states = self.dropout(found)
        tokens = items.shape[1]
        place = torch.arange(tokens, device=items.device)
        sees = (segments[:, :, None] == segments[:, None, :]) & (place[None, :, None] >= place[None, None, :])
        blocked = torch.where(sees[:, None], 0.0, -1e9)
        for layer, block in enumerate(self.blocks, start=1):
            states = block(states, blocked, newest_only=newest_only and layer == len(self.blocks))
        normed: torch.Tensor = self.last(states)
        return normed

    def forward(
        self, items: torch.Tensor, targets: torch.Tensor, places: torch.Tensor, segments: torch.Tensor
    ) -> torch.Tensor:
        """The loss summed over every token that has a target (-1: none)."""
        vectors = self.item_vectors()
        states = self.states(items, places, segments, vectors=vectors).flatten(0, 1)
        goal = targets.flatten()
        weights = (goal >= 0).to(torch.float32)
        if self.content is not None:
            vectors, goal = self.content.met_only(vectors, goal)
        return full_softmax_loss(states, vectors, goal.clamp(min=0), weights)


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


class Query(nn.Module):
    """What is exported: histories with the newest item at the right end, to one query vector each."""

    def __init__(self, model: Sasrec) -> None:
        super().__init__()
        self.model = model

    def forward(self, items: torch.Tensor) -> torch.Tensor:
        """[B, D] for int64 [B, T], -1 before the first item."""
        is_there = items >= 0
        places = (is_there.to(torch.int64).cumsum(dim=1) - 1).clamp(min=0)
        segments = is_there.to(torch.int64) - 1
        return self.model.states(items, places, segments, newest_only=True)[:, 0]


def _start(module: nn.Module) -> None:
    if isinstance(module, nn.Linear):
        nn.init.xavier_normal_(module.weight)
        nn.init.zeros_(module.bias)
    elif isinstance(module, nn.Embedding):
        nn.init.normal_(module.weight, std=0.02)  # small, so that the first steps move items far
