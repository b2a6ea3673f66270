"""This file is about pictures that come more than once: of each group one item is shown."""

from dataclasses import dataclass

import numpy as np

from bowerbird.core.arrays import Embeddings, Mask

MAX_BITS = 6
"""Signatures of one picture in two sizes or qualities differ in at most about so many of 64 bits."""
MIN_COSINE = 0.97


@dataclass(frozen=True, slots=True)
class Collapsed:
    """Which rows of a list stay, and which one stands for each that goes.

    Attributes:
        keep: [C] rows to show.
        leader: [C] int64 the kept row that stands for each; itself where it is kept.
    """

    keep: Mask
    leader: np.ndarray

    def behind(self, row: int) -> np.ndarray:
        """Rows that a kept row stands for, itself not counted."""
        return np.flatnonzero((self.leader == row) & ~self.keep)


def collapse(
    signatures: np.ndarray,
    vectors: Embeddings | None = None,
    *,
    max_bits: int = MAX_BITS,
    min_cosine: float = MIN_COSINE,
) -> Collapsed:
    """Of rows that look the same, the first; a row goes only for one that is itself kept.

    Args:
        signatures: [C] int64 perceptual hashes, best row first; 0 says nothing.
        vectors: [C, D] unit look vectors; None: signatures alone decide. Zeros say nothing.
        max_bits: signatures may differ in so many bits.
        min_cosine: vectors above this are of the same picture.
    """
    same = _same_signature(signatures, max_bits)
    if vectors is not None:
        same |= vectors @ vectors.T > min_cosine  # [C, D] @ [D, C] -> [C, C]
    same = np.tril(same, -1)  # column before row
    keep = np.zeros(len(signatures), dtype=bool)
    undecided = np.ones(len(signatures), dtype=bool)
    # Each round decides every row whose earlier twins are all decided; rounds = longest chain of twins.
    while undecided.any():
        goes = undecided & same[:, keep].any(axis=1)
        undecided &= ~goes
        stays = undecided & ~same[:, undecided].any(axis=1)
        keep |= stays
        undecided &= ~stays
    leader = np.arange(len(signatures))
    gone = np.flatnonzero(~keep)
    if len(gone):
        leader[gone] = np.argmax(same[gone] & keep, axis=1)
    return Collapsed(keep, leader)


def _same_signature(signatures: np.ndarray, max_bits: int) -> np.ndarray:
    bits = signatures.view(np.uint64)
    says_something = bits != 0
    same: np.ndarray = np.bitwise_count(bits[:, None] ^ bits[None, :]) <= max_bits
    same &= says_something[:, None] & says_something[None, :]
    return same
