"""This file is about which column of a source is which field of an item."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from pydantic import ValidationError

from bowerbird.core.errors import ConfigError, InputError
from bowerbird.core.ids import checked_id
from bowerbird.lake.importing import values
from bowerbird.lake.importing.columns import COLUMNS_OF_FIELD, NAMES_OF_FEEDS, key_of
from bowerbird.lake.importing.shopping import NO_SALE, Sale, offered_price, safety_of, sale_at
from bowerbird.lake.importing.types import Cell, RowError, shortened
from bowerbird.lake.types import ItemFields
from bowerbird.lake.video.formats import names_video

ASSIGNABLE = tuple(COLUMNS_OF_FIELD)
"""Fields that `--map field=column` can set."""

_ALSO_KEYWORDS = (
    "colour", "color", "basecolour", "base_colour", "material", "pattern", "style", "season", "gender",
    "age_group", "occasion", "usage",
)  # fmt: skip
_CATEGORIES = ("category_1", "category_2", "category_3", "category_4")
_MAX_ATTRIBUTES = 64
_MAPS_KEPT = 1_000
_MAX_ATTRIBUTE_CHARS = 4_000
_BETWEEN_NAMES = re.compile(r"\s*[|,;]\s*")
# Addresses may hold these signs themselves: a list of them is split only where the next one begins.
_BEFORE_ADDRESS = re.compile(r"\s*[|,;]\s*(?=https?://)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class FieldMap:
    """Field → column of one source; columns that are no field become attributes.

    Attributes:
        stamp: changes when a field's column does.
    """

    column_of: Mapping[str, str]
    stamp: str = ""

    @classmethod
    def guess(cls, columns: Iterable[str], given: Mapping[str, str]) -> "FieldMap":
        """From the names of the columns, `given` (field → column) first."""
        columns = tuple(columns)
        by_key = {key_of(column): column for column in reversed(columns)}
        column_of = {}
        for field, names in COLUMNS_OF_FIELD.items():
            for name in names.split():
                if name in by_key:
                    column_of[field] = by_key[name]
                    break
        for field, column in given.items():
            if column in columns:
                column_of = {other: taken for other, taken in column_of.items() if taken != column}
                column_of[field] = column
        return cls(column_of, ",".join(sorted(f"{field}={column}" for field, column in column_of.items())))

    def picture_names(self, row: Mapping[str, Cell]) -> list[Cell]:
        """What the row says about its pictures, the main one first: names, or bytes."""
        named = [self._value(row, "picture")]
        if names_video(self._value(row, "video")):
            named.append(self._value(row, "video"))
        more = self._value(row, "more_pictures")
        if isinstance(more, list | tuple):
            named.extend(more)
        elif more:
            text = str(more)
            named.extend((_BEFORE_ADDRESS if "://" in text else _BETWEEN_NAMES).split(text))
        return [name for name in named if name not in (None, "", b"")]

    def transcript(self, row: Mapping[str, Cell]) -> str:
        """What is said in the row's video, or the name of a file that says it."""
        said = self._value(row, "transcript")
        return said if isinstance(said, str) else ""

    def sale(self, row: Mapping[str, Cell], now_ms: int) -> Sale:
        """Whether the row's sale price counts now.

        Raises:
            RowError: its period cannot be read.
        """
        if "sale_price" not in self.column_of:
            return NO_SALE
        return sale_at(now_ms, self._value(row, "sale_price"), self._value(row, "sale_period"))

    def safety(self, row: Mapping[str, Cell]) -> str:
        """`unsafe` where the row says that the item is for adults, `hidden` where it is not to be shown.

        Raises:
            RowError: it says neither yes nor no.
        """
        return safety_of(self._value(row, "adult"), self._value(row, "hidden"))

    def item(self, row: Mapping[str, Cell], *, id_: str, is_on_sale: bool = False) -> ItemFields:
        """The row as an item under this id.

        Raises:
            RowError: a field cannot be used.
        """
        title, category = values.text_of(self._value(row, "title")), self._category(row)
        attributes = self._attributes(row)
        price_micros, currency, other_price = offered_price(
            self._price(row), self._value(row, "sale_price"), self._value(row, "currency"), is_on=is_on_sale
        )
        attributes |= other_price
        given = {
            "id": id_,
            "title": title or (category[-1] if category else ""),
            "description": values.text_of(self._value(row, "description")),
            "link": values.link_of(self._value(row, "link")),
            "price_micros": price_micros,
            "currency": currency,
            "brand": values.text_of(self._value(row, "brand")),
            "category": category,
            "keywords": self._keywords(row, attributes),
            "attributes": attributes,
            "language": values.text_of(self._value(row, "language")).replace("_", "-"),
            "country": values.text_of(self._value(row, "country")).upper(),
            "owner": values.text_of(self._value(row, "owner")),
            "availability": values.availability_of(self._value(row, "availability")),
            "created_ms": values.time_ms_of(self._value(row, "created_ms")),
        }
        try:
            checked_id(str(given["id"]))
            return ItemFields.model_validate(given)
        except ValidationError as error:
            raise _from_validation(error) from error
        except InputError as error:
            raise RowError(
                "the id cannot be used",
                field="id",
                code="bad-id",
                hint="give another one",
                received=given["id"],
            ) from error

    def _value(self, row: Mapping[str, Cell], field: str) -> Cell:
        column = self.column_of.get(field)
        return None if column is None else row.get(column)

    def id_of(self, row: Mapping[str, Cell]) -> str:
        """The id that the row gives itself, or nothing."""
        value = self._value(row, "id")
        return "" if value is None else values.whole(str(value).strip())

    def _price(self, row: Mapping[str, Cell]) -> tuple[int | None, str | None]:
        currency = self._value(row, "currency")
        micros = self._value(row, "price_micros")
        if micros is None or micros == "":
            column = self.column_of.get("price", "")
            named = {"price_eur": "EUR", "price_usd": "USD"}.get(key_of(column))
            return values.price_of(self._value(row, "price"), currency or named)
        _, named = values.price_of(0, currency)
        return values.micros_of(micros), named

    def _category(self, row: Mapping[str, Cell]) -> tuple[str, ...]:
        """All category columns as one path; a column that repeats the path before it takes its place."""
        path: tuple[str, ...] = ()
        for field in _CATEGORIES:
            value = self._value(row, field)
            if value is None:
                continue
            # Google's categories may be numbers of its own list, which say nothing to a person.
            level = () if _is_number(value) and "google" in self.column_of[field] else values.path_of(value)
            is_longer_form = [part.lower() for part in level[: len(path)]] == [part.lower() for part in path]
            path = level if level and is_longer_form else path + level
        return tuple(part for at, part in enumerate(path) if at == 0 or part.lower() != path[at - 1].lower())

    def _attributes(self, row: Mapping[str, Cell]) -> dict[str, str]:
        taken = set(self.column_of.values())
        video = self.column_of.get("video", "")
        if not names_video(row.get(video)):
            taken.discard(video)  # a page that plays it is no file, and still worth keeping
        attributes: dict[str, str] = {}
        for column, value in row.items():
            is_taken = column in taken and not ("google" in column and _is_number(value))
            text = "" if is_taken or isinstance(value, bytes) else _attribute(value)
            if text and len(attributes) < _MAX_ATTRIBUTES:
                attributes[_attribute_name(column)] = text[:_MAX_ATTRIBUTE_CHARS]
        return attributes

    def _keywords(self, row: Mapping[str, Cell], attributes: Mapping[str, str]) -> tuple[str, ...]:
        """The keywords, and the attributes that people search by."""
        described = [value for name, value in attributes.items() if key_of(name) in _ALSO_KEYWORDS]
        short = [value for value in described if len(value) <= 60]
        return tuple(dict.fromkeys((*values.list_of(self._value(row, "keywords")), *short)))


class FieldMaps:
    """The field map of each set of columns that a source's rows have: rows of JSON differ."""

    def __init__(self, given: Mapping[str, str], columns: Iterable[str]) -> None:
        """`given` is field → column; `columns` are those that are known before the first row, maybe none.

        Raises:
            ConfigError: `given` names a field or a column that there is not.
        """
        self._given = {("category_2" if field == "category" else field): given[field] for field in given}
        self._maps: dict[tuple[str, ...], FieldMap] = {}
        known = tuple(columns)
        for field, column in self._given.items():
            if field not in ASSIGNABLE:
                raise ConfigError(
                    f"field {field!r} was received; fields are {', '.join(ASSIGNABLE)}; map one of these"
                )
            if known and column not in known:
                raise ConfigError(
                    f"column {column!r} was received; the source has {', '.join(known)}; map one of these"
                )

    def of(self, row: Mapping[str, Cell]) -> FieldMap:
        """The map for a row's columns."""
        columns = tuple(row)
        if columns not in self._maps:
            if len(self._maps) >= _MAPS_KEPT:
                self._maps.clear()
            self._maps[columns] = FieldMap.guess(columns, self._given)
        return self._maps[columns]


def _is_number(value: Cell) -> bool:
    return value is not None and str(value).strip().isdigit()


def _attribute_name(column: str) -> str:
    """The column, but one name for what feeds write as `g:mpn`, `mpn` or `custom label 0`."""
    return key_of(column) if key_of(column) in NAMES_OF_FEEDS else values.whole(column[:100])


def _attribute(value: Cell) -> str:
    parts = value if isinstance(value, list | tuple) else (value,)
    if any(isinstance(part, Mapping) for part in parts):
        return values.whole(json.dumps(value, ensure_ascii=False, default=str))
    if isinstance(value, list | tuple):
        return ", ".join(values.list_of(value))
    if isinstance(value, Decimal):
        return format(value, "f")
    return values.text_of(value)


def _from_validation(error: ValidationError) -> RowError:
    first = error.errors()[0]
    field = str(first["loc"][0]) if first["loc"] else "row"
    code = str(first["type"]).replace("_", "-").replace("string-", "")
    return RowError(
        f"field {field} cannot be used",
        field=field,
        code=code,
        hint=first["msg"],
        received=shortened(first["input"]),
    )
