"""This file is about why: what each item on a page was worth, part by part, as when the page was made."""

from dataclasses import dataclass

import numpy as np

from bowerbird.core.errors import NotFoundError
from bowerbird.rank import FEATURES
from bowerbird.rank.ranker import HEADS


@dataclass(frozen=True, slots=True)
class PageWhy:
    """What a page was made of, a row for each slot.

    Attributes:
        numbers: int64 [S]; values: float32 [S] that ordered them.
        columns: float32 [S, len(FEATURES)]; weights: float32 [len(FEATURES)].
        chances: float32 [S, heads] of a trained ranker; [S, 0] where none had a say.
        learned: float32 [S] its word on the scale of values; zeros where none had one.
        ranked_share: of the values that is the trained ranker's word.
        policy: how rows were chosen; propensities: float32 [S] chance of each to be in its slot under it.
    """

    numbers: np.ndarray
    values: np.ndarray
    columns: np.ndarray
    weights: np.ndarray
    chances: np.ndarray
    learned: np.ndarray
    ranked_share: float
    policy: str
    propensities: np.ndarray


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a value: `adds` is what it put in; all parts add up to the value."""

    name: str
    is_at: float
    adds: float


@dataclass(frozen=True, slots=True)
class Why:
    """Of one item on one page.

    Attributes:
        parts: the weightiest first.
        chances: by action; empty where no trained ranker had a say.
    """

    value: float
    parts: tuple[Part, ...]
    chances: dict[str, float]
    policy: str
    propensity: float


ALONE = ("dislike", "seen")
"""Features on which the plain ranker decides alone, also beside a trained one."""
_LEAST = 1e-4


def why_of(page: PageWhy | None, number: int) -> Why:
    """Why this item was on the page.

    Raises:
        NotFoundError: the page is not kept any more, or the item was not on it.
    """
    rows = np.flatnonzero(page.numbers == number) if page is not None else np.zeros(0, np.int64)
    if page is None or not len(rows):
        raise NotFoundError(
            "the page is not kept any more, or the item was not on it; needed is a page of the last minutes; "
            "ask about an item of a page that was just made"
        )
    row = int(rows[0])
    shares = np.array([1.0 if name in ALONE else 1.0 - page.ranked_share for name in FEATURES])
    adds = page.columns[row] * page.weights * shares
    parts = [
        Part(name, float(page.columns[row, place]), float(adds[place])) for place, name in enumerate(FEATURES)
    ]
    if page.chances.shape[1]:
        parts.append(Part("ranker", float(page.learned[row]), float(page.ranked_share * page.learned[row])))
    kept = sorted((part for part in parts if abs(part.adds) >= _LEAST), key=lambda part: -abs(part.adds))
    heads = zip(HEADS, page.chances[row].tolist(), strict=False)
    chances = {str(head): chance for head, chance in heads}
    return Why(float(page.values[row]), tuple(kept), chances, page.policy, float(page.propensities[row]))
