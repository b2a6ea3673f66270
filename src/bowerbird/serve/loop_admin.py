"""This file is about the loop as a running server tells of it: which ranker serves, and every step to it."""

from dataclasses import dataclass

from bowerbird.core.clock import Clock
from bowerbird.learn.loop import LoopRun
from bowerbird.learn.registry import ModelRegistry
from bowerbird.rank.ranker.promotion import Promotion
from bowerbird.rank.ranker.trials import Canary, Shadow
from bowerbird.serve.ranking import RankerFollowed


@dataclass(frozen=True, slots=True)
class LoopTold:
    """What serves, and how it came to; `runs` are the newest ones, newest first."""

    champion: str
    answers_with: str
    problem: str
    canary: Canary
    shadow: Shadow
    runs: tuple[LoopRun, ...]


class LoopAdmin:
    """Tells of the loop of a lake, and takes its steps by hand. Safe for threads."""

    def __init__(self, registry: ModelRegistry, ranker: RankerFollowed, clock: Clock) -> None:
        self._promotion, self._ranker = Promotion(registry, clock), ranker

    def told(self, most: int) -> LoopTold:
        """As the lake says now; `answers_with` is what this server has open."""
        current = self._ranker.current
        runs = tuple(self._promotion.runs.all()[::-1][:most])
        answers_with = "" if current is None else current.ranker.id
        return LoopTold(
            self._promotion.champion,
            answers_with,
            self._ranker.problem,
            self._promotion.canary,
            self._promotion.shadow,
            runs,
        )

    def promote(self) -> LoopRun:
        """The challenger on trial serves all.

        Raises:
            NotFoundError: there is none.
        """
        run = self._promotion.promote()
        self._ranker.follow()
        return run

    def roll_back(self) -> LoopRun:
        """The trial ends; or the champion before this one serves again.

        Raises:
            NotFoundError: there is neither.
        """
        run = self._promotion.roll_back()
        self._ranker.follow()
        return run
