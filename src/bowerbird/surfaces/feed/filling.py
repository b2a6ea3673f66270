"""This file is about filling a page: which of the ranked candidates takes which slot."""

from dataclasses import dataclass

import numpy as np

from bowerbird.blend import Pool, ShareControl, fill_slate
from bowerbird.lake.catalogue import Catalogue
from bowerbird.rank import Features, Ranked
from bowerbird.surfaces.feed.drawing import Filled, drawn, is_drawn
from bowerbird.surfaces.feed.exploring import NOTHING_TRIED, Tried, tried
from bowerbird.surfaces.feed.ground import Ground
from bowerbird.surfaces.feed.mix import mix
from bowerbird.surfaces.feed.person import Person
from bowerbird.surfaces.feed.places import Place
from bowerbird.surfaces.feed.sources import EXPLORE, FRESH, SOURCE_NAMES
from bowerbird.surfaces.feed.types import Sight

_TRIED_SOURCES = (SOURCE_NAMES.index(FRESH), SOURCE_NAMES.index(EXPLORE))


@dataclass(frozen=True, slots=True)
class Sorted:
    """Candidates by value, and what a page needs of each, in that order.

    Attributes:
        look: float32 [C, D] how they look.
        is_seen: bool [C] the person has met it.
        ranker: which one valued them.
        chances: float32 [C, heads] of a trained ranker; without columns where none had a say.
        learned: float32 [C] its word on the scale of values; zeros where none had one.
    """

    ranked: Ranked
    known: Features
    look: np.ndarray
    is_seen: np.ndarray
    ranker: str
    chances: np.ndarray
    learned: np.ndarray


@dataclass(frozen=True, slots=True)
class Filling:
    """Fills pages, and watches what share of them each kind of content has."""

    catalogue: Catalogue
    ground: Ground
    sight: Sight
    control: ShareControl

    def fill(
        self, best: Sorted, person: Person, place: Place, limit: int, now_ms: int, *, draws: bool
    ) -> Filled:
        """Rows of `best` for the page; with `draws` some of it is left to chance."""
        config = person.config
        if draws and is_drawn(place.page_seed, config.random_share):
            return drawn(len(best.ranked), limit, place.page_seed)
        at_chance = self._tried(best, person, place, limit) if draws else NOTHING_TRIED
        kinds = self.control.kinds_of(best.ranked.numbers) if len(self.control) else None
        pool = self._pool(best, person, place, now_ms, kinds)
        row_at = {slot: pool.already + row for slot, row in at_chance.row_at.items()}
        rows = fill_slate(pool, limit, config.blend, row_at) - pool.already
        if kinds is not None:
            self.control.placed(kinds, rows)
        chances = np.ones(len(rows), np.float32)
        for slot, row in at_chance.row_at.items():
            if slot < len(rows) and rows[slot] == row:
                chances[slot] = at_chance.chance
        return Filled(f"{best.ranker}/{config.blend.diversity}", rows, chances)

    def _tried(self, best: Sorted, person: Person, place: Place, limit: int) -> Tried:
        config = person.config
        is_open = np.isin(best.ranked.candidates.sources, _TRIED_SOURCES) & ~best.is_seen
        return tried(is_open, config.exploring_slots, limit, config.exploring_pool, place.page_seed)

    def _pool(
        self, best: Sorted, person: Person, place: Place, now_ms: int, kinds: np.ndarray | None
    ) -> Pool:
        """The candidates; the last of the page before still spaces and shades this one."""
        mixed = mix(best.ranked.candidates, best.known, person, person.config)
        tail = np.array(place.tail, dtype=np.int64)
        numbers = np.concatenate([tail, best.ranked.numbers])
        values = best.ranked.values if kinds is None else best.ranked.values + self.control.boosts(kinds)
        return Pool(
            values=np.concatenate([np.zeros(len(tail), dtype=np.float32), values]),
            vectors=np.concatenate([self.sight.look.vectors(tail), best.look]),
            categories=self.catalogue.codes("category")[numbers] - 1,
            owners=self.catalogue.codes("owner")[numbers] - 1,
            signatures=self.catalogue.signature[numbers],
            streams=np.concatenate([np.zeros(len(tail), dtype=np.int64), mixed.streams]),
            shares=mixed.shares,
            is_last=np.concatenate([np.zeros(len(tail), dtype=bool), best.is_seen]),
            is_fresh=self.ground.are_fresh(numbers, now_ms),
            already=len(tail),
        )
