"""This file is about the person of a request: what they like, and how they stand to items."""

from dataclasses import dataclass

import numpy as np

from bowerbird.core.actions import ACTION_CODES, Action
from bowerbird.core.memo import Memo
from bowerbird.eligible import Standing
from bowerbird.lake.online import OnlineStore
from bowerbird.rank import Tastes
from bowerbird.surfaces.feed.config import FeedConfig
from bowerbird.surfaces.feed.ground import Ground
from bowerbird.surfaces.feed.types import SavedNumbers
from bowerbird.taste import InterestReader, Interests

_HIDING = [ACTION_CODES[action] for action in (Action.REPORT, Action.SEE_FEWER)]
PEOPLE_KEPT = 5_000


@dataclass(frozen=True, slots=True)
class Person:
    """What a request knows of its person.

    Attributes:
        tastes: what candidates are compared with; its rows are liked items.
        interest_of: int64 [I] for each row of `tastes`, its interest.
    """

    interests: Interests
    tastes: Tastes
    interest_of: np.ndarray
    standing: Standing


def hidden_from(online: OnlineStore, person_id: str) -> np.ndarray:
    """Sorted int64 numbers of what the person hid, reported, or asked to see less of."""
    recent = online.recent(person_id)
    unwanted = recent.numbers[np.isin(recent.actions, _HIDING)]
    return np.union1d(online.hidden(person_id), unwanted)


@dataclass(frozen=True, slots=True)
class _Saved:
    version: int
    numbers: np.ndarray


class People:
    """Reads people for requests."""

    def __init__(self, online: OnlineStore, saved: SavedNumbers, ground: Ground, config: FeedConfig) -> None:
        self._online = online
        self._saved = saved
        self._ground = ground
        self._config = config
        self._reader = InterestReader(online, config.taste)
        self._saved_kept: Memo[str, _Saved] = Memo(PEOPLE_KEPT)

    def of(self, person_id: str, *, now_ms: int, shown: np.ndarray) -> Person:
        """The person as of now; `shown` was on earlier pages of this list."""
        scales = self._ground.scales()
        interests = self._reader.of(
            person_id,
            now_ms=now_ms,
            vectors_of=self._ground.taste,
            likeness=scales.taste,
            stamp=scales.stamp,
        )
        tastes, interest_of = self._tastes(interests)
        return Person(interests, tastes, interest_of, self._standing(person_id, shown))

    def forget(self, person_id: str) -> None:
        """Drop what is kept about a person."""
        self._reader.forget(person_id)
        self._saved_kept.drop(person_id)

    def _standing(self, person_id: str, shown: np.ndarray) -> Standing:
        acted_on = self._online.recent(person_id).numbers
        return Standing(
            hidden=hidden_from(self._online, person_id),
            saved=self._saved_by(person_id),
            shown=shown,
            # What was opened or clicked was seen, also where a client tells of no impressions.
            seen=np.union1d(self._online.seen(person_id), acted_on),
        )

    def _saved_by(self, person_id: str) -> np.ndarray:
        version = self._online.version(person_id)
        kept = self._saved_kept.get(person_id)
        if kept is None or kept.version != version:
            kept = self._saved_kept.keep(person_id, _Saved(version, self._saved(person_id)))
        return kept.numbers

    def _tastes(self, interests: Interests) -> tuple[Tastes, np.ndarray]:
        """The items to compare with: medoids of the weightiest interests, and the newest likes."""
        medoids = interests.medoids[: self._config.interest_queries]
        newest = interests.newest(self._config.newest_queries)
        numbers = np.concatenate([medoids, newest[~np.isin(newest, medoids)]])
        interest_of = np.array(
            [interests.interest_holding(int(number)) for number in numbers], dtype=np.int64
        )
        weightiest = max(float(interests.importance[0]), 1e-6) if len(interests) else 1.0
        liking = interests.liking
        return (
            Tastes(
                numbers,
                self._ground.taste(numbers),
                (interests.importance[interest_of] / weightiest).astype(np.float32),
                self._ground.taste(liking.disliked),
                liking.dislike_weights,
            ),
            interest_of,
        )
