"""This file is about product feeds in XML: RSS 2.0 and Atom with the `g:` names of Google and Pinterest."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from bowerbird.core.errors import InputError
from bowerbird.lake.importing.feed_xml import FeedParser, XmlRow
from bowerbird.lake.importing.files import BROKEN_FILE, cut_off, opened_bytes, stem_of, unreadable
from bowerbird.lake.importing.types import Cell, RowError, SourceRow

_PIECE_BYTES = 64 * 1024
_ROOTS = ("rss", "feed", "RDF", "channel", "items", "products")
_PICTURES = ("media:content", "media:thumbnail", "enclosure")


class FeedSource:
    """Items of an XML feed, in their order."""

    def __init__(self, path: Path) -> None:
        """The items of `path`.

        Raises:
            InputError: it is no feed, or its beginning is refused.
        """
        self._path = path
        parser = FeedParser()
        try:
            with opened_bytes(path) as file:
                while not parser.root and (piece := file.read(_PIECE_BYTES)):
                    parser.feed(piece)
        except RowError as error:
            # What comes after a good beginning is for the rows to find.
            if not parser.root:
                raise InputError(f"{path.name} was received; {error}") from error
        except BROKEN_FILE as error:
            raise unreadable(path, error) from error
        if parser.root.rpartition(":")[2] not in _ROOTS:
            raise InputError(
                f"{path.name} is XML that begins with <{parser.root[:40]}>; needed is a product feed in RSS "
                "(<rss>) or Atom (<feed>); give its address or save it as TSV"
            )

    @property
    def name(self) -> str:
        """The file's name without its endings."""
        return stem_of(self._path)

    @property
    def columns(self) -> tuple[str, ...]:
        """None are known before the rows."""
        return ()

    def rows(self) -> Iterator[SourceRow]:
        """One an item."""
        parser, number = FeedParser(), 0
        with opened_bytes(self._path) as file:
            is_last = False
            while not is_last:
                problem = None
                try:
                    piece = file.read(_PIECE_BYTES)
                    is_last = not piece
                    found = parser.feed(piece, is_last=is_last)
                except RowError as error:
                    found, problem = parser.rest(), error
                except BROKEN_FILE as error:
                    found, problem = parser.rest(), cut_off(error)
                for row in found:
                    number += 1
                    yield self._row(number, row)
                if problem is not None:
                    yield SourceRow(number + 1, self._path.name, error=problem)
                    return

    def passed_over(self) -> Mapping[str, int]:
        """Nothing: every item is a row."""
        return {}

    def _row(self, number: int, row: XmlRow) -> SourceRow:
        where = f"{self._path.name}, item {number}, line {row.line}"
        if row.error is not None:
            return SourceRow(number, where, error=row.error)
        return SourceRow(number, where, _cells(row))


def _cells(row: XmlRow) -> dict[str, Cell]:
    """The item as a row of a table; where a plain element and one of `g:` say the same thing, `g:` counts."""
    plain = dict(row.plain)
    if "link" in plain:
        plain["link"] = _link(plain["link"])
    if "product_type" in row.google or "google_product_category" in row.google:
        plain.pop("category", None)
    elif "category" in plain:
        plain["category"] = _terms(plain["category"])
    pictures = [address for name in _PICTURES for address in _addresses(plain.pop(name, None))]
    cells = {name: value for name, value in plain.items() if not isinstance(value, Mapping)} | row.google
    if pictures and "image_link" not in cells:
        cells["image_link"] = pictures[0]
    for name, stands_for in (("guid", "id"), ("content:encoded", "description"), ("content", "description")):
        value = cells.pop(name, None)
        if value is not None and stands_for not in cells:
            cells[stands_for] = value
    return {name: _one(value) if name in _ONCE else value for name, value in cells.items()}


def _link(value: Cell) -> Cell:
    """Of Atom's links the one to the page."""
    for link in value if isinstance(value, list) else [value]:
        if isinstance(link, str):
            return link
        if isinstance(link, Mapping) and link.get("rel", "alternate") == "alternate":
            return link.get("href")
    return None


def _terms(value: Cell) -> Cell:
    values = value if isinstance(value, list) else [value]
    return [each.get("label") or each.get("term") if isinstance(each, Mapping) else each for each in values]


def _addresses(value: Cell) -> list[str]:
    """Addresses of pictures in elements that carry them as an attribute."""
    values = value if isinstance(value, list) else [value]
    found = (each for each in values if isinstance(each, Mapping))
    return [str(each["url"]) for each in found if each.get("url") and _may_be_picture(each)]


def _may_be_picture(element: Mapping[str, object]) -> bool:
    kind = str(element.get("type") or element.get("medium") or "image")
    return kind.startswith("image")


def _one(value: Cell) -> Cell:
    """Where a feed may have one value, the first counts."""
    return value[0] if isinstance(value, list) else value


_ONCE = frozenset(
    [
        "id",
        "title",
        "description",
        "link",
        "image_link",
        "price",
        "sale_price",
        "sale_price_effective_date",
        "availability",
        "brand",
        "condition",
        "gtin",
        "mpn",
        "adult",
        "item_group_id",
        "product_type",
        "google_product_category",
    ]
)
