"""This file is about which inverted lists a filtered search has to read.

A filter may leave much of the catalogue and still nearly nothing near the query (all lamps, asked with a
picture of a rug). So the density of what is kept is looked at along the way that each query takes through
the lists: where one row in ten is kept, the k-th kept neighbour is about the (10 k)-th of all, and what that
depth needs was measured when the lists were built.
"""

import numpy as np

from bowerbird.core.arrays import Queries
from bowerbird.retrieve.snapshot import Lists, Selection

_STEPS = 1.3  # each number of lists that is considered is so many times the one before


def filtered_probes(
    lists: Lists, chosen: Selection, queries: Queries, k: int, effort: float
) -> tuple[np.ndarray, np.ndarray] | None:
    """([Q, P] lists to read, -1 for none; [Q, P] nearness of their centres), or None: read all that is kept.

    Lists without a kept row are left out.
    """
    order, nearness = lists.inverted.nearest_first(queries)
    held = np.cumsum(chosen.per_list[order], axis=1)  # [Q, L]
    whole = np.cumsum(lists.sizes[order], axis=1)
    count = order.shape[1]
    rungs = np.unique(np.minimum(count, _STEPS ** np.arange(2, 60)).astype(np.int64))
    depth = k * whole[:, rungs - 1] / np.maximum(held[:, rungs - 1], 1e-3)  # [Q, G]
    needed = lists.recall.probes_at(effort, depth.ravel()).reshape(depth.shape)
    is_enough = rungs >= needed
    if not is_enough.any(axis=1).all():
        return None
    probes = rungs[np.argmax(is_enough, axis=1)]  # [Q]
    read = held[np.arange(len(queries)), probes - 1]
    if 2 * read.sum() >= len(chosen.rows) * len(queries):
        return None
    widest = int(probes.max(initial=1))
    is_read = (np.arange(widest) < probes[:, None]) & (chosen.per_list[order[:, :widest]] > 0)
    return np.where(is_read, order[:, :widest], -1), nearness[:, :widest]
