"""This file is about the catalogue's columns: what filters and ranking read, addressed by item number.

Arrays are allocated with room to grow and changed in place; a reader that holds a view sees values of live
items change, never move.
"""

from dataclasses import dataclass, fields

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from bowerbird.lake.colours import NAMED_COLOURS
from bowerbird.lake.vocabulary import Vocabulary

TEXT_COLUMNS = ("brand", "language", "country", "availability", "owner", "currency", "source", "safety")
ITEM_COLUMNS = (
    "id",
    "number",
    "price_micros",
    "created_ms",
    "category",
    "media_ids",
    "deleted_ms",
    *TEXT_COLUMNS,
)
MEDIA_COLUMNS = ("id", "colours", "signature")
PATH_SEPARATOR = "\x1f"
NO_PRICE = -1
_NEVER_SHOWN = pa.array(["unsafe", "hidden"])
_ROOM = 1.25


@dataclass(slots=True)
class _Arrays:
    """[capacity] one row an item number; colours lie colour by colour, as filters read them."""

    live: np.ndarray
    price_micros: np.ndarray
    created_ms: np.ndarray
    signature: np.ndarray
    category: np.ndarray
    brand: np.ndarray
    language: np.ndarray
    country: np.ndarray
    availability: np.ndarray
    owner: np.ndarray
    currency: np.ndarray
    source: np.ndarray
    safety: np.ndarray
    colours: np.ndarray


def _empty(capacity: int) -> _Arrays:
    codes = {name: np.zeros(capacity, np.int32) for name in ("category", *TEXT_COLUMNS)}
    return _Arrays(
        live=np.zeros(capacity, np.bool_),
        price_micros=np.full(capacity, NO_PRICE, np.int64),
        created_ms=np.zeros(capacity, np.int64),
        signature=np.zeros(capacity, np.int64),
        colours=np.zeros((len(NAMED_COLOURS), capacity), np.float32),
        **codes,
    )


class ColumnsView:
    """All columns at one moment, of one length. Values of live items may still change; write to none."""

    __slots__ = ("_arrays", "size", "vocabularies")

    def __init__(self, arrays: _Arrays, size: int, vocabularies: dict[str, Vocabulary]) -> None:
        self._arrays = arrays
        self.size = size
        self.vocabularies = vocabularies

    def __getitem__(self, name: str) -> np.ndarray:
        """[size] the column; [size, colours] for `colours`."""
        if name == "colours":
            return self._arrays.colours[:, : self.size].T
        column: np.ndarray = getattr(self._arrays, name)[: self.size]
        return column


class CatalogueColumns:
    """Columns of live items, addressed by number; numbers between may be holes."""

    def __init__(self) -> None:
        self._arrays = _empty(0)
        self._vocabularies = {name: Vocabulary() for name in ("category", *TEXT_COLUMNS)}
        # Replaced whole, so that a reader never meets the length of one moment and the arrays of another.
        self.view = ColumnsView(self._arrays, 0, self._vocabularies)

    def put(self, items: pa.Table, media: pa.Table, media_rows: np.ndarray) -> None:
        """Takes over rows of the item table.

        Args:
            items: `ITEM_COLUMNS`, each number once, no tombstones.
            media: `MEDIA_COLUMNS`.
            media_rows: [B] row in `media` of each item's main picture; -1 where there is none.
        """
        if items.num_rows == 0:
            return
        numbers = items["number"].to_numpy()
        self._grow_to(int(numbers.max()) + 1)
        arrays = self._arrays
        arrays.price_micros[numbers] = pc.fill_null(items["price_micros"], NO_PRICE).to_numpy()
        arrays.created_ms[numbers] = items["created_ms"].to_numpy()
        for name in TEXT_COLUMNS:
            getattr(arrays, name)[numbers] = self._vocabularies[name].encode(items[name])
        paths = pc.binary_join(items["category"], PATH_SEPARATOR)
        arrays.category[numbers] = self._vocabularies["category"].encode(paths)
        self._put_pictures(numbers, media, media_rows)
        never_shown = pc.is_in(items["safety"], value_set=_NEVER_SHOWN)
        arrays.live[numbers] = pc.invert(never_shown).to_numpy()

    def delete(self, numbers: np.ndarray) -> None:
        """Numbers that no live item has any more; unknown ones are passed over."""
        self._arrays.live[numbers[numbers < self.view.size]] = False

    def _put_pictures(self, numbers: np.ndarray, media: pa.Table, rows: np.ndarray) -> None:
        arrays = self._arrays
        has_picture = rows >= 0
        arrays.colours[:, numbers[~has_picture]] = 0.0
        arrays.signature[numbers[~has_picture]] = 0
        numbers, rows = numbers[has_picture], rows[has_picture]
        if len(rows) == 0:
            return
        shares = media["colours"].combine_chunks()
        flat = pc.fill_null(shares.flatten(), 0.0).to_numpy(zero_copy_only=False)
        by_colour = flat.reshape(len(shares), -1).T
        for colour in range(len(by_colour)):
            arrays.colours[colour, numbers] = by_colour[colour][rows]
        arrays.signature[numbers] = pc.fill_null(media["signature"], 0).to_numpy()[rows]

    def _grow_to(self, size: int) -> None:
        old = self.view.size
        if size > len(self._arrays.live):
            grown = _empty(max(int(size * _ROOM), 1_024))
            for field in fields(_Arrays):
                getattr(grown, field.name)[..., :old] = getattr(self._arrays, field.name)[..., :old]
            self._arrays = grown
        self.view = ColumnsView(self._arrays, max(old, size), self._vocabularies)


def main_picture_rows(items: pa.Table, media: pa.Table) -> np.ndarray:
    """[B] int64 row in `media` of each item's first picture; -1 where it has none or the row is not there."""
    has_any = pc.greater(pc.list_value_length(items["media_ids"]), 0)
    safe = pc.if_else(has_any, items["media_ids"], pa.scalar([None], items["media_ids"].type))
    found = pc.index_in(pc.list_element(safe, 0), value_set=media["id"].combine_chunks(), skip_nulls=True)
    rows: np.ndarray = pc.fill_null(found, -1).to_numpy().astype(np.int64)
    return rows
