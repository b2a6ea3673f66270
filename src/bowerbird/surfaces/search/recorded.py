"""This file is about what the request log is told of a page of search.

What was typed or uploaded is not in it: the event of the search has the words, and names the request.
"""

from collections.abc import Sequence

import numpy as np

from bowerbird.blend import Placement
from bowerbird.blend.slots import REASON_KINDS, slots_taken
from bowerbird.core.request import SearchRequest
from bowerbird.lake.request_log import RequestRecord
from bowerbird.surfaces.search.seeking import SOURCE_NAMES, Found

POLICY, FEATURE_SET = "relevance-1", "search-1"
FEATURES = ("by_look", "by_words")


def search_record(
    request: SearchRequest,
    found: Found,
    rows: np.ndarray,
    placements: Sequence[Placement],
    models: dict[str, str],
) -> RequestRecord:
    """A page of search; `rows` of `found` are on it."""
    taken = slots_taken(len(found.numbers), rows, placements)
    return RequestRecord(
        request.request_id,
        request.person_id,
        request.now_ms,
        "search",
        POLICY,
        found.numbers,
        taken.positions,
        sources=found.sources,
        source_names=SOURCE_NAMES,
        scores=found.probabilities,
        values=found.probabilities,
        propensities=taken.propensities,
        reasons=taken.reasons,
        reason_names=REASON_KINDS,
        features=np.column_stack([found.by_look, found.by_words]).astype(np.float32),
        feature_names=FEATURES,
        feature_set=FEATURE_SET,
        models=models,
        about=-1 if request.item_number is None else request.item_number,
    )
