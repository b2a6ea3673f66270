"""This file is about the vectors that ids are made from: of content, of what is met together, or both."""

from typing import TYPE_CHECKING

import numpy as np

from bowerbird.core.errors import InputError
from bowerbird.learn.data import Interactions

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

_STEPS_AHEAD = 3
_WIDTH = 64
_SMALL = 200


def vectors_for_ids(training: Interactions, kind: str, seed: int) -> tuple[np.ndarray, str]:
    """float32 [N, D] vectors, and the words that say what they are.

    Args:
        kind: as in `SemanticConfig.ids_from`.

    Raises:
        InputError: content was asked of a catalogue without vectors.
    """
    content = training.catalogue.vectors
    if kind == "auto":
        kind = "both" if content is not None else "together"
    if kind == "together":
        return together_vectors(training, seed), "together"
    if content is None:
        raise InputError(
            f"ids from {kind} were asked of a catalogue without vectors; needed are words or vectors for the "
            "items; bring an item file with titles, or make ids from what is met together"
        )
    if kind == "content":
        return _unit(content), "content"
    return np.hstack([_unit(content), _unit(together_vectors(training, seed))]), "both"


def vectors_of_new_items(content: np.ndarray, kind: str) -> np.ndarray:
    """float32 [N, D] for items that nobody has met: what is known of the vectors that ids are made from.

    Raises:
        InputError: ids are made from what is met together alone.
    """
    if kind == "together":
        raise InputError(
            f"content of {len(content):,} new items was received; needed are interactions, because ids are "
            "made from what is met together; train again, or make ids from content"
        )
    return _unit(content)


def together_vectors(training: Interactions, seed: int) -> np.ndarray:
    """float32 [N, at most 64]: items met in the same few steps by the same people lie near each other.

    The singular vectors of the counts of steps up to three ahead, both ways, n steps ahead counted 1/n, as
    positive pointwise mutual information. An item without training interactions gets zeros.
    """
    from scipy.sparse import csr_matrix

    count = training.item_count
    sources, targets, weights = [], [], []
    for ahead in range(1, _STEPS_AHEAD + 1):
        same = training.persons[ahead:] == training.persons[:-ahead]
        one, other = training.items[:-ahead][same], training.items[ahead:][same]
        sources += [one, other]
        targets += [other, one]
        weights += [np.full(2 * len(one), 1 / ahead)]
    places = np.concatenate(sources), np.concatenate(targets)
    counts = csr_matrix((np.concatenate(weights), places), shape=(count, count)).tocoo()
    met = np.asarray(counts.sum(axis=1)).ravel()
    likely = counts.data * met.sum() / (met[counts.row] * met[counts.col])
    counts.data = np.maximum(np.log(likely), 0)
    return _singular(counts.tocsr(), seed)


def _singular(matrix: "csr_matrix", seed: int) -> np.ndarray:
    from scipy.sparse.linalg import svds

    count = matrix.shape[0]
    if count <= _SMALL:
        left, values, _ = np.linalg.svd(matrix.toarray())
    else:
        first = np.random.default_rng(seed).normal(size=count)
        left, values, _ = svds(matrix, k=_WIDTH, v0=first)
    width = min(_WIDTH, len(values))
    order = np.argsort(-values, kind="stable")[:width]
    # A singular vector is as right with the other sign; one is chosen, so that machines agree.
    chosen: np.ndarray = left[:, order] * np.sqrt(values[order])
    signs = np.sign(chosen[np.abs(chosen).argmax(axis=0), np.arange(width)])
    found: np.ndarray = (chosen * signs).astype(np.float32)
    return found


def _unit(vectors: np.ndarray) -> np.ndarray:
    unit: np.ndarray = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    return unit.astype(np.float32)
