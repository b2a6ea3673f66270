"""This file is about whether a generation may serve: everything is in it, and it finds what it holds."""

import numpy as np

from bowerbird.core.arrays import ItemNumbers
from bowerbird.core.errors import IncompatibleIndexError
from bowerbird.lake.catalogue import Catalogue
from bowerbird.retrieve.indexes import Indexes
from bowerbird.retrieve.types import VectorIndex

MOST_MISSING = 0.01
"""Share of live items with words that may be in no index: damaged texts and the like."""
LEAST_FOUND = 0.95
_SAMPLE = 64
_TIE = 1e-3


def check_generation(indexes: Indexes, catalogue: Catalogue) -> None:
    """Nothing, if these indexes may serve.

    Raises:
        IncompatibleIndexError: items are missing, vectors are no numbers, or items do not find themselves.
    """
    live = np.flatnonzero(catalogue.live)
    held = indexes.numbers()
    missing = int(np.setdiff1d(live, held).size)
    if missing > MOST_MISSING * len(live):
        raise _unfit(
            f"{missing:,} of {len(live):,} items are in neither index; needed are all but 1 in 100",
            "look at the log of the encoder",
        )
    for name, index in (("look", indexes.look.index), ("words", indexes.words.index)):
        found = share_found(index, held)
        if found < LEAST_FOUND:
            raise _unfit(
                f"{found:.0%} of sampled items find themselves in index {name}; needed are {LEAST_FOUND:.0%}",
                "build it again: cancel the switch and begin it anew",
            )


def share_found(index: VectorIndex, numbers: ItemNumbers) -> float:
    """Of a sample of these items, how many are as near to themselves as anything is; 1 if there is none."""
    if not len(numbers):
        return 1.0
    sample = numbers[np.linspace(0, len(numbers) - 1, min(_SAMPLE, len(numbers))).astype(np.int64)]
    vectors = index.vectors(sample)
    if not np.isfinite(vectors).all():
        raise _unfit("vectors hold values that are no numbers; needed are finite ones", "mend the encoder")
    vectors = vectors[vectors.any(axis=1)]
    if not len(vectors):
        return 1.0
    hits = index.search(vectors, 1)
    own = np.einsum("nd,nd->n", vectors, vectors)
    return float(np.mean(hits.scores[:, 0] >= own - _TIE))


def _unfit(what: str, advice: str) -> IncompatibleIndexError:
    return IncompatibleIndexError(f"the new generation may not serve: {what}; {advice}")
