"""This file is about arms: one world lived through twice, and the difference with an interval over seeds."""

import math
from dataclasses import dataclass

import numpy as np

from bowerbird.core.actions import ACTION_CODES, Action
from bowerbird.core.errors import InputError
from bowerbird.world.config import DAY_MS, WorldConfig
from bowerbird.world.log import WorldLog

# 97.5 % points of Student's t with 1 to 30 degrees of freedom; beyond that the normal one is close enough.
_T = (
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131,
    2.120, 2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042,
)  # fmt: skip
_NORMAL = 1.960


@dataclass(frozen=True, slots=True)
class Days:
    """What happened on each day, all int64 [days]."""

    saves: np.ndarray
    impressions: np.ndarray
    hides: np.ndarray
    people: np.ndarray


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean over seeds with the ends of its 95 % interval (Student's t)."""

    mean: float
    low: float
    high: float
    seeds: tuple[float, ...]

    @property
    def is_up(self) -> bool:
        """Above zero, beyond chance."""
        return self.low > 0

    @property
    def is_down(self) -> bool:
        """Below zero, beyond chance."""
        return self.high < 0


def days_of(log: WorldLog, config: WorldConfig) -> Days:
    """Counts by day; people are those who looked at something."""
    day = (log.at_ms - config.start_ms) // DAY_MS

    def counted(action: Action) -> np.ndarray:
        return np.bincount(day[log.actions == ACTION_CODES[action]], minlength=config.days)

    looked = log.actions == ACTION_CODES[Action.IMPRESSION]
    pairs = np.unique(day[looked] << 32 | log.persons[looked])
    people = np.bincount(pairs >> 32, minlength=config.days)
    return Days(counted(Action.SAVE), counted(Action.IMPRESSION), counted(Action.HIDE), people)


def estimate(values: list[float]) -> Estimate:
    """The mean of values that independent seeds gave.

    Raises:
        InputError: fewer than two: nothing is known of chance then.
    """
    count = len(values)
    if count < 2:
        raise InputError(f"{count} seed was received; an interval needs at least 2; give more with --seeds")
    mean = sum(values) / count
    deviation = math.sqrt(sum((value - mean) ** 2 for value in values) / (count - 1))
    reach = (_T[count - 2] if count - 2 < len(_T) else _NORMAL) * deviation / math.sqrt(count)
    return Estimate(mean, mean - reach, mean + reach, tuple(values))


def lift(changed: np.ndarray, usual: np.ndarray, first_day: int, last_day: int) -> float:
    """How much more there is of something over these days, both included: 0.1 is ten per cent more."""
    days = slice(first_day, last_day + 1)
    return float(changed[days].sum() / max(usual[days].sum(), 1) - 1)
