"""This file is about making a tree of interests: from the catalogue's own categories, or out of its vectors.

The ids that come out are drafts: `matching` replaces them by those of the tree before.
"""

from collections.abc import Sequence

import numpy as np

from bowerbird.core.arrays import Embeddings
from bowerbird.taste.interest_tree.config import TreeConfig
from bowerbird.taste.interest_tree.naming import distinguishing
from bowerbird.taste.interest_tree.types import ROOT, InterestTree

Path = tuple[str, ...]
_BEGINNINGS, _ROUNDS = 8, 15


def from_categories(paths: Sequence[Path], vectors: Embeddings) -> InterestTree:
    """One interest for each category of the catalogue that an item is in.

    Args:
        paths: [N] by item number the category from the top down; empty for items without one, or gone.
        vectors: [N, D] rows of any length; zeros for items without a vector.
    """
    wanted = sorted({path[:depth] for path in paths for depth in range(1, len(path) + 1)}, key=_parents_first)
    place_of = {path: place for place, path in enumerate(wanted)}
    parents = np.array([place_of.get(path[:-1], ROOT) for path in wanted], np.int64)
    leaf_of = np.array([place_of.get(path, -1) for path in paths], np.int64)
    ids = tuple("/".join(path) for path in wanted)
    return _with_centres(ids, tuple(path[-1] for path in wanted), parents, leaf_of, vectors)


def from_vectors(
    vectors: Embeddings, texts: Sequence[str], config: TreeConfig, seed: int = 0
) -> InterestTree:
    """Clusters of clusters, named from the words that tell each from its neighbours.

    Args:
        vectors: [N, D] rows of any length; zeros or no numbers for items without a vector, which join none.
        texts: [N] words of the items.
    """
    units = _units(vectors)
    rng = np.random.default_rng(seed)
    parents: list[int] = []
    leaf_of = np.full(len(units), -1, np.int64)
    waiting = [(ROOT, np.flatnonzero(np.einsum("nd,nd->n", units, units) > 0), 0)]
    while waiting:
        parent, rows, depth = waiting.pop(0)
        if parent != ROOT:
            leaf_of[rows] = parent
        if depth == config.levels or len(rows) < 2 * config.least_items:
            continue
        groups = split_apart(units[rows], config.branches, config.least_items, rng)
        if len(groups) < 2:
            continue
        for group in groups:
            parents.append(parent)
            waiting.append((len(parents) - 1, rows[group], depth + 1))
    kin = np.array(parents, np.int64)
    names = distinguishing(leaf_of, kin, texts)
    return _with_centres(tuple(f"#{place}" for place in range(len(kin))), names, kin, leaf_of, units)


def split_apart(
    units: Embeddings, branches: int, least_items: int, rng: np.random.Generator
) -> list[np.ndarray]:
    """Rows of each group by spherical k-means; groups that are too small are dissolved.

    Of several beginnings, each from far-apart starts, the one that fits best counts.

    Source: k-means++ (Arthur, Vassilvitskii 2007) for the starts.
    """
    count = min(branches, len(units) // least_items)
    tried = [_settled(units, _starts(units, count, rng)) for _ in range(_BEGINNINGS)]
    fits = [float(np.einsum("nd,nd->", units, centres[nearest])) for nearest, centres in tried]
    nearest, centres = tried[int(np.argmax(fits))]
    sizes = np.bincount(nearest, minlength=len(centres))
    large = np.flatnonzero(sizes >= least_items)
    if len(large) < 2:
        return [np.arange(len(units))]
    nearest = large[np.argmax(units @ centres[large].T, axis=1)]
    return [np.flatnonzero(nearest == each) for each in large]


def _settled(units: Embeddings, centres: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """int64 [N] the group of each row, and float32 [K, D] their middles."""
    nearest = np.full(len(units), -1)
    for _ in range(_ROUNDS):
        found = np.argmax(units @ centres.T, axis=1)
        if np.array_equal(found, nearest):
            break
        nearest = found
        centres = _centres_of(units, nearest, len(centres))
    return nearest, centres


def _starts(units: Embeddings, count: int, rng: np.random.Generator) -> np.ndarray:
    chosen = [int(rng.integers(len(units)))]
    apart = 1 - units @ units[chosen[0]]
    for _ in range(count - 1):
        chances = np.maximum(apart, 0).astype(np.float64) ** 2
        if chances.sum() <= 0:
            break
        chosen.append(int(rng.choice(len(units), p=chances / chances.sum())))
        apart = np.minimum(apart, 1 - units @ units[chosen[-1]])
    return units[chosen]


def _with_centres(
    ids: tuple[str, ...],
    names: tuple[str, ...],
    parents: np.ndarray,
    leaf_of: np.ndarray,
    vectors: Embeddings,
) -> InterestTree:
    units = _units(vectors)
    own = np.zeros((len(ids), units.shape[1]), np.float64)
    has = leaf_of >= 0
    np.add.at(own, leaf_of[has], units[has])
    tree = InterestTree(ids, names, parents, leaf_of, own.astype(np.float32))
    total = tree.rolled_up(own.T).T  # a parent lies in the middle of all that is below it
    return InterestTree(ids, names, parents, leaf_of, _units(total.astype(np.float32)))


def _centres_of(units: Embeddings, groups: np.ndarray, count: int) -> np.ndarray:
    sums = np.zeros((count, units.shape[1]), np.float32)
    np.add.at(sums, groups, units)
    return _units(sums)


def _units(vectors: Embeddings) -> Embeddings:
    finite = np.where(np.isfinite(vectors).all(axis=1, keepdims=True), vectors, 0).astype(np.float32)
    lengths = np.linalg.norm(finite, axis=1, keepdims=True)
    units: Embeddings = finite / np.maximum(lengths, np.float32(1e-12))
    return units


def _parents_first(path: Path) -> tuple[int, Path]:
    return len(path), path
