"""This file is about how likely items and queries belong to each interest: chances that are true."""

from dataclasses import dataclass, replace

import numpy as np

from bowerbird.core.arrays import Embeddings
from bowerbird.taste.interest_tree.types import InterestTree

_SHARPNESS = np.geomspace(1.0, 200.0, 60)
_BINS = 10
KNOWN = 0.98
"""Of an item that the catalogue itself put into an interest; catalogues err."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """How true the chances are, on items that took no part in making or fitting.

    Attributes:
        items: that it was measured on.
        ece: mean gap between the chance of the likeliest interest and how often it was right, in ten bins.
        hit_rate: how often the likeliest one was right.
        sharpness: that was fitted.
    """

    items: int
    ece: float
    hit_rate: float
    sharpness: float


def chances(tree: InterestTree, vectors: Embeddings) -> np.ndarray:
    """float64 [B, I] of each interest, parents with all that is below them; rows of zeros where no vector is.

    Leaves exclude each other, so that the chances of those at the top add up to one.
    """
    leaves = tree.leaves
    own = np.zeros((len(vectors), len(tree)))
    has = np.einsum("bd,bd->b", vectors, vectors) > 0
    if len(leaves) and has.any():
        own[np.ix_(has, leaves)] = _softmax(_cosines(tree, vectors[has], leaves) * tree.sharpness)
    return tree.rolled_up(own)


def of_items(tree: InterestTree, items: np.ndarray, vectors: Embeddings) -> np.ndarray:
    """float64 [B, I] the same of items; those that were put into an interest are in it nearly surely."""
    found = chances(tree, vectors)
    leaf = np.where(items < len(tree.leaf_of), tree.leaf_of[np.minimum(items, len(tree.leaf_of) - 1)], -1)
    known = np.flatnonzero(leaf >= 0)
    if len(known):
        own = np.zeros((len(known), len(tree)))
        own[np.arange(len(known)), leaf[known]] = 1
        found[known] = KNOWN * tree.rolled_up(own) + (1 - KNOWN) * found[known]
    return found


def calibrated(
    tree: InterestTree, vectors: Embeddings, seed: int = 0, *, own_centres: bool = True
) -> tuple[InterestTree, Calibration]:
    """The tree with the sharpness under which chances are true.

    A third of the items makes the centres, a third chooses the sharpness by the likelihood of where its items
    were put, and a third, which saw neither, tells how true the chances are.

    Args:
        vectors: [N, D] of the items that `leaf_of` speaks of; zeros for those without.
        own_centres: false where the vectors are of another sort than what made the centres: those stay then.
    """
    placed = np.flatnonzero((tree.leaf_of >= 0) & (np.einsum("nd,nd->n", vectors, vectors) > 0))
    leaves = tree.leaves
    if len(placed) < 3 * _BINS or len(leaves) < 2:
        return tree, Calibration(0, float("nan"), float("nan"), tree.sharpness)
    making, fitting, telling = np.array_split(np.random.default_rng(seed).permutation(placed), 3)
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    units = vectors / np.maximum(lengths, 1e-12)
    held_out = tree
    if own_centres:
        centres = np.zeros_like(tree.centres)
        np.add.at(centres, tree.leaf_of[making], units[making])
        centres /= np.maximum(np.linalg.norm(centres, axis=1, keepdims=True), 1e-12)
        held_out = replace(tree, centres=centres.astype(np.float32))
    place = np.searchsorted(leaves, tree.leaf_of)
    cosines = _cosines(held_out, units[fitting], leaves)
    rows = np.arange(len(fitting))
    fits = [np.log(_softmax(cosines * s)[rows, place[fitting]] + 1e-12).mean() for s in _SHARPNESS]
    sharpness = float(_SHARPNESS[int(np.argmax(fits))])
    found = _softmax(_cosines(held_out, units[telling], leaves) * sharpness)
    is_right = found.argmax(axis=1) == place[telling]
    told = Calibration(len(telling), ece(found.max(axis=1), is_right), float(is_right.mean()), sharpness)
    return replace(tree, sharpness=sharpness), told


def ece(said: np.ndarray, is_right: np.ndarray) -> float:
    """Expected calibration error: mean |said − true| over ten bins of equal width, by how many are in each.

    Source: Guo et al., "On Calibration of Modern Neural Networks" (1706.04599), equation 3.
    """
    bins = np.minimum((said * _BINS).astype(int), _BINS - 1)
    gaps = np.abs(np.bincount(bins, said - is_right, minlength=_BINS))
    return float(gaps.sum() / max(len(said), 1))


def _cosines(tree: InterestTree, vectors: Embeddings, leaves: np.ndarray) -> np.ndarray:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    cosines: np.ndarray = (vectors / np.maximum(lengths, 1e-12)) @ tree.centres[leaves].T
    return cosines.astype(np.float64)


def _softmax(logits: np.ndarray) -> np.ndarray:
    raised = np.exp(logits - logits.max(axis=1, keepdims=True))
    shares: np.ndarray = raised / raised.sum(axis=1, keepdims=True)
    return shares
