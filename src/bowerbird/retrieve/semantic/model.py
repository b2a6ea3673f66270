"""This file is about the network that spells ids: a transformer over the history, then one over the codes.

The first reads one token an item and gives a state; the second starts from that state and spells the codes of
the next item one after the other, each knowing those before. A history costs as many tokens as it has items,
not `L + 1` times as many, and a step of the beam looks at no more than `L + 1` tokens.

A code competes with those that may stand in its place, in training as in the beam: the chances of all items
add up to one, nothing is spent on learning which ids exist, and codes that no item had yet were never pushed
down when a new item takes them.

Source: the two transformers are those of "Autoregressive image generation using residual quantization",
section 3.2; spelling items is from "Recommender systems with generative retrieval" (TIGER), section 3.2,
where codes compete with all of their level.
"""

import math

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812

from bowerbird.learn.training.attention import Block
from bowerbird.retrieve.semantic.config import SemanticConfig
from bowerbird.retrieve.semantic.ids import SemanticIds
from bowerbird.retrieve.semantic.trie import trie_of

_NEVER = -1e9


class Semantic(nn.Module):
    """Histories in, the chances of each code of the next item out.

    Args:
        ids: semantic ids of the catalogue.
        sizes: how many codes each of the L + 1 levels has.
    """

    def __init__(self, config: SemanticConfig, ids: SemanticIds, sizes: list[int]) -> None:
        super().__init__()
        self.levels, self.most = len(sizes), max(sizes)
        width = config.width
        self.forget_own = config.forget_own
        trie = trie_of(ids)
        # Made from `ids`, and so neither trained nor kept in checkpoints.
        self.register_buffer("ids", torch.from_numpy(ids.codes.astype(np.int64)), persistent=False)
        self.register_buffer("nodes", torch.from_numpy(trie.nodes.T.astype(np.int64)), persistent=False)
        self.register_buffer("offsets", torch.arange(self.levels) * self.most, persistent=False)
        self.breadths = [int(np.diff(starts).max(initial=1)) for starts in trie.starts]
        for level, (starts, codes) in enumerate(zip(trie.starts, trie.codes, strict=True)):
            self.register_buffer(f"starts_{level}", torch.from_numpy(starts[:, None]), persistent=False)
            self.register_buffer(f"codes_{level}", torch.from_numpy(codes.astype(np.int64)), persistent=False)
        self.heard = nn.Embedding(self.levels * self.most, width)
        self.own = nn.Embedding(len(ids), width) if config.has_own_vectors else None
        self.places = nn.Embedding(config.longest, width)
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.layers))
        self.last = nn.LayerNorm(width)
        self.start = nn.Linear(width, width)
        self.spelt = nn.Embedding(self.levels * self.most, width)
        self.steps = nn.Embedding(self.levels, width)
        spelling = config.model_copy(update={"dropout": config.decoder_dropout})
        self.decoder = nn.ModuleList(Block(spelling) for _ in range(config.decoder_layers))
        self.last_step = nn.LayerNorm(width)
        self.heads = nn.Parameter(torch.empty(self.levels, self.most, width))
        self.asks = nn.Linear(width, config.prefix_width) if config.prefix_width else None
        # Codes of level 1 have nothing before them: their heads are vectors of their own already.
        nodes = [len(codes) for codes in trie.codes[1:]] if config.prefix_width else []
        self.prefixes = nn.ParameterList(torch.zeros(count, config.prefix_width) for count in nodes)
        self.dropout = nn.Dropout(config.dropout)
        self.apply(_start)
        nn.init.normal_(self.heads, std=0.02)

    def states(
        self, items: torch.Tensor, codes: torch.Tensor, places: torch.Tensor, segments: torch.Tensor
    ) -> torch.Tensor:
        """[R, T, D] what each token expects next.

        Args:
            items: int64 [R, T], -1 in padding and for an item without a vector of its own.
            codes: int64 [R, T, L + 1], -1 where there is none.
        """
        width = self.places.embedding_dim
        known = (codes >= 0).to(torch.float32)[..., None]
        found = (self.heard(codes.clamp(min=0) + self.offsets) * known).sum(dim=2)
        if self.own is not None:
            is_known = (items >= 0).to(torch.float32)
            if self.training and self.forget_own:
                is_known = is_known * (torch.rand_like(is_known) >= self.forget_own)
            found = found + self.own(items.clamp(min=0)) * is_known[..., None]
        states = self.dropout(found * math.sqrt(width) + self.places(places))
        place = torch.arange(items.shape[1], device=items.device)
        sees = (segments[:, :, None] == segments[:, None, :]) & (place[None, :, None] >= place[None, None, :])
        blocked = torch.where(sees[:, None], 0.0, _NEVER)
        for block in self.blocks:
            states = block(states, blocked)
        normed: torch.Tensor = self.last(states)
        return normed

    def spelling(self, states: torch.Tensor, codes: torch.Tensor) -> torch.Tensor:
        """[S, L + 1, D] what is said of each level, from [S, D] states and int64 [S, L] codes before it."""
        said = torch.cat([self.start(states)[:, None], self.spelt(codes + self.offsets[:-1])], dim=1)
        said = said + self.steps.weight
        place = torch.arange(self.levels, device=states.device)
        blocked = torch.where(place[:, None] >= place[None, :], 0.0, _NEVER)[None, None]
        for block in self.decoder:
            said = block(said, blocked)
        normed: torch.Tensor = self.last_step(said)
        return normed

    def log_chances(self, states: torch.Tensor, items: torch.Tensor) -> torch.Tensor:
        """[S] log probabilities of int64 [S] items, from [S, D] states."""
        codes = F.embedding(items, self.ids).clamp(min=0)
        nodes = F.embedding(items, self.nodes)
        said = self.spelling(states, codes[:, :-1])
        summed = torch.zeros(len(items), device=items.device)
        for level in range(self.levels):
            starts = getattr(self, f"starts_{level}")
            first, end = (F.embedding(nodes[:, level] + after, starts) for after in (0, 1))  # [S, 1]
            child = first + torch.arange(self.breadths[level], device=items.device)  # [S, children]
            is_child = end >= child + 1
            child = torch.where(is_child, child, first)
            fits = self.fits(said[:, level], level, child)
            fits = torch.where(is_child, fits, _NEVER)
            own = fits.gather(1, nodes[:, level + 1, None] - first)[:, 0]
            summed = summed + own - _log_sum(fits)
        return summed

    def fits(self, said: torch.Tensor, level: int, child: torch.Tensor) -> torch.Tensor:
        """[S, C] logits of int64 [S, C] nodes of level `level + 1`, from [S, D].

        A code is weighed by its head, the same one after every prefix, and by a short vector of this prefix.

        Source: prefix-aware weights, "A neural corpus indexer for document retrieval", section 3.3.
        """
        logits = said.float() @ self.heads[level].t()  # [S, D] @ [D, K] -> [S, K]
        codes = F.embedding(child, getattr(self, f"codes_{level}")[:, None])[..., 0]
        fits = logits.gather(1, codes)
        if self.asks is None or level == 0:
            return fits
        asked = self.asks(said).float()
        vectors = F.embedding(child, self.prefixes[level - 1])  # [S, C, P]
        return fits + torch.matmul(vectors, asked[:, :, None])[..., 0]

    def forward(
        self, items: torch.Tensor, targets: torch.Tensor, places: torch.Tensor, segments: torch.Tensor
    ) -> torch.Tensor:
        """The loss summed over every token that has a target (-1: none)."""
        codes = torch.where((items >= 0)[..., None], F.embedding(items.clamp(min=0), self.ids), -1)
        states = self.states(items, codes, places, segments).flatten(0, 1)
        goal = targets.flatten()
        weights = (goal >= 0).to(torch.float32)
        return -(self.log_chances(states, goal.clamp(min=0)) * weights).sum()

    def stepped(
        self, said: torch.Tensor, level: torch.Tensor, cache: torch.Tensor | None
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """[S, K] logits of one level's codes, [S, P] for vectors of prefixes, the cache with this level.

        Args:
            said: [S, D] the token of this level.
            level: int64 [1].
            cache: [2 x layers, S, heads, levels before, D / heads] keys and values, layer by layer.
        """
        states = (said + self.steps(level))[:, None]
        kept = []
        for place, block in enumerate(self.decoder):
            before = None if cache is None else cache[2 * place : 2 * place + 2]
            states, keys_and_values = _through(block, states, before)
            kept.append(keys_and_values)
        said = self.last_step(states[:, 0])
        asked = said[:, :0] if self.asks is None else self.asks(said)
        return said @ self.heads[level][0].t(), asked, torch.cat(kept)


class Prefill(nn.Module):
    """What is exported first: histories, the newest item at the right end, to the codes of level 1."""

    def __init__(self, model: Semantic) -> None:
        super().__init__()
        self.model = model

    def forward(
        self, items: torch.Tensor, codes: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """[B, K] logits, [B, P] and cache for int64 [B, T] and [B, T, L + 1]; codes are -1 in padding."""
        is_there = codes[..., 0] >= 0
        places = (is_there.to(torch.int64).cumsum(dim=1) - 1).clamp(min=0)
        segments = is_there.to(torch.int64) - 1
        states = self.model.states(items, codes, places, segments)[:, -1]
        level = torch.zeros(1, dtype=torch.int64)
        return self.model.stepped(self.model.start(states), level, None)


class Step(nn.Module):
    """What is exported then: one code more, to the codes of the next level."""

    def __init__(self, model: Semantic) -> None:
        super().__init__()
        self.model = model

    def forward(
        self, codes: torch.Tensor, level: torch.Tensor, cache: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """[S, K] logits and [S, P] of the level after `level` (int64 [1], from 1), given int64 [S] codes."""
        said = self.model.spelt(codes + self.model.offsets[level - 1])
        return self.model.stepped(said, level, cache)


def _through(
    block: Block, states: torch.Tensor, before: torch.Tensor | None
) -> tuple[torch.Tensor, torch.Tensor]:
    """One token [S, 1, D] through a block, after those whose keys and values are `before`."""
    rows, _, width = states.shape
    mixed = block.into(block.before_attention(states)).view(rows, 3, block.heads, 1, width // block.heads)
    query, fresh = mixed[:, 0], mixed[:, 1:].transpose(0, 1)
    kept = fresh if before is None else torch.cat([before, fresh], dim=3)
    likeness = torch.matmul(query, kept[0].transpose(-1, -2)) * block.scale
    seen = torch.matmul(torch.softmax(likeness, dim=-1), kept[1]).reshape(rows, 1, width)
    states = states + block.out(seen)
    return states + block.narrow(F.gelu(block.widen(block.before_inner(states)))), kept


def _log_sum(logits: torch.Tensor) -> torch.Tensor:
    most = logits.amax(dim=1, keepdim=True)
    return ((logits - most).exp().sum(dim=1, keepdim=True).log() + most)[:, 0]


def _start(module: nn.Module) -> None:
    if isinstance(module, nn.Linear):
        nn.init.xavier_normal_(module.weight)
        nn.init.zeros_(module.bias)
    elif isinstance(module, nn.Embedding):
        nn.init.normal_(module.weight, std=0.02)  # small, so that the first steps move items far
