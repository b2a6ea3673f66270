"""This file is about a person as one vector: a causal transformer over actions.

Source: PinnerFormer (2205.04507): dense all-action loss, sampled softmax with logQ, negatives from the step
and from the catalogue. Items that were shown and left alone are wrong answers beside these, after TransAct V2
(2506.02267).
"""

import math

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812

from bowerbird.core.actions import ACTION_CODES
from bowerbird.learn.training.attention import Block
from bowerbird.learn.training.sampled import LEAST_TEMPERATURE
from bowerbird.taste.people.config import PeopleConfig
from bowerbird.taste.people.histories import FEATURES

_NO_SHARE = -1e9


class Person(nn.Module):
    """Vectors of the items acted on, actions and times into a vector after each action, and before any.

    Args:
        width: D of the items' vectors, and of what comes out.
    """

    def __init__(self, width: int, config: PeopleConfig) -> None:
        super().__init__()
        self.item = nn.Linear(width, config.width)
        self.action = nn.Embedding(len(ACTION_CODES) + 1, config.width)
        self.time = nn.Linear(FEATURES, config.width)
        self.start = nn.Parameter(torch.zeros(config.width))
        self.places = nn.Parameter(torch.zeros(config.longest + 1, config.width))
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.layers))
        self.last = nn.LayerNorm(config.width)
        self.out = nn.Linear(config.width, width)
        self.fade = nn.Parameter(torch.tensor(-1.0))
        self.dropout = nn.Dropout(config.dropout)
        for table in (self.action.weight, self.places, self.start):
            nn.init.normal_(table, std=0.02)

    def forward(self, items: torch.Tensor, actions: torch.Tensor, features: torch.Tensor) -> torch.Tensor:
        """[B, T + 1, D] of length 1: before any action, then after each.

        Args:
            items: [B, T, D], the oldest first; what stands after a person's last action is not looked at by
                earlier places.
            actions: int64 [B, T], -1 where none is known.
            features: [B, T, F].
        """
        tokens = self.item(items) + self.action(actions + 1) + self.time(features)
        # Not `expand` by a number: an exported graph would keep that number of rows.
        start = tokens[:, :1] * 0 + self.start
        count = items.shape[1] + 1
        place = torch.arange(count, device=items.device)
        states = self.dropout(torch.cat([start, tokens], dim=1) + F.embedding(place, self.places))
        blocked = torch.where(place[:, None] >= place[None], 0.0, _NO_SHARE)[None, None]
        for block in self.blocks:
            states = block(states, blocked)
        found = self.out(self.last(states))
        # Beside what is learnt, the fading mean of what was met: after one action it is that item.
        met = torch.arange(items.shape[1], device=items.device)
        ago = (met[:, None] - met[None]).to(items.dtype)
        share = torch.softmax(torch.where(ago >= 0, -ago * F.softplus(self.fade), _NO_SHARE), dim=-1)
        mean = torch.matmul(share, items)
        mean = torch.cat([mean[:, :1] * 0, mean], dim=1)
        return F.normalize(found + mean, dim=-1, eps=1e-6)


class PersonTask(nn.Module):
    """What is trained.

    Args:
        vectors: float32 [S, N, D] of the items, as of each view.
        log_chances: float32 [N].
    """

    def __init__(self, config: PeopleConfig, vectors: np.ndarray, log_chances: np.ndarray) -> None:
        super().__init__()
        self.config = config
        self.person = Person(vectors.shape[2], config)
        self.log_temperature = nn.Parameter(torch.tensor(math.log(config.temperature)))
        for name, array in (("vectors", vectors), ("log_chances", log_chances)):
            self.register_buffer(name, torch.from_numpy(array), persistent=False)

    def forward(
        self,
        items: torch.Tensor,
        actions: torch.Tensor,
        features: torch.Tensor,
        goals: torch.Tensor,
        refused: torch.Tensor,
        negatives: torch.Tensor,
        views: torch.Tensor,
        is_void: torch.Tensor,
    ) -> torch.Tensor:
        """The loss summed over states, as `rows.rows_of` describes the arrays."""
        rows, states = goals.shape
        view = views[:, None]
        asks = self.person(self.vectors[view, items.clamp(min=0)], actions, features).flatten(0, 1)
        known = torch.cat([goals.clamp(min=0).flatten(), negatives.flatten()])
        against = self.vectors[views[:1], known]  # a step is of one view
        temperature = self.log_temperature.exp().clamp(min=LEAST_TEMPERATURE)
        chances = self.log_chances[known] * self.config.popularity
        logits = asks @ against.T / temperature - chances
        own = torch.arange(rows * states, device=goals.device)
        columns = torch.arange(len(known), device=goals.device)
        void = is_void.repeat_interleave(states, dim=0) & (columns[None] != own[:, None])
        logits = logits.masked_fill(void, _NO_SHARE)
        left = self.vectors[view[..., None], refused.clamp(min=0)].flatten(0, 1)  # [R (T + 1), J, D]
        near = torch.matmul(left, asks[..., None]).squeeze(-1) / temperature
        near = near - chances.mean()
        near = near.masked_fill(refused.flatten(0, 1) < 0, _NO_SHARE)
        losses = F.cross_entropy(torch.cat([logits, near], dim=1).float(), own, reduction="none")
        return (losses * (goals.flatten() >= 0)).sum()


class PersonGraph(nn.Module):
    """What is exported: the vector after the last action of each person, or before any."""

    def __init__(self, person: Person) -> None:
        super().__init__()
        self.person = person

    def forward(
        self, items: torch.Tensor, actions: torch.Tensor, features: torch.Tensor, lengths: torch.Tensor
    ) -> torch.Tensor:
        """[B, D] for [B, T, D], [B, T], [B, T, F] and int64 [B]."""
        states = self.person(items, actions, features)
        place = lengths[:, None, None].expand(-1, 1, states.shape[2])
        return torch.gather(states, 1, place).squeeze(1)
