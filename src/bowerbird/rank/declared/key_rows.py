"""This file is about key rows: a dense row number for each 64-bit key, looked up by columns of keys.

An open-addressing hash table of row numbers in a numpy array: about 20 bytes a key where a dict of Python
integers takes a hundred and more, and one vectorised probe for hundreds of candidates.
"""

import numpy as np

NOBODY = 0
"""Row of every key that is not here, and of -1; it holds nothing and stays so."""
_EMPTY = -1
_MIX = np.uint64(0x9E3779B97F4A7C15)  # Fibonacci hashing: the golden ratio of 2^64
_LEAST_BITS = 6
_ROOM = 1.25


class KeyRows:
    """Keys and their rows, which begin at 1. One thread writes."""

    def __init__(self, keys: np.ndarray | None = None) -> None:
        """Keys of the rows from 1 on, each once."""
        self._keys = np.full(1, _EMPTY, np.int64)
        self._size = 1
        self._make(_LEAST_BITS)
        if keys is not None:
            self._grow(len(keys))
            self._add(keys)

    def __len__(self) -> int:
        """Rows, that of nobody among them."""
        return self._size

    @property
    def keys(self) -> np.ndarray:
        """int64 [rows - 1] by row, from 1 on."""
        return self._keys[1 : self._size]

    @property
    def size_bytes(self) -> int:
        """Of the table and the keys."""
        return self._slots.nbytes + self._keys.nbytes

    def find(self, keys: np.ndarray) -> np.ndarray:
        """int64 [B] row of each key; `NOBODY` for one that has none."""
        places = self._home(keys)
        rows: np.ndarray = self._slots[places].astype(np.int64)
        there = self._keys[rows]  # an empty slot holds nobody, whose key is that of nothing
        pending = np.flatnonzero((there != keys) & (there != _EMPTY))
        while len(pending):  # in a table at most half full these are few
            places[pending] = at = (places[pending] + 1) & self._mask
            rows[pending] = self._slots[at]
            there = self._keys[rows[pending]]
            pending = pending[(there != keys[pending]) & (there != _EMPTY)]
        return rows

    def rows_of(self, keys: np.ndarray) -> np.ndarray:
        """int64 [B] row of each key, a new one where it had none; -1 is nobody's."""
        rows = self.find(keys)
        missing = np.unique(keys[(rows == NOBODY) & (keys != _EMPTY)])
        if not len(missing):
            return rows
        self._grow(len(missing))
        self._add(missing)
        return self.find(keys)

    def _add(self, keys: np.ndarray) -> None:
        """Keys that are not here, each once; there is room."""
        rows = np.arange(self._size, self._size + len(keys))
        self._keys[rows] = keys
        self._size += len(keys)
        self._place(keys, rows)

    def _place(self, keys: np.ndarray, rows: np.ndarray) -> None:
        places = self._home(keys)
        pending = np.arange(len(keys))
        while len(pending):
            free = pending[self._slots[places[pending]] == NOBODY]
            # Of several that want one slot the last one gets it; the others see that and go on.
            self._slots[places[free]] = rows[free]
            pending = pending[self._slots[places[pending]] != rows[pending]]
            places[pending] = (places[pending] + 1) & self._mask

    def _grow(self, more: int) -> None:
        wanted = self._size + more
        if wanted > len(self._keys):
            grown = np.full(int(_ROOM * wanted) + 1, _EMPTY, np.int64)
            grown[: self._size] = self._keys[: self._size]
            self._keys = grown
        if 2 * wanted > self._mask + 1:
            self._make((2 * wanted - 1).bit_length())
            self._place(self.keys, np.arange(1, self._size))

    def _make(self, bits: int) -> None:
        self._shift = np.uint64(64 - bits)
        self._mask = (1 << bits) - 1
        self._slots = np.full(1 << bits, NOBODY, np.int32)

    def _home(self, keys: np.ndarray) -> np.ndarray:
        mixed: np.ndarray = (keys.astype(np.uint64) * _MIX) >> self._shift
        return mixed.astype(np.int64)
