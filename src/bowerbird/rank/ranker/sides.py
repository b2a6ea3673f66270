"""This file is about the two sides of a request: what is known of the person, and of each candidate.

Training and serving make their inputs with the same functions, from the same columns, so that what a model
was taught and what it is asked cannot differ.
"""

from dataclasses import dataclass

import numpy as np

from bowerbird.eligible import holds
from bowerbird.rank.ranker.heads import LIKING_CODES

FEATURES = ("freshness", "is new", "popularity", "category share", "owner share", "likes", "seen", "idle")
POPULARITY_COLUMN = FEATURES.index("popularity")
DAY_MS, HOUR_MS = 86_400_000, 3_600_000
_FRESH_HALF_LIFE_DAYS = 14.0
NONE = -1


@dataclass(frozen=True, slots=True)
class PersonSide:
    """What a person did before the request, newest last.

    Attributes:
        likes: int64 [L] items.
        actions: int8 [L] what was done with each.
        likes_ms: int64 [L].
        left: int64 [J] items that were on the screen and left alone.
        left_ms: int64 [J].
        seen: int64 sorted; everything that was on the screen.
    """

    likes: np.ndarray
    actions: np.ndarray
    likes_ms: np.ndarray
    left: np.ndarray
    left_ms: np.ndarray
    seen: np.ndarray


@dataclass(frozen=True, slots=True)
class ItemSide:
    """What is known of all items, by number.

    Attributes:
        vectors: float32 [N, B] content along the main directions, of length 1; zeros where there is none.
        created_ms: int64 [N]; -1 where unknown.
        categories, owners: int32 [N] codes; 0 where unknown.
    """

    vectors: np.ndarray
    created_ms: np.ndarray
    categories: np.ndarray
    owners: np.ndarray


def features_of(
    person: PersonSide,
    numbers: np.ndarray,
    items: ItemSide,
    popularity: np.ndarray,
    now_ms: int,
    new_days: float,
) -> np.ndarray:
    """float32 [C, len(FEATURES)] of the candidates `numbers`, each about between 0 and 1.

    Args:
        popularity: float32 [C] as of the request.
    """
    found = np.zeros((len(numbers), len(FEATURES)), dtype=np.float32)
    created_ms = items.created_ms[numbers]
    age_days = np.maximum(now_ms - created_ms, 0) / DAY_MS
    is_known = created_ms >= 0
    found[:, 0] = np.where(is_known, np.exp2(-age_days / _FRESH_HALF_LIFE_DAYS), 0.0)
    found[:, 1] = is_known & (age_days < new_days)
    found[:, 2] = popularity
    found[:, 3] = _share(items.categories[person.likes], items.categories[numbers])
    found[:, 4] = _share(items.owners[person.likes], items.owners[numbers])
    found[:, 5] = np.log1p(len(person.likes)) / 6
    found[:, 6] = holds(person.seen, numbers)
    idle_ms = now_ms - int(person.likes_ms[-1]) if len(person.likes) else 30 * DAY_MS
    found[:, 7] = np.log1p(max(idle_ms, 0) / HOUR_MS) / 8
    return found


def _share(codes: np.ndarray, asked: np.ndarray) -> np.ndarray:
    """float64 [C] share of `codes` that each asked one has; 0 for the unknown."""
    known = codes[codes > 0]
    if not len(known):
        return np.zeros(len(asked))
    counts = np.bincount(known)
    inside = (asked > 0) & (asked < len(counts))
    shares: np.ndarray = np.where(inside, counts[np.where(inside, asked, 0)], 0) / len(known)
    return shares


def newest(person: PersonSide, count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Items, actions and times of the newest likes, oldest first."""
    start = max(len(person.likes) - count, 0)
    return person.likes[start:], person.actions[start:], person.likes_ms[start:]


def ages_of(at_ms: np.ndarray, now_ms: int) -> np.ndarray:
    """float32 how long ago, on a scale on which an hour, a day and a month are about evenly apart."""
    hours = np.maximum(now_ms - at_ms, 0) / HOUR_MS
    ages: np.ndarray = (np.log1p(hours) / 8).astype(np.float32)
    return ages


def likes_among(actions: np.ndarray) -> np.ndarray:
    """Bool: which actions say "I like this"."""
    found: np.ndarray = np.isin(actions, LIKING_CODES)
    return found
