"""This file is about ranking with a trained model in the feed: its inputs out of what the feed knows."""

from dataclasses import dataclass

import numpy as np

from bowerbird.core.memo import Memo
from bowerbird.lake.catalogue import Catalogue
from bowerbird.lake.online_state import OnlineState
from bowerbird.rank.prerank import Funnel, FunnelNow
from bowerbird.rank.ranker import ItemSide, PersonSide, ServedRanker
from bowerbird.rank.ranker.sides import features_of, likes_among
from bowerbird.rank.utility import UtilityConfig, on_scale, utility, weights_of
from bowerbird.surfaces.feed.ground import Ground

PEOPLE_KEPT = 2_000
LATEST = 200


@dataclass(frozen=True, slots=True)
class Learned:
    """What a trained ranker says of candidates.

    Attributes:
        chances: float32 [C, heads].
        values: float32 [C] on the scale of blending.
        model: its name and id.
    """

    chances: np.ndarray
    values: np.ndarray
    model: str


class LearnedRanking:
    """Asks the ranker in use, if there is one that knows this space."""

    def __init__(
        self,
        catalogue: Catalogue,
        online: OnlineState,
        ground: Ground,
        funnel_now: FunnelNow,
        config: UtilityConfig,
    ) -> None:
        self._catalogue, self._online, self._ground = catalogue, online, ground
        self._funnel_now, self._config = funnel_now, config
        self._sides: Memo[str, tuple[int, str, PersonSide, np.ndarray]] = Memo(PEOPLE_KEPT)

    def funnel_of(self, person_id: str) -> Funnel | None:
        """What is in use for the person, to be asked for once a page; None for a ranker of other vectors."""
        funnel = self._funnel_now(person_id)
        if funnel is None or funnel.ranker.space != self._ground.scales().stamp:
            return None
        return funnel

    def of(
        self,
        ranker: ServedRanker,
        person_id: str,
        numbers: np.ndarray,
        raw: np.ndarray,
        popularity: np.ndarray,
        now_ms: int,
        more_to: str,
    ) -> Learned:
        """What the ranker says.

        Args:
            ranker: of `funnel_of`.
            raw: float32 [C, D] of the candidates `numbers`, as `Ground.taste` gives them.
            popularity: float32 [C].
        """
        side, vectors = self.side(person_id, ranker)
        features = self.features(side, numbers, popularity, now_ms, ranker)
        chances = ranker.chances(by_row(side), vectors, ranker.content(raw), features, now_ms)
        worth = utility(chances, weights_of(self._config, more_to))
        return Learned(chances, on_scale(worth), ranker.text)

    def forget(self, person_id: str) -> None:
        """Drop what is kept about a person."""
        self._sides.drop(person_id)

    def features(
        self, side: PersonSide, numbers: np.ndarray, popularity: np.ndarray, now_ms: int, ranker: ServedRanker
    ) -> np.ndarray:
        """float32 [C, F] of candidates, as ranker and pre-ranker read them."""
        codes = self._catalogue.codes("category"), self._catalogue.codes("owner")
        items = ItemSide(np.zeros((0, 0), np.float32), self._catalogue.created_ms, *codes)
        return features_of(side, numbers, items, popularity, now_ms, ranker.config.new_days)

    def side(self, person_id: str, ranker: ServedRanker) -> tuple[PersonSide, np.ndarray]:
        """The person, and the content of their likes and of what they left alone, one row each."""
        version = self._online.version(person_id)
        kept = self._sides.get(person_id)
        if kept is None or kept[0] != version or kept[1] != ranker.version:
            side = person_side(
                self._online, person_id, max(ranker.config.long, ranker.config.recent), ranker.config.left
            )
            named = np.concatenate([side.likes, side.left])
            vectors = (
                ranker.content(self._ground.taste_of_live(named))
                if len(named)
                else np.zeros((1, ranker.config.basis), np.float32)
            )
            kept = self._sides.keep(person_id, (version, ranker.version, side, vectors))
        return kept[2], kept[3]


def person_side(online: OnlineState, person_id: str, likes: int, left: int) -> PersonSide:
    """What a person did, from the online store, oldest first."""
    recent = online.recent(person_id, max(likes, LATEST))
    liked = np.flatnonzero(likes_among(recent.actions))[:likes][::-1]
    shown = online.last_seen(person_id, left + len(recent))
    alone = ~np.isin(shown.numbers, recent.numbers)
    left_alone = np.flatnonzero(alone)[:left][::-1]
    return PersonSide(
        recent.numbers[liked], recent.actions[liked], recent.at_ms[liked],
        shown.numbers[left_alone], shown.at_ms[left_alone], online.seen(person_id),
    )  # fmt: skip


def by_row(side: PersonSide) -> PersonSide:
    """The same with rows of the vectors in place of item numbers."""
    likes = np.arange(len(side.likes))
    left = len(likes) + np.arange(len(side.left))
    return PersonSide(likes, side.actions, side.likes_ms, left, side.left_ms, side.seen)
