"""This file is about a board as a learnt set: attention over its items, its words beside them.

Source: pooling by attention after "Set transformer" (1810.00825, section 3.2), asked by the set's own mean.
"""

import math

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812

from bowerbird.learn.training.sampled import sampled_softmax_losses
from bowerbird.taste.boards.config import BoardConfig

_NO_SHARE = -1e9


class BoardSet(nn.Module):
    """Vectors of items into one vector of length 1; the order of the items says nothing.

    Args:
        width: D of the items' vectors.
        words_width: W of the words' vectors.
    """

    def __init__(self, width: int, words_width: int, config: BoardConfig) -> None:
        super().__init__()
        self.heads = config.heads
        self.scale = (width // config.heads) ** -0.5
        self.ask = nn.Linear(width, width)
        self.key = nn.Linear(width, width)
        self.value = nn.Linear(width, width)
        self.words = nn.Linear(words_width, width, bias=False)
        self.before = nn.LayerNorm(4 * width)
        self.widen = nn.Linear(4 * width, config.inner)
        self.narrow = nn.Linear(config.inner, width)
        # It starts as the mean, and learns where to leave it.
        nn.init.zeros_(self.narrow.weight)
        nn.init.zeros_(self.narrow.bias)
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, items: torch.Tensor, is_there: torch.Tensor, words: torch.Tensor) -> torch.Tensor:
        """[B, D] of length 1.

        Args:
            items: [B, M, D].
            is_there: [B, M] 1 for an item, 0 for none.
            words: [B, W]; rows of zeros where the board has none.
        """
        rows, most, width = items.shape
        held = is_there.sum(dim=1, keepdim=True)
        mean = (items * is_there[..., None]).sum(dim=1) / held.clamp(min=1)
        asks = self.ask(mean).view(rows, self.heads, 1, -1)
        keys = self.key(items).view(rows, most, self.heads, -1).transpose(1, 2)
        values = self.value(items).view(rows, most, self.heads, -1).transpose(1, 2)
        likeness = torch.matmul(asks, keys.transpose(-1, -2)) * self.scale
        share = torch.softmax(likeness + (1 - is_there)[:, None, None] * _NO_SHARE, dim=-1)
        pooled = torch.matmul(share, values).reshape(rows, width) * (held > 0)
        # How alike a board's items are tells how far to trust their mean.
        spread = (mean**2).sum(dim=1, keepdim=True).expand(-1, width)
        said = self.words(words)
        both = self.before(torch.cat([mean, pooled, said, spread], dim=-1))
        found = mean + said + self.narrow(self.dropout(F.gelu(self.widen(both))))
        return F.normalize(found, dim=-1, eps=1e-6)


class BoardTask(nn.Module):
    """What is trained: a save is found from what its board held before.

    Args:
        vectors: float32 [S, N, D] of the items, as of each view.
        words: float32 [boards, W].
        log_chances: float32 [N].
    """

    def __init__(
        self, config: BoardConfig, vectors: np.ndarray, words: np.ndarray, log_chances: np.ndarray
    ) -> None:
        super().__init__()
        self.config = config
        self.board = BoardSet(vectors.shape[2], words.shape[1], config)
        nn.init.zeros_(self.board.words.weight)
        self.log_temperature = nn.Parameter(torch.tensor(math.log(config.temperature)))
        for name, array in (("vectors", vectors), ("words", words), ("log_chances", log_chances)):
            self.register_buffer(name, torch.from_numpy(array), persistent=False)

    def forward(
        self,
        sources: torch.Tensor,
        queries: torch.Tensor,
        targets: torch.Tensor,
        negatives: torch.Tensor,
        views: torch.Tensor,
        is_void: torch.Tensor,
    ) -> torch.Tensor:
        """The loss summed over rows, as `encoder.batches.arrays_of` describes them."""
        items = self.vectors[views[:, None], sources.clamp(min=0)]
        words = self.words[queries.clamp(min=0)]
        if self.training and self.config.words_dropout:
            words = words * (torch.rand(len(words), 1, device=words.device) >= self.config.words_dropout)
        asks = self.board(items, (sources >= 0).to(items.dtype), words)
        known = torch.cat([targets.clamp(min=0), negatives])
        losses = sampled_softmax_losses(
            asks,
            self.vectors[torch.cat([views, views]), known],
            torch.arange(len(targets), device=targets.device),
            temperature=self.log_temperature.exp(),
            log_chances=self.log_chances[known] * self.config.popularity,
            is_void=is_void,
        )
        return (losses * (targets >= 0)).sum()
