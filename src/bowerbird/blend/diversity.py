"""This file is about diversity: three ways to say how much an item adds to what is already chosen.

All share one form, so that a page is built by one loop (`blend/slate.py`) and the way is a setting. Each
keeps numbers for all candidates at once; the loop hands in the similarities of all to the item just taken.
"""

from typing import Protocol, runtime_checkable

import numpy as np

from bowerbird.core.arrays import Scores

LEAST_LEFT = 1e-6
"""Squared length below which an item counts as spanned by what was chosen."""

OWN = np.float32(2.0)
"""Squared length of a unit vector with a constant 1 appended."""


@runtime_checkable
class Diversity(Protocol):
    """Follows one slate while it is built."""

    def gain(self) -> Scores:
        """[C] what each candidate adds, in units of value: higher is more unlike what was chosen lately."""
        ...

    def take(self, row: int, alike: Scores, /) -> None:
        """Choose this row; `alike` [C] holds every candidate's cosine with it, its own being 1."""
        ...


class MarginalRelevance:
    """Loses the similarity to the most similar of the last `window` chosen.

    Source: Carbonell and Goldstein, "The use of MMR", SIGIR 1998, equation 1, over a window.
    """

    def __init__(self, count: int, *, strength: float, window: int) -> None:
        self._strength = np.float32(strength)
        self._alike = np.zeros((window, count), dtype=np.float32)  # [w, C]
        self._taken = 0

    def gain(self) -> Scores:
        """[C] minus strength times the largest similarity."""
        lost: Scores = -self._strength * self._alike.max(axis=0)
        return lost

    def take(self, _row: int, alike: Scores, /) -> None:
        """Choose this row."""
        slot = self._taken % len(self._alike)
        np.maximum(alike, 0.0, out=self._alike[slot])
        self._taken += 1


class SlidingSpectrum:
    """Adds the part of an item that the last `window` chosen do not span.

    The residual is what is left of the item's vector after projecting it off the window by Gram-Schmidt.
    Instead of residual vectors we keep their coefficients, one per window slot: the same numbers, from
    inner products alone.

    Source: "Sliding Spectrum Decomposition for Diversified Recommendation", KDD 2021, algorithm 1:
    vectors get a constant 1 appended (the inner product grows by 1), and an item that leaves the window
    gives its part back. There the residual is multiplied with the volume of the window; that is the same
    for all candidates of one slot, so we leave it out and `strength` means the same in every slot.
    """

    def __init__(self, count: int, *, strength: float, window: int) -> None:
        self._strength = np.float32(strength)
        self._left = np.full(count, OWN, dtype=np.float32)  # [C] squared norms of the residuals
        self._parts = np.zeros((window, count), dtype=np.float32)  # [w, C]
        self._taken = 0

    def gain(self) -> Scores:
        """[C] strength times the share of the item's length that is left."""
        added: Scores = self._strength * np.sqrt(np.maximum(self._left, 0.0) / OWN)
        return added

    def take(self, row: int, alike: Scores, /) -> None:
        """Choose this row; the oldest one of a full window gives its part back."""
        slot = self._taken % len(self._parts)
        self._left += self._parts[slot] ** 2
        self._parts[slot] = 0.0
        rest = alike + np.float32(1.0) - self._parts[:, row] @ self._parts  # [w] @ [w, C] -> [C]
        self._parts[slot] = rest / np.sqrt(max(float(self._left[row]), LEAST_LEFT))
        self._left -= self._parts[slot] ** 2
        self._taken += 1


class Determinantal:
    """Adds the log of the part of an item that the last `window` chosen leave unexplained.

    Source: Chen, Zhang and Zhou, "Fast greedy MAP inference for determinantal point process", NeurIPS
    2018, algorithm 1 over the window of section 4; the log of the quality is the value itself. There the
    window slides by a rank-one update; we factor its few kept rows anew, which is as fast at this size
    and does not drift. Vectors get a constant appended and are scaled back to length 1 (the kernel is
    (1 + cosine) / 2): a determinant takes the opposite for the same, a person does not.
    """

    def __init__(self, count: int, *, strength: float, window: int) -> None:
        self._strength = np.float32(strength)
        self._chosen: list[int] = []
        self._alike = np.zeros((window, count), dtype=np.float32)  # [w, C] kernel rows
        self._factors = np.zeros((window, count), dtype=np.float32)  # [w, C] Cholesky rows
        self._left = np.ones(count, dtype=np.float32)  # [C]

    def gain(self) -> Scores:
        """[C] half the log of what is left, times strength; never below the log of `LEAST_LEFT`."""
        left = np.maximum(self._left, np.float32(LEAST_LEFT))
        added: Scores = np.float32(0.5) * self._strength * np.log(left)
        return added

    def take(self, row: int, alike: Scores, /) -> None:
        """Choose this row; a full window loses its oldest."""
        if len(self._chosen) == len(self._alike):
            self._chosen.pop(0)
            self._alike[:-1] = self._alike[1:]
            self._left[:] = 1.0
            for slot in range(len(self._chosen)):
                self._factor(slot)
        self._chosen.append(row)
        self._alike[len(self._chosen) - 1] = (alike + np.float32(1.0)) / OWN
        self._factor(len(self._chosen) - 1)

    def _factor(self, slot: int) -> None:
        row = self._chosen[slot]
        rest = self._alike[slot] - self._factors[:slot, row] @ self._factors[:slot]  # [C]
        self._factors[slot] = rest / np.sqrt(max(float(self._left[row]), LEAST_LEFT))
        self._left -= self._factors[slot] ** 2
