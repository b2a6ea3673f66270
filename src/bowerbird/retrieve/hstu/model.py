"""This file is about the HSTU-type network: pointwise attention without a softmax, gated, aware of time.

Source: "Actions speak louder than words: trillion-parameter sequential transducers for generative
    recommendations", equations 1 to 3, and the bias by place and time of its published code. Items alone are
    tokens, as in that paper's experiments on public data; the full softmax stands in place of a sampled one.
"""

import math

import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812

from bowerbird.learn.training.softmax import full_softmax_loss
from bowerbird.retrieve.hstu.config import HstuConfig

TIME_BUCKETS = 72
"""Of the logarithm of a gap in seconds; the last one begins after 60 years."""
_BUCKET_WIDTH = 0.301


class HstuBlock(nn.Module):
    """One layer: what is seen, by pointwise attention, times a gate, added to what came in."""

    def __init__(self, config: HstuConfig) -> None:
        super().__init__()
        self.heads, self.longest = config.heads, config.longest
        self.before = nn.LayerNorm(config.width)
        self.into = nn.Linear(config.width, 4 * config.width)
        self.after = nn.LayerNorm(config.width)
        self.out = nn.Linear(config.width, config.width)
        self.by_place = nn.Embedding(config.longest, 1)
        self.by_time = nn.Embedding(TIME_BUCKETS, 1)
        self.dropout = nn.Dropout(config.dropout)

    def forward(
        self,
        states: torch.Tensor,
        sees: torch.Tensor,
        back: torch.Tensor,
        buckets: torch.Tensor,
        *,
        newest_only: bool = False,
    ) -> torch.Tensor:
        """[R, T, D], or [R, 1, D] of the last token alone.

        Args:
            states: [R, T, D].
            sees: float32 [R, T, T] 1 where a token may look, 0 elsewhere.
            back: int64 [T, T] how many places back.
            buckets: int64 [R, T, T] how long ago.
        """
        rows, tokens, width = states.shape
        mixed = F.silu(self.into(self.before(states)))
        gate, value, query, key = mixed.view(rows, tokens, 4, self.heads, width // self.heads).unbind(2)
        if newest_only:
            states, gate, query = states[:, -1:], gate[:, -1:], query[:, -1:]
            sees, back, buckets = sees[:, -1:], back[-1:], buckets[:, -1:]
        likeness = torch.matmul(query.transpose(1, 2), key.permute(0, 2, 3, 1))  # [R, heads, T, T]
        bias = self.by_place(back)[None, :, :, 0] + self.by_time(buckets)[..., 0]
        share = F.silu(likeness + bias[:, None]) * (sees[:, None] / self.longest)
        seen = torch.matmul(share, value.transpose(1, 2)).transpose(1, 2).reshape(rows, -1, width)
        gated = self.after(seen) * gate.reshape(rows, -1, width)
        kept: torch.Tensor = states + self.out(self.dropout(gated))
        return kept


class Hstu(nn.Module):
    """Items, places and times in, what comes next out."""

    def __init__(self, config: HstuConfig, items: int) -> None:
        super().__init__()
        self.longest = config.longest
        self.items = nn.Embedding(items, config.width)
        self.places = nn.Embedding(config.longest, config.width)
        self.blocks = nn.ModuleList(HstuBlock(config) for _ in range(config.layers))
        self.last = nn.LayerNorm(config.width)
        self.dropout = nn.Dropout(config.dropout)
        self.apply(_start)

    def states(
        self,
        items: torch.Tensor,
        seconds: torch.Tensor,
        asked_seconds: torch.Tensor,
        places: torch.Tensor,
        segments: torch.Tensor,
        *,
        newest_only: bool = False,
    ) -> torch.Tensor:
        """[R, T, D] what each token expects next, or [R, 1, D] the last; int64 [R, T] each; padding is -1.

        Args:
            seconds: when each token was, since any moment of its history.
            asked_seconds: when what follows it was, or its own time where that is not to be known.
        """
        states = self.dropout(
            self.items(items.clamp(min=0)) * math.sqrt(self.items.embedding_dim) + self.places(places)
        )
        place = torch.arange(items.shape[1], device=items.device)
        back = (place[:, None] - place[None, :]).clamp(min=0, max=self.longest - 1)
        is_same = segments[:, :, None] == segments[:, None, :]
        sees = (is_same & (place[None, :, None] >= place[None, None, :])).to(states.dtype)
        gap = (asked_seconds[:, :, None] - seconds[:, None, :]).clamp(min=1).to(torch.float32)
        buckets = (gap.log() / _BUCKET_WIDTH).to(torch.int64).clamp(max=TIME_BUCKETS - 1)
        for layer, block in enumerate(self.blocks, start=1):
            is_last = layer == len(self.blocks)
            states = block(states, sees, back, buckets, newest_only=newest_only and is_last)
        normed: torch.Tensor = self.last(states)
        return normed

    def forward(
        self,
        items: torch.Tensor,
        seconds: torch.Tensor,
        asked_seconds: torch.Tensor,
        places: torch.Tensor,
        segments: torch.Tensor,
        targets: torch.Tensor,
    ) -> torch.Tensor:
        """The loss summed over every token that has a target (-1: none)."""
        states = self.states(items, seconds, asked_seconds, places, segments).flatten(0, 1)
        goal = targets.flatten()
        weights = (goal >= 0).to(torch.float32)
        return full_softmax_loss(states, self.items.weight, goal.clamp(min=0), weights)


class Query(nn.Module):
    """What is exported: histories with the newest item at the right end, to one query vector each."""

    def __init__(self, model: Hstu) -> None:
        super().__init__()
        self.model = model

    def forward(
        self, items: torch.Tensor, seconds: torch.Tensor, asked_seconds: torch.Tensor
    ) -> torch.Tensor:
        """[B, D] for int64 [B, T] each, items -1 before the first."""
        is_there = items >= 0
        places = (is_there.to(torch.int64).cumsum(dim=1) - 1).clamp(min=0)
        segments = is_there.to(torch.int64) - 1
        found = self.model.states(items, seconds, asked_seconds, places, segments, newest_only=True)
        return found[:, 0]


def _start(module: nn.Module) -> None:
    if isinstance(module, nn.Linear):
        nn.init.xavier_normal_(module.weight)
        nn.init.zeros_(module.bias)
    elif isinstance(module, nn.Embedding):
        nn.init.normal_(module.weight, std=0.02)
