"""This file is about the two towers: a person out of a history, an item out of its number and content.

Sources: "Sampling-bias-corrected neural modeling for large corpus item recommendations" (RecSys 2019) for the
towers and for logQ; "Mixed negative sampling for learning two-tower neural networks in recommendations" (WWW
2020) for negatives from the batch and from the whole catalogue.
"""

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812

from bowerbird.learn.training.item_content import ItemContent
from bowerbird.retrieve.two_tower.config import TwoTowerConfig


class TwoTower(nn.Module):
    """Histories and items into one space of unit vectors.

    Args:
        log_chances: float32 [N] logarithm of how often each item stands among the negatives.
        content: what is known of the items beside who met them; none: nothing.
    """

    def __init__(
        self, config: TwoTowerConfig, log_chances: np.ndarray, content: ItemContent | None = None
    ) -> None:
        super().__init__()
        self.items = nn.Embedding(len(log_chances), config.width)
        nn.init.normal_(self.items.weight, std=0.02)
        self.item_tower = Tower(config.width, config)
        self.person_tower = PersonTower(config)
        self.content = content
        self.temperature = config.temperature
        self.register_buffer("log_chances", torch.from_numpy(log_chances.astype(np.float32)))

    def item_vectors(self) -> torch.Tensor:
        """[N, D] of length 1."""
        own = self.items.weight
        # Own vectors start small; content, where there is any, starts about as long as they do.
        return F.normalize(self.item_tower(own if self.content is None else self.content(own)), dim=-1)

    def person_vectors(self, items: torch.Tensor, vectors: torch.Tensor) -> torch.Tensor:
        """[B, D] of length 1, for int64 [B, T] with -1 before the first item and `item_vectors` [N, D]."""
        met = F.embedding(items.clamp(min=0), vectors)
        return F.normalize(self.person_tower(met, items >= 0), dim=-1)

    def forward(self, items: torch.Tensor, targets: torch.Tensor, negatives: torch.Tensor) -> torch.Tensor:
        """The loss summed over rows.

        Args:
            items: int64 [B, T].
            targets: int64 [B]; -1: the row does not count.
            negatives: int64 [B] of the whole catalogue.
        """
        vectors = self.item_vectors()
        persons = self.person_vectors(items, vectors)
        against = torch.cat([targets, negatives])  # [2 B]; row b's own is at b
        known = against.clamp(min=0)
        logits = persons @ vectors[known].T / self.temperature - self.log_chances[known]
        own = torch.arange(len(targets), device=targets.device)
        is_own = own[:, None] == torch.arange(len(against), device=targets.device)[None]
        # What stands for no row, or is the target once more, is no wrong answer.
        is_void = (against < 0)[None] | ((against[None] == targets[:, None]) & ~is_own)
        losses = F.cross_entropy(logits.float().masked_fill(is_void & ~is_own, -1e9), own, reduction="none")
        return (losses * (targets >= 0)).sum()


class PersonTower(nn.Module):
    """Attention over the history picks what counts; the newest item is told beside it."""

    def __init__(self, config: TwoTowerConfig) -> None:
        super().__init__()
        self.places = nn.Parameter(torch.zeros(config.longest, config.width))
        self.look = nn.Linear(config.width, config.width)
        self.weigh = nn.Linear(config.width, 1, bias=False)
        self.both = nn.Linear(2 * config.width, config.width)
        self.tower = Tower(config.width, config)

    def forward(self, met: torch.Tensor, is_there: torch.Tensor) -> torch.Tensor:
        """[B, D] for item vectors [B, T, D], the newest at the end, and bool [B, T] which are real."""
        tokens = met.shape[1]
        placed = met + self.places[:tokens].flip(0)  # by how long ago, whatever the padding
        likeness = self.weigh(torch.tanh(self.look(placed))).squeeze(-1)
        share = torch.softmax(likeness.masked_fill(~is_there, -1e9), dim=-1)
        pooled = torch.matmul(share[:, None], met).squeeze(1)
        newest = met[:, -1] * is_there[:, -1:].to(met.dtype)
        found: torch.Tensor = self.tower(self.both(torch.cat([pooled, newest], dim=-1)))
        return found


class Tower(nn.Module):
    """A small network beside a straight way."""

    def __init__(self, width: int, config: TwoTowerConfig) -> None:
        super().__init__()
        self.widen = nn.Linear(width, config.inner)
        self.narrow = nn.Linear(config.inner, width)
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, given: torch.Tensor) -> torch.Tensor:
        """[..., D] for [..., D]."""
        found: torch.Tensor = given + self.narrow(self.dropout(F.gelu(self.widen(self.dropout(given)))))
        return found


class Query(nn.Module):
    """What is exported: histories with the newest item at the right end, to one vector each."""

    def __init__(self, model: TwoTower) -> None:
        super().__init__()
        self.person_tower = model.person_tower
        self.register_buffer("vectors", model.item_vectors().detach())

    def forward(self, items: torch.Tensor) -> torch.Tensor:
        """[B, D] for int64 [B, T], -1 before the first item."""
        met = F.embedding(items.clamp(min=0), self.vectors)
        return F.normalize(self.person_tower(met, items >= 0), dim=-1)
