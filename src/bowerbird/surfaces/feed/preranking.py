"""This file is about the cut before ranking: many candidates in, what the ranker would put first out."""

import zlib
from dataclasses import dataclass

import numpy as np

from bowerbird.core.memo import Memo
from bowerbird.rank.prerank import Funnel, ItemRows, ServedPrerank, rows_kept
from bowerbird.rank.utility import utility, weights_of
from bowerbird.retrieve.types import Candidates
from bowerbird.surfaces.feed.config import FeedConfig
from bowerbird.surfaces.feed.ground import Ground
from bowerbird.surfaces.feed.ranking import LearnedRanking, by_row
from bowerbird.surfaces.feed.sources import INTERESTS, SOURCE_NAMES

IN_USE = 2
"""Pre-rankers that may serve beside each other: a champion's and a challenger's."""
MINUTE_MS = 60_000
_CHANCES = 2**32


@dataclass(frozen=True, slots=True)
class Cut:
    """What goes on to ranking, in the order of retrieval, and by which pre-ranker."""

    kept: Candidates
    model: str


class Preranking:
    """Asks the pre-ranker of the ranker in use where there are more candidates than are kept."""

    def __init__(self, ground: Ground, learned: LearnedRanking, config: FeedConfig) -> None:
        self._ground, self._learned, self._config = ground, learned, config
        self._rows: Memo[str, ItemRows] = Memo(IN_USE)

    def cut(
        self,
        funnel: Funnel,
        person_id: str,
        found: Candidates,
        popularity: np.ndarray,
        now_ms: int,
        more_to: str,
        seed: int,
    ) -> Cut | None:
        """The candidates that are kept; None where nothing is cut.

        A small share of the pages is ranked whole, so that the request log tells later pre-rankers of items
        that this one would have left out.

        Args:
            popularity: float32 [C].
            seed: of the page.
        """
        keep, config = self._config.prerank_keep, self._config
        prerank = funnel.prerank
        if prerank is None or len(found) <= keep or is_whole(seed, config.whole_share):
            return None
        ranker = funnel.ranker
        side, vectors = self._learned.side(person_id, ranker)
        features = self._learned.features(side, found.numbers, popularity, now_ms, ranker)
        asking = prerank.asking_of(by_row(side), vectors, now_ms, ranker)

        def content_of(numbers: np.ndarray) -> np.ndarray:
            return ranker.content(self._ground.taste(numbers))

        rows = self._rows_of(prerank).of(found.numbers, now_ms, content_of)
        worth = utility(prerank.chances(asking, rows, features), weights_of(config.utility, more_to))
        kept = rows_kept(worth, groups_of(found), keep, config.prerank_least)
        return Cut(found.where(kept), prerank.text)

    def _rows_of(self, prerank: ServedPrerank) -> ItemRows:
        max_age_ms = int(self._config.item_side_minutes * MINUTE_MS)
        return self._rows.get(prerank.version) or self._rows.keep_first(
            prerank.version, ItemRows(prerank, max_age_ms)
        )


def groups_of(found: Candidates) -> np.ndarray:
    """int64 [C] what is not to be cut away whole: each source, and each liked item that led to any."""
    is_led = found.sources == SOURCE_NAMES.index(INTERESTS)
    groups: np.ndarray = np.where(is_led, len(SOURCE_NAMES) + found.evidence, found.sources)
    return groups


def is_whole(seed: int, share: float) -> bool:
    """Whether the page of this seed is ranked without a cut."""
    return zlib.crc32(b"whole:%d" % seed) < share * _CHANCES
