"""This file is about what "alike" means in one catalogue.

Cosines of different encoders live on different scales: two random pictures may share .1 or .7.
So similarity is measured from the catalogue's own usual pair: 0 for that, 1 for the same picture.
"""

from dataclasses import dataclass

import numpy as np

from bowerbird.core.arrays import Embeddings

LEAST_ROOM = 1e-3
"""Keeps the scale finite in a catalogue whose pictures are all the same."""


@dataclass(frozen=True, slots=True)
class Likeness:
    """The scale of one catalogue: `usual` is the median cosine of two random items."""

    usual: float = 0.0

    def closeness(self, cosines: np.ndarray) -> np.ndarray:
        """Cosines as closeness: 0 for a usual pair, 1 for the same; below 0 for unusually unlike ones."""
        room = np.float32(max(1.0 - self.usual, LEAST_ROOM))
        close: np.ndarray = (cosines - np.float32(self.usual)) / room
        return close


def measure_likeness(vectors: Embeddings) -> Likeness:
    """The scale of a catalogue from a sample of its unit vectors.

    Args:
        vectors: [S, D]; a few hundred random items are enough. With fewer than two, the plain cosine scale.
    """
    held = vectors[np.einsum("sd,sd->s", vectors, vectors) > 0]
    if len(held) < 2:
        return Likeness()
    cosines = held @ held.T  # [S, D] @ [D, S] -> [S, S]
    return Likeness(float(np.median(cosines[np.triu_indices(len(held), k=1)])))
