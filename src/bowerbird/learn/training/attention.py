"""This file is about one layer of a causal transformer, for every model that is made of them."""

from typing import Protocol, runtime_checkable

import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812


@runtime_checkable
class BlockSizes(Protocol):
    """What a layer needs to know; the config of a model has it."""

    @property
    def width(self) -> int:
        """D; `heads` must divide it."""
        ...

    @property
    def heads(self) -> int:
        """Of attention."""
        ...

    @property
    def inner(self) -> int:
        """Width of the small network."""
        ...

    @property
    def dropout(self) -> float:
        """Of shares, and of what each half of the layer adds."""
        ...


class Block(nn.Module):
    """Attention, then a small network, each added to what came in."""

    def __init__(self, sizes: BlockSizes) -> None:
        super().__init__()
        self.heads = sizes.heads
        self.scale = (sizes.width // sizes.heads) ** -0.5
        self.before_attention = nn.LayerNorm(sizes.width)
        self.into = nn.Linear(sizes.width, 3 * sizes.width)
        self.out = nn.Linear(sizes.width, sizes.width)
        self.before_inner = nn.LayerNorm(sizes.width)
        self.widen = nn.Linear(sizes.width, sizes.inner)
        self.narrow = nn.Linear(sizes.inner, sizes.width)
        self.dropout = nn.Dropout(sizes.dropout)

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
