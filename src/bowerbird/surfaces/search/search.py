"""This file is about search: by words, by picture, by a part of one, by words and picture."""

from dataclasses import dataclass

import numpy as np

from bowerbird.blend import CursorSigner, Placement
from bowerbird.blend.stages import Stages
from bowerbird.core.errors import CursorError, InputError
from bowerbird.core.memo import Memo
from bowerbird.core.request import SearchRequest
from bowerbird.eligible import Removal, hidden_from, holds
from bowerbird.lake.catalogue import Catalogue
from bowerbird.lake.online_state import OnlineState
from bowerbird.lake.request_log import LogRequest
from bowerbird.surfaces.search import cursors, telling
from bowerbird.surfaces.search.config import SearchConfig
from bowerbird.surfaces.search.reading import QueryReader
from bowerbird.surfaces.search.recorded import search_record
from bowerbird.surfaces.search.seeking import SOURCE_NAMES, Found, Seeker
from bowerbird.surfaces.search.suggestions import Suggester
from bowerbird.surfaces.search.types import (
    Decode,
    EncoderPair,
    FrameOf,
    FramesNow,
    PictureOf,
    Query,
    QueryShown,
    QuerySpace,
    SearchIndexes,
    SearchPage,
    Suggestion,
)


@dataclass(frozen=True, slots=True)
class _List:
    """A search and its hits, kept for further pages."""

    query: Query
    found: Found


class Search:
    """Answers searches of any person. Safe to share between threads."""

    def __init__(
        self,
        catalogue: Catalogue,
        indexes: SearchIndexes,
        encoders: EncoderPair,
        space: QuerySpace,
        online: OnlineState,
        decode: Decode,
        picture_of: PictureOf,
        signer: CursorSigner,
        config: SearchConfig | None = None,
        frames: FramesNow | None = None,
        frame_of: FrameOf | None = None,
        log_request: LogRequest | None = None,
    ) -> None:
        """`log_request` is told of each page."""
        self._log_request = log_request
        self._config = config or SearchConfig()
        self._catalogue = catalogue
        self._indexes = indexes
        self._online = online
        self._signer = signer
        self._reader = QueryReader(
            catalogue, indexes, encoders, space, decode, picture_of, self._config, frame_of
        )
        self._seeker = Seeker(catalogue, indexes, space, self._config, frames)
        self._suggester = Suggester(catalogue, titles=self._config.suggestion_titles)
        self._lists: Memo[tuple[str, str], _List] = Memo(self._config.lists_kept)

    def __call__(self, request: SearchRequest) -> SearchPage:
        """One page of hits.

        Raises:
            InputError: there is nothing to search for, or the limit is out of bounds.
            NotFoundError: there is no such item.
            PictureError: the upload cannot be used.
            FilterError: the filter names an unknown field.
            CursorError: the cursor is not of this person.
        """
        if not 1 <= request.limit <= self._config.max_limit:
            raise InputError(
                f"a page of {request.limit:,} items was asked for; needed is 1 to {self._config.max_limit}; "
                "ask for another number"
            )
        stages = Stages()
        if request.cursor is None:
            query = self._reader.read(request)
            stages.ended("encode", 1, 1)
            return self._page(request, request.request_id, self._listed(request, query), 0, stages)
        place = cursors.read(self._signer, request.person_id, request.cursor, self._indexes.look.stamp_text)
        if request.where is not None and request.where != place.where:
            raise CursorError(
                "a cursor was received with another filter than its search has; "
                "needed is the same filter; search again without the cursor"
            )
        listed = self._lists.get((request.person_id, place.list_id))
        if listed is None:
            listed = self._again(request, place)
        return self._page(request, place.list_id, listed, place.offset, stages)

    def suggest(self, prefix: str) -> tuple[Suggestion, ...]:
        """What the person may be about to type."""
        return self._suggester.suggest(prefix, self._config.suggestions)

    def refresh(self) -> None:
        """Bring up to date what many requests share; called at start and about once a minute."""
        self._suggester.refresh()

    def _listed(self, request: SearchRequest, query: Query) -> _List:
        made = _List(query, self._seeker.seek(query))
        return self._lists.keep((request.person_id, request.request_id), made)

    def _again(self, request: SearchRequest, place: cursors.Bookmark) -> _List:
        """The list of a cursor that was forgotten, after a restart for one."""
        first = place.request(request)
        if place.look is None:
            query = self._reader.read(first)
        else:
            query = self._reader.with_look(place.words, place.look, first)
        return self._lists.keep((request.person_id, place.list_id), _List(query, self._seeker.seek(query)))

    def _page(
        self, request: SearchRequest, list_id: str, listed: _List, offset: int, stages: Stages
    ) -> SearchPage:
        query, found = listed.query, listed.found
        stages.ended("retrieve", found.proposed, len(found.numbers))
        end = min(offset + request.limit, len(found.numbers))
        rows = np.arange(min(offset, end), end)
        shown = rows[self._may_see(request.person_id, found.numbers[rows])]
        stages.screened((Removal("hidden", len(rows), len(shown)),))
        placements = tuple(self._placement(query, found, int(row)) for row in shown)
        place = cursors.bookmark(list_id, query, end)
        has_more = end < len(found.numbers)
        stamp = self._indexes.look.stamp_text
        cursor = cursors.write(self._signer, request.person_id, place, stamp) if has_more else None
        models = {"look": stamp, "words": self._indexes.words.stamp_text}
        if self._log_request is not None:
            self._log_request(search_record(request, found, shown, placements, models))
        return SearchPage(
            request.request_id,
            placements,
            cursor,
            QueryShown(query.words, query.colours, query.region, query.look is not None),
            found.verdict if len(found.numbers) else "nothing",
            telling.message(query, found.verdict, len(found.numbers)),
            stages.report(),
            models,
        )

    def _may_see(self, person_id: str, numbers: np.ndarray) -> np.ndarray:
        """Bool [C] live, and not hidden by the person."""
        hidden = holds(hidden_from(self._online, person_id), numbers)
        keep: np.ndarray = self._catalogue.live[numbers] & ~hidden
        return keep

    def _placement(self, query: Query, found: Found, row: int) -> Placement:
        source, probability = int(found.sources[row]), float(found.probabilities[row])
        return Placement(
            int(found.numbers[row]),
            row,
            "organic",
            SOURCE_NAMES[source],
            probability,
            probability,
            telling.reason(query, found, row, self._catalogue.title),
            found.frames[row],
        )
