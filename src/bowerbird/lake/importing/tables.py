"""This file is about catalogues that are one file: CSV, TSV, JSON lines and Parquet, also packed with gzip.

Rows are read as they are asked for; one endless line ends as one refused row, not as the memory's end.
"""

import codecs
import csv
import gzip
import hashlib
import json
import sys
import zlib
from collections.abc import Iterator, Mapping
from decimal import Decimal
from io import BufferedIOBase, TextIOBase
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from bowerbird.core.errors import InputError
from bowerbird.lake.importing.types import Cell, PictureRef, RowError, SourceRow

MAX_LINE_CHARS = 8 * 2**20
_SAMPLE_BYTES = 64 * 1024
_PARQUET_ROWS = 64
_DELIMITERS = (",", ";", "\t", "|")
_BROKEN_FILE = (OSError, EOFError, zlib.error)


class DelimitedSource:
    """Rows of a CSV or TSV file with a header line."""

    def __init__(self, path: Path, delimiter: str | None = None) -> None:
        """`delimiter` is found from the header line if it is not given.

        Raises:
            InputError: the file has no header line, or cannot be read.
        """
        self._path = path
        self._encoding = _encoding_of(path)
        try:
            with _opened(path, self._encoding) as file:
                head = file.readline(MAX_LINE_CHARS)
        except _BROKEN_FILE as error:
            raise _unreadable(path, error) from error
        self._delimiter = delimiter or max(_DELIMITERS, key=head.count)
        self.columns = tuple(name.strip() for name in next(csv.reader([head], delimiter=self._delimiter), []))
        if not any(self.columns):
            raise InputError(f"{path} has no header line; the first line names the columns; add one")

    @property
    def name(self) -> str:
        """The file's name without its endings."""
        return _stem(self._path)

    def rows(self) -> Iterator[SourceRow]:
        """One a line; `row` counts from the first after the header."""
        csv.field_size_limit(min(MAX_LINE_CHARS, sys.maxsize))
        with _opened(self._path, self._encoding) as file:
            reader = csv.reader(_lines(file), delimiter=self._delimiter)
            row, is_header = 0, True
            while True:
                try:
                    cells = next(reader)
                except StopIteration:
                    return
                except csv.Error as error:
                    row += 1
                    yield SourceRow(row, self._where(reader.line_num), error=_bad_line(str(error)))
                    continue
                except _BROKEN_FILE as error:
                    yield SourceRow(row + 1, self._where(reader.line_num), error=_cut_off(error))
                    return
                if is_header or not any(cells):
                    is_header = False
                    continue
                row += 1
                yield self._row(row, reader.line_num, cells)

    def passed_over(self) -> Mapping[str, int]:
        """Nothing: every line is a row."""
        return {}

    def _row(self, row: int, line: int, cells: list[str]) -> SourceRow:
        if len(cells) > len(self.columns):
            problem = _bad_line(
                f"{len(cells)} cells were received, the header names {len(self.columns)}", "too-many-cells"
            )
            return SourceRow(row, self._where(line), error=problem)
        if any("\ufffd" in cell for cell in cells):
            return SourceRow(row, self._where(line), error=_bad_encoding(" ".join(cells)))
        named = zip(self.columns, cells, strict=False)
        return SourceRow(row, self._where(line), {column: cell for column, cell in named if column})

    def _where(self, line: int) -> str:
        return f"{self._path.name}, line {line}"


class JsonLinesSource:
    """Rows of a file with one JSON object a line."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._encoding = _encoding_of(path)

    @property
    def name(self) -> str:
        """The file's name without its endings."""
        return _stem(self._path)

    @property
    def columns(self) -> tuple[str, ...]:
        """None are known before the rows."""
        return ()

    def rows(self) -> Iterator[SourceRow]:
        """One a line that is not blank; numbers with a fraction come as `Decimal`."""
        row = 0
        with _opened(self._path, self._encoding) as file:
            lines = enumerate(_lines(file), start=1)
            while True:
                try:
                    number, line = next(lines)
                except StopIteration:
                    return
                except _BROKEN_FILE as error:
                    yield SourceRow(row + 1, self._path.name, error=_cut_off(error))
                    return
                if line.strip():
                    row += 1
                    yield json_row(row, f"{self._path.name}, line {number}", line)

    def passed_over(self) -> Mapping[str, int]:
        """Nothing: every line is a row."""
        return {}


class ParquetSource:
    """Rows of a Parquet file; a column of bytes, or of `{bytes, path}`, may be the picture itself."""

    def __init__(self, path: Path) -> None:
        """The rows of `path`.

        Raises:
            InputError: it is no Parquet file.
        """
        self._path = path
        try:
            self._file = pq.ParquetFile(path)
        except (OSError, pa.ArrowException) as error:
            raise _unreadable(path, error) from error
        self.columns = tuple(self._file.schema_arrow.names)

    @property
    def name(self) -> str:
        """The file's name without its endings."""
        return _stem(self._path)

    def rows(self) -> Iterator[SourceRow]:
        """One a row, some dozens read at a time."""
        row = 0
        batches = self._file.iter_batches(batch_size=_PARQUET_ROWS)
        while True:
            try:
                batch = next(batches)
            except StopIteration:
                return
            except (OSError, pa.ArrowException) as error:
                yield SourceRow(row + 1, self._path.name, error=_cut_off(error))
                return
            for values in batch.to_pylist():
                row += 1
                yield SourceRow(row, f"{self._path.name}, row {row}", values, _carried(values))

    def passed_over(self) -> Mapping[str, int]:
        """Nothing: every row is a row."""
        return {}


def json_row(row: int, where: str, line: str) -> SourceRow:
    """The row in a text that is one JSON object."""
    if "\ufffd" in line:
        return SourceRow(row, where, error=_bad_encoding(line))
    try:
        values = json.loads(line, parse_float=Decimal)
    except (ValueError, RecursionError) as error:
        return SourceRow(row, where, error=_bad_line(str(error)[:100], received=line))
    if not isinstance(values, dict):
        problem = _bad_line("the line holds no JSON object", received=line)
        return SourceRow(row, where, error=problem)
    return SourceRow(row, where, values)


def _carried(values: dict[str, Cell]) -> tuple[PictureRef, ...]:
    """Pictures whose bytes stand in the row; they are taken out of it."""
    refs = []
    for column, value in list(values.items()):
        content = value.get("bytes") if isinstance(value, dict) and "bytes" in value else value
        if isinstance(content, bytes) and content:
            name = value.get("path") if isinstance(value, dict) else None
            digest = hashlib.sha256(content).hexdigest()
            refs.append(PictureRef(name or digest[:16], digest, content))
            values[column] = None
        elif isinstance(value, dict) and "bytes" in value and isinstance(value.get("path"), str):
            values[column] = value["path"]
    return tuple(refs)


def _encoding_of(path: Path) -> str:
    """UTF-8 where the beginning reads as it, UTF-16 where it is marked, else what old spreadsheets write."""
    sample = _sample(path)
    if sample.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    try:
        codecs.getincrementaldecoder("utf-8")().decode(sample)
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8-sig"


def _sample(path: Path) -> bytes:
    """The beginning, as far as it can be read: that a file breaks off later is for its rows to find."""
    sample = b""
    try:
        with _opened_bytes(path) as file:
            while len(sample) < _SAMPLE_BYTES and (part := file.read1(_SAMPLE_BYTES)):
                sample += part
    except _BROKEN_FILE as error:
        if not sample:
            raise _unreadable(path, error) from error
    return sample


def _opened_bytes(path: Path) -> BufferedIOBase:
    return gzip.open(path, "rb") if path.suffix.lower() == ".gz" else path.open("rb")


def _opened(path: Path, encoding: str) -> TextIOBase:
    if path.suffix.lower() == ".gz":
        return gzip.open(path, "rt", encoding=encoding, errors="replace", newline="")
    return path.open(encoding=encoding, errors="replace", newline="")


def _lines(file: TextIOBase) -> Iterator[str]:
    """The lines; of one that is too long, the beginning and then nothing until it ends."""
    is_middle = False
    while line := file.readline(MAX_LINE_CHARS):
        if not is_middle:
            yield line if line.endswith("\n") or len(line) < MAX_LINE_CHARS else line[:1_000] + "\n"
        is_middle = not line.endswith("\n")


def _stem(path: Path) -> str:
    name = path.name
    for ending in (".gz", path.with_suffix("").suffix if path.suffix == ".gz" else path.suffix):
        name = name.removesuffix(ending) if ending else name
    return name


def _bad_line(message: str, code: str = "bad-line", received: str = "") -> RowError:
    return RowError(message, field="row", code=code, hint="mend the line", received=received)


def _bad_encoding(received: str) -> RowError:
    return RowError(
        "some bytes are no letters in the encoding of the rest",
        field="row",
        code="bad-encoding",
        hint="save the file as UTF-8",
        received=received,
    )


def _cut_off(error: Exception) -> RowError:
    return RowError(
        f"the file cannot be read any further ({str(error)[:100]})",
        field="row",
        code="broken-file",
        hint="copy or download it again; what stood before it is taken in",
    )


def _unreadable(path: Path, error: Exception) -> InputError:
    return InputError(f"{path} cannot be read ({str(error)[:200]}); needed is a whole file; copy it again")
