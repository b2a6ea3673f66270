"""This file is about items: how a catalogue is made up, and what only the world knows of it."""

import itertools
from dataclasses import dataclass

import numpy as np

from bowerbird.world.config import ItemsConfig, WorldConfig
from bowerbird.world.draws import Stream, generator
from bowerbird.world.seen import WorldItems, unit_rows

STYLES = (
    "walnut", "rattan", "linen", "brass", "terracotta", "velvet", "marble", "wicker", "pastel", "vintage",
    "nordic", "boho", "rustic", "graphic", "painted",
)  # fmt: skip
THINGS = (
    "lamps", "chairs", "rugs", "vases", "shelves", "cushions", "posters", "planters", "mirrors", "bowls",
    "desks", "blankets", "stools", "clocks", "baskets", "candles", "curtains", "trays", "benches", "teapots",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ItemTruth:
    """What only the world knows.

    Attributes:
        quality: float32 [N] log-odds that everybody adds.
        middles: float32 [T, D] unit vectors of the topics.
        pull: float32 [T] chance that an interest is of this topic.
        season_height, season_phase: float32 [T] of the year's up and down; the phase in years.
    """

    quality: np.ndarray
    middles: np.ndarray
    pull: np.ndarray
    season_height: np.ndarray
    season_phase: np.ndarray

    def season(self, day_of_year: float) -> np.ndarray:
        """float32 [T] log-odds that the day adds to each topic."""
        turn = 2 * np.pi * (day_of_year / 365.25 - self.season_phase)
        season: np.ndarray = (self.season_height * np.sin(turn)).astype(np.float32)
        return season


def make_items(config: WorldConfig) -> WorldItems:
    """A catalogue of clusters, in the sizes that the settings say."""
    knobs, rng = config.items, generator(config.seed, Stream.CATALOGUE)
    topic_count = min(knobs.topics, knobs.count)
    sizes = _zipf(topic_count, knobs.topic_skew)
    topics = rng.choice(topic_count, knobs.count, p=sizes).astype(np.int32)
    topics[:topic_count] = np.arange(topic_count)  # no topic is empty
    middles = unit_rows(rng.normal(size=(topic_count, knobs.width)))
    names = _topic_names(topic_count, rng)
    return WorldItems(
        ids=tuple(f"item-{number}" for number in range(knobs.count)),
        vectors=near(middles[topics], knobs.closeness, rng),
        topics=topics,
        topic_names=names,
        titles=tuple(f"{names[topic]} no. {number}" for number, topic in enumerate(topics)),
        owners=_owners(knobs, knobs.count, rng),
        price_micros=_prices(knobs, knobs.count, rng),
        born_day=_born(knobs, knobs.count, config.days),
    )


def make_item_truth(config: WorldConfig, items: WorldItems) -> ItemTruth:
    """What the world adds to a catalogue, made up or real."""
    knobs, rng = config.items, generator(config.seed, Stream.CATALOGUE, 1)
    topic_count = len(items.topic_names)
    sums = np.zeros((topic_count, items.vectors.shape[1]))
    np.add.at(sums, items.topics, items.vectors)
    sizes = np.bincount(items.topics, minlength=topic_count) ** 0.5
    pull = sizes * _zipf(topic_count, knobs.topic_skew)[rng.permutation(topic_count)]
    return ItemTruth(
        quality=(knobs.quality_spread * rng.normal(size=len(items))).astype(np.float32),
        middles=unit_rows(sums),
        pull=(pull / pull.sum()).astype(np.float32),
        season_height=(knobs.season_height * rng.random(topic_count)).astype(np.float32),
        season_phase=rng.random(topic_count).astype(np.float32),
    )


def near(middles: np.ndarray, closeness: float, rng: np.random.Generator) -> np.ndarray:
    """float32 [R, D] unit vectors whose cosine to `middles` is `closeness` on average."""
    noise = rng.normal(size=middles.shape)
    noise -= (noise * middles).sum(axis=1, keepdims=True) * middles  # only what is across
    return unit_rows(closeness * middles + np.sqrt(1 - closeness**2) * unit_rows(noise))


def _zipf(count: int, exponent: float) -> np.ndarray:
    weights = (np.arange(count) + 1.0) ** -exponent
    shares: np.ndarray = weights / weights.sum()
    return shares


def _topic_names(count: int, rng: np.random.Generator) -> tuple[str, ...]:
    pairs = [f"{style} {thing}" for style, thing in itertools.product(STYLES, THINGS)]
    order = rng.permutation(len(pairs))
    rounds = range(-(-count // len(pairs)))
    named = [pairs[place] + (f" {turn + 1}" if turn else "") for turn in rounds for place in order]
    return tuple(named[:count])


def _owners(knobs: ItemsConfig, count: int, rng: np.random.Generator) -> np.ndarray:
    owners: np.ndarray = rng.choice(knobs.owners, count, p=_zipf(knobs.owners, 1.0)).astype(np.int32)
    return owners


def _prices(knobs: ItemsConfig, count: int, rng: np.random.Generator) -> np.ndarray:
    usd = knobs.price_median_usd * np.exp(knobs.price_spread * rng.normal(size=count))
    micros: np.ndarray = np.maximum(np.round(usd * 100), 1).astype(np.int64) * 10_000
    return micros


def _born(knobs: ItemsConfig, count: int, days: int) -> np.ndarray:
    arriving = min(round(count * knobs.arriving_share), count - 1)
    born = np.zeros(count, np.int32)
    if arriving:
        born[count - arriving :] = 1 + np.arange(arriving) * max(days - 1, 1) // arriving
    return born
