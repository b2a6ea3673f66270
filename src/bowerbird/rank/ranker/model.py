"""This file is about the ranker: one person's history, read once, and each candidate's own look into it.

Sources: TransAct V2 (2506.02267) for histories of likes, of the newest likes and of what was left alone, for
picking from the long one what is most like the candidate (here by sharp attention in place of the nearest
few, so that it is one product) and for the next-action loss; the idea of DCAT in PinFM (2507.12704) for
reading the person once and letting candidates attend to that; DCNv2 (2008.13535) for low-rank crosses beside
a small network. How the place on the page draws the eye is a tower of its own, used in training alone.
"""

import math

import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812

from bowerbird.core.actions import ACTION_CODES
from bowerbird.learn.training.attention import Block
from bowerbird.rank.ranker.config import RankerConfig
from bowerbird.rank.ranker.heads import HEADS
from bowerbird.rank.ranker.sides import FEATURES

PLACES = 48
"""Positions on a page that are told apart; lower ones are like the last."""
_NO_SHARE = -1e9


class Ranker(nn.Module):
    """Chances of each action on each candidate, as logits."""

    def __init__(self, config: RankerConfig) -> None:
        super().__init__()
        self.config = config
        width = config.width
        self.item = nn.Linear(config.basis, width)
        self.action = nn.Embedding(len(ACTION_CODES) + 1, width)
        self.age = nn.Linear(1, width)
        self.left_token = nn.Parameter(torch.zeros(width))
        self.nobody = nn.Parameter(torch.zeros(width))
        self.blocks = nn.ModuleList(Block(_Sizes(config)) for _ in range(config.layers))
        self.last = nn.LayerNorm(width)
        self.into_recent = _Looking(width, config.heads)
        self.into_left = _Looking(width, config.heads)
        self.long = nn.Linear(config.basis, width)
        self.long_action = nn.Embedding(len(ACTION_CODES) + 1, width)
        self.log_sharpness = nn.Parameter(torch.tensor(math.log(8.0)))
        self.candidate = nn.Linear(config.basis, width)
        given = 5 * width + len(FEATURES) + 3
        inner = 2 * width
        self.gather = nn.Linear(given, inner)
        self.crosses = nn.ModuleList(_Cross(inner, config.cross_rank) for _ in range(config.cross_layers))
        self.widen = nn.Linear(inner, inner)
        self.narrow = nn.Linear(inner, width)
        self.out = nn.Linear(inner + width, len(HEADS))
        self.places = nn.Parameter(torch.zeros(PLACES, len(HEADS)))
        self.dropout = nn.Dropout(config.dropout)
        for table in (self.action.weight, self.long_action.weight, self.left_token, self.nobody):
            nn.init.normal_(table, std=0.02)

    def states(
        self, recent: torch.Tensor, actions: torch.Tensor, ages: torch.Tensor, is_there: torch.Tensor
    ) -> torch.Tensor:
        """[Q, T + 1, D] after nobody's like, then after each of the newest ones, oldest first.

        Args:
            recent: [Q, T, B] content; `actions` int64 [Q, T]; `ages`, `is_there` float32 [Q, T].
        """
        tokens = self.item(recent) + self.action(actions) + self.age(ages[..., None])
        start = tokens[:, :1] * 0 + self.nobody
        states = self.dropout(torch.cat([start, tokens], dim=1))
        there = torch.cat([is_there[:, :1] * 0 + 1, is_there], dim=1)
        place = torch.arange(states.shape[1], device=states.device)
        later = torch.where(place[:, None] >= place[None], 0.0, _NO_SHARE)
        blocked = later[None, None] + (there[:, None, None] - 1) * -_NO_SHARE
        for block in self.blocks:
            states = block(states, blocked)
        found: torch.Tensor = self.last(states)
        return found

    def logits(
        self,
        recent: torch.Tensor,
        recent_actions: torch.Tensor,
        recent_ages: torch.Tensor,
        recent_there: torch.Tensor,
        long: torch.Tensor,
        long_actions: torch.Tensor,
        long_there: torch.Tensor,
        left: torch.Tensor,
        left_ages: torch.Tensor,
        left_there: torch.Tensor,
        candidates: torch.Tensor,
        features: torch.Tensor,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """[Q, C, heads] without the place on the page, and the states [Q, T + 1, D].

        Args:
            recent: [Q, T, B], right-aligned; `long`: [Q, L, B]; `left`: [Q, J, B].
            candidates: [Q, C, B]; `features`: [Q, C, F].
        """
        states = self.states(recent, recent_actions, recent_ages, recent_there)
        there = torch.cat([recent_there[:, :1] * 0 + 1, recent_there], dim=1)
        asks = self.candidate(candidates)
        refused = self.item(left) + self.left_token + self.age(left_ages[..., None])
        by_recent = self.into_recent(asks, states, there)
        by_left = self.into_left(asks, refused, left_there)
        # The long history is not read by the transformer: each candidate looks for what is most like itself.
        nearness = torch.matmul(candidates, long.transpose(1, 2))  # [Q, C, B] @ [Q, B, L] -> [Q, C, L]
        void = (long_there[:, None] - 1) * -_NO_SHARE
        share = torch.softmax(nearness * self.log_sharpness.exp() + void, dim=-1)
        share = share * (long_there.amax(dim=1)[:, None, None])  # nothing of who liked nothing
        by_long = torch.matmul(share, self.long(long) + self.long_action(long_actions))
        nearest = torch.where(long_there[:, None] > 0, nearness, nearness * 0 - 1).amax(dim=-1)
        usual = (share * nearness).sum(dim=-1)
        shunned = torch.matmul(candidates, left.transpose(1, 2))
        shunned = torch.where(left_there[:, None] > 0, shunned, shunned * 0 - 1).amax(dim=-1)
        near = torch.stack([nearest, usual, shunned], dim=-1)
        person = states[:, -1:].expand(-1, asks.shape[1], -1)
        given = torch.cat([asks, by_recent, by_long, by_left, person, features, near], dim=-1)
        first = self.gather(given)
        crossed = first
        for cross in self.crosses:
            crossed = cross(first, crossed)
        deep = self.narrow(self.dropout(F.gelu(self.widen(self.dropout(F.gelu(first))))))
        found: torch.Tensor = self.out(torch.cat([crossed, deep], dim=-1))
        return found, states


class RankerTask(nn.Module):
    """What is trained.

    Args:
        vectors: float32 [N, B] of the items.
    """

    def __init__(self, config: RankerConfig, vectors: torch.Tensor) -> None:
        super().__init__()
        self.ranker = Ranker(config)
        self.next = nn.Linear(config.width, config.basis)
        self.register_buffer("vectors", vectors, persistent=False)

    def forward(
        self,
        recent: torch.Tensor,
        recent_actions: torch.Tensor,
        recent_ages: torch.Tensor,
        long: torch.Tensor,
        long_actions: torch.Tensor,
        left: torch.Tensor,
        left_ages: torch.Tensor,
        candidates: torch.Tensor,
        features: torch.Tensor,
        positions: torch.Tensor,
        labels: torch.Tensor,
    ) -> torch.Tensor:
        """The loss summed over rows: cross entropy of each head, and of the next like.

        Args:
            recent, long, left, candidates: int64 numbers, -1 for none.
            positions: int64 [Q, S]; labels: float32 [Q, S, heads].
        """
        logits, states = self.ranker.logits(
            self._of(recent), recent_actions, recent_ages, _there(recent),
            self._of(long), long_actions, _there(long),
            self._of(left), left_ages, _there(left),
            self._of(candidates), features,
        )  # fmt: skip
        logits = logits + self.ranker.places[positions.clamp(0, PLACES - 1)]
        losses = F.binary_cross_entropy_with_logits(logits.float(), labels, reduction="none").sum(dim=-1)
        loss = (losses * (candidates >= 0)).sum()
        if self.ranker.config.next_action:
            loss = loss + self.ranker.config.next_action * self._next(states, recent, left)
        return loss

    def _next(self, states: torch.Tensor, recent: torch.Tensor, left: torch.Tensor) -> torch.Tensor:
        """Each state names the next like among that, what was left alone, and the others' next likes."""
        asks = F.normalize(self.next(states[:, :-1].flatten(0, 1)), dim=-1)
        goals = recent.flatten()
        against = self._of(goals)
        logits = (asks @ against.T) * 10
        same = (goals[:, None] == goals[None]) & ~torch.eye(len(goals), dtype=torch.bool, device=goals.device)
        logits = logits.masked_fill(same | (goals < 0)[None], _NO_SHARE)
        rows, tokens = recent.shape
        shunned = self._of(left).repeat_interleave(tokens, dim=0)  # [Q T, J, B]
        near = torch.matmul(shunned, asks[..., None]).squeeze(-1) * 10
        near = near.masked_fill(left.repeat_interleave(tokens, dim=0) < 0, _NO_SHARE)
        own = torch.arange(rows * tokens, device=goals.device)
        every = torch.cat([logits, near], dim=1).float()
        safe = torch.where((goals >= 0)[:, None], every, every * 0)
        return (F.cross_entropy(safe, own, reduction="none") * (goals >= 0)).sum()

    def _of(self, numbers: torch.Tensor) -> torch.Tensor:
        return self.vectors[numbers.clamp(min=0)] * (numbers >= 0)[..., None].float()


class RankerGraph(nn.Module):
    """What is exported: as `Ranker.logits`, at the place that training saw on the average."""

    def __init__(self, ranker: Ranker, place: torch.Tensor) -> None:
        super().__init__()
        self.ranker = ranker
        self.register_buffer("place", place)

    def forward(self, *given: torch.Tensor) -> torch.Tensor:
        """[Q, C, heads]."""
        logits, _ = self.ranker.logits(*given)
        return logits + self.place


class _Looking(nn.Module):
    """Candidates look into what is known of the person: keys and values once a request."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads, self.scale = heads, (width // heads) ** -0.5
        self.ask = nn.Linear(width, width)
        self.both = nn.Linear(width, 2 * width)

    def forward(self, asks: torch.Tensor, known: torch.Tensor, is_there: torch.Tensor) -> torch.Tensor:
        rows, count, width = asks.shape
        split = (self.heads, width // self.heads)
        query = self.ask(asks).view(rows, count, *split).transpose(1, 2)
        both = self.both(known).view(rows, known.shape[1], 2, *split)
        key, value = both[:, :, 0].transpose(1, 2), both[:, :, 1].transpose(1, 2)
        void = (is_there[:, None, None] - 1) * -_NO_SHARE
        share = torch.softmax(torch.matmul(query, key.transpose(-1, -2)) * self.scale + void, dim=-1)
        share = share * is_there.amax(dim=1)[:, None, None, None]
        found: torch.Tensor = torch.matmul(share, value).transpose(1, 2).reshape(rows, count, width)
        return found


class _Cross(nn.Module):
    """first * (U V crossed + b) + crossed."""

    def __init__(self, width: int, rank: int) -> None:
        super().__init__()
        self.down = nn.Linear(width, rank, bias=False)
        self.up = nn.Linear(rank, width)

    def forward(self, first: torch.Tensor, crossed: torch.Tensor) -> torch.Tensor:
        return first * self.up(self.down(crossed)) + crossed


class _Sizes:
    """What `Block` asks for."""

    def __init__(self, config: RankerConfig) -> None:
        self.width, self.heads, self.inner, self.dropout = (
            config.width, config.heads, config.inner, config.dropout,
        )  # fmt: skip


def _there(numbers: torch.Tensor) -> torch.Tensor:
    return (numbers >= 0).float()
