"""This file is about what each stage of a page took, gave and cost."""

import time

from bowerbird.blend.types import StageCount
from bowerbird.eligible import Removal


class Stages:
    """Counts the stages of one request; each one's time runs from the end of the one before."""

    def __init__(self) -> None:
        self._counts: list[StageCount] = []
        self._last_s = time.perf_counter()

    def ended(self, stage: str, taken: int, given: int, note: str = "") -> None:
        """A stage has ended now."""
        now_s = time.perf_counter()
        self._counts.append(StageCount(stage, taken, given, (now_s - self._last_s) * 1000.0, note))
        self._last_s = now_s

    def screened(self, removals: tuple[Removal, ...]) -> None:
        """Eligibility has ended now: one row for each rule, the time on the first."""
        for removal in removals:
            self.ended(f"eligible/{removal.rule}", removal.taken, removal.given)

    def report(self) -> tuple[StageCount, ...]:
        """All stages, in order."""
        return tuple(self._counts)
