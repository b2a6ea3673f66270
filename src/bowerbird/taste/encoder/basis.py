"""This file is about content in uncorrelated numbers: what the encoder reads in place of content vectors."""

from dataclasses import dataclass

import numpy as np

_SAMPLED = 20_000
_LEAST = 1e-3
"""Directions with less than this share of the strongest one's deviation are noise, and are left out."""


@dataclass(frozen=True, slots=True)
class Basis:
    """Centre and principal directions of content vectors.

    Attributes:
        centre: float32 [C].
        directions: float32 [C, P] at right angles, the strongest first, so that cosines stay what they were.
    """

    centre: np.ndarray
    directions: np.ndarray

    def of(self, content: np.ndarray) -> np.ndarray:
        """float32 [N, P]; rows of zeros stay zeros: they say nothing, which is not the same as the middle."""
        says = np.linalg.norm(content, axis=1, keepdims=True) > 0
        found: np.ndarray = (((content - self.centre) @ self.directions) * says).astype(np.float32)
        return found


def basis_of(content: np.ndarray, width: int, rng: np.random.Generator) -> Basis:
    """The basis of at most `width` directions, from at most 20,000 rows; rows of about length 1 come out."""
    says = np.flatnonzero(np.linalg.norm(content, axis=1) > 0)
    if len(says) > _SAMPLED:
        says = rng.choice(says, _SAMPLED, replace=False)
    if len(says) < 2:
        return Basis(
            np.zeros(content.shape[1], np.float32),
            np.eye(content.shape[1], min(width, content.shape[1]), dtype=np.float32),
        )
    rows = content[says].astype(np.float64)
    centre = rows.mean(axis=0)
    _, deviations, directions = np.linalg.svd(rows - centre, full_matrices=False)
    keep = np.flatnonzero(deviations > max(deviations[0] * _LEAST, 1e-12))[:width]
    if not len(keep):
        keep = np.arange(1)
    scaled = directions[keep].T
    length = np.sqrt(np.mean(np.sum(((rows - centre) @ scaled) ** 2, axis=1)))
    return Basis(centre.astype(np.float32), (scaled / max(length, 1e-6)).astype(np.float32))
