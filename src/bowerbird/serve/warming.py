"""This file is about the first request: we make each kind of page once, so that nobody else waits for it."""

import io
import logging

import numpy as np
from PIL import Image

from bowerbird.core.errors import BowerbirdError
from bowerbird.core.request import FeedRequest, RelatedRequest, SearchRequest
from bowerbird.lake.catalogue import Catalogue
from bowerbird.serve.generations import OpenGeneration

log = logging.getLogger(__name__)

NOBODY = "person_warm_up"
_LIMIT = 25


def warm(served: OpenGeneration, catalogue: Catalogue, now_ms: int) -> None:
    """Make one page of each kind; what cannot be made for lack of items is passed over."""
    served.refresh(now_ms)
    served.feed(FeedRequest(NOBODY, _LIMIT, now_ms))
    live = np.flatnonzero(catalogue.live)
    if len(live):
        served.related(RelatedRequest(NOBODY, int(live[0]), _LIMIT, now_ms))
    for request in (
        SearchRequest(NOBODY, _LIMIT, now_ms, words="a blue bower"),
        SearchRequest(NOBODY, _LIMIT, now_ms, picture=_picture()),
    ):
        try:
            served.search(request)
        except BowerbirdError as error:
            log.warning("warm-up search failed", extra={"reason": str(error)})
    served.onboarding.topics()
    catalogue.facets()


def _picture() -> bytes:
    across = np.linspace(0, 255, 64, dtype=np.uint8)
    pixels = np.stack(np.broadcast_arrays(across[:, None], across[None, :], np.uint8(128)), axis=2)
    out = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(out, "PNG")
    return out.getvalue()
