"""This file is about the pre-ranker as it is trained; `served.py` is the same arithmetic in numpy.

The list is distilled by the loss of ListNet (Cao et al., ICML 2007): the ranker's worth of each candidate,
made a distribution over the page, against the pre-ranker's own. Beside it stands each action's chance, so
that a request that asks for more of one action is cut by that.
"""

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812

from bowerbird.rank.prerank.config import PrerankConfig
from bowerbird.rank.prerank.inputs import CROSS, FAR, person_width
from bowerbird.rank.ranker.heads import HEADS

_VOID = -1e4
_LEAST_SPREAD = 1e-4


class Prerank(nn.Module):
    """Logits of each action on each candidate."""

    def __init__(self, config: PrerankConfig, basis: int) -> None:
        super().__init__()
        self.config = config
        given, wide, heads = person_width(basis), config.item_width, len(HEADS)
        self.item_in = nn.Linear(basis, config.inner)
        self.item_out = nn.Linear(config.inner, wide, bias=False)
        self.item_straight = nn.Linear(basis, wide, bias=False)
        self.near = nn.Parameter(
            torch.eye(basis, config.near_width)
        )  # content comes along its main directions
        self.person_in = nn.Linear(given, config.inner)
        self.person_out = nn.Linear(config.inner, wide * config.slots)
        self.cross = nn.Linear(len(CROSS), config.slots)
        self.bent_out = nn.Linear(config.slots, heads, bias=False)
        self.straight_out = nn.Linear(config.slots, heads, bias=False)
        self.cross_out = nn.Linear(len(CROSS), heads)

    def forward(
        self, pooled: torch.Tensor, likes: torch.Tensor, liked: torch.Tensor, left: torch.Tensor,
        was_left: torch.Tensor, candidates: torch.Tensor, features: torch.Tensor,
    ) -> torch.Tensor:  # fmt: skip
        """[Q, C, heads].

        Args:
            pooled: [Q, person_width]; `likes` [Q, L, B], `liked` [Q, L]; `left` and `was_left` alike.
            candidates: [Q, C, B]; `features`: [Q, C, F].
        """
        items = self.item_out(F.relu(self.item_in(candidates))) + self.item_straight(candidates)
        slots = self.person_out(F.relu(self.person_in(pooled)))
        slots = slots.view(len(pooled), self.config.item_width, self.config.slots)
        near = candidates @ self.near
        columns = [self._nearest(near, likes, liked), self._nearest(near, left, was_left)]
        cross = torch.cat([features, torch.stack(columns, dim=-1)], dim=-1)
        straight = items @ slots + self.cross(cross)  # [Q, C, W] @ [Q, W, slots]
        found: torch.Tensor = (
            self.bent_out(F.relu(straight)) + self.straight_out(straight) + self.cross_out(cross)
        )
        return found

    def _nearest(self, asks: torch.Tensor, known: torch.Tensor, there: torch.Tensor) -> torch.Tensor:
        close = asks @ (known @ self.near).transpose(1, 2)
        close = close.masked_fill(there[:, None] == 0, _VOID).amax(dim=-1)
        return torch.where(close == _VOID, torch.full_like(close, FAR), close)

    def weights(self) -> dict[str, np.ndarray]:
        """float32 arrays as `served.ServedPrerank` multiplies them."""

        def of(tensor: torch.Tensor) -> np.ndarray:
            found: np.ndarray = tensor.detach().cpu().float().numpy().copy()
            return found

        def turned(layer: nn.Linear) -> np.ndarray:
            return np.ascontiguousarray(of(layer.weight).T)

        return {
            "item_in": turned(self.item_in),
            "item_in_bias": of(self.item_in.bias),
            "item_out": turned(self.item_out),
            "item_straight": turned(self.item_straight),
            "near": of(self.near),
            "person_in": turned(self.person_in),
            "person_in_bias": of(self.person_in.bias),
            "person_out": turned(self.person_out),
            "person_out_bias": of(self.person_out.bias),
            "cross": turned(self.cross),
            "cross_bias": of(self.cross.bias),
            "bent_out": turned(self.bent_out),
            "straight_out": turned(self.straight_out),
            "cross_out": turned(self.cross_out),
            "out_bias": of(self.cross_out.bias),
        }


class PrerankTask(nn.Module):
    """What is trained.

    Args:
        vectors: float32 [N, B] of the items.
        worth: float32 [heads] what each action is worth.
        start: float32 [heads] logits of what is usual: chances begin there.
    """

    def __init__(
        self, config: PrerankConfig, vectors: torch.Tensor, worth: torch.Tensor, start: torch.Tensor
    ) -> None:
        super().__init__()
        self.config = config
        self.prerank = Prerank(config, vectors.shape[1])
        self.prerank.cross_out.bias.data = start.clone()
        self.register_buffer("vectors", vectors, persistent=False)
        self.register_buffer("worth", worth, persistent=False)

    def forward(
        self, pooled: torch.Tensor, likes: torch.Tensor, left: torch.Tensor, candidates: torch.Tensor,
        features: torch.Tensor, chances: torch.Tensor, labels: torch.Tensor, place: torch.Tensor,
        shown: torch.Tensor,
    ) -> torch.Tensor:  # fmt: skip
        """The loss summed over pages: the list, each action's chance, and what people did.

        Args:
            likes, left, candidates: int64 numbers, -1 for none.
            chances: float32 [Q, C, heads] of the ranker.
            labels: float32 [Q, C, heads]; place: float32 [Q, C, heads] what the place on the page adds.
            shown: float32 [Q, C].
        """
        logits = self.prerank(
            pooled,
            self._of(likes),
            _there(likes),
            self._of(left),
            _there(left),
            self._of(candidates),
            features,
        ).float()
        there = _there(candidates)
        count = there.sum(dim=1).clamp(min=1)
        soft = F.binary_cross_entropy_with_logits(logits, chances, reduction="none").sum(dim=-1)
        said, true = torch.sigmoid(logits) @ self.worth, chances @ self.worth
        usual = (true * there).sum(dim=1, keepdim=True) / count[:, None]
        spread = (((true - usual) ** 2 * there).sum(dim=1, keepdim=True) / count[:, None]).sqrt()
        scale = self.config.sharpness / spread.clamp(min=_LEAST_SPREAD)
        void = (there - 1) * -_VOID
        goal = torch.softmax((true - usual) * scale + void, dim=1)
        listed = -(goal * torch.log_softmax((said - usual) * scale + void, dim=1)).sum(dim=1)
        was = F.binary_cross_entropy_with_logits(logits + place, labels, reduction="none").sum(dim=-1)
        seen = (was * shown).sum(dim=1) / shown.sum(dim=1).clamp(min=1)
        said_alike = listed + (soft * there).sum(dim=1) / count
        loss: torch.Tensor = self.config.distilled * said_alike + self.config.observed * seen
        return (loss * (there.sum(dim=1) > 0)).sum()

    def _of(self, numbers: torch.Tensor) -> torch.Tensor:
        return self.vectors[numbers.clamp(min=0)] * (numbers >= 0)[..., None].float()


def _there(numbers: torch.Tensor) -> torch.Tensor:
    return (numbers >= 0).float()
