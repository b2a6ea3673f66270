"""This file is about what the request log is told of a page: all candidates, and which were shown where."""

from typing import get_args

import numpy as np

from bowerbird.blend import Placement, ReasonKind
from bowerbird.core.request import FeedRequest, RelatedRequest
from bowerbird.lake.request_log import RequestRecord
from bowerbird.lake.request_log.types import NOT_SHOWN
from bowerbird.rank import FEATURES, Ranked
from bowerbird.rank.ranker import HEADS
from bowerbird.surfaces.feed.drawing import Policy

REASON_KINDS: tuple[str, ...] = get_args(ReasonKind)
"""Order of the reason codes in the log; new kinds go at the end."""


def feed_record(
    request: FeedRequest,
    ranked: Ranked,
    features: np.ndarray,
    chances: np.ndarray,
    rows: np.ndarray,
    placements: tuple[Placement, ...],
    policy: Policy,
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
    positions, propensities, reasons = _slots(len(ranked), rows, placements, policy.chance)
    return RequestRecord(
        request.request_id,
        request.person_id,
        request.now_ms,
        "feed",
        policy.id,
        ranked.numbers,
        positions,
        sources=found.sources,
        source_names=found.source_names,
        scores=found.scores,
        values=ranked.values,
        propensities=propensities,
        reasons=reasons,
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
    policy: Policy,
    models: dict[str, str],
) -> RequestRecord:
    """A page of related items.

    Args:
        numbers, values, by_look: [C] candidates, and whether the look says more for each than the words.
        rows: int64 [S] of them that are shown, by slot.
    """
    positions, propensities, reasons = _slots(len(numbers), rows, placements, policy.chance)
    return RequestRecord(
        request.request_id,
        request.person_id,
        request.now_ms,
        "related",
        policy.id,
        numbers,
        positions,
        sources=np.where(by_look, 0, 1),
        source_names=("look", "words"),
        scores=values,
        values=values,
        propensities=propensities,
        reasons=reasons,
        reason_names=REASON_KINDS,
        models=models,
        about=request.item_number,
    )


FEATURE_SET = "linear-1"
"""Of `rank.features`; another name when what a column means changes."""


def _slots(
    count: int, rows: np.ndarray, placements: tuple[Placement, ...], chance: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """[C] positions, propensities and reasons."""
    positions = np.full(count, NOT_SHOWN, dtype=np.int16)
    positions[rows] = np.arange(len(rows))
    propensities = np.zeros(count, dtype=np.float32)
    propensities[rows] = chance
    reasons = np.full(count, -1, dtype=np.int8)
    reasons[rows] = [REASON_KINDS.index(each.reason.kind) for each in placements]
    return positions, propensities, reasons
