"""This file is about lists of addresses: a text file with the address of one picture a line."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import unquote, urlsplit

from bowerbird.lake.importing.files import BROKEN_FILE, cut_off, encoding_of, opened_text, sample_of, stem_of
from bowerbird.lake.importing.folder import title_of_name
from bowerbird.lake.importing.remote_base import is_address
from bowerbird.lake.importing.tables import lines_of
from bowerbird.lake.importing.types import RowError, SourceRow


class AddressListSource:
    """Pictures at the addresses of a list; blank lines and lines that begin with `#` are left out."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._encoding = encoding_of(sample_of(path))

    @property
    def name(self) -> str:
        """The file's name without its endings."""
        return stem_of(self._path)

    @property
    def columns(self) -> tuple[str, ...]:
        """What a line says, and what its address tells."""
        return ("picture", "title")

    def rows(self) -> Iterator[SourceRow]:
        """One an address; its last part gives the title, the whole of it the id."""
        row = 0
        with opened_text(self._path, self._encoding) as file:
            try:
                for number, line in enumerate(lines_of(file), start=1):
                    text = line.strip()
                    if text and not text.startswith("#"):
                        row += 1
                        yield _row(row, f"{self._path.name}, line {number}", text)
            except BROKEN_FILE as error:
                yield SourceRow(row + 1, self._path.name, error=cut_off(error))

    def passed_over(self) -> Mapping[str, int]:
        """Nothing: every address is a row."""
        return {}


def is_address_list(sample: str) -> bool:
    """Whether the first thing that a text says is an address in a line of its own."""
    lines = (line.strip() for line in sample.splitlines())
    first = next((line for line in lines if line and not line.startswith("#")), "")
    return is_address(first) and not re.search(r"[\s,;]", first)


def _row(row: int, where: str, text: str) -> SourceRow:
    if not is_address(text):
        problem = RowError(
            "the line is no address that can be fetched",
            field="picture",
            code="bad-address",
            hint="write one http or https address a line",
            received=text,
        )
        return SourceRow(row, where, error=problem)
    try:
        last = unquote(urlsplit(text).path.rpartition("/")[2])
    except ValueError:
        last = ""  # fetching it will say what is wrong with it
    return SourceRow(row, where, {"picture": text, "title": title_of_name(last) if last else ""})
