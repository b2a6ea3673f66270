"""This file is about text files of interactions: packed or not, found under the names that they may have."""

import csv
import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bowerbird.core.errors import InputError

_GZIP_MAGIC = b"\x1f\x8b"


def first_of(folder: Path, names: tuple[str, ...]) -> Path | None:
    """The first of these files that is there, packed (`.gz`) or not."""
    for name in names:
        for path in (folder / name, folder / f"{name}.gz"):
            if path.is_file():
                return path
    return None


@contextmanager
def opened(path: Path, *, encoding: str = "utf-8") -> Iterator[io.TextIOBase]:
    """The file as text. What its bytes are decides whether it is unpacked; bad letters become marks.

    Raises:
        InputError: it cannot be read to its end.
    """
    with path.open("rb") as raw:
        is_packed = raw.read(2) == _GZIP_MAGIC
    try:
        with gzip.open(path) if is_packed else path.open("rb") as binary:
            yield io.TextIOWrapper(binary, encoding=encoding, errors="replace", newline="")
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(
            f"{path.name} cannot be read ({error}); needed is the whole file; copy it again"
        ) from error


def csv_rows(path: Path, needed: tuple[str, ...]) -> Iterator[tuple[int, dict[str, str]]]:
    """Line number and columns of each row of a CSV file with a header.

    Raises:
        InputError: a needed column is missing.
    """
    with opened(path, encoding="utf-8-sig") as text:
        reader = csv.DictReader(text, restval="")
        have = reader.fieldnames or []
        missing = [name for name in needed if name not in have]
        if missing:
            raise InputError(
                f"{path.name} has the columns {', '.join(have) or 'none'}; "
                f"needed is {' and '.join(missing)}; add it"
            )
        for row in reader:
            yield reader.line_num, {name: value or "" for name, value in row.items() if name is not None}
