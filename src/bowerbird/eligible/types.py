"""This file is about what eligibility takes and hands on."""

from dataclasses import dataclass, field

import numpy as np

from bowerbird.core.arrays import Mask


def _none() -> np.ndarray:
    return np.zeros(0, dtype=np.int64)


@dataclass(frozen=True, slots=True)
class Standing:
    """How one person stands to items: each a sorted array of int64 item numbers.

    Attributes:
        hidden: hidden, reported, or asked to be seen less of; never shown again until taken back.
        saved: on one of the person's own boards.
        shown: on earlier pages of this list.
        unwanted: of interests that the person does not want.
        blocked: of owners whom the person blocked.
        seen: was on the person's screen before, or was opened.
    """

    hidden: np.ndarray = field(default_factory=_none)
    saved: np.ndarray = field(default_factory=_none)
    shown: np.ndarray = field(default_factory=_none)
    unwanted: np.ndarray = field(default_factory=_none)
    blocked: np.ndarray = field(default_factory=_none)
    seen: np.ndarray = field(default_factory=_none)


@dataclass(frozen=True, slots=True)
class Removal:
    """What one rule took away."""

    rule: str
    taken: int
    given: int


@dataclass(frozen=True, slots=True)
class Screened:
    """Which candidates may be shown, and what each rule removed, in the order the rules ran.

    Attributes:
        keep: [C].
        removals: one a rule, also where it removed nothing.
    """

    keep: Mask
    removals: tuple[Removal, ...]
