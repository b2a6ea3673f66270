"""This file is about the tree of a lake: from categories or vectors, under the ids of the one before."""

import numpy as np

from bowerbird.core.arrays import Embeddings
from bowerbird.core.ids import new_id
from bowerbird.lake.catalogue import Catalogue
from bowerbird.lake.lake import Lake
from bowerbird.taste.interest_tree.config import TreeConfig
from bowerbird.taste.interest_tree.growing import from_categories, from_vectors
from bowerbird.taste.interest_tree.keeping import load_shape, load_tree, save_tree
from bowerbird.taste.interest_tree.matching import with_ids_of
from bowerbird.taste.interest_tree.scores import Calibration, calibrated
from bowerbird.taste.interest_tree.types import InterestTree

_LEVELS = "\x1f"


def refreshed_tree(
    lake: Lake, catalogue: Catalogue, vectors: Embeddings, config: TreeConfig
) -> tuple[InterestTree, Calibration]:
    """The tree of the lake as it is now, kept; interests that go on keep their ids.

    Args:
        vectors: [catalogue.size, D]; zeros for items without a vector, and for those that are gone.
    """
    live = catalogue.live
    vectors = np.where(live[:, None], vectors, 0).astype(np.float32)
    paths = category_paths(catalogue)
    labelled = np.count_nonzero([bool(path) for path in paths]) / max(int(live.sum()), 1)
    if labelled >= config.labelled_share and live.any():
        drawn = from_categories(paths, vectors)
    else:
        texts = [catalogue.title(number) if is_live else "" for number, is_live in enumerate(live.tolist())]
        drawn = from_vectors(vectors, texts, config)
    before = load_tree(lake.path) or load_shape(lake.path)
    named = with_ids_of(drawn, before, config.same_items, lambda: new_id("interest"))
    tree, told = calibrated(named, vectors)
    save_tree(tree, lake.path)
    return tree, told


def category_paths(catalogue: Catalogue) -> list[tuple[str, ...]]:
    """By item number the category from the top down; empty where there is none, or no item any more."""
    codes, texts = catalogue.codes("category"), catalogue.vocabulary("category")
    known: dict[int, tuple[str, ...]] = {0: ()}
    paths = []
    for code, is_live in zip(codes.tolist(), catalogue.live.tolist(), strict=True):
        if code not in known:
            known[code] = tuple(part for part in texts[code].split(_LEVELS) if part)
        paths.append(known[code] if is_live else ())
    return paths
