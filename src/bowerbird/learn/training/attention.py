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

    def forward(
        self, states: torch.Tensor, blocked: torch.Tensor, *, newest_only: bool = False
    ) -> torch.Tensor:
        """[R, T, D]; `blocked` float32 [R, 1, T, T] is 0 where a token may look, and very low elsewhere.

        Args:
            newest_only: [R, 1, D] of the last token alone, which is all that the last layer is asked for.
        """
        found, _, _ = self._layer(states, blocked, None, newest_only=newest_only)
        return found

    def remembered(
        self,
        states: torch.Tensor,
        blocked: torch.Tensor,
        before: torch.Tensor | None,
        *,
        newest_only: bool = False,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """The states of new tokens, and what later ones need to know of them and of those before.

        Args:
            states: [R, T, D] of the new tokens.
            blocked: [R, 1, T, P + T].
            before: [2, R, heads, P, D / heads] keys and values of P earlier tokens; none: there are none.

        Returns:
            [R, T, D], or [R, 1, D]; [2, R, heads, P + T, D / heads].
        """
        found, key, value = self._layer(states, blocked, before, newest_only=newest_only)
        return found, torch.stack([key, value])

    def _layer(
        self, states: torch.Tensor, blocked: torch.Tensor, before: torch.Tensor | None, *, newest_only: bool
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        rows, tokens, width = states.shape
        mixed = self.into(self.before_attention(states)).view(
            rows, tokens, 3, self.heads, width // self.heads
        )
        query, key, value = (
            mixed[:, :, part].transpose(1, 2) for part in range(3)
        )  # [R, heads, T, D / heads]
        if before is not None:
            key, value = torch.cat([before[0], key], dim=2), torch.cat([before[1], value], dim=2)
        if newest_only:
            states, query, blocked = states[:, -1:], query[:, :, -1:], blocked[:, :, -1:]
        likeness = torch.matmul(query, key.transpose(-1, -2)) * self.scale
        share = self.dropout(torch.softmax(likeness + blocked, dim=-1))
        seen = torch.matmul(share, value).transpose(1, 2).reshape(rows, -1, width)
        states = states + self.dropout(self.out(seen))
        inner = self.dropout(F.gelu(self.widen(self.before_inner(states))))
        return states + self.dropout(self.narrow(inner)), key, value
