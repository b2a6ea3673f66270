"""This file is about picking the best of many scores, and about which vectors may be compared at all."""

import numpy as np

from bowerbird.core.arrays import Embeddings, ItemNumbers
from bowerbird.core.errors import IncompatibleIndexError, InputError
from bowerbird.retrieve.types import Hits

SCORE_DECIMALS = 6
"""Scores are rounded to this, so that equal vectors tie on every machine and keep catalogue order."""

_TIE = 10.0**-SCORE_DECIMALS
_FEW = 128  # so few are sorted at once


def checked_queries(queries: Embeddings, k: int, *, width: int) -> np.ndarray:
    """[Q, width] contiguous queries.

    Raises:
        IncompatibleIndexError: they have another width.
        InputError: a value is not finite, or k is below 1.
    """
    if k < 1:
        raise InputError(f"k = {k} was received; needed is at least 1; ask for one item or more")
    return _checked(queries, width=width, what="query")


def checked_rows(numbers: ItemNumbers, vectors: Embeddings, *, width: int) -> tuple[np.ndarray, np.ndarray]:
    """Numbers and [N, width] vectors of items, of a number given twice the last row.

    Raises:
        IncompatibleIndexError: the vectors have another width.
        InputError: a value is not finite, a number is negative, or there are more of one than of the other.
    """
    if len(numbers) != len(vectors):
        raise InputError(
            f"{len(numbers)} item numbers and {len(vectors)} vectors were received; needed are as many "
            "of one as of the other; pair them up"
        )
    if len(numbers) and int(numbers.min()) < 0:
        raise InputError(
            f"item number {int(numbers.min())} was received; needed are numbers from 0; "
            "get them from the records database"
        )
    kept = last_of_each(numbers)
    return np.ascontiguousarray(numbers[kept]), _checked(vectors[kept], width=width, what="item")


def last_of_each(numbers: ItemNumbers) -> np.ndarray:
    """Rows that hold the last mention of each number, in their order."""
    _, last = np.unique(numbers[::-1], return_index=True)
    return np.sort(len(numbers) - 1 - last)


def best(scores: np.ndarray, numbers: np.ndarray, k: int) -> Hits:
    """The k best of each row, best first, of equal scores the lower number first.

    Args:
        scores: [Q, C]; -inf where there is nothing.
        numbers: [C] item numbers of the columns, or [Q, C].
        k: width of the answer; filled up with -1 and -inf.
    """
    queries, width = scores.shape
    if k <= width <= _FEW and queries > 1:
        found = _best_of_few(scores, np.broadcast_to(numbers, scores.shape), k)
        if found.scores[:, -1].min() > -np.inf:  # every query found enough
            return found
    if queries == 1 and width:
        named, ranked = _best_of(scores[0], numbers if numbers.ndim == 1 else numbers[0], k)
        if len(named) == k:  # by far the most common: one query, enough hits
            return Hits(named[None], ranked[None])
    found = Hits(np.full((queries, k), -1, np.int64), np.full((queries, k), -np.inf, np.float32))
    for query in range(queries if width else 0):
        named, ranked = _best_of(scores[query], numbers if numbers.ndim == 1 else numbers[query], k)
        found.numbers[query, : len(named)] = named
        found.scores[query, : len(named)] = ranked
    return found


def joined(left: Hits, right: Hits, k: int) -> Hits:
    """The k best of two answers to the same queries over separate items."""
    scores = np.concatenate([left.scores, right.scores], axis=1)
    return best(scores, np.concatenate([left.numbers, right.numbers], axis=1), k)


def _best_of_few(scores: np.ndarray, numbers: np.ndarray, k: int) -> Hits:
    """What `_best_of` gives of each row, in one sort, where no row has fewer than k."""
    rounded = scores.round(SCORE_DECIMALS)
    order = np.lexsort((numbers, -rounded), axis=-1)[:, :k]
    return Hits(np.take_along_axis(numbers, order, axis=1), np.take_along_axis(rounded, order, axis=1))


def _best_of(row: np.ndarray, named: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Numbers and rounded scores of at most k columns, best first; what scores -inf is left out."""
    if len(row) > max(k, _FEW):
        columns = _reaching(row, k)
        row, named = row[columns], named[columns]
    rounded = row.round(SCORE_DECIMALS)
    order = np.lexsort((named, -rounded))[:k]
    ranked = rounded[order]
    if len(ranked) and ranked[-1] == -np.inf:
        order = order[: np.count_nonzero(ranked > -np.inf)]  # they come first
        ranked = ranked[: len(order)]
    return named[order], ranked


def _reaching(row: np.ndarray, k: int) -> np.ndarray:
    # Everything that ties with the k-th: which of them stays is decided by number, not by chance.
    threshold = np.partition(row, len(row) - k)[len(row) - k]
    return np.flatnonzero(row >= threshold - _TIE) if threshold > -np.inf else np.flatnonzero(row > -np.inf)


def _checked(vectors: Embeddings, *, width: int, what: str) -> np.ndarray:
    if vectors.ndim != 2 or vectors.shape[1] != width:
        raise IncompatibleIndexError(
            f"{what} vectors of shape {vectors.shape} were received; the index holds {width}-wide vectors; "
            "use the encoder that built it or rebuild it with `bowerbird retrieve build-index`"
        )
    checked = np.ascontiguousarray(vectors, dtype=np.float32)
    is_finite = np.isfinite(checked)
    if not is_finite.all():
        rows = is_finite.all(axis=1)
        raise InputError(
            f"{what} vector {int(np.argmin(rows))} of {len(checked)} holds NaN or infinity; "
            "needed are finite numbers; look at the picture or words that it came from"
        )
    return checked
