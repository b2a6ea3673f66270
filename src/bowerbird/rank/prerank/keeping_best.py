"""This file is about which candidates are kept: the best, and some of every group."""

import numpy as np


def rows_kept(scores: np.ndarray, groups: np.ndarray, keep: int, least: int) -> np.ndarray:
    """Bool [C]: `keep` rows, the best `least` of each group among them as far as there is room.

    A page mixes its sources and the person's interests by their shares. A cut by score alone could leave one
    of them with nothing to give, and nobody would learn any more whether that was right. Ties keep the order
    of retrieval.

    Args:
        scores: [C]; groups: int64 [C].
    """
    order = np.argsort(-scores, kind="stable")
    if len(order) <= keep:
        return np.ones(len(order), dtype=bool)
    by_group = order[np.argsort(groups[order], kind="stable")]
    codes = groups[by_group]
    starts = np.flatnonzero(np.append(True, codes[1:] != codes[:-1]))
    place = np.arange(len(codes)) - np.repeat(starts, np.diff(np.append(starts, len(codes))))
    within = np.empty(len(order), dtype=np.int64)
    within[by_group] = place
    # The first of every group come before the second of any: where there is no room, each has as many.
    turn = np.minimum(within, least)
    first = order[np.argsort(turn[order], kind="stable")]
    kept = np.zeros(len(order), dtype=bool)
    kept[first[:keep]] = True
    return kept
