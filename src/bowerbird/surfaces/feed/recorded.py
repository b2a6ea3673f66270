"""This file is about what the request log is told of a page: all candidates, and which were shown where."""

import numpy as np

from bowerbird.blend import Placement
from bowerbird.blend.slots import REASON_KINDS, slots_taken
from bowerbird.core.request import FeedRequest, RelatedRequest
from bowerbird.lake.request_log import RequestRecord
from bowerbird.rank import FEATURES, Ranked
from bowerbird.rank.ranker import HEADS


def feed_record(
    request: FeedRequest,
    ranked: Ranked,
    features: np.ndarray,
    chances: np.ndarray,
    rows: np.ndarray,
    placements: tuple[Placement, ...],
    policy: str,
    models: dict[str, str],
    seed: int,
) -> RequestRecord:
    """A page of the feed.

    Args:
        features: float32 [C, len(FEATURES)] rows as in `ranked`.
        chances: float32 [C, len(HEADS)] of a trained ranker; [C, 0] where none had a say.
        rows: int64 [S] rows of `ranked`, by slot.
        seed: of the chance in the features.
    """
    found = ranked.candidates
    taken = slots_taken(len(ranked), rows, placements)
    return RequestRecord(
        request.request_id,
        request.person_id,
        request.now_ms,
        "feed",
        policy,
        ranked.numbers,
        taken.positions,
        sources=found.sources,
        source_names=found.source_names,
        scores=found.scores,
        values=ranked.values,
        propensities=taken.propensities,
        reasons=taken.reasons,
        reason_names=REASON_KINDS,
        heads=chances,
        head_names=tuple(map(str, HEADS)) if chances.shape[1] else (),
        features=features,
        feature_names=FEATURES,
        feature_set=FEATURE_SET,
        models=models,
        seed=seed,
    )


def related_record(
    request: RelatedRequest,
    numbers: np.ndarray,
    values: np.ndarray,
    by_look: np.ndarray,
    rows: np.ndarray,
    placements: tuple[Placement, ...],
    policy: str,
    models: dict[str, str],
) -> RequestRecord:
    """A page of related items.

    Args:
        numbers, values, by_look: [C] candidates, and whether the look says more for each than the words.
        rows: int64 [S] of them that are shown, by slot.
    """
    taken = slots_taken(len(numbers), rows, placements)
    return RequestRecord(
        request.request_id,
        request.person_id,
        request.now_ms,
        "related",
        policy,
        numbers,
        taken.positions,
        sources=np.where(by_look, 0, 1),
        source_names=("look", "words"),
        scores=values,
        values=values,
        propensities=taken.propensities,
        reasons=taken.reasons,
        reason_names=REASON_KINDS,
        models=models,
        about=request.item_number,
    )


FEATURE_SET = "linear-1"
"""Of `rank.features`; another name when what a column means changes."""
