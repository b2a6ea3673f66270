"""This file is about ranks: how many items stand before each target, and how many beside it."""

from dataclasses import dataclass

import numpy as np

from bowerbird.learn.types import Found


@dataclass(frozen=True, slots=True)
class Ranks:
    """Where each of T targets stands in its row's list.

    Attributes:
        better: int64 [T] items with a higher score.
        level: int64 [T] items with the same score, the target among them; 0: the target is not in the list.
    """

    better: np.ndarray
    level: np.ndarray


def ranks_of_scores(
    scores: np.ndarray, rows: np.ndarray, targets: np.ndarray, *, by_catalogue: bool
) -> Ranks:
    """Ranks in lists of the whole catalogue.

    Args:
        scores: float32 [B, N]; -inf is not in the list.
        rows: int64 [T] which row each target belongs to.
        targets: int32 [T].
        by_catalogue: equal scores stand in catalogue order, instead of beside each other.
    """
    own = scores[rows, targets]
    better = np.zeros(len(targets), dtype=np.int64)
    level = np.zeros(len(targets), dtype=np.int64)
    for place, (row, target) in enumerate(zip(rows.tolist(), targets.tolist(), strict=True)):
        line, score = scores[row], own[place]
        if score == -np.inf:
            continue
        better[place] = np.count_nonzero(line > score)
        if by_catalogue:
            better[place] += np.count_nonzero(line[:target] == score)
            level[place] = 1
        else:
            level[place] = np.count_nonzero(line == score)
    return Ranks(better, level)


def ranks_of_lists(found: Found, rows: np.ndarray, targets: np.ndarray) -> Ranks:
    """Ranks in short lists; the order of a list counts, whatever its scores."""
    hit = found.items[rows] == targets[:, None]  # [T, k]
    is_in = hit.any(axis=1)
    return Ranks(np.where(is_in, hit.argmax(axis=1), 0).astype(np.int64), is_in.astype(np.int64))
