"""This file is about the window that a model would learn from: whether anything looks broken or poisoned.

A gate that judges on later pages does not see poison that goes on in them. These checks look at the window
itself, before anything is trained.
"""

from dataclasses import dataclass

import numpy as np

from bowerbird.learn.loop.config import LoopConfig

DAY_MS = 86_400_000
_FEW_ACTIONS = 200


@dataclass(frozen=True, slots=True)
class WindowFacts:
    """What is seen of a window.

    Attributes:
        pages, actions: how many.
        action_rate: actions a page.
        most_of_person, most_of_item: the largest shares of all actions that one made, or got.
        days_without: days between the first and the last one on which nothing at all was seen.
    """

    pages: int
    actions: int
    action_rate: float
    most_of_person: float
    most_of_item: float
    days_without: int

    @classmethod
    def of(cls, pages_ms: np.ndarray, persons: np.ndarray, items: np.ndarray) -> "WindowFacts":
        """Of pages at these times, and of the actions of these persons on these items."""
        days = np.unique(pages_ms // DAY_MS)
        return cls(
            len(pages_ms),
            len(persons),
            len(persons) / max(len(pages_ms), 1),
            _most(persons),
            _most(items),
            int(days[-1] - days[0] + 1 - len(days)) if len(days) else 0,
        )


@dataclass(frozen=True, slots=True)
class Complaint:
    """One thing that is wrong with a window."""

    code: str
    text: str


def complaints(facts: WindowFacts, last_good_rate: float | None, config: LoopConfig) -> tuple[Complaint, ...]:
    """What speaks against learning from a window; nothing where it looks as it should.

    Args:
        last_good_rate: `action_rate` of the window of the last promoted model; None: there was none.
    """
    found = []
    if not facts.actions:
        found.append(Complaint("empty", f"{facts.pages:,} pages without one action on them"))
    if facts.days_without:
        found.append(Complaint("missing-days", f"{facts.days_without} days in it without any page"))
    if facts.actions >= _FEW_ACTIONS:
        for what, share in (("person", facts.most_of_person), ("item", facts.most_of_item)):
            if share > config.most_of_one:
                found.append(Complaint(f"one-{what}", f"{share:.0%} of all actions are of one {what}"))
    if last_good_rate and facts.actions:
        factor = facts.action_rate / last_good_rate
        if not 1 / config.rate_by <= factor <= config.rate_by:
            found.append(
                Complaint("rate", f"{factor:.2g} times as many actions a page as in the last good window")
            )
    return tuple(found)


def _most(who: np.ndarray) -> float:
    if not len(who):
        return 0.0
    _, counts = np.unique(who, return_counts=True)
    return float(counts.max() / len(who))
