"""This file is about cards: the JSON of items that clients see, made on demand from a memory-mapped file.

Random reads of Lance rows cost some 20 ms a page of 25, because each column of each row is a read of its own.
Here a row lies in one piece in an Arrow file that the page cache holds, and a card costs some 20 µs. The
file is derived: it lies in `<lake>/index`, says which version it was made from, and is made again when that
does not fit.
"""

import base64
from collections.abc import Iterable
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc

ITEM_CARD_COLUMNS = (
    "id",
    "title",
    "description",
    "link",
    "price_micros",
    "currency",
    "brand",
    "category",
    "availability",
)
MEDIA_CARD_COLUMNS = ("id", "width_px", "height_px", "frames", "kind", "main_colour", "thumbhash")
VIDEO_CARD_COLUMNS = ("duration_ms", "has_audio")
_BETWEEN_CELLS = b"\x1f"
_BETWEEN_LEVELS = b"\x1e"
_SHIFT = 16
ROWS_PER_BATCH = 1 << _SHIFT
_NOWHERE = -1
# Named anew whenever the cells of a row change, so that an older file is not read.
_VERSION = b"bowerbird:version:2"


@dataclass(frozen=True, slots=True)
class CardRow:
    """What a card says about an item; empty text where there is nothing to say. In the order of the file."""

    id: str
    title: str
    description: str
    link: str
    price_micros: str
    currency: str
    brand: str
    category: str
    availability: str
    sha: str
    width_px: str
    height_px: str
    frames: str
    kind: str
    main_colour: str
    duration_ms: str
    has_audio: str
    thumbhash: bytes

    def as_json(self) -> bytes:
        """The card."""
        has_price = self.price_micros != ""
        return orjson.dumps(
            {
                "id": self.id,
                "title": self.title,
                "description": self.description,
                "link": self.link,
                "category": self.category.split(_BETWEEN_LEVELS.decode()) if self.category else [],
                "brand": self.brand,
                "price": {"micros": int(self.price_micros), "currency": self.currency or None}
                if has_price
                else None,
                "availability": self.availability,
                "picture": self._picture() if self.sha else None,
                "video": self._video() if self.kind == "video" else None,
            }
        )

    def _video(self) -> dict[str, int | bool]:
        return {"duration_ms": int(self.duration_ms or 0), "has_audio": self.has_audio == "true"}

    def _picture(self) -> dict[str, str | int]:
        return {
            "sha": self.sha,
            "width": int(self.width_px),
            "height": int(self.height_px),
            "frames": int(self.frames),
            "placeholder": base64.b64encode(self.thumbhash).decode(),
            "colour": self.main_colour,
        }


_TEXT_CELLS = tuple(field.name for field in fields(CardRow))[:-1]


class CardRows:
    """Rows behind cards, found by item number: some in a memory-mapped file, the fresh ones in memory."""

    def __init__(self) -> None:
        self._batches: list[pa.LargeBinaryArray] = []
        self._places = np.empty(0, np.int64)  # [size] batch << 16 | row
        self.fresh_rows = 0

    def attach(self, path: Path) -> None:
        """Reads from a file made by `write_card_rows`."""
        reader = pa.ipc.open_file(pa.memory_map(str(path)))
        for batch in range(reader.num_record_batches):
            self._add(reader.get_batch(batch))
        self.fresh_rows = 0

    def put(self, rows: pa.Table) -> None:
        """Fresh rows in the form of `card_rows`; they take the place of older ones."""
        for batch in rows.combine_chunks().to_batches(max_chunksize=ROWS_PER_BATCH):
            self._add(batch)
            self.fresh_rows += batch.num_rows

    def row(self, number: int) -> CardRow | None:
        """The row of an item, or None."""
        packed = self._packed(number)
        if packed is None:
            return None
        # The thumbhash comes last: its bytes may look like our separator.
        cells = packed.split(_BETWEEN_CELLS, len(_TEXT_CELLS))
        texts = {name: cell.decode() for name, cell in zip(_TEXT_CELLS, cells[:-1], strict=True)}
        return CardRow(**texts, thumbhash=cells[-1])

    def id_of(self, number: int) -> str | None:
        """The id of an item, or None."""
        packed = self._packed(number)
        return None if packed is None else packed[: packed.index(_BETWEEN_CELLS)].decode()

    def place_of(self, number: int) -> int:
        """Where the row of an item lies; another place whenever the row was replaced; -1 for no row."""
        return int(self._places[number]) if 0 <= number < len(self._places) else _NOWHERE

    def _packed(self, number: int) -> bytes | None:
        place = self.place_of(number)
        if place == _NOWHERE:
            return None
        packed: bytes = self._batches[place >> _SHIFT][place & (ROWS_PER_BATCH - 1)].as_py()
        return packed

    def _add(self, batch: pa.RecordBatch) -> None:
        numbers = batch.column("number").to_numpy()
        if len(numbers) == 0:
            return
        needed = int(numbers.max()) + 1
        if needed > len(self._places):
            room = np.full(max(needed, len(self._places) * 5 // 4) - len(self._places), _NOWHERE, np.int64)
            self._places = np.concatenate([self._places, room])
        self._batches.append(batch.column("row"))
        self._places[numbers] = (np.int64(len(self._batches) - 1) << _SHIFT) | np.arange(len(numbers))


def card_rows(items: pa.Table, media: pa.Table, media_rows: np.ndarray) -> pa.Table:
    """What cards say of items, a row in one piece.

    Args:
        items: `number` and `ITEM_CARD_COLUMNS`.
        media: `MEDIA_CARD_COLUMNS` and `VIDEO_CARD_COLUMNS`.
        media_rows: [B] row in `media` of each item's main picture; -1 where there is none.

    Returns:
        columns `number` and `row`.
    """
    pictures = media.take(pa.array(media_rows, mask=media_rows < 0))
    cells = [_as_cells(items[name]) for name in ITEM_CARD_COLUMNS]
    cells += [_as_cells(pictures[name]) for name in (*MEDIA_CARD_COLUMNS[:-1], *VIDEO_CARD_COLUMNS)]
    cells.append(pictures[MEDIA_CARD_COLUMNS[-1]].cast(pa.large_binary()))
    between = pa.scalar(_BETWEEN_CELLS, pa.large_binary())
    packed = pc.binary_join_element_wise(*cells, between, null_handling="replace", null_replacement="")
    return pa.table({"number": items["number"], "row": packed})


def with_video_columns(media: pa.Table, videos: pa.Table) -> pa.Table:
    """The media with what cards say of those that are videos.

    Args:
        videos: `id` and `VIDEO_CARD_COLUMNS` of some or all videos.
    """
    rows = pc.index_in(media["id"], value_set=videos["id"].combine_chunks())
    for name in VIDEO_CARD_COLUMNS:
        media = media.append_column(name, videos[name].take(rows))
    return media


def write_card_rows(path: Path, parts: Iterable[pa.Table], version: int) -> None:
    """Writes rows for `CardRows.attach`; the file appears whole or not at all."""
    beside = path.with_suffix(".part")
    schema = pa.schema([("number", pa.int64()), ("row", pa.large_binary())], {_VERSION: str(version)})
    with pa.OSFile(str(beside), "wb") as file, pa.ipc.new_file(file, schema) as writer:
        for part in parts:
            writer.write_table(part.cast(schema), max_chunksize=ROWS_PER_BATCH)
    beside.replace(path)


def version_of_card_rows(path: Path) -> int | None:
    """The item version that the file was made from; None where there is no whole file."""
    try:
        metadata = pa.ipc.open_file(pa.memory_map(str(path))).schema.metadata or {}
    except (OSError, pa.ArrowInvalid):
        return None
    return int(metadata[_VERSION]) if _VERSION in metadata else None


def _as_cells(column: pa.ChunkedArray) -> pa.ChunkedArray:
    if pa.types.is_list(column.type):
        return pc.binary_join(column, _BETWEEN_LEVELS.decode()).cast(pa.large_binary())
    texts = column.cast(pa.large_string())
    # A text that holds our separator would shift the cells after it.
    return pc.replace_substring(texts, _BETWEEN_CELLS.decode(), " ").cast(pa.large_binary())
