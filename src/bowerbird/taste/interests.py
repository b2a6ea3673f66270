"""This file is about a person's interests: read from their recent actions, kept until they act again."""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np

from bowerbird.core.arrays import Embeddings
from bowerbird.core.memo import Memo
from bowerbird.taste.clusters import group, medoid_rows
from bowerbird.taste.config import TasteConfig
from bowerbird.taste.interest_tree.wanted import Wanted
from bowerbird.taste.likeness import Likeness
from bowerbird.taste.liking import newest_of, weigh
from bowerbird.taste.types import Interests, Liking, VectorsOf

HOUR_MS = 3_600_000
LEAST_HEFT = 1e-12
"""Keeps shares finite when every like has faded to nothing."""


@runtime_checkable
class Recents(Protocol):
    """Columns of a person's recent actions, newest first."""

    @property
    def numbers(self) -> np.ndarray:
        """int64 [A]."""
        ...

    @property
    def actions(self) -> np.ndarray:
        """int8 [A]."""
        ...

    @property
    def at_ms(self) -> np.ndarray:
        """int64 [A]."""
        ...


@runtime_checkable
class RecentStore(Protocol):
    """Where recent actions are read; the lake's online store."""

    def recent(self, person_id: str, n: int = 200) -> Recents:
        """The last n actions, newest first."""
        ...


def learn_interests(
    liking: Liking, vectors: Embeddings, likeness: Likeness, config: TasteConfig
) -> Interests:
    """Interests from what a person likes.

    Args:
        vectors: [L, D] unit rows of `liking.liked`, none of them zero.

    Source: PinnerSage (2007.03634), sections 4.1 to 4.3: groups, their medoids, and importance as the
    decayed sum of what was done.
    """
    room = max(1.0 - likeness.usual, 0.0)
    least = likeness.usual + config.same_interest_closeness * room
    groups = group(vectors, least_similarity=least)
    medoids = medoid_rows(vectors, liking.weights, groups)
    heft = np.bincount(groups, weights=liking.weights, minlength=len(medoids))
    heaviest_first = np.argsort(-heft, kind="stable")
    place = np.empty(len(medoids), dtype=np.int64)
    place[heaviest_first] = np.arange(len(medoids))
    return Interests(
        liking.liked[medoids[heaviest_first]],
        (heft[heaviest_first] / max(heft.sum(), LEAST_HEFT)).astype(np.float32),
        float(heft.sum()),
        place[groups],
        liking,
    )


@dataclass(frozen=True, slots=True)
class _Read:
    """Interests as they were read, and what they depend on."""

    actions: bytes
    stamp: str
    hour: int
    interests: Interests


class InterestReader:
    """Gives the interests of a person, read anew when they act, when vectors change, and once an hour.

    Between two actions all likes fade by the same factor, so nothing but `strength` moves; an hour is
    soon enough for that.
    """

    def __init__(self, online: RecentStore, config: TasteConfig) -> None:
        self._online = online
        self._config = config
        self._kept: Memo[str, _Read] = Memo(config.people_kept)

    def of(
        self,
        person_id: str,
        *,
        now_ms: int,
        vectors_of: VectorsOf,
        likeness: Likeness,
        stamp: str,
        wanted: Wanted | None = None,
    ) -> Interests:
        """The person's interests as of `now_ms`; without rows for a person who liked nothing.

        Args:
            vectors_of: unit vectors of items, as they are now.
            stamp: which vectors and wishes these are; another stamp reads anew.
            wanted: what the person said of interests; none where nothing was said.
        """
        recent = self._online.recent(person_id, n=2 * self._config.max_actions)
        actions = recent.numbers.tobytes() + recent.actions.tobytes() + recent.at_ms.tobytes()
        hour = now_ms // HOUR_MS
        kept = self._kept.get(person_id)
        if kept is not None and (kept.actions, kept.stamp, kept.hour) == (actions, stamp, hour):
            return kept.interests
        interests = self._read(recent, now_ms, vectors_of, likeness, wanted)
        self._kept.keep(person_id, _Read(actions, stamp, hour, interests))
        return interests

    def forget(self, person_id: str) -> None:
        """Drop what is kept about a person."""
        self._kept.drop(person_id)

    def _read(
        self,
        recent: Recents,
        now_ms: int,
        vectors_of: VectorsOf,
        likeness: Likeness,
        wanted: Wanted | None,
    ) -> Interests:
        liking = weigh(recent.numbers, recent.actions, recent.at_ms, now_ms=now_ms, config=self._config)
        if wanted is not None:
            liking = wanted.applied(liking, newest_of(recent.numbers, recent.at_ms, liking.liked))
        vectors = vectors_of(liking.liked)
        # An item that is gone from the catalogue has no vector: it can stand for nothing any more.
        held = np.einsum("ld,ld->l", vectors, vectors) > 0
        return learn_interests(liking.where(held), vectors[held], likeness, self._config)
