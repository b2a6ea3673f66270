"""This file is about embeddings as the lake keeps them: which are there, and those of given items."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from bowerbird.core.arrays import Embeddings, ItemNumbers
from bowerbird.core.filters import In
from bowerbird.encode.registry import Encoders
from bowerbird.encode.types import EncoderStamp, ItemVectors, JointSpace
from bowerbird.lake.colours import NAMED_COLOURS
from bowerbird.lake.items import words_key, written
from bowerbird.lake.lake import Lake
from bowerbird.lake.tables import Table

_BATCH_ITEMS = 1024
_FEW_ITEMS = 2048


@dataclass(frozen=True, slots=True)
class RawItems:
    """What is known of some items before any space: a row each, zeros for what is missing.

    Attributes:
        numbers: [N] item numbers.
        pictures: [N, Dp] of the main picture.
        words: [N, Dw] of the item's words.
        colours: [N, c] of the main picture.
        texts: the N items' words.
    """

    numbers: ItemNumbers
    pictures: Embeddings
    words: Embeddings
    colours: Embeddings
    texts: tuple[str, ...]


def picture_table(lake: Lake, encoders: Encoders) -> Table:
    """Picture embeddings of this encoder, keyed by media id."""
    return lake.embeddings("picture", encoders.pictures.stamp.text, encoders.pictures.width)


def words_table(lake: Lake, encoders: Encoders) -> Table:
    """Words embeddings of this encoder, keyed by `words_key`."""
    return lake.embeddings("words", encoders.words.stamp.text, encoders.words.width)


def table_names(encoders: Encoders) -> tuple[str, str]:
    """Names of the tables that hold the vectors of these encoders: pictures, words."""
    return f"picture/{encoders.pictures.stamp.text}", f"words/{encoders.words.stamp.text}"


def embedding_rows(keys: Sequence[str], vectors: Embeddings, stamp: EncoderStamp) -> pa.Table:
    """Rows for an embeddings table, each with its stamp."""
    count, width = vectors.shape
    halves = pa.array(np.ascontiguousarray(vectors, dtype=np.float16).ravel())
    return pa.table(
        {
            "key": pa.array(list(keys), pa.string()),
            "number": pa.array(np.full(count, -1, dtype=np.int64)),
            "vector": pa.FixedSizeListArray.from_arrays(halves, width),
            "encoder": pa.array([stamp.name] * count),
            "version": pa.array([stamp.version] * count),
            "preprocessing_hash": pa.array([stamp.preprocessing_hash] * count),
        }
    )


def item_vectors(
    lake: Lake, encoders: Encoders, space: JointSpace, numbers: ItemNumbers | None = None
) -> Iterator[tuple[ItemNumbers, ItemVectors]]:
    """Vectors of the live items with these numbers, or of all, batch by batch.

    Items without any embedding yet come with rows of zeros. Memory is one batch, and for all items 16 bytes
    an embedding.
    """
    for raw in raw_items(lake, encoders, numbers):
        yield raw.numbers, space.items(raw.pictures, raw.words, raw.colours)


def raw_items(lake: Lake, encoders: Encoders, numbers: ItemNumbers | None = None) -> Iterator[RawItems]:
    """Raw embeddings of the live items with these numbers, or of all, batch by batch."""
    few = numbers is not None and len(numbers) <= _FEW_ITEMS
    find = KeyedRows.ask if few else KeyedRows.remember
    pictures, words = find(picture_table(lake, encoders)), find(words_table(lake, encoders))
    media = find(lake.media)
    columns = ["number", "media_ids", "words"]
    for where in number_filters(numbers):
        for batch in lake.items.scan(columns, where=where, batch_rows=_BATCH_ITEMS):
            if not batch.num_rows:
                continue
            main = [(ids or [""])[0] for ids in batch["media_ids"].to_pylist()]
            texts = tuple(written(text or "") for text in batch["words"].to_pylist())
            text_keys = [words_key(text) if text.strip() else "" for text in texts]
            yield RawItems(
                numbers=batch["number"].to_numpy().astype(np.int64),
                pictures=pictures.vectors(main, "vector", encoders.pictures.width),
                words=words.vectors(text_keys, "vector", encoders.words.width),
                colours=media.vectors(main, "colours", len(NAMED_COLOURS)),
                texts=texts,
            )


class KeyedRows:
    """Rows of a table by key: asked for each time, or with every key's row remembered."""

    def __init__(self, table: Table, hashes: np.ndarray | None, row_ids: np.ndarray):
        self._table = table
        self._hashes = hashes
        self._row_ids = row_ids

    @classmethod
    def ask(cls, table: Table) -> "KeyedRows":
        """Looks keys up in the table; right for a few."""
        return cls(table, None, np.empty(0, dtype=np.uint64))

    @classmethod
    def remember(cls, table: Table) -> "KeyedRows":
        """Reads all keys once; 16 bytes each."""
        hashes, row_ids = [np.empty(0, np.int64)], [np.empty(0, np.uint64)]
        for batch in table.scan([table.spec.key], with_row_id=True, batch_rows=16_384):
            hashes.append(key_hashes(batch[table.spec.key].to_pylist()))
            row_ids.append(batch["_rowid"].to_numpy())
        joined = np.concatenate(hashes)
        order = np.argsort(joined, kind="stable")
        return cls(table, joined[order], np.concatenate(row_ids)[order])

    def vectors(self, keys: Sequence[str], column: str, width: int) -> Embeddings:
        """[len(keys), width] float32; zeros where a key has no row."""
        made = np.zeros((len(keys), width), dtype=np.float32)
        wanted = sorted({key for key in keys if key})
        if not wanted:
            return made
        found = self._rows(wanted, column)
        row_of = {key: row for row, key in enumerate(found[self._table.spec.key].to_pylist())}
        # A row of nulls has no numbers in the flat array; such a column is not ours, but be safe.
        stored = found[column].combine_chunks()
        values = stored.flatten().to_numpy().astype(np.float32).reshape(-1, width)
        places = [(place, row_of[key]) for place, key in enumerate(keys) if key in row_of]
        if places:
            at, rows = np.array(places).T
            made[at] = values[rows]
        return made

    def _rows(self, wanted: list[str], column: str) -> pa.Table:
        columns = [self._table.spec.key, column]
        if self._hashes is None:
            return self._table.take(wanted, columns)
        hashes = key_hashes(wanted)
        places = np.searchsorted(self._hashes, hashes)
        inside = places < len(self._hashes)
        places = places[inside][self._hashes[places[inside]] == hashes[inside]]
        return self._table.take_row_ids(np.sort(self._row_ids[places]).tolist(), columns)


def key_hashes(keys: Sequence[str]) -> np.ndarray:
    """[len(keys)] 64 bits a key, the same within one process only."""
    return np.fromiter(map(hash, keys), dtype=np.int64, count=len(keys))


def number_filters(numbers: ItemNumbers | None) -> Iterator[In | None]:
    """Filters that keep the items with these numbers, some at a time; None keeps all."""
    if numbers is None:
        yield None
        return
    for start in range(0, len(numbers), _BATCH_ITEMS):
        yield In("number", tuple(numbers[start : start + _BATCH_ITEMS].tolist()))
