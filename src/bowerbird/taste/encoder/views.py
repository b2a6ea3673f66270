"""This file is about vectors of all items at several moments: what boards and people are learned from."""

from dataclasses import dataclass

import numpy as np

from bowerbird.taste.encoder.checking import vectors_at
from bowerbird.taste.encoder.config import EncoderConfig
from bowerbird.taste.encoder.served import ServedEncoder
from bowerbird.taste.encoder.types import NEVER_MS, TasteColumns


@dataclass(frozen=True, slots=True)
class Views:
    """Vectors as of moments, each made of edges before it.

    Attributes:
        moments_ms: int64 [S], rising; labels before the last one train, labels from it on validate.
        vectors: float32 [S, N, D].
        version: of the encoder.
    """

    moments_ms: np.ndarray
    vectors: np.ndarray
    version: str

    def validates_from(self, at_ms: np.ndarray) -> int:
        """The moment from which labels only validate; never, where none would be left to train."""
        last = int(self.moments_ms[-1])
        return last if (at_ms < last).any() and (at_ms >= last).any() else NEVER_MS


def views_of(
    encoder: ServedEncoder,
    columns: TasteColumns,
    moments_ms: np.ndarray,
    config: EncoderConfig,
    seed: int,
) -> Views:
    """The vectors of all items as of each moment."""
    vectors = np.stack([vectors_at(encoder, columns, int(each), config, seed) for each in moments_ms])
    return Views(moments_ms, vectors, encoder.version)
