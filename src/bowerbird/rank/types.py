"""This file is about what ranking hands on."""

from dataclasses import dataclass

import numpy as np

from bowerbird.core.arrays import ItemNumbers, Scores
from bowerbird.retrieve.types import Candidates


@dataclass(frozen=True, slots=True)
class Ranked:
    """Candidates in order of value, best first.

    Attributes:
        numbers: [C] item numbers.
        values: [C] expected worth of showing each; only their order matters within one request.
        candidates: the same rows, in the same order, as retrieval gave them.
    """

    numbers: ItemNumbers
    values: Scores
    candidates: Candidates

    def __len__(self) -> int:
        return len(self.numbers)

    def take(self, rows: np.ndarray) -> "Ranked":
        """Only these rows, in this order."""
        found = self.candidates
        return Ranked(
            self.numbers[rows],
            self.values[rows],
            Candidates(
                found.numbers[rows],
                found.scores[rows],
                found.sources[rows],
                found.source_names,
                found.evidence[rows],
            ),
        )
