"""This file is about Parquet, also in shards and as Hugging Face writes it: pictures in columns of bytes."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from bowerbird.lake.importing.datasets import Features, split_of
from bowerbird.lake.importing.files import cut_off, unreadable
from bowerbird.lake.importing.parquet_pages import LARGEST_PAGE, largest_page_bytes
from bowerbird.lake.importing.types import Cell, PictureRef, RowError, SourceRow

_ROWS_AT_ONCE = 64
_BYTES_AT_ONCE = 32 * 2**20
_PAGE_BYTES = 2**20
# A row of pictures of the largest size that is decoded anyway.
_PICTURES_A_ROW = 20


class ParquetSource:
    """Rows of Parquet files; a column of bytes, or of `{bytes, path}`, may be the picture itself."""

    def __init__(self, shards: Sequence[Path], name: str, *, root: Path | None = None) -> None:
        """The rows of the shards, one file after the other.

        Args:
            shards: at least one.
            name: what the import is called.
            root: of a folder of shards: names of files in it tell the split.

        Raises:
            InputError: the first one is no Parquet file.
        """
        self._shards = tuple(shards)
        self._name = name
        self._root = root
        try:
            with pq.ParquetFile(self._shards[0]) as file:
                self._columns = tuple(file.schema_arrow.names)
        except (OSError, pa.ArrowException) as error:
            raise unreadable(self._shards[0], error) from error

    @property
    def name(self) -> str:
        """What the import is called."""
        return self._name

    @property
    def columns(self) -> tuple[str, ...]:
        """Those of the first file."""
        return self._columns

    def rows(self) -> Iterator[SourceRow]:
        """One a row; a few are held at a time, fewer where they are large."""
        row = 0
        for shard in self._shards:
            split = (
                {"split": name} if self._root is not None and (name := split_of(shard, self._root)) else {}
            )
            for number, read in enumerate(_rows_of(shard), start=1):
                row += 1
                if isinstance(read, RowError):
                    yield SourceRow(row, shard.name, error=read)
                    continue
                values, pictures = read
                yield SourceRow(row, f"{shard.name}, row {number}", {**values, **split}, pictures)

    def passed_over(self) -> Mapping[str, int]:
        """Nothing: every row is a row."""
        return {}


def _rows_of(shard: Path) -> Iterator[tuple[dict[str, Cell], tuple[PictureRef, ...]] | RowError]:
    """The rows of one file; an error for a part of it that cannot be read."""
    try:
        # Buffered, so that a row group of large pictures is read page by page and not as a whole.
        with pq.ParquetFile(shard, buffer_size=_PAGE_BYTES, pre_buffer=False) as file:
            features = Features.of(file.schema_arrow)
            for group in range(file.num_row_groups):
                if largest_page_bytes(shard, file.metadata, group) > LARGEST_PAGE:
                    yield _too_large(file.metadata.row_group(group).num_rows)
                    continue
                rows = _rows_at_once(file.metadata.row_group(group))
                for batch in file.iter_batches(batch_size=rows, row_groups=[group]):
                    for at in range(batch.num_rows):
                        (values,) = batch.slice(at, 1).to_pylist()
                        pictures = _carried(values)
                        yield features.in_words(values), pictures
    except (OSError, pa.ArrowException) as error:
        yield cut_off(error)


def _rows_at_once(group: pq.RowGroupMetaData) -> int:
    bytes_a_row = max(group.total_byte_size / max(group.num_rows, 1), 1)
    return max(1, min(_ROWS_AT_ONCE, int(_BYTES_AT_ONCE / bytes_a_row)))


def _too_large(rows: int) -> RowError:
    return RowError(
        f"a row group of {rows:,} rows has more than {LARGEST_PAGE:,} bytes in one page",
        field="row",
        code="row-group-too-large",
        hint="write the file with fewer rows a row group, a hundred say",
    )


def _carried(values: dict[str, Cell]) -> tuple[PictureRef, ...]:
    """Pictures whose bytes stand in the row, also in lists; they are taken out of it."""
    refs: list[PictureRef] = []
    for column, value in list(values.items()):
        parts = value if isinstance(value, list) else [value]
        found = [ref for part in parts if (ref := _picture(part)) is not None]
        if found:
            refs.extend(found)
            values[column] = None
        elif isinstance(value, dict) and "bytes" in value and isinstance(value.get("path"), str):
            values[column] = value["path"]
    return tuple(refs[:_PICTURES_A_ROW])


def _picture(value: Cell) -> PictureRef | None:
    content, path = value, None
    if isinstance(value, dict) and "bytes" in value:
        content, path = value["bytes"], value.get("path")
    if not isinstance(content, bytes) or not content:
        return None
    digest = hashlib.sha256(content).hexdigest()
    # Many sets name all their pictures alike, `image.jpg` say.
    name = f"{digest[:16]}/{path}" if path else digest[:16]
    return PictureRef(name, digest, content, len(content))
