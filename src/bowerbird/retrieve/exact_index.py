"""This file is about the plainest index: every vector is compared, nothing is approximate."""

import threading
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from bowerbird.core.arrays import Embeddings, ItemMask, ItemNumbers, Mask
from bowerbird.core.filters import Filter
from bowerbird.retrieve.fresh_rows import FreshRows
from bowerbird.retrieve.nearest import checked_queries, checked_rows
from bowerbird.retrieve.payload import PayloadColumns
from bowerbird.retrieve.types import FilterColumns, Hits


class ExactIndex:
    """Numpy truth that other indexes are measured against; a `VectorIndex`."""

    def __init__(self, width: int, *, stamp_text: str = "", columns: FilterColumns | None = None) -> None:
        self._width = width
        self._stamp_text = stamp_text
        self._own = PayloadColumns()
        self._columns: FilterColumns = self._own if columns is None else columns
        self._rows = FreshRows.empty(width)
        self._lock = threading.Lock()

    @property
    def stamp_text(self) -> str:
        """Which encoder, version and space the vectors come from."""
        return self._stamp_text

    @property
    def width(self) -> int:
        """D, the width of its vectors."""
        return self._width

    def __len__(self) -> int:
        return len(self._rows)

    def search(self, queries: Embeddings, k: int, where: Filter | None = None, effort: float = 0.97) -> Hits:
        """The k nearest items of each query; exact whatever the effort.

        Raises:
            IncompatibleIndexError: the queries have another width.
            FilterError: the filter names an unknown field.
        """
        del effort
        checked = checked_queries(queries, k, width=self._width)
        rows = self._rows
        keep = None if where is None else kept(self._columns.mask(where), rows.numbers)
        return rows.search(checked, k, keep)

    def vectors(self, numbers: ItemNumbers) -> Embeddings:
        """[C, D] the stored vectors; a row of zeros where the item is not there."""
        rows = self._rows
        places = rows.rows_of(numbers)
        found = np.zeros((len(numbers), self._width), dtype=np.float32)
        found[places >= 0] = rows.vectors[places[places >= 0]]
        return found

    def upsert(
        self,
        numbers: ItemNumbers,
        vectors: Embeddings,
        payload: Sequence[Mapping[str, Any]] | None = None,
    ) -> None:
        """Add or replace; searchable on return."""
        unique, checked = checked_rows(numbers, vectors, width=self._width)
        with self._lock:
            self._own.put(numbers, payload)
            self._rows = self._rows.with_rows(unique, checked)

    def delete(self, numbers: ItemNumbers) -> None:
        """Forget; gone from searches on return."""
        with self._lock:
            self._rows = self._rows.without(numbers)
            self._own.forget(numbers)


def kept(mask: ItemMask, numbers: ItemNumbers) -> Mask:
    """[C] whether the mask over all item numbers keeps these; what lies beyond its end is not kept."""
    inside = numbers < len(mask)
    keep: Mask = np.zeros(len(numbers), dtype=bool)
    keep[inside] = mask[numbers[inside]]
    return keep
