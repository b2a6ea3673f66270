"""This file is about the graph encoder: an item of content and neighbours, a query of its words.

Sources: importance pooling from PinSage (1806.01973), attention over sampled neighbours and three families of
tasks in one space from OmniSage (2504.17811). An own vector for each item that training met is added; it is
left out at random, so that items without one land in the same place.
"""

import math

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812

from bowerbird.learn.training.sampled import sampled_softmax_losses
from bowerbird.taste.encoder.config import EncoderConfig
from bowerbird.taste.encoder.labels import CO_SAVE, KINDS, NEXT_ACTION

_NO_SHARE = -1e9


class Encoder(nn.Module):
    """Items and queries into one space of unit vectors.

    Args:
        content: float32 [N, P] in the basis; rows of zeros say nothing.
        words: float32 [queries, W] of the queries that training knows.
        neighbours: int32 [S, N, K] of each view, -1 where there are fewer.
        shares: float32 [S, N, K].
        log_chances: float32 [N] how likely each item stands among the negatives.
    """

    def __init__(
        self,
        config: EncoderConfig,
        content: np.ndarray,
        words: np.ndarray,
        neighbours: np.ndarray,
        shares: np.ndarray,
        log_chances: np.ndarray,
    ) -> None:
        super().__init__()
        self.config = config
        self.token = ItemToken(content.shape[1], config)
        self.item = ItemTower(config)
        self.query = QueryTower(words.shape[1], config)
        self.person = PersonTower(config)
        self.back = nn.Linear(config.width, content.shape[1])
        self.own = nn.Embedding(len(content), config.width)
        nn.init.normal_(self.own.weight, std=0.02)
        self.log_temperatures = nn.Parameter(torch.full((len(KINDS) + 2,), math.log(config.temperature)))
        weights = torch.tensor([config.co_save, config.asked, config.next_action])
        for name, array in (
            ("content", torch.from_numpy(content)),
            ("words", torch.from_numpy(words)),
            ("neighbours", torch.from_numpy(neighbours)),
            ("shares", torch.from_numpy(shares)),
            ("log_chances", torch.from_numpy(log_chances)),
            ("kind_weights", weights),
        ):
            # Data, not weights: the fingerprint of a checkpoint names them.
            self.register_buffer(name, array, persistent=False)

    def forward(
        self,
        kinds: torch.Tensor,
        sources: torch.Tensor,
        queries: torch.Tensor,
        targets: torch.Tensor,
        negatives: torch.Tensor,
        views: torch.Tensor,
        is_void: torch.Tensor,
    ) -> torch.Tensor:
        """The loss summed over rows, as `batches.arrays_of` describes them."""
        is_there = sources >= 0
        rows, most = sources.shape
        met = self.encoded(sources.clamp(min=0).flatten(), views.repeat_interleave(most))
        person = self.person(met.view(rows, most, -1), is_there)
        asked = self.query(F.embedding(queries.clamp(min=0), self.words))
        # A row of one kind has no use for what the others ask with; all are worked out so that shapes stay.
        saved_with = met.view(rows, most, -1)[:, 0]
        is_co_save, is_next = (kinds == CO_SAVE)[:, None], (kinds == NEXT_ACTION)[:, None]
        asks = torch.where(is_co_save, saved_with, torch.where(is_next, person, asked))
        goals = targets.clamp(min=0)
        full = self.encoded(goals, views)
        against = torch.cat([full, self.encoded(negatives, views)])
        known = torch.cat([goals, negatives])
        temperatures = self.log_temperatures.exp()
        losses = sampled_softmax_losses(
            asks,
            against,
            torch.arange(rows, device=targets.device),
            temperature=temperatures[kinds][:, None],
            log_chances=self.log_chances[known] * self.config.popularity,
            is_void=is_void,
        )
        counts = (targets >= 0).to(losses.dtype)
        total = (losses * counts * self.kind_weights[kinds]).sum()
        if self.config.alignment and self.config.uses_content:
            total = total + self.config.alignment * self._alignment(goals, full, counts, temperatures)
        return total

    def _alignment(
        self, goals: torch.Tensor, full: torch.Tensor, counts: torch.Tensor, temperatures: torch.Tensor
    ) -> torch.Tensor:
        """How badly an item is told from others by its content alone, and its content by its vector."""
        content = self.content[goals]
        says = counts * (content.abs().sum(dim=1) > 0)
        is_void = (goals[:, None] == goals[None]) | (counts < 1)[None]
        options = {
            "own": torch.arange(len(goals), device=goals.device),
            "log_chances": self.log_chances[goals] * 0,
            "is_void": is_void,
        }
        bare = self.item(self.token(content), None, None)
        found = sampled_softmax_losses(bare, full, temperature=temperatures[-2], **options)
        back = F.normalize(self.back(full), dim=-1)
        told = sampled_softmax_losses(
            back, F.normalize(content, dim=-1), temperature=temperatures[-1], **options
        )
        return ((found + told) * says).sum()

    def encoded(self, items: torch.Tensor, views: torch.Tensor) -> torch.Tensor:
        """[B, D] of int64 [B] items as of the views; in training some as if little or nothing were known."""
        if not self.config.uses_graph:
            return self.item(self.token(self.content[items]), None, None)
        near = self.neighbours[views, items].long()
        shares = self.shares[views, items]
        own = self.own(items)
        if self.training:
            is_cold = _drawn(items, self.config.cold_share)
            own = own * ~(is_cold | _drawn(items, self.config.part_dropout))[:, None]
            shares = shares * ~(is_cold | _drawn(items, self.config.part_dropout))[:, None]
        around = near.clamp(min=0)
        return self.item(
            self.token(self.content[items]) + own, self.token(self.content[around]) + self.own(around), shares
        )


class ItemToken(nn.Module):
    """What an item is by itself, from its content."""

    def __init__(self, content_width: int, config: EncoderConfig) -> None:
        super().__init__()
        self.project = nn.Linear(content_width, config.width, bias=False)
        # It starts as content itself, its strongest directions, and learns where to leave it.
        with torch.no_grad():
            self.project.weight.copy_(torch.eye(config.width, content_width))
        self.uses_content = config.uses_content

    def forward(self, content: torch.Tensor) -> torch.Tensor:
        """[..., D] for [..., P]."""
        found: torch.Tensor = self.project(content)
        return found if self.uses_content else found * 0


class ItemTower(nn.Module):
    """An item's token and what its neighbours say, pooled by visits and by likeness."""

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        self.heads = config.heads
        self.scale = (config.width // config.heads) ** -0.5
        self.ask = nn.Linear(config.width, config.width)
        self.key = nn.Linear(config.width, config.width)
        self.value = nn.Linear(config.width, config.width)
        # Attention starts as pooling by visits alone.
        nn.init.zeros_(self.ask.weight)
        nn.init.zeros_(self.ask.bias)
        self.before = nn.LayerNorm(2 * config.width)
        self.widen = nn.Linear(2 * config.width, config.inner)
        self.narrow = nn.Linear(config.inner, config.width)
        nn.init.zeros_(self.narrow.weight)
        nn.init.zeros_(self.narrow.bias)
        self.alone = nn.Parameter(torch.zeros(config.width))
        self.dropout = nn.Dropout(config.dropout)

    def forward(
        self, token: torch.Tensor, near: torch.Tensor | None, shares: torch.Tensor | None
    ) -> torch.Tensor:
        """[B, D] of length 1.

        Args:
            token: [B, D].
            near: [B, K, D] tokens of neighbours; none: nothing is known of any.
            shares: [B, K] of visits; 0 where there is no neighbour.
        """
        if near is None or shares is None:
            pooled = self.alone.expand_as(token)
        else:
            pooled = self._pooled(token, near, shares)
        both = self.before(torch.cat([token, pooled], dim=-1))
        found = token + pooled + self.narrow(self.dropout(F.gelu(self.widen(both))))
        # A place that nothing is known of: without the small number its direction would be no number.
        return F.normalize(found, dim=-1, eps=1e-6)

    def _pooled(self, token: torch.Tensor, near: torch.Tensor, shares: torch.Tensor) -> torch.Tensor:
        rows, most, width = near.shape
        asks = self.ask(token).view(rows, self.heads, 1, -1)
        keys = self.key(near).view(rows, most, self.heads, -1).transpose(1, 2)
        values = self.value(near).view(rows, most, self.heads, -1).transpose(1, 2)
        is_there = shares > 0
        importance = torch.where(is_there, shares.clamp(min=1e-6).log(), torch.full_like(shares, _NO_SHARE))
        likeness = torch.matmul(asks, keys.transpose(-1, -2)) * self.scale + importance[:, None, None]
        pooled = torch.matmul(torch.softmax(likeness, dim=-1), values).reshape(rows, width)
        has_any = is_there.any(dim=1, keepdim=True)
        return torch.where(has_any, pooled, self.alone)


class QueryTower(nn.Module):
    """Words into the space of items."""

    def __init__(self, words_width: int, config: EncoderConfig) -> None:
        super().__init__()
        self.straight = nn.Linear(words_width, config.width)
        self.widen = nn.Linear(words_width, config.inner)
        self.narrow = nn.Linear(config.inner, config.width)
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, words: torch.Tensor) -> torch.Tensor:
        """[B, D] of length 1 for [B, W]."""
        inner = self.narrow(self.dropout(F.gelu(self.widen(self.dropout(words)))))
        return F.normalize(self.straight(words) + inner, dim=-1, eps=1e-6)


class PersonTower(nn.Module):
    """A few newest items into what may be next; the encoder's own task, people have a model of their own."""

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        self.weigh = nn.Linear(config.width, 1)
        self.places = nn.Parameter(torch.zeros(config.history))
        self.widen = nn.Linear(config.width, config.inner)
        self.narrow = nn.Linear(config.inner, config.width)

    def forward(self, met: torch.Tensor, is_there: torch.Tensor) -> torch.Tensor:
        """[B, D] of length 1 for [B, H, D], the newest first, and bool [B, H]."""
        likeness = self.weigh(met).squeeze(-1) + self.places
        share = torch.softmax(likeness.masked_fill(~is_there, _NO_SHARE), dim=-1)
        pooled = torch.matmul(share[:, None], met).squeeze(1)
        return F.normalize(pooled + self.narrow(F.gelu(self.widen(pooled))), dim=-1, eps=1e-6)


class ItemGraph(nn.Module):
    """What is exported for items: tokens and shares to vectors."""

    def __init__(self, model: Encoder) -> None:
        super().__init__()
        self.item = model.item

    def forward(self, tokens: torch.Tensor, near: torch.Tensor, shares: torch.Tensor) -> torch.Tensor:
        """[B, D] for [B, D], [B, K, D] and [B, K]."""
        found: torch.Tensor = self.item(tokens, near, shares)
        return found


def _drawn(items: torch.Tensor, share: float) -> torch.Tensor:
    return torch.rand(len(items), device=items.device) < share
