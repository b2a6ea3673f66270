"""This file is about a challenger that serves a share of the people: what their pages come to, beside others.

The gate compares what models say of the same pages; only people who are served can tell what a model does to
pages. Who is served is drawn by a hash, so the two groups differ by chance alone, and what they differed by
before is taken off: a ratio of ratios, over people.
"""

from dataclasses import dataclass

import numpy as np

from bowerbird.learn.loop.config import LoopConfig

_DRAWS = 1_000
_LEAST_PEOPLE = 5
"""In each group; fewer have no interval worth the name."""


@dataclass(frozen=True, slots=True)
class Lived:
    """What became of people's pages, a row each person.

    Attributes:
        served: bool [P] whether the challenger serves them.
        pages_before, pages: int64 [P] before it began to, and since.
        worth_before, worth: float64 [P] what those pages came to, in saves.
    """

    served: np.ndarray
    pages_before: np.ndarray
    worth_before: np.ndarray
    pages: np.ndarray
    worth: np.ndarray

    @classmethod
    def of(
        cls, persons: np.ndarray, at_ms: np.ndarray, worth: np.ndarray, served: np.ndarray, since_ms: int
    ) -> "Lived":
        """Out of pages: int64 [Q] whose and when, float [Q] what each came to.

        Args:
            served: bool [people].
            since_ms: the challenger serves from then on.
        """
        count, is_after = len(served), at_ms >= since_ms
        sums = [
            np.bincount(persons[rows], weights, count)
            for rows in (~is_after, is_after)
            for weights in (None, worth[rows])
        ]
        before, worth_before, after, worth_after = (np.asarray(each) for each in sums)
        return cls(served, before, worth_before, after, worth_after)


@dataclass(frozen=True, slots=True)
class LiveDecision:
    """What the share of people says.

    Attributes:
        outcome: `promote`, `roll back`, or `wait`.
        gain: of worth a page, as a share of what the others' are worth, with a 95 % interval over people.
        pages: that the challenger served.
    """

    outcome: str
    gain: float
    low: float
    high: float
    pages: int
    people: int
    reason: str


def live_decision(lived: Lived, config: LoopConfig, seed: int = 0) -> LiveDecision:
    """Rolls back what is worse for sure, promotes what is not worse by much, and does not wait for ever."""
    served = lived.served
    pages = int(lived.pages[served].sum())
    people = int(np.count_nonzero(lived.pages[served])), int(np.count_nonzero(lived.pages[~served]))
    gain, low, high = _gain(lived, seed)

    def decided(outcome: str, reason: str) -> LiveDecision:
        return LiveDecision(outcome, gain, low, high, pages, people[0], reason)

    if min(people) < _LEAST_PEOPLE or not np.isfinite([gain, low, high]).all():
        return decided("wait", f"{people[0]} people served and {people[1]} others say nothing yet")
    told = f"{gain:+.1%} [{low:+.1%}, {high:+.1%}] of worth a page, {pages:,} pages of {people[0]} people"
    if pages >= config.least_live_pages and high < 0:
        return decided("roll back", f"people it serves do less: {told}")
    if pages >= config.least_live_pages and low > -config.live_worse_by:
        return decided("promote", f"people it serves do not less: {told}")
    if pages >= config.most_live_pages:
        return decided("roll back", f"not shown to be harmless in {config.most_live_pages:,} pages: {told}")
    return decided("wait", told)


def _gain(lived: Lived, seed: int) -> tuple[float, float, float]:
    rng = np.random.default_rng(seed)
    logs = np.zeros(_DRAWS + 1)
    for served, sign in ((True, 1.0), (False, -1.0)):
        rows = np.flatnonzero(lived.served == served)
        if not len(rows):
            return float("nan"), float("nan"), float("nan")
        drawn = np.concatenate([np.arange(len(rows))[None], rng.integers(0, len(rows), (_DRAWS, len(rows)))])
        columns = (lived.worth, lived.pages, lived.worth_before, lived.pages_before)
        worth, pages, worth_before, pages_before = (
            np.asarray(column, np.float64)[rows][drawn].sum(axis=1) for column in columns
        )
        with np.errstate(divide="ignore", invalid="ignore"):
            after, before = worth / pages, worth_before / pages_before
            # Nothing to take off where either group did nothing before.
            logs += sign * (np.log(after) - np.log(np.where(before > 0, before, 1.0)))
    usable = logs[np.isfinite(logs)]
    if not np.isfinite(logs[0]) or len(usable) < _DRAWS / 2:
        return float("nan"), float("nan"), float("nan")
    low, high = np.quantile(usable, (0.025, 0.975))
    return tuple(float(np.expm1(each)) for each in (logs[0], low, high))  # type: ignore[return-value]
