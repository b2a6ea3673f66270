"""This file is about the page that is given when there is no time for a good one: the newest items."""

import numpy as np

from bowerbird.blend.types import Page, Placement, Reason, StageCount
from bowerbird.core.request import FeedRequest
from bowerbird.lake.catalogue import Catalogue
from bowerbird.lake.online_state import OnlineState

DEGRADED = "overloaded"
CURSOR = "again"
"""Cursor of such a page when it was the first: the next request begins the feed."""
_KEPT_ITEMS = 2_000


class NewestItems:
    """Pages of the newest items: no model, no index, a few microseconds."""

    def __init__(self, catalogue: Catalogue, online: OnlineState) -> None:
        self._catalogue = catalogue
        self._online = online
        self._newest = np.empty(0, dtype=np.int64)
        self._version = -1

    def refresh(self) -> None:
        """Look again for the newest items, if the catalogue has changed."""
        version = self._catalogue.version
        if version == self._version:
            return
        numbers = np.flatnonzero(self._catalogue.live)
        created_ms = self._catalogue.created_ms[numbers]
        kept = min(_KEPT_ITEMS, len(numbers))
        newest = np.argpartition(-created_ms, kept - 1)[:kept] if kept else numbers[:0]
        newest = newest[np.lexsort((-numbers[newest], -created_ms[newest]))]
        self._newest, self._version = numbers[newest], version

    def page(self, request: FeedRequest) -> Page:
        """The newest items that the person may see and has not hidden, the unseen ones first."""
        numbers = self._newest[self._newest < self._catalogue.size]
        keep = self._catalogue.mask(request.where)[numbers]
        keep &= ~np.isin(numbers, self._online.hidden(request.person_id))
        numbers = numbers[keep]
        if request.cursor:
            # Further down the same page must not come again and again: any of them, by chance.
            numbers = np.random.default_rng().permutation(numbers)
        is_seen = np.isin(numbers, self._online.seen(request.person_id))
        shown = numbers[np.argsort(is_seen, kind="stable")][: request.limit]
        reason = Reason("fresh", "New here")
        placements = tuple(
            Placement(int(number), position, "organic", "fresh", 0.0, 0.0, reason)
            for position, number in enumerate(shown)
        )
        report = (StageCount("newest", len(self._newest), len(shown), 0.0, note="too many requests at once"),)
        # The same cursor again: when there is time, the list goes on where it stopped.
        return Page(request.request_id, placements, request.cursor or CURSOR, report, {}, (DEGRADED,))
