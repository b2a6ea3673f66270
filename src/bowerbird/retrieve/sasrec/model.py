"""This file is about the SASRec network: causal self-attention over the items of a history.

Source: "Self-attentive sequential recommendation", with pre-norm blocks, and with the full softmax in place
    of one
negative, which later work found to be what it lacked.
"""

import math

import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812

from bowerbird.learn.training.softmax import full_softmax_loss
from bowerbird.retrieve.sasrec.config import SasrecConfig


class Block(nn.Module):
    """Attention, then a small network, each added to what came in."""

    def __init__(self, config: SasrecConfig) -> None:
        super().__init__()
        self.heads = config.heads
        self.scale = (config.width // config.heads) ** -0.5
        self.before_attention = nn.LayerNorm(config.width)
        self.into = nn.Linear(config.width, 3 * config.width)
        self.out = nn.Linear(config.width, config.width)
        self.before_inner = nn.LayerNorm(config.width)
        self.widen = nn.Linear(config.width, config.inner)
        self.narrow = nn.Linear(config.inner, config.width)
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, states: torch.Tensor, blocked: torch.Tensor) -> torch.Tensor:
        """[R, T, D]; `blocked` float32 [R, 1, T, T] is 0 where a token may look, and very low elsewhere."""
        rows, tokens, width = states.shape
        mixed = self.into(self.before_attention(states)).view(
            rows, tokens, 3, self.heads, width // self.heads
        )
        query, key, value = (
            mixed[:, :, part].transpose(1, 2) for part in range(3)
        )  # [R, heads, T, D / heads]
        likeness = torch.matmul(query, key.transpose(-1, -2)) * self.scale
        share = self.dropout(torch.softmax(likeness + blocked, dim=-1))
        seen = torch.matmul(share, value).transpose(1, 2).reshape(rows, tokens, width)
        states = states + self.dropout(self.out(seen))
        inner = self.dropout(F.gelu(self.widen(self.before_inner(states))))
        return states + self.dropout(self.narrow(inner))


class Sasrec(nn.Module):
    """Items and places in, what comes next out."""

    def __init__(self, config: SasrecConfig, items: int) -> None:
        super().__init__()
        self.items = nn.Embedding(items, config.width)
        self.places = nn.Embedding(config.longest, config.width)
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.layers))
        self.last = nn.LayerNorm(config.width)
        self.dropout = nn.Dropout(config.dropout)
        self.apply(_start)

    def states(self, items: torch.Tensor, places: torch.Tensor, segments: torch.Tensor) -> torch.Tensor:
        """[R, T, D] what each token expects next, from int64 [R, T] each; padding is -1."""
        width = self.items.embedding_dim
        found = self.items(items.clamp(min=0)) * math.sqrt(width) + self.places(places)
        states = self.dropout(found)
        tokens = items.shape[1]
        place = torch.arange(tokens, device=items.device)
        sees = (segments[:, :, None] == segments[:, None, :]) & (place[None, :, None] >= place[None, None, :])
        blocked = torch.where(sees[:, None], 0.0, -1e9)
        for block in self.blocks:
            states = block(states, blocked)
        normed: torch.Tensor = self.last(states)
        return normed

    def forward(
        self, items: torch.Tensor, targets: torch.Tensor, places: torch.Tensor, segments: torch.Tensor
    ) -> torch.Tensor:
        """The loss summed over every token that has a target (-1: none)."""
        states = self.states(items, places, segments).flatten(0, 1)
        goal = targets.flatten()
        weights = (goal >= 0).to(torch.float32)
        return full_softmax_loss(states, self.items.weight, goal.clamp(min=0), weights)


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
        return self.model.states(items, places, segments)[:, -1]


def _start(module: nn.Module) -> None:
    if isinstance(module, nn.Linear):
        nn.init.xavier_normal_(module.weight)
        nn.init.zeros_(module.bias)
    elif isinstance(module, nn.Embedding):
        nn.init.normal_(module.weight, std=0.02)  # small, so that the first steps move items far
