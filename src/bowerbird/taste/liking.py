"""This file is about what single actions say: how much each item is liked or disliked by now."""

import numpy as np

from bowerbird.core.actions import ACTION_CODES, INTEREST_WEIGHTS, Action
from bowerbird.taste.config import DAY_MS, TasteConfig
from bowerbird.taste.types import Liking

_LIKES = np.zeros(128, dtype=np.float32)
_DISLIKES = np.zeros(128, dtype=np.float32)
for _action, _weight in INTEREST_WEIGHTS.items():
    _LIKES[ACTION_CODES[_action]] = _weight
for _action, _weight in {Action.HIDE: 1.0, Action.REPORT: 1.0, Action.SEE_FEWER: 0.8}.items():
    _DISLIKES[ACTION_CODES[_action]] = _weight

_TAKEN_BACK = (
    (Action.SAVE, (Action.UNSAVE, Action.HIDE)),
    (Action.PICK, (Action.HIDE,)),
    (Action.HIDE, (Action.UNHIDE, Action.SAVE)),
    (Action.SEE_FEWER, (Action.SEE_MORE, Action.SAVE)),
    (Action.SEE_MORE, (Action.SEE_FEWER, Action.HIDE)),
)
"""An action says nothing any more once a newer one of these came for the same item."""


def weigh(
    numbers: np.ndarray, actions: np.ndarray, at_ms: np.ndarray, *, now_ms: int, config: TasteConfig
) -> Liking:
    """What recent actions say about each item.

    Args:
        numbers: int64 [A] item acted on, newest action first; rows below 0 (no item) are passed over.
        actions: int8 [A] codes of `ACTION_CODES`.
        at_ms: int64 [A].
    """
    kept = np.flatnonzero((numbers >= 0) & ~_taken_back(numbers, actions))[: config.max_actions]
    numbers, codes = numbers[kept], actions[kept].astype(np.int64)
    age_days = np.maximum(now_ms - at_ms[kept], 0) / DAY_MS
    likes = _LIKES[codes] * np.exp2(-age_days / config.half_life_days)
    dislikes = _DISLIKES[codes] * np.exp2(-age_days / config.dislike_half_life_days)
    liked, weights, strongest = _by_item(numbers, likes.astype(np.float32), codes)
    disliked, dislike_weights, _ = _by_item(numbers, dislikes.astype(np.float32), codes)
    # What was both liked and disliked counts as what was said last: `_taken_back` leaves few of these.
    still = ~np.isin(liked, disliked)
    most = config.max_dislikes
    return Liking(
        liked[still],
        weights[still],
        strongest[still],
        disliked[:most],
        np.minimum(dislike_weights[:most], np.float32(1.0)),
    )


def newest_of(numbers: np.ndarray, at_ms: np.ndarray, items: np.ndarray) -> np.ndarray:
    """int64 [L] when each of these items was last acted on; rows are newest first, and hold them all."""
    newest = dict(zip(numbers[::-1].tolist(), at_ms[::-1].tolist(), strict=True))
    return np.array([newest[item] for item in items.tolist()], np.int64)


def _taken_back(numbers: np.ndarray, actions: np.ndarray) -> np.ndarray:
    """Bool [A]: a newer row (an earlier one, as newest come first) takes this one back."""
    gone = np.zeros(len(numbers), dtype=bool)
    newer = np.tri(len(numbers), k=-1, dtype=bool)  # [A, A] column is newer than row
    same_item = (numbers[:, None] == numbers[None, :]) & newer
    for said, undone_by in _TAKEN_BACK:
        undoing = np.isin(actions, [ACTION_CODES[action] for action in undone_by])
        gone |= (actions == ACTION_CODES[said]) & (same_item & undoing).any(axis=1)
    return gone


def _by_item(
    numbers: np.ndarray, weights: np.ndarray, codes: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Items with a weight, newest first, each once: numbers, summed weights, code of the heaviest action."""
    says = weights > 0
    numbers, weights, codes = numbers[says], weights[says], codes[says]
    items, first, item_of = np.unique(numbers, return_index=True, return_inverse=True)
    sums = np.bincount(item_of, weights=weights, minlength=len(items)).astype(np.float32)
    strongest = np.zeros(len(items), dtype=np.int64)
    lightest_first = np.argsort(weights, kind="stable")
    strongest[item_of[lightest_first]] = codes[lightest_first]
    newest_first = np.argsort(first, kind="stable")
    return items[newest_first], sums[newest_first], strongest[newest_first]
