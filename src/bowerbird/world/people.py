"""This file is about people: how they are made up, and what moves them."""

from dataclasses import dataclass

import numpy as np

from bowerbird.world.config import PeopleConfig, WorldConfig
from bowerbird.world.draws import Stream, as_uniforms, generator, hashes, uniforms
from bowerbird.world.items import ItemTruth, near
from bowerbird.world.seen import COUNTRIES, DEVICES, ID_PREFIX, PeopleSeen, WorldItems, unit_rows

_COUNTRY_SHARES = np.array([0.36, 0.14, 0.1, 0.1, 0.08, 0.1, 0.07, 0.05])
_UTC_OFFSET_H = np.array([-6, -3, 0, 1, 1, 5.5, 9, 10])
_COLUMNS = np.array([2, 3, 5])
_SHOP_WINDOWS = 12
_PEOPLE_AT_ONCE = 20_000


@dataclass(slots=True)
class PeopleTruth:
    """What moves people. Interests change from day to day (`drift`); the rest stays.

    Attributes:
        interests: float32 [P, K, D] unit vectors.
        interest_topics: int32 [P, K] the topic that each began from.
        generations: int32 [P, K] how many interests stood in this place before.
        weights: float32 [P, K] how much each counts, the strongest first.
        sessions_a_day: float32 [P].
        utc_offset_h: float32 [P].
        patience: float32 [P] chance to look at the next row.
        trust: float32 [P] of the position.
        usual_price_log: float32 [P] logarithm of the price in micros that feels right.
        shopping: int64 [P, J] items that they mean to buy, wherever they meet them: mostly what they like, so
            that those who are shown an item are also those who would have bought it anyway.
    """

    interests: np.ndarray
    interest_topics: np.ndarray
    generations: np.ndarray
    weights: np.ndarray
    sessions_a_day: np.ndarray
    utc_offset_h: np.ndarray
    patience: np.ndarray
    trust: np.ndarray
    usual_price_log: np.ndarray
    shopping: np.ndarray

    def drift(self, config: WorldConfig, day: int, truth: ItemTruth) -> None:
        """Interests as they are on `day`, from those of the day before."""
        knobs, (count, places, width) = config.people, self.interests.shape
        rng = generator(config.seed, Stream.DRIFT, day)
        if knobs.drift > 0:
            noise = rng.normal(size=(count * places, width)) / np.sqrt(width)
            turned = self.interests.reshape(-1, width) + knobs.drift * noise
            self.interests = unit_rows(turned).reshape(self.interests.shape)
        chance = uniforms(config.seed, Stream.DRIFT, np.arange(count), day)
        changing = np.flatnonzero(chance < knobs.new_interest_share)
        if len(changing):
            place = rng.integers(0, places, len(changing))
            topics = rng.choice(len(truth.pull), len(changing), p=_shares(truth.pull)).astype(np.int32)
            self.interests[changing, place] = near(truth.middles[topics], knobs.closeness, rng)
            self.interest_topics[changing, place] = topics
            self.generations[changing, place] += 1


def make_people(
    config: WorldConfig, items: WorldItems, truth: ItemTruth, ids: tuple[str, ...] | None = None
) -> tuple[PeopleSeen, PeopleTruth]:
    """Everybody, as on the first day; ids of their own where none are given."""
    knobs, rng = config.people, generator(config.seed, Stream.PEOPLE)
    count = knobs.count
    countries = rng.choice(len(COUNTRIES), count, p=_COUNTRY_SHARES).astype(np.int8)
    desktop = max(0.0, 1.0 - knobs.phone_share - knobs.tablet_share)
    shares = np.array([knobs.phone_share, knobs.tablet_share, desktop])
    devices = rng.choice(len(DEVICES), count, p=_shares(shares)).astype(np.int8)
    seen = PeopleSeen(
        ids=ids or tuple(f"{ID_PREFIX}{config.seed}-{number}" for number in range(count)),
        countries=countries,
        devices=devices,
        columns=_COLUMNS[devices].astype(np.int32),
    )
    topics = _different_topics(config, truth.pull)
    interests = near(truth.middles[topics.ravel()], knobs.closeness, rng).reshape(count, knobs.interests, -1)
    patience_log_odds = np.log(knobs.patience / (1 - knobs.patience)) + 0.5 * rng.normal(size=count)
    known_price = items.price_micros[items.price_micros > 0]
    middle_price = float(np.median(known_price)) if len(known_price) else 1e6
    return seen, PeopleTruth(
        interests=interests,
        interest_topics=topics,
        generations=np.zeros((count, knobs.interests), np.int32),
        weights=_weights(knobs, rng),
        sessions_a_day=_activity(knobs, rng),
        utc_offset_h=_UTC_OFFSET_H[countries].astype(np.float32),
        patience=(1 / (1 + np.exp(-patience_log_odds))).astype(np.float32),
        trust=(config.behaviour.trust * rng.uniform(0, 2, count)).astype(np.float32),
        usual_price_log=(np.log(middle_price) + 0.4 * rng.normal(size=count)).astype(np.float32),
        shopping=_shopping(config, items, interests, rng),
    )


def _shopping(
    config: WorldConfig, items: WorldItems, interests: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """For each entry the best liked of a few items drawn at random."""
    places = config.behaviour.shopping_list
    listed = np.zeros((len(interests), places), np.int64)
    for place in range(places):
        drawn = rng.integers(0, len(items), (len(interests), _SHOP_WINDOWS))
        for start in range(0, len(interests), _PEOPLE_AT_ONCE):
            rows = slice(start, start + _PEOPLE_AT_ONCE)
            liked = (items.vectors[drawn[rows]] @ interests[rows].transpose(0, 2, 1)).max(axis=2)
            listed[rows, place] = np.take_along_axis(drawn[rows], liked.argmax(axis=1)[:, None], axis=1)[:, 0]
    return listed


def _different_topics(config: WorldConfig, pull: np.ndarray) -> np.ndarray:
    """int32 [P, K] topics by their pull, none twice for one person where there are enough."""
    knobs = config.people
    chances = as_uniforms(
        hashes(config.seed, Stream.PEOPLE, np.arange(knobs.count)[:, None], np.arange(len(pull))[None, :])
    )
    # The exponential trick: the K smallest of E/weight are K draws without replacement.
    keys = -np.log(np.maximum(chances, 1e-7)) / np.maximum(pull, 1e-9)
    chosen = np.argsort(keys, axis=1, kind="stable")[:, : knobs.interests]
    places = np.arange(knobs.interests) % chosen.shape[1]
    topics: np.ndarray = chosen[:, places].astype(np.int32)
    return topics


def _weights(knobs: PeopleConfig, rng: np.random.Generator) -> np.ndarray:
    fading = np.clip(knobs.fading + rng.uniform(-0.1, 0.1, (knobs.count, 1)), 0.05, 1.0)
    weights: np.ndarray = (fading ** np.arange(knobs.interests)).astype(np.float32)
    return weights


def _activity(knobs: PeopleConfig, rng: np.random.Generator) -> np.ndarray:
    spread = knobs.activity_spread
    activity = knobs.sessions_a_day * np.exp(spread * rng.normal(size=knobs.count) - spread**2 / 2)
    capped: np.ndarray = np.minimum(activity, 20.0).astype(np.float32)
    return capped


def _shares(weights: np.ndarray) -> np.ndarray:
    shares: np.ndarray = weights.astype(np.float64) / weights.astype(np.float64).sum()
    return shares
