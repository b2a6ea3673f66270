"""This file is about related items: more that look like one item, or are something like it."""

from dataclasses import dataclass

import numpy as np

from bowerbird.blend import CursorSigner, Page, Placement, Pool, fill_slate
from bowerbird.blend.stages import Stages
from bowerbird.core.errors import NotFoundError
from bowerbird.core.memo import Memo
from bowerbird.core.request import RelatedRequest
from bowerbird.eligible import Standing, hidden_from, keep_allowed, keep_not_hidden, keep_not_shown, screen
from bowerbird.lake.catalogue import Catalogue
from bowerbird.lake.online_state import OnlineState
from bowerbird.lake.request_log import LogRequest
from bowerbird.retrieve.frame_index import NO_FRAMES, FrameHits
from bowerbird.surfaces.feed import reasons
from bowerbird.surfaces.feed.config import RelatedConfig
from bowerbird.surfaces.feed.ground import Ground
from bowerbird.surfaces.feed.home import check_limit, without
from bowerbird.surfaces.feed.places import Place, Places
from bowerbird.surfaces.feed.recorded import related_record
from bowerbird.surfaces.feed.types import FramesNow, Sight

LOOK, WORDS = "look", "words"
POOL_PAGES = 3
FRAMES_ASKED = 8


@dataclass(frozen=True, slots=True)
class _Neighbours:
    """Neighbours of one item, nearest first.

    Attributes:
        numbers: int64 [C].
        values: float32 [C] weighted closeness.
        by_look: bool [C] the look says more for it than the words.
        look: [C, D] look vectors.
    """

    numbers: np.ndarray
    values: np.ndarray
    by_look: np.ndarray
    look: np.ndarray

    def where(self, rows: np.ndarray) -> "_Neighbours":
        """Only these rows."""
        return _Neighbours(self.numbers[rows], self.values[rows], self.by_look[rows], self.look[rows])


class RelatedItems:
    """Pages of "more like this". Safe to share between threads."""

    def __init__(
        self,
        catalogue: Catalogue,
        sight: Sight,
        online: OnlineState,
        signer: CursorSigner,
        config: RelatedConfig | None = None,
        frames: FramesNow | None = None,
        log_request: LogRequest | None = None,
    ) -> None:
        """`log_request` is told of each page."""
        self._config = config or RelatedConfig()
        self._catalogue = catalogue
        self._sight = sight
        self._online = online
        self._signer = signer
        self._frames = frames
        self._log_request = log_request
        self._ground = Ground(catalogue, sight, look_share=self._config.look_share, fresh_days=1.0)
        self._pages: Memo[tuple[str, str, int], Page] = Memo(self._config.pages_kept)

    def __call__(self, request: RelatedRequest) -> Page:
        """The next page of what is like the item; the item and its near-copies are left out.

        Raises:
            NotFoundError: there is no such item.
            CursorError: the cursor is not of this person and item.
            FilterError, InputError: the filter or the limit cannot be used.
        """
        check_limit(request.limit, self._config.max_limit)
        number = request.item_number
        if not 0 <= number < self._catalogue.size or not self._catalogue.live[number]:
            raise NotFoundError(f"there is no item number {number}; it may have been deleted; choose another")
        places = Places(self._signer, f"related/{number}")
        if request.cursor is None:
            return self._make(request, places, places.begin(request.request_id, request.where))
        place = places.read(request.person_id, request.cursor, request.where)
        key = (request.person_id, request.cursor, request.limit)
        page = self._pages.get(key) or self._pages.keep_first(key, self._make(request, places, place))
        return without(page, hidden_from(self._online, request.person_id))

    def refresh(self) -> None:
        """Bring up to date what many requests share; called at start."""
        self._ground.scales()

    def _make(self, request: RelatedRequest, places: Places, place: Place) -> Page:
        stages = Stages()
        found = self._neighbours(request.item_number, place)
        stages.ended("retrieve", len(self._sight.look), len(found.numbers))
        mask, _ = self._ground.allowed(place.where)
        standing = Standing(hidden=hidden_from(self._online, request.person_id), shown=place.shown)
        rules = {"unavailable": keep_allowed(mask), "hidden": keep_not_hidden, "shown": keep_not_shown}
        screened = screen(found.numbers, standing, rules)
        stages.screened(screened.removals)
        kept = self._near_enough(found.where(screened.keep), place, request.limit)
        stages.ended("rank", int(screened.keep.sum()), len(kept.numbers))
        rows = self._blend(kept, place, request.limit)
        chosen = kept.where(rows)
        stages.ended("blend", len(kept.numbers), len(chosen.numbers))
        placements = tuple(
            self._placement(request.item_number, chosen, row) for row in range(len(chosen.numbers))
        )
        has_more = 0 < len(chosen.numbers) < len(kept.numbers)
        cursor = places.write(request.person_id, place.after(chosen.numbers)) if has_more else None
        models = {"look": self._sight.look.stamp_text, "words": self._sight.words.stamp_text}
        if self._log_request is not None:
            policy = f"closeness-1/{self._config.blend.diversity}"
            weighed = (kept.numbers, kept.values, kept.by_look)
            self._log_request(related_record(request, *weighed, rows, placements, policy, models))
        return Page(request.request_id, placements, cursor, stages.report(), models)

    def _neighbours(self, number: int, place: Place) -> _Neighbours:
        """The nearest of both spaces together, but for the item itself and its near-copies."""
        own = np.array([number], dtype=np.int64)
        spaces = (self._sight.look, self._sight.words)
        own_look, own_words = (space.vectors(own) for space in spaces)
        sights = self._with_frames(number, own_look)
        k = self._config.neighbours
        hits = [
            space.search(query, k, place.where).numbers.ravel()
            for space, query in zip(spaces, (sights, own_words), strict=True)
        ]
        by_frames = self._by_frames(own_look, k, place)
        found = np.unique(np.concatenate([*hits, by_frames.numbers]))
        found = found[(found >= 0) & (found != number)]
        look, words = (space.vectors(found) for space in spaces)
        # A video is like what any of its frames is like, and so is what is like a video.
        alike, meanings = look @ sights.T, words @ own_words[0]
        cosines = alike.max(axis=1, initial=-1.0)
        at = np.searchsorted(found, by_frames.numbers)
        there = np.flatnonzero(by_frames.numbers != number)
        cosines[at[there]] = np.maximum(cosines[at[there]], by_frames.scores[there])
        scales, share = self._ground.scales(), np.float32(self._config.look_share)
        by_look = share * np.clip(scales.look.closeness(cosines), 0.0, None)
        by_words = (np.float32(1.0) - share) * np.clip(scales.words.closeness(meanings), 0.0, None)
        values = (by_look + by_words).astype(np.float32)
        is_other = ~self._is_copy(number, found, alike[:, 0])
        order = np.argsort(-values, kind="stable")
        order = order[is_other[order]]
        return _Neighbours(found[order], values[order], (by_look >= by_words)[order], look[order])

    def _with_frames(self, number: int, own_look: np.ndarray) -> np.ndarray:
        """[1 + F, D] how the item looks, and how some frames of its video do."""
        if self._frames is None:
            return own_look
        frames = self._frames().vectors_of(number, LOOK)
        few = np.unique(np.linspace(0, len(frames) - 1, FRAMES_ASKED).round().astype(int))
        return np.concatenate([own_look, frames[few]]) if len(frames) else own_look

    def _by_frames(self, own_look: np.ndarray, k: int, place: Place) -> FrameHits:
        """Videos with a frame that looks like the item."""
        return NO_FRAMES if self._frames is None else self._frames().search(LOOK, own_look, k, place.where)

    def _is_copy(self, number: int, found: np.ndarray, cosines: np.ndarray) -> np.ndarray:
        """Bool [C]: the picture is the item's own, or as good as."""
        blend, signature = self._config.blend, self._catalogue.signature
        bits = np.bitwise_count(np.bitwise_xor(signature[found], signature[number]).view(np.uint64))
        same = (bits <= blend.same_picture_bits) & (signature[number] != 0) & (signature[found] != 0)
        copies: np.ndarray = (same & (cosines >= blend.same_signature_cosine)) | (
            cosines >= blend.same_picture_cosine
        )
        return copies

    def _near_enough(self, found: _Neighbours, place: Place, limit: int) -> _Neighbours:
        """What is like the item; a first page is filled with the nearest there are."""
        near = int(np.count_nonzero(found.values >= self._config.least_closeness))
        return found.where(np.arange(max(near, limit) if place.page == 0 else near)[: len(found.numbers)])

    def _blend(self, kept: _Neighbours, place: Place, limit: int) -> np.ndarray:
        """Rows for the page: out of the nearest few pages' worth, so that likeness falls down the list."""
        pool = kept.where(np.arange(min(POOL_PAGES * limit, len(kept.numbers))))
        tail = np.array(place.tail, dtype=np.int64)
        numbers = np.concatenate([tail, pool.numbers])
        count = len(numbers)
        rows = fill_slate(
            Pool(
                values=np.concatenate([np.zeros(len(tail), dtype=np.float32), pool.values]),
                vectors=np.concatenate([self._sight.look.vectors(tail), pool.look]),
                categories=self._catalogue.codes("category")[numbers] - 1,
                owners=self._catalogue.codes("owner")[numbers] - 1,
                signatures=self._catalogue.signature[numbers],
                streams=np.zeros(count, dtype=np.int64),
                shares=np.ones(1, dtype=np.float32),
                is_last=np.zeros(count, dtype=bool),
                is_fresh=np.zeros(count, dtype=bool),
                already=len(tail),
            ),
            limit,
            self._config.blend,
        )
        return rows - len(tail)

    def _placement(self, number: int, chosen: _Neighbours, row: int) -> Placement:
        by_look = bool(chosen.by_look[row])
        reason = (reasons.looks_like if by_look else reasons.words_like)(number, self._catalogue.title)
        value = float(chosen.values[row])
        source = LOOK if by_look else WORDS
        return Placement(int(chosen.numbers[row]), row, "organic", source, value, value, reason)
