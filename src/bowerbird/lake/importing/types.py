"""This file is about what the parts of an import hand each other."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias, runtime_checkable

from bowerbird.core.errors import InputError

Cell: TypeAlias = object
"""One value of a source's row: text, a number, a `Decimal`, a list, a mapping, bytes or None."""


class RowError(InputError):
    """A row that cannot become an item.

    Attributes:
        field: which field of the item, or `row`.
        code: stable reject code.
        hint: what the owner of the source can do.
        received: what was there, shortened.
    """

    def __init__(self, message: str, *, field: str, code: str, hint: str, received: object = "") -> None:
        super().__init__(f"{message}; {hint}")
        self.field = field
        self.code = code
        self.hint = hint
        self.received = shortened(received)


@dataclass(frozen=True, slots=True)
class PictureRef:
    """Where the bytes of a picture are.

    Attributes:
        name: as the source names it.
        stamp: changes when the content may have changed; known without reading the content.
        content: the bytes, where the row carried them itself.
        size_bytes: of the content, as far as it is known; 0 where it is not.
    """

    name: str
    stamp: str
    content: bytes | None = None
    size_bytes: int = 0


@dataclass(frozen=True, slots=True)
class SourceRow:
    """One row as it stands in the source.

    Attributes:
        row: 1 for the first.
        where: for a person: `items.csv, line 7` or a path.
        values: column → value.
        pictures: found by the source itself; empty where a column names them.
        error: why the source could not read the row; the other fields are then empty.
        transcript_language: of the column `transcript`, as far as a file's name told it.
    """

    row: int
    where: str
    values: Mapping[str, Cell] = field(default_factory=dict)
    pictures: tuple[PictureRef, ...] = ()
    error: RowError | None = None
    transcript_language: str = ""


@runtime_checkable
class Source(Protocol):
    """A catalogue that can be read from its first row to its last."""

    @property
    def name(self) -> str:
        """What the import is called if nobody says otherwise."""
        ...

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns that its rows have."""
        ...

    def rows(self) -> Iterator[SourceRow]:
        """The rows in a fixed order, read as they are asked for."""
        ...

    def passed_over(self) -> Mapping[str, int]:
        """How many files were no pictures and are no rows, by reason; complete after the last row."""
        ...


@runtime_checkable
class PictureBase(Protocol):
    """Where the pictures are that a table's rows name."""

    def find(self, name: str) -> PictureRef:
        """The picture under this name.

        Raises:
            RowError: there is none, or it lies outside.
        """
        ...

    def read(self, ref: PictureRef, max_bytes: int) -> bytes:
        """Its bytes; one more than `max_bytes` at most, so that a larger one can be told.

        Raises:
            RowError: it cannot be read.
        """
        ...


@runtime_checkable
class ListedBase(PictureBase, Protocol):
    """Where pictures are that no table names: they can be listed."""

    def folders(self) -> Iterator[tuple[str, list[str]]]:
        """Each folder, in a fixed order: its path, and its files."""
        ...


def shortened(value: object, chars: int = 200) -> str:
    """What was received, short enough for a report."""
    text = value if isinstance(value, str) else "" if value is None else repr(value)
    text = text.encode("utf-8", "replace").decode()
    return text if len(text) <= chars else text[: chars - 1] + "…"
