"""This file is about weights apart from their module: a running mean, copies, putting them back."""

from collections.abc import Sequence

import torch


class WeightAverage:
    """The exponential moving average of parameters."""

    def __init__(self, parameters: Sequence[torch.nn.Parameter], keep: float) -> None:
        self.mean = copied(parameters)
        self._keep = keep

    def follow(self, parameters: Sequence[torch.nn.Parameter]) -> None:
        """Moves a little towards what the parameters are now."""
        with torch.no_grad():
            for mean, parameter in zip(self.mean, parameters, strict=True):
                mean.lerp_(parameter, 1 - self._keep)


def copied(parameters: Sequence[torch.Tensor]) -> list[torch.Tensor]:
    """The values, on their device, as they are now."""
    return [each.detach().clone() for each in parameters]


def put_back(values: Sequence[torch.Tensor], parameters: Sequence[torch.Tensor]) -> None:
    """The parameters take these values."""
    with torch.no_grad():
        for value, parameter in zip(values, parameters, strict=True):
            parameter.copy_(value)
