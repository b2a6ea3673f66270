"""This file is about pairs of signatures that differ in few bits, among very many.

Of eight bytes, five changed bits leave at least three as they were. So every three bytes are a key, and pairs
are looked for among those that agree in one of the 56 keys, next to each other once sorted: all of them up to
`_RUN` signatures of one key, the nearest beyond. For few new ones it is faster to compare each with all.
"""

from collections.abc import Callable, Iterator
from itertools import combinations

import numpy as np

MOST_BITS = 5
_RUN = 256
_FEW = 400
_ROW_BITS = np.uint64(40)
_KEYS = tuple(combinations(range(8), 3))


_Pairs = tuple[np.ndarray, np.ndarray]
Keep = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""[P] earlier and [P] later rows → [P] bool."""


def near_pairs(signatures: np.ndarray, first_new: int, keep: Keep | None = None) -> np.ndarray:
    """[P, 2] int64 rows (earlier, later) of pairs that differ in at most `MOST_BITS`; sorted, each once.

    Args:
        signatures: [N] int64.
        first_new: pairs are looked for whose later row is this one or behind it.
        keep: which of them are wanted; asked as they are found, so that the others take no memory.
    """
    bits = signatures.view(np.uint64)
    few = len(bits) - first_new <= _FEW
    found = _one_by_one(bits, first_new) if few else _by_keys(bits, first_new)
    parts = [_packed(*pairs, keep) for pairs in found if len(pairs[0])]
    packed = np.unique(np.concatenate(parts)) if parts else np.empty(0, np.uint64)
    rows = np.stack([packed & np.uint64(2**32 - 1), packed >> np.uint64(32)], axis=1).astype(np.int64)
    return rows[np.lexsort((rows[:, 0], rows[:, 1]))]


def _one_by_one(bits: np.ndarray, first_new: int) -> Iterator[_Pairs]:
    for row in range(first_new, len(bits)):
        near = np.flatnonzero(np.bitwise_count(bits[:row] ^ bits[row]) <= MOST_BITS)
        yield near, np.full(len(near), row)


def _by_keys(bits: np.ndarray, first_new: int) -> Iterator[_Pairs]:
    columns = np.ascontiguousarray(bits.view(np.uint8).reshape(-1, 8).T)
    numbers = np.arange(len(bits), dtype=np.uint64)
    for first, second, third in _KEYS:
        key = columns[first].astype(np.uint64)
        key = key << np.uint64(8) | columns[second]
        key = key << np.uint64(8) | columns[third]
        # The row stands below its key in one number: sorted together, and rows of one key in their order.
        yield from _in_runs(np.sort(key << _ROW_BITS | numbers), bits, first_new)


def _in_runs(keyed: np.ndarray, bits: np.ndarray, first_new: int) -> Iterator[_Pairs]:
    keys = keyed >> _ROW_BITS
    rows = (keyed & np.uint64(2**40 - 1)).astype(np.int64)
    later = np.flatnonzero(rows >= first_new)
    for step in range(1, _RUN + 1):
        later = later[later >= step]
        later = later[keys[later] == keys[later - step]]
        if not len(later):
            return
        left, right = rows[later - step], rows[later]
        near = np.bitwise_count(bits[left] ^ bits[right]) <= MOST_BITS
        yield left[near], right[near]


def _packed(earlier: np.ndarray, later: np.ndarray, keep: Keep | None) -> np.ndarray:
    if keep is not None:
        kept = keep(earlier, later)
        earlier, later = earlier[kept], later[kept]
    packed: np.ndarray = later.astype(np.uint64) << np.uint64(32) | earlier.astype(np.uint64)
    return packed
