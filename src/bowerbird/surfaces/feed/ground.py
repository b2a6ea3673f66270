"""This file is about the ground that requests stand on: what is true of the catalogue, not of a person."""

import threading
from dataclasses import dataclass

import numpy as np

from bowerbird.core.arrays import Embeddings, ItemNumbers
from bowerbird.core.filters import Filter
from bowerbird.core.memo import Memo
from bowerbird.lake.catalogue import Catalogue
from bowerbird.lake.catalogue_columns import PATH_SEPARATOR
from bowerbird.surfaces.feed.types import Sight, stamp_of
from bowerbird.taste import Likeness, measure_likeness

SAMPLE_ITEMS = 400
NEWEST_ITEMS = 500
DAY_MS = 86_400_000
GROWN = 1.25


@dataclass(frozen=True, slots=True)
class Scales:
    """What closeness means in each space, and for how many items it was measured."""

    taste: Likeness
    look: Likeness
    words: Likeness
    stamp: str
    items: int


class Ground:
    """Reads the catalogue for the feed; what is costly is kept until the catalogue changes."""

    def __init__(self, catalogue: Catalogue, sight: Sight, *, look_share: float, fresh_days: float) -> None:
        self._catalogue = catalogue
        self._sight = sight
        self._look_part = np.float32(np.sqrt(look_share))
        self._words_part = np.float32(np.sqrt(1.0 - look_share))
        self._fresh_ms = int(fresh_days * DAY_MS)
        self._allowed: Memo[tuple[int, str], tuple[np.ndarray, ItemNumbers]] = Memo(8)
        self._newest: Memo[int, np.ndarray] = Memo(2)
        self._owned: Memo[tuple[int, tuple[str, ...]], ItemNumbers] = Memo(256)
        self._scales: Scales | None = None
        self._measuring = threading.Lock()

    def allowed(self, where: Filter | None) -> tuple[np.ndarray, ItemNumbers]:
        """Live items that the filter keeps: bool [highest number + 1], and their numbers.

        Raises:
            FilterError: the catalogue has no such field.
        """
        key = (self._catalogue.version, repr(where))  # Eq("x", 1) == Eq("x", True), but not the same filter
        kept = self._allowed.get(key)
        if kept is None:
            mask = self._catalogue.mask(where)
            kept = self._allowed.keep(key, (mask, np.flatnonzero(mask)))
        return kept

    def owned_by(self, owners: tuple[str, ...]) -> ItemNumbers:
        """Sorted numbers of the items of these owners; kept until the catalogue changes."""
        if not owners:
            return np.zeros(0, dtype=np.int64)
        key = (self._catalogue.version, owners)
        kept = self._owned.get(key)
        if kept is None:
            vocabulary = self._catalogue.vocabulary("owner")
            codes = [code for owner in owners if (code := vocabulary.code(owner))]
            kept = self._owned.keep(key, np.flatnonzero(np.isin(self._catalogue.codes("owner"), codes)))
        return kept

    def are_live(self, numbers: ItemNumbers) -> bool:
        """Whether all of these are in the catalogue."""
        return bool(self._catalogue.live[numbers].all())

    def taste_of_live(self, numbers: ItemNumbers) -> np.ndarray:
        """Like `taste`, with rows of zeros also for items that left the catalogue but not yet the index."""
        taste = self.taste(numbers)
        taste[~self._catalogue.live[numbers]] = 0.0
        return taste

    def newest(self, now_ms: int) -> ItemNumbers:
        """At most 500 items that came in the last days, newest first.

        Nothing where most of the catalogue is that new: then "new" tells nobody anything.
        """
        version = self._catalogue.version
        newest = self._newest.get(version)
        if newest is None:
            newest = self._newest.keep(version, self._read_newest())
        created_ms = self._catalogue.created_ms[newest]
        fresh: ItemNumbers = newest[created_ms > now_ms - self._fresh_ms]
        all_live = len(self.allowed(None)[1])
        return fresh if len(fresh) < min(NEWEST_ITEMS, all_live / 2) else fresh[:0]

    def are_fresh(self, numbers: ItemNumbers, now_ms: int) -> np.ndarray:
        """bool [C] which came in the last days; none where most of the catalogue did."""
        if not len(self.newest(now_ms)):
            return np.zeros(len(numbers), dtype=bool)
        fresh: np.ndarray = self._catalogue.created_ms[numbers] > now_ms - self._fresh_ms
        return fresh

    def scales(self) -> Scales:
        """What closeness means; measured anew when the vectors or the catalogue's size have changed."""
        scales = self._scales
        numbers = self.allowed(None)[1]
        is_ours = scales is not None and scales.stamp == stamp_of(self._sight)
        if scales is not None and is_ours and scales.items / GROWN <= len(numbers) <= scales.items * GROWN:
            return scales
        with self._measuring:
            rng = np.random.default_rng(0)
            sample = rng.permutation(numbers)[:SAMPLE_ITEMS]
            look, words = self._sight.look.vectors(sample), self._sight.words.vectors(sample)
            self._scales = Scales(
                measure_likeness(self.joined(look, words)),
                measure_likeness(look),
                measure_likeness(words),
                stamp_of(self._sight),
                len(numbers),
            )
            return self._scales

    def category_of(self, number: int) -> str:
        """The last level of the item's category; empty where it has none."""
        code = int(self._catalogue.codes("category")[number])
        return self._catalogue.vocabulary("category")[code].split(PATH_SEPARATOR)[-1]

    @property
    def version(self) -> int:
        """Of the catalogue; grows with each change."""
        return self._catalogue.version

    def look_and_words(self, numbers: ItemNumbers) -> tuple[np.ndarray, np.ndarray]:
        """[C, D_look] and [C, D_words] unit vectors; rows of zeros where an item is gone."""
        return self._sight.look.vectors(numbers), self._sight.words.vectors(numbers)

    def taste(self, numbers: ItemNumbers) -> Embeddings:
        """[C, D_look + D_words] unit vectors in which tastes are compared."""
        return self.joined(*self.look_and_words(numbers))

    def joined(self, look: np.ndarray, words: np.ndarray) -> np.ndarray:
        """[C, D_look + D_words] both as one: its cosine is the weighted mean of the two cosines."""
        return np.concatenate([look * self._look_part, words * self._words_part], axis=1)

    def _read_newest(self) -> np.ndarray:
        numbers = self.allowed(None)[1]
        created_ms = self._catalogue.created_ms[numbers]
        if len(numbers) > NEWEST_ITEMS:
            part = np.argpartition(-created_ms, NEWEST_ITEMS)[:NEWEST_ITEMS]
            numbers, created_ms = numbers[part], created_ms[part]
        return numbers[np.lexsort((-numbers, -created_ms))]
