"""This file is about the person of a request: what they like, and how they stand to items."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from bowerbird.core.memo import Memo
from bowerbird.eligible import Standing, hidden_from
from bowerbird.lake.online_state import OnlineState
from bowerbird.lake.records import Controls
from bowerbird.rank import Tastes
from bowerbird.retrieve.learned import NOTHING_EXPECTED, Expected, LearnedModel, ModelNow
from bowerbird.retrieve.taste_vectors import TasteVectors, TasteVectorsNow
from bowerbird.surfaces.feed.config import FeedConfig
from bowerbird.surfaces.feed.ground import Ground
from bowerbird.surfaces.feed.steering import ControlsNow, steered
from bowerbird.surfaces.feed.types import SavedNumbers
from bowerbird.taste import InterestReader, Interests
from bowerbird.taste.interest_tree.wanted import WantedNow

PEOPLE_KEPT = 5_000
LEARNED_PART = 8
LEAST_IMPORTANCE = 1e-6


@dataclass(frozen=True, slots=True)
class Tasted:
    """What candidates are compared with, and what indexes are asked with.

    Attributes:
        tastes: its rows are liked items: medoids of the weightiest interests, and the newest likes.
        interest_of: int64 [I] for each row of `tastes`, its interest.
        look, words: float32 [I, …] vectors of the same items, to search with.
    """

    tastes: Tastes
    interest_of: np.ndarray
    look: np.ndarray
    words: np.ndarray


@dataclass(frozen=True, slots=True)
class Person:
    """What a request knows of its person."""

    interests: Interests
    tasted: Tasted
    standing: Standing
    expected: Expected
    near_taste: Expected
    controls: Controls
    config: FeedConfig


class People:
    """Reads people for requests; what is costly is kept until the person does something."""

    def __init__(
        self,
        online: OnlineState,
        saved: SavedNumbers,
        ground: Ground,
        config: FeedConfig,
        model_now: ModelNow,
        wanted_now: WantedNow,
        taste_now: TasteVectorsNow,
        controls_now: ControlsNow,
        owned_by: Callable[[tuple[str, ...]], np.ndarray],
    ) -> None:
        self._online = online
        self._saved = saved
        self._ground = ground
        self._config = config
        self._reader = InterestReader(online, config.taste)
        self._tasted: Memo[str, tuple[Interests, Tasted]] = Memo(PEOPLE_KEPT)
        self._standings: Memo[str, tuple[int, int, Standing]] = Memo(PEOPLE_KEPT)
        self._model_now = model_now
        self._wanted_now = wanted_now
        self._taste_now = taste_now
        self._controls_now, self._owned_by = controls_now, owned_by
        self._expected: Memo[tuple[str, str], tuple[int, Expected]] = Memo(PEOPLE_KEPT)

    def of(self, person_id: str, *, now_ms: int, shown: np.ndarray) -> Person:
        """The person as of now; `shown` was on earlier pages of this list."""
        scales, wanted = self._ground.scales(), self._wanted_now(person_id, now_ms)

        def read() -> Interests:
            return self._reader.of(
                person_id,
                now_ms=now_ms,
                vectors_of=self._ground.taste_of_live,
                likeness=scales.taste,
                stamp=scales.stamp if wanted is None else f"{scales.stamp} {wanted.stamp}",
                wanted=wanted,
            )

        interests = read()
        if not self._ground.are_live(interests.liking.liked):
            # Something they liked has left the catalogue since: it can stand for nothing any more.
            self._reader.forget(person_id)
            interests = read()
        unwanted = np.zeros(0, np.int64) if wanted is None else wanted.unwanted_items()
        controls = self._controls_now(person_id)
        blocked = self._owned_by(controls.blocked_owners)
        standing = replace(self._standing(person_id), shown=shown, unwanted=unwanted, blocked=blocked)
        most = self._config.learned_candidates, self._config.taste_candidates
        expected = self._expected_by(person_id, self._model_now(), most[0], now_ms)
        near_taste = self._expected_by(person_id, self._taste_now(), most[1], now_ms)
        tasted, config = self._tasted_by(person_id, interests), steered(self._config, controls.adventure)
        return Person(interests, tasted, standing, expected, near_taste, controls, config)

    def forget(self, person_id: str) -> None:
        """Drop what is kept about a person."""
        self._reader.forget(person_id)
        self._tasted.drop(person_id)
        self._standings.drop(person_id)
        for model in (self._model_now(), self._taste_now()):
            if model is not None:
                self._expected.drop((person_id, model.text))

    def _standing(self, person_id: str) -> Standing:
        versions = (self._online.version(person_id), self._ground.version)
        kept = self._standings.get(person_id)
        if kept is None or kept[:2] != versions:
            # What was opened or clicked was seen, also where a client tells of no impressions.
            seen = np.union1d(self._online.seen(person_id), self._online.recent(person_id).numbers)
            standing = Standing(
                hidden=hidden_from(self._online, person_id), saved=self._saved(person_id), seen=seen
            )
            kept = self._standings.keep(person_id, (*versions, standing))
        return kept[2]

    def _expected_by(
        self, person_id: str, model: LearnedModel | TasteVectors | None, most: int, now_ms: int
    ) -> Expected:
        if model is None:
            return NOTHING_EXPECTED
        version = self._online.version(person_id)
        kept = self._expected.get((person_id, model.text))
        if kept is None or kept[0] != version:
            # In a small catalogue the nearest neighbours are everything: a model names its best only.
            most = min(most, max(len(model) // LEARNED_PART, 1))
            expected = model.expect(self._online.recent(person_id), most, now_ms)
            kept = self._expected.keep((person_id, model.text), (version, expected))
        return kept[1]

    def _tasted_by(self, person_id: str, interests: Interests) -> Tasted:
        kept = self._tasted.get(person_id)
        if kept is None or kept[0] is not interests:
            kept = self._tasted.keep(person_id, (interests, self._taste(interests)))
        return kept[1]

    def _taste(self, interests: Interests) -> Tasted:
        medoids = interests.medoids[: self._config.interest_queries]
        newest = interests.newest(self._config.newest_queries)
        numbers = np.concatenate([medoids, newest[~np.isin(newest, medoids)]])
        rows = [interests.interest_holding(int(number)) for number in numbers]
        interest_of = np.array(rows, dtype=np.int64)
        weightiest = max(float(interests.importance[0]), LEAST_IMPORTANCE) if len(interests) else 1.0
        look, words = self._ground.look_and_words(numbers)
        tastes = Tastes(
            numbers,
            self._ground.joined(look, words),
            (interests.importance[interest_of] / weightiest).astype(np.float32),
            self._ground.taste(interests.liking.disliked),
            interests.liking.dislike_weights,
        )
        return Tasted(tastes, interest_of, look, words)
