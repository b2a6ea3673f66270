"""This file is about catalogues that are one text file: CSV, TSV and JSON lines, also packed with gzip.

Rows are read as they are asked for; one endless line ends as one refused row, not as the memory's end.
"""

import csv
import json
import sys
from collections.abc import Iterator, Mapping
from decimal import Decimal
from io import TextIOBase
from pathlib import Path

from bowerbird.core.errors import InputError
from bowerbird.lake.importing.files import (
    BROKEN_FILE,
    cut_off,
    encoding_of,
    opened_text,
    sample_of,
    stem_of,
    unreadable,
)
from bowerbird.lake.importing.types import RowError, SourceRow

MAX_LINE_CHARS = 8 * 2**20
_DELIMITERS = (",", ";", "\t", "|")


class DelimitedSource:
    """Rows of a CSV or TSV file with a header line."""

    def __init__(self, path: Path, delimiter: str | None = None) -> None:
        """`delimiter` is found from the header line if it is not given.

        Raises:
            InputError: the file has no header line, or cannot be read.
        """
        self._path = path
        self._encoding = encoding_of(sample_of(path))
        try:
            with opened_text(path, self._encoding) as file:
                head = file.readline(MAX_LINE_CHARS)
        except BROKEN_FILE as error:
            raise unreadable(path, error) from error
        self._delimiter = delimiter or max(_DELIMITERS, key=head.count)
        self.columns = tuple(name.strip() for name in next(csv.reader([head], delimiter=self._delimiter), []))
        if not any(self.columns):
            raise InputError(f"{path} has no header line; the first line names the columns; add one")

    @property
    def name(self) -> str:
        """The file's name without its endings."""
        return stem_of(self._path)

    def rows(self) -> Iterator[SourceRow]:
        """One a line; `row` counts from the first after the header."""
        csv.field_size_limit(min(MAX_LINE_CHARS, sys.maxsize))
        with opened_text(self._path, self._encoding) as file:
            reader = csv.reader(lines_of(file), delimiter=self._delimiter)
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
                except BROKEN_FILE as error:
                    yield SourceRow(row + 1, self._where(reader.line_num), error=cut_off(error))
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
        self._encoding = encoding_of(sample_of(path))

    @property
    def name(self) -> str:
        """The file's name without its endings."""
        return stem_of(self._path)

    @property
    def columns(self) -> tuple[str, ...]:
        """None are known before the rows."""
        return ()

    def rows(self) -> Iterator[SourceRow]:
        """One a line that is not blank; numbers with a fraction come as `Decimal`."""
        row = 0
        with opened_text(self._path, self._encoding) as file:
            lines = enumerate(lines_of(file), start=1)
            while True:
                try:
                    number, line = next(lines)
                except StopIteration:
                    return
                except BROKEN_FILE as error:
                    yield SourceRow(row + 1, self._path.name, error=cut_off(error))
                    return
                if line.strip():
                    row += 1
                    yield json_row(row, f"{self._path.name}, line {number}", line)

    def passed_over(self) -> Mapping[str, int]:
        """Nothing: every line is a row."""
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


def lines_of(file: TextIOBase) -> Iterator[str]:
    """The lines; of one that is too long, the beginning and then nothing until it ends."""
    is_middle = False
    while line := file.readline(MAX_LINE_CHARS):
        if not is_middle:
            yield line if line.endswith("\n") or len(line) < MAX_LINE_CHARS else line[:1_000] + "\n"
        is_middle = not line.endswith("\n")


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
