"""This file is about the network of RQ-VAE: vectors to a few numbers, those to a sum of codes, and back.

Source: "Recommender systems with generative retrieval", section 3.1, equations for the two losses.
"""

import itertools

import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812

from bowerbird.retrieve.rqvae.config import RqvaeConfig


class Rqvae(nn.Module):
    """An autoencoder; with codes once `centres` have been given.

    Args:
        width: D of the vectors.
    """

    def __init__(self, config: RqvaeConfig, width: int) -> None:
        super().__init__()
        widths = (width, *config.inner, config.width)
        self.commitment = config.commitment
        self.scale = width**0.5  # a unit vector's numbers become as large as what the layers expect
        self.encoder = _layers(widths)
        self.decoder = _layers(widths[::-1])
        self.centres: nn.Parameter | None = None

    def start_codes(self, centres: torch.Tensor) -> None:
        """From now on what is in the middle is a sum of codes; float32 [L, K, W]."""
        self.centres = nn.Parameter(centres)

    def encoded(self, vectors: torch.Tensor) -> torch.Tensor:
        """[B, W] from [B, D]."""
        found: torch.Tensor = self.encoder(vectors * self.scale)
        return found

    def decoded(self, inside: torch.Tensor) -> torch.Tensor:
        """[B, D] from [B, W]."""
        found: torch.Tensor = self.decoder(inside)
        return found / self.scale

    def quantised(self, inside: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """[B, W] the sums of the nearest centres, and [] the loss of codes summed over rows."""
        assert self.centres is not None, "codes were started"
        rest, summed = inside, torch.zeros_like(inside)
        loss = torch.zeros((), device=inside.device)
        for centres in self.centres:
            distances = torch.square(centres).sum(dim=1) - 2 * rest.detach() @ centres.detach().t()
            chosen = centres[distances.argmin(dim=1)]
            loss = loss + torch.square(rest.detach() - chosen).sum()
            loss = loss + self.commitment * torch.square(rest - chosen.detach()).sum()
            rest, summed = rest - chosen.detach(), summed + chosen
        return summed, loss

    def forward(self, vectors: torch.Tensor) -> torch.Tensor:
        """The loss summed over the rows of [B, D]."""
        inside = self.encoded(vectors)
        loss = torch.zeros((), device=vectors.device)
        if self.centres is not None:
            summed, loss = self.quantised(inside)
            inside = inside + (summed - inside).detach()  # gradients go past the choice of codes
        return loss + self.missed(vectors, inside)

    def missed(self, vectors: torch.Tensor, inside: torch.Tensor) -> torch.Tensor:
        """The squared distances of what comes out from what went in, in scaled numbers, summed."""
        return torch.square(self.decoded(inside) - vectors).sum() * self.scale**2


class Encoder(nn.Module):
    """What is exported."""

    def __init__(self, model: Rqvae) -> None:
        super().__init__()
        self.model = model

    def forward(self, vectors: torch.Tensor) -> torch.Tensor:
        """[B, W] from [B, D]."""
        return self.model.encoded(vectors)


def _layers(widths: tuple[int, ...]) -> nn.Sequential:
    layers: list[nn.Module] = []
    for before, after in itertools.pairwise(widths):
        layers += [nn.Linear(before, after), nn.ReLU()]
    return nn.Sequential(*layers[:-1])


def missed_share(model: Rqvae, vectors: torch.Tensor) -> float:
    """How much of the vectors' spread does not come back out, by codes where there are any; 1: all."""
    with torch.no_grad():
        inside = model.encoded(vectors)
        if model.centres is not None:
            inside = model.quantised(inside)[0]
        missed = F.mse_loss(model.decoded(inside), vectors)
        return float(missed / torch.square(vectors - vectors.mean(dim=0)).mean().clamp(min=1e-12))
