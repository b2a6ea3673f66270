"""This file is about the SASRec network: causal self-attention over the items of a history.

Source: "Self-attentive sequential recommendation", with pre-norm blocks, and with the full softmax in place
    of one
negative, which later work found to be what it lacked.
"""

import math

import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812

from bowerbird.learn.training.attention import Block
from bowerbird.learn.training.item_content import ItemContent
from bowerbird.learn.training.softmax import full_softmax_loss
from bowerbird.retrieve.sasrec.config import SasrecConfig


class Sasrec(nn.Module):
    """Items and places in, what comes next out.

    Args:
        content: what is known of the items beside who met them; none: nothing.
    """

    def __init__(self, config: SasrecConfig, items: int, content: ItemContent | None = None) -> None:
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
