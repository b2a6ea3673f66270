"""This file is about the generative network: a causal transformer that emits unit vectors of items to come.

Source: "PinRec: outcome-conditioned, multi-token generative retrieval for industry-scale recommendation
    systems". A token is an item with what was done and how long after the one before; a head gives for each
    outcome and each offset in time one vector in the space of item vectors, so that it can stand as the next
    token.
"""

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812

from bowerbird.learn.training.attention import Block
from bowerbird.learn.training.softmax import full_softmax_loss
from bowerbird.retrieve.generative.config import GenerativeConfig
from bowerbird.retrieve.history_times import GAP_BUCKETS


class Generative(nn.Module):
    """Args:
    items: N.
    outcomes: A, kinds of action; number A is the outcome left open.
    content: float32 [N, C] content vectors of unit length or zero, or none.
    log_chances: float32 [N] logarithm of how often an item is drawn as a negative; for a sampled softmax.
    """

    def __init__(
        self,
        config: GenerativeConfig,
        items: int,
        outcomes: int,
        content: np.ndarray | None = None,
        log_chances: np.ndarray | None = None,
    ) -> None:
        super().__init__()
        width = config.width
        self.temperature, self.is_sampled = config.temperature, config.is_sampled
        self.ids = nn.Embedding(items, width)
        self.by_content = nn.Linear(content.shape[1], width, bias=False) if content is not None else None
        self.register_buffer("content", torch.from_numpy(content) if content is not None else None, False)
        chances = np.zeros(items, np.float32) if log_chances is None else log_chances
        self.register_buffer("log_chances", torch.from_numpy(chances), False)
        self.actions = nn.Embedding(outcomes + 1, width)
        self.gaps = nn.Embedding(GAP_BUCKETS, width)
        self.places = nn.Embedding(config.longest, width)
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.layers))
        self.last = nn.LayerNorm(width)
        self.outcomes = nn.Embedding(outcomes + 1, width)
        self.offsets = nn.Embedding(len(config.offsets_days) + 1, width)
        self.widen = nn.Linear(3 * width, 2 * width)
        self.narrow = nn.Linear(2 * width, width)
        self.dropout = nn.Dropout(config.dropout)
        self.apply(_start)
        for each in (self.outcomes, self.offsets):
            nn.init.normal_(each.weight, std=0.5)  # as loud as states are, or they are not heard for long

    def item_vectors(self) -> torch.Tensor:
        """[N, D] unit vectors."""
        table = self.ids.weight
        if self.by_content is not None:
            table = table + self.by_content(self.content)
        return F.normalize(table, dim=1)

    def states(
        self,
        vectors: torch.Tensor,
        actions: torch.Tensor,
        gaps: torch.Tensor,
        places: torch.Tensor,
        segments: torch.Tensor,
    ) -> torch.Tensor:
        """[R, T, D] what is known after each token.

        Args:
            vectors: [R, T, D] unit vectors of items, or generated ones.
            actions, gaps, places, segments: int64 [R, T]; segments are -1 in padding.
        """
        states = self.tokens(vectors, actions, gaps, places)
        place = torch.arange(vectors.shape[1], device=vectors.device)
        sees = (segments[:, :, None] == segments[:, None, :]) & (place[None, :, None] >= place[None, None, :])
        blocked = torch.where(sees[:, None], 0.0, -1e9)
        for block in self.blocks:
            states = block(states, blocked)
        normed: torch.Tensor = self.last(states)
        return normed

    def tokens(
        self, vectors: torch.Tensor, actions: torch.Tensor, gaps: torch.Tensor, places: torch.Tensor
    ) -> torch.Tensor:
        """[R, T, D] what the first layer reads."""
        told = self.actions(actions) + self.gaps(gaps) + self.places(places)
        read: torch.Tensor = self.dropout(vectors * vectors.shape[-1] ** 0.5 + told)
        return read

    def queries(self, states: torch.Tensor, outcomes: torch.Tensor, offsets: torch.Tensor) -> torch.Tensor:
        """[…, D] unit vectors of what is met next with an outcome, or first after an offset in time."""
        asked = torch.cat(torch.broadcast_tensors(states, self.outcomes(outcomes), self.offsets(offsets)), -1)
        return F.normalize(states + self.narrow(F.gelu(self.widen(asked))), dim=-1)

    def forward(
        self,
        items: torch.Tensor,
        actions: torch.Tensor,
        gaps: torch.Tensor,
        places: torch.Tensor,
        segments: torch.Tensor,
        targets: torch.Tensor,
        outcomes: torch.Tensor,
        offsets: torch.Tensor,
        weights: torch.Tensor,
        negatives: torch.Tensor,
    ) -> torch.Tensor:
        """The loss summed over every target by its weight.

        Args:
            items, actions, gaps, places, segments: int64 [R, T].
            targets, outcomes, offsets: int64 [R, T, S], S targets for each token, what is next first.
            weights: float32 [R, T, S].
            negatives: int64 [R, K] the same in every row.
        """
        table = self.item_vectors()
        vectors = F.embedding(items.clamp(min=0), table)
        states = self.states(vectors, actions, gaps, places, segments)
        found = self.queries(states[:, :, None, :], outcomes, offsets) / self.temperature
        goal = targets.clamp(min=0)
        following = found[:, :, 0].flatten(0, 1), table, goal[:, :, 0].flatten(), weights[:, :, 0].flatten()
        later = found[:, :, 1:].flatten(0, 2), table, goal[:, :, 1:].flatten(), weights[:, :, 1:].flatten()
        if self.is_sampled:
            loss = self._sampled_loss(*following, negatives[0])
        else:
            loss = full_softmax_loss(*following)
        return loss + self._sampled_loss(*later, negatives[0])

    def _sampled_loss(
        self,
        found: torch.Tensor,
        table: torch.Tensor,
        goal: torch.Tensor,
        weight: torch.Tensor,
        negatives: torch.Tensor,
    ) -> torch.Tensor:
        """Source: sampled softmax with logQ; a negative that is the target does not count."""
        own = (found * F.embedding(goal, table)).sum(dim=1) - self.log_chances.index_select(0, goal)
        others = found @ F.embedding(negatives, table).t() - self.log_chances.index_select(0, negatives)
        others = torch.where(goal[:, None] == negatives[None, :], -1e9, others.float())
        both = torch.cat([own.float()[:, None], others], dim=1)
        most = both.amax(dim=1, keepdim=True).detach()
        every = (both - most).exp().sum(dim=1).log() + most[:, 0]
        return ((every - own.float()) * weight).sum()


class Reader(nn.Module):
    """What is exported: new tokens and what is remembered of earlier ones, to query vectors.

    The history is read with nothing remembered; a step of generation then reads one token more. Both give
    what reading all of them at once would.
    """

    def __init__(self, model: Generative) -> None:
        super().__init__()
        self.model = model

    def forward(
        self,
        vectors: torch.Tensor,
        actions: torch.Tensor,
        gaps: torch.Tensor,
        is_there: torch.Tensor,
        memory: torch.Tensor,
        outcomes: torch.Tensor,
        offsets: torch.Tensor,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """[B, V, D] query vectors after the newest token, which is the last one; and what to remember.

        Args:
            vectors: [B, T, D] of the new tokens.
            actions, gaps: int64 [B, T].
            is_there: int64 [B, P + T] 1 for a token, 0 for padding, earlier ones first.
            memory: [layers, 2, B, heads, P, D / heads].
            outcomes, offsets: int64 [B, V].
        """
        earlier = memory.shape[4]
        places = (is_there.cumsum(dim=1) - 1).clamp(min=0)[:, earlier:]
        states = self.model.tokens(vectors, actions, gaps, places)
        place = torch.arange(is_there.shape[1], device=vectors.device)
        sees = (place[None, earlier:, None] >= place[None, None, :]) & (is_there[:, None, :] > 0)
        blocked = torch.where(sees[:, None], 0.0, -1e9)
        kept = []
        for layer, block in enumerate(self.model.blocks):
            is_last = layer == len(self.model.blocks) - 1
            states, keys_values = block.remembered(states, blocked, memory[layer], newest_only=is_last)
            kept.append(keys_values)
        return self.model.queries(self.model.last(states), outcomes, offsets), torch.stack(kept)


def _start(module: nn.Module) -> None:
    if isinstance(module, nn.Linear):
        nn.init.xavier_normal_(module.weight)
        if module.bias is not None:
            nn.init.zeros_(module.bias)
    elif isinstance(module, nn.Embedding):
        nn.init.normal_(module.weight, std=0.02)
