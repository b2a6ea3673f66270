"""This file is about what everybody liked, picture by picture, kept up with the marks.

What everybody likes stands in every profile. Adding the newest marks to the sum costs what those are; adding
all of them, at each request, would cost what there is.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from bowerbird.taste.graph.marks import Marks


@dataclass(frozen=True, slots=True)
class _Summed:
    """float64 sums over the first `count` marks, all before `until_ms`; good for one `epoch` alone."""

    epoch: int
    count: int
    until_ms: int
    sums: np.ndarray


_NOTHING = _Summed(-1, 0, 0, np.zeros(0))


class LikedByAll:
    """Sums that grow with the marks. Anybody reads; readers at the same moment find the same."""

    def __init__(self) -> None:
        self._epoch = 0
        self._summed = _NOTHING

    def begin_anew(self) -> None:
        """Marks went, or items stand for other pictures: what was summed holds no more."""
        self._epoch += 1

    def before(self, kept: Marks, t_ms: int, nodes_of: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
        """float64 [pictures] weights of all marks before t that say "I like this".

        Args:
            nodes_of: int64 items to the pictures they show.
        """
        epoch, summed = self._epoch, self._summed
        marks = (
            kept.rows
        )  # after the epoch: if they are those of the next one, nothing is kept under this one
        if summed.epoch != epoch or summed.count > len(marks):
            summed = _Summed(epoch, 0, 0, np.zeros(0))
        newer = marks[summed.count :]
        until_ms = max(summed.until_ms, int(newer["at_ms"].max(initial=-1)) + 1)
        if t_ms < until_ms:  # then, not now
            return _added(np.zeros(0), marks[marks["at_ms"] < t_ms], nodes_of)
        if len(newer):
            summed = _Summed(epoch, len(marks), until_ms, _added(summed.sums, newer, nodes_of))
            self._summed = summed
        return summed.sums


def _added(sums: np.ndarray, marks: np.ndarray, nodes_of: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    liked = marks[marks["weight"] > 0]
    nodes = nodes_of(liked["target"].astype(np.int64))
    more = np.bincount(nodes, liked["weight"], minlength=len(sums)).astype(np.float64)
    more[: len(sums)] += sums
    return more
