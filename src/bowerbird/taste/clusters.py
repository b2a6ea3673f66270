"""This file is about grouping a few hundred vectors: which belong together, and which one stands for each."""

import numpy as np

from bowerbird.core.arrays import Embeddings

_TIE, _LEAST_HEFT = 1e-5, 1e-12


def group(vectors: Embeddings, *, least_similarity: float) -> np.ndarray:
    """[L] group of each row, numbered by first appearance.

    The two groups whose members are on average most similar are merged, again and again, until no two
    reach `least_similarity`. Meant for hundreds of rows: it looks at all pairs before each merge.

    Source: the agglomerative step of PinnerSage (2007.03634, section 4.1). There it is Ward's method;
    average linkage is used here since its threshold means the same for a group of two and one of fifty.
    """
    count = len(vectors)
    if count == 0:
        return np.zeros(0, dtype=np.int64)
    between = np.asarray(vectors @ vectors.T, dtype=np.float64)  # [L, D] @ [D, L] -> [L, L]
    np.fill_diagonal(between, -np.inf)
    sizes = np.ones(count)
    labels = np.arange(count)
    groups = count
    while groups > 1:
        a, b = divmod(int(np.argmax(between)), count)
        if between[a, b] < least_similarity:
            break
        a, b = min(a, b), max(a, b)
        # Lance-Williams: the mean similarity to the union is the mean weighted by sizes.
        joined = (sizes[a] * between[a] + sizes[b] * between[b]) / (sizes[a] + sizes[b])
        joined[[a, b]] = -np.inf
        between[a], between[:, a] = joined, joined
        between[b], between[:, b] = -np.inf, -np.inf
        sizes[a] += sizes[b]
        labels[labels == b] = a
        groups -= 1
    # A merged group is named after its first row, so sorted names are in order of appearance.
    return np.asarray(np.unique(labels, return_inverse=True)[1], dtype=np.int64)


def medoid_rows(vectors: Embeddings, weights: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """[G] for each group the row most similar to the group's members, counted by their weights.

    Ties go to the earlier row, so to the newer action.
    """
    group_count = int(groups.max()) + 1 if len(groups) else 0
    sums = np.zeros((group_count, vectors.shape[1]), dtype=np.float32)
    np.add.at(sums, groups, vectors * weights[:, None])  # [G, D]
    # The sum of weighted cosines to all members is one product with their weighted sum.
    fit = np.einsum("ld,ld->l", vectors, sums[groups])
    heft = np.bincount(groups, weights=weights, minlength=group_count)
    fit = fit / np.maximum(heft[groups], _LEAST_HEFT)
    best = np.full(group_count, -np.inf)
    np.maximum.at(best, groups, fit)
    # The two rows of a pair tie but for the last bit of their weights, which fade from hour to hour: that
    # must not choose another one each time.
    is_best = fit >= best[groups] - _TIE
    order = np.lexsort((np.arange(len(groups)), ~is_best, groups))
    first = np.searchsorted(groups[order], np.arange(group_count))
    return np.asarray(order[first], dtype=np.int64)
