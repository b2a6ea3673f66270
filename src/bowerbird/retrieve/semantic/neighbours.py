"""This file is about filling up: where a beam holds fewer than were asked for, items near those in it."""

import numpy as np

from bowerbird.learn.data import Histories
from bowerbird.learn.evaluate import top_of_scores
from bowerbird.learn.types import Found
from bowerbird.retrieve.semantic.codebooks import Codebooks
from bowerbird.retrieve.semantic.ids import SemanticIds

_LEADING = 5


def filled_up(
    found: Found, k: int, codebooks: Codebooks, ids: SemanticIds, exclude: Histories | None
) -> Found:
    """`found` [B, W] cut or filled up to [B, k]; items of the beam stay in front, in their order.

    What follows lies nearest to the mean of the beam's first five, by the vectors that their codes stand for.
    Its scores go on below the beam's last one. A row without a beam stays empty: no item was left for it.
    """
    items = np.full((len(found.items), k), -1, dtype=np.int32)
    scores = np.full((len(found.items), k), -np.inf, dtype=np.float32)
    held = min(found.items.shape[1], k)
    items[:, :held], scores[:, :held] = found.items[:, :held], found.scores[:, :held]
    counts = (items >= 0).sum(axis=1)
    short = np.flatnonzero((counts < k) & (counts > 0))
    if len(short) == 0:
        return Found(items, scores)
    near = _nearest(items[short], short, codebooks, ids, k, exclude)
    place = np.arange(k) - counts[short, None]  # where in `near` the filling of each column stands
    at = np.maximum(place, 0)
    more = np.take_along_axis(near, at, axis=1)
    is_more = (place >= 0) & (more >= 0)
    least = scores[short, counts[short] - 1]
    items[short] = np.where(is_more, more, items[short])
    scores[short] = np.where(is_more, least[:, None] - place - 1, scores[short])
    return Found(items, scores)


def _nearest(
    items: np.ndarray,
    rows: np.ndarray,
    codebooks: Codebooks,
    ids: SemanticIds,
    k: int,
    exclude: Histories | None,
) -> np.ndarray:
    """int32 [S, k] items near the first of each row, without those of the row and the excluded."""
    codes = ids.codes[:, :-1]
    leading = items[:, :_LEADING]
    is_there = (leading >= 0)[:, :, None]
    around = codebooks.rebuilt(codes[leading.ravel()]).reshape(*leading.shape, -1)
    query = (around * is_there).sum(axis=1) / is_there.sum(axis=1)
    likeness = np.zeros((len(items), len(ids)), dtype=np.float32)
    for level, centres in enumerate(codebooks.centres):
        likeness += (2 * query @ centres.T)[
            :, codes[:, level]
        ]  # [S, W] @ [W, K] -> [S, K], looked up: [S, N]
    likeness -= np.square(codebooks.rebuilt(codes)).sum(axis=1)
    row, column = np.nonzero(items >= 0)
    likeness[row, items[row, column]] = -np.inf
    return top_of_scores(likeness, k, exclude.take(rows) if exclude is not None else None).items
