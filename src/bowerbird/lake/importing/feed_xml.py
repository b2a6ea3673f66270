"""This file is about the XML of product feeds, read as a stream by a parser that a stranger cannot misuse.

A document type is refused before it is read, so that there are no entities to expand and nothing outside to
load; depth, text, elements and the length of one tag are limited. Memory does not grow with the feed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NoReturn
from xml.parsers import expat

from bowerbird.lake.importing.types import Cell, RowError

_GOOGLE = "http://base.google.com/ns/1.0"
_ROWS = ("item", "entry")
_DEEPEST = 64
_LONGEST_FIELD = 1_000_000
_LONGEST_ROW = 4_000_000
_MOST_ELEMENTS = 5_000
# Within one tag, comment or instruction the parser has to hold on to all that came.
_LONGEST_TAG = 4 * 2**20
_MOST_PREFIXES = 100
_MOST_NAMES = 10_000


@dataclass(slots=True)
class XmlRow:
    """One item of a feed.

    Attributes:
        line: where it begins.
        google: values of elements of the `g:` namespace, by name without prefix.
        plain: values of other elements; those of another namespace keep their prefix.
        error: why it cannot be used.
    """

    line: int
    google: dict[str, Cell] = field(default_factory=dict)
    plain: dict[str, Cell] = field(default_factory=dict)
    error: RowError | None = None


@dataclass(slots=True)
class _Element:
    """A field that is being read."""

    name: str
    is_google: bool
    attributes: Mapping[str, str]
    text: list[str] = field(default_factory=list)
    parts: dict[str, str] = field(default_factory=dict)


class FeedParser:
    """Takes a feed in pieces and gives its items as they end."""

    def __init__(self) -> None:
        self.root = ""
        self._parser = expat.ParserCreate()
        self._parser.buffer_text = True
        self._parser.StartDoctypeDeclHandler = _refuse_doctype
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._text
        self._parser.CommentHandler = self._heard_of
        self._parser.ProcessingInstructionHandler = self._heard_of
        self._prefixes = {"g"}
        self._names: dict[str, tuple[bool, str]] = {}
        self._depth = 0
        self._row_depth = 0
        self._row: XmlRow | None = None
        self._field: _Element | None = None
        self._inner: list[str] = []
        self._chars = self._elements = self._field_chars = 0
        self._fed = self._heard = 0
        self._done: list[XmlRow] = []

    def feed(self, piece: bytes, *, is_last: bool = False) -> list[XmlRow]:
        """The items that ended with this piece.

        Raises:
            RowError: `unsafe-xml` or `broken-file`; nothing after it can be read. Items that ended before it
                are given by `rest`.
        """
        self._fed += len(piece)
        try:
            self._parser.Parse(piece, is_last)
        except expat.ExpatError as error:
            raise RowError(
                f"the XML is not well formed from line {error.lineno} on ({expat.ErrorString(error.code)})",
                field="row",
                code="broken-file",
                hint="mend it there; what stood before it is taken in",
            ) from error
        except ValueError as error:  # an encoding with letters of several bytes that the parser does not know
            raise RowError(
                f"the XML's encoding cannot be read ({str(error)[:100]})",
                field="row",
                code="broken-file",
                hint="save it as UTF-8",
            ) from error
        if self._fed - self._heard > _LONGEST_TAG:
            _refuse(f"one tag has more than {_LONGEST_TAG:,} bytes")
        return self.rest()

    def rest(self) -> list[XmlRow]:
        """Items that have ended and were not given yet."""
        done, self._done = self._done, []
        return done

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._heard = self._fed
        self._depth += 1
        if self._depth > _DEEPEST:
            _refuse(f"elements stand more than {_DEEPEST} deep in each other")
        self.root = self.root or name
        if attributes:
            self._learn_prefixes(attributes)
        is_google, local = self._names.get(name) or self._split(name)
        if self._row is None:
            if local in _ROWS and not is_google:
                self._row, self._row_depth = XmlRow(self._parser.CurrentLineNumber), self._depth
                self._chars = self._elements = 0
            return
        self._elements += 1
        if self._elements > _MOST_ELEMENTS:
            self._spoil(f"the item has more than {_MOST_ELEMENTS:,} elements")
        if self._depth == self._row_depth + 1:
            self._field = _Element(local if is_google else name, is_google, attributes)
            self._field_chars = 0
            if attributes:
                self._chars += sum(map(len, attributes.values()))
        else:
            self._inner.append(local)

    def _end(self, name: str) -> None:  # noqa: ARG002 - the parser has checked that it is the open one
        self._heard = self._fed
        depth, self._depth = self._depth, self._depth - 1
        if self._row is None:
            return
        if depth == self._row_depth:
            self._done.append(self._row)
            self._row, self._inner = None, []
        elif depth == self._row_depth + 1 and self._field is not None:
            self._keep(self._field)
            self._field = None
        elif self._inner:
            self._inner.pop()

    def _heard_of(self, *_: str) -> None:
        self._heard = self._fed

    def _text(self, text: str) -> None:
        self._heard = self._fed
        if self._row is None or self._field is None or self._row.error is not None:
            return
        self._chars += len(text)
        self._field_chars += len(text)
        if self._field_chars > _LONGEST_FIELD or self._chars > _LONGEST_ROW:
            self._spoil(
                f"a text of the item has more than {_LONGEST_FIELD:,} letters, or all of it four times"
            )
        elif self._inner and self._field.is_google:
            name = self._inner[0]
            self._field.parts[name] = self._field.parts.get(name, "") + text
        else:
            self._field.text.append(text)

    def _keep(self, element: _Element) -> None:
        assert self._row is not None
        if self._row.error is not None:
            return
        text = "".join(element.text).strip()
        parts = {name: part.strip() for name, part in element.parts.items() if part.strip()}
        value: Cell = parts or text or ({} if element.is_google else dict(element.attributes))
        if not value:
            return
        values = self._row.google if element.is_google else self._row.plain
        if element.name not in values:
            values[element.name] = value
            return
        before = values[element.name]
        values[element.name] = [*before, value] if isinstance(before, list) else [before, value]

    def _spoil(self, message: str) -> None:
        """The item is refused, and what it held is let go of."""
        assert self._row is not None
        self._row.error = RowError(message, field="row", code="too-long", hint="shorten the item")
        self._row.google, self._row.plain = {}, {}
        if self._field is not None:
            self._field.text, self._field.parts = [], {}

    def _split(self, name: str) -> tuple[bool, str]:
        """Whether a name is of the `g:` namespace, and what stands after its prefix; remembered."""
        prefix, _, local = name.rpartition(":")
        if len(self._names) >= _MOST_NAMES:
            self._names.clear()
        return self._names.setdefault(name, (prefix in self._prefixes, local))

    def _learn_prefixes(self, attributes: Mapping[str, str]) -> None:
        for name, value in attributes.items():
            if name.startswith("xmlns:") and value == _GOOGLE and len(self._prefixes) < _MOST_PREFIXES:
                self._prefixes.add(name.removeprefix("xmlns:"))
                self._names.clear()


def _refuse_doctype(*_: object) -> NoReturn:
    _refuse("it declares a document type, which could name entities and files elsewhere")


def _refuse(message: str) -> NoReturn:
    raise RowError(
        f"the XML is refused: {message}",
        field="row",
        code="unsafe-xml",
        hint="write it as plain RSS or Atom; what stood before it is taken in",
    )
