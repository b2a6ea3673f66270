"""This file is about frames of videos as evidence for their items: the best one counts where it says more."""

from dataclasses import dataclass

import numpy as np

from bowerbird.blend import FrameShown
from bowerbird.retrieve.frame_index import FrameHits

_AS_GOOD = 1e-3  # the poster is a frame too; it is told as well as those that say more


@dataclass(frozen=True, slots=True)
class BestFrames:
    """The best frame of each item that has one near the query."""

    hits: FrameHits

    @property
    def numbers(self) -> np.ndarray:
        """int64 [P] items that have one."""
        return self.hits.numbers

    def raised(self, numbers: np.ndarray, own: np.ndarray) -> tuple[np.ndarray, "BestFrames"]:
        """float32 [C] the higher of an item's own score and its best frame's; and the frames that say so.

        Args:
            numbers: int64 [C] items, sorted.
            own: float32 [C] their own scores.
        """
        if not len(self.hits):
            return own, self
        at = np.minimum(np.searchsorted(numbers, self.hits.numbers), max(len(numbers) - 1, 0))
        there = np.flatnonzero(numbers[at] == self.hits.numbers) if len(numbers) else np.empty(0, np.int64)
        says_more = there[self.hits.scores[there] >= own[at[there]] - _AS_GOOD]
        raised = own.copy()
        raised[at[there]] = np.maximum(own[at[there]], self.hits.scores[there])
        return raised, BestFrames(self.hits.where(says_more))

    def of(self, number: int) -> FrameShown | None:
        """The frame of an item, or None."""
        rows = np.flatnonzero(self.hits.numbers == number)
        if not len(rows):
            return None
        row = int(rows[0])
        media_id, _, index = self.hits.keys[row].rpartition("#")
        return FrameShown(media_id, int(index), int(self.hits.at_ms[row]))
