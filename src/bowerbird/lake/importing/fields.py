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
from bowerbird.lake.importing.types import Cell, RowError, shortened
from bowerbird.lake.types import ItemFields

_ALIASES: dict[str, str] = {
    "id": "id item_id product_id sku uid uniq_id asin gtin pin_id photo_id image_id",
    "title": "title name product_name item_name display_name productdisplayname headline text caption "
    "sentence",
    "description": "description body details long_description product_description summary alt alt_text",
    "link": "link url product_url page_url href canonical_link",
    "picture": "image picture image_link image_url image_path image_file file filename file_name path photo "
    "img picture_path media bytes image_bytes",
    "more_pictures": "additional_image_link additional_images more_pictures images pictures",
    "price": "price amount cost price_eur price_usd list_price",
    "price_micros": "price_micros",
    "currency": "currency price_currency currency_code",
    "brand": "brand manufacturer maker vendor designer",
    "category_1": "department mastercategory master_category gender_category",
    "category_2": "category product_type google_product_category type label class category_path categories",
    "category_3": "subcategory sub_category subclass",
    "category_4": "articletype article_type product_category",
    "keywords": "keywords tags keyword tag labels hashtags",
    "language": "language lang locale content_language",
    "country": "country target_country country_code",
    "owner": "owner owner_id seller seller_id sender_id user user_id uploader author artist store",
    "availability": "availability in_stock stock_status",
    "created_ms": "created_ms created created_at date published published_at timestamp date_added",
}
"""Field → columns that are it, before any `--map`. Of two columns for one field, the first listed wins."""

ASSIGNABLE = tuple(_ALIASES)
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
    """Field → column of one source; columns that are no field become attributes."""

    column_of: Mapping[str, str]

    @classmethod
    def guess(cls, columns: Iterable[str], given: Mapping[str, str]) -> "FieldMap":
        """From the names of the columns, `given` (field → column) first."""
        columns = tuple(columns)
        by_key = {_key(column): column for column in reversed(columns)}
        column_of = {}
        for field, names in _ALIASES.items():
            for name in names.split():
                if name in by_key:
                    column_of[field] = by_key[name]
                    break
        for field, column in given.items():
            if column in columns:
                column_of = {other: taken for other, taken in column_of.items() if taken != column}
                column_of[field] = column
        return cls(column_of)

    def picture_names(self, row: Mapping[str, Cell]) -> list[Cell]:
        """What the row says about its pictures, the main one first: names, or bytes."""
        named = [self._value(row, "picture")]
        more = self._value(row, "more_pictures")
        if isinstance(more, list | tuple):
            named.extend(more)
        elif more:
            text = str(more)
            named.extend((_BEFORE_ADDRESS if "://" in text else _BETWEEN_NAMES).split(text))
        return [name for name in named if name not in (None, "", b"")]

    def item(self, row: Mapping[str, Cell], *, id_: str) -> ItemFields:
        """The row as an item under this id.

        Raises:
            RowError: a field cannot be used.
        """
        price_micros, currency = self._price(row)
        title, category = values.text_of(self._value(row, "title")), self._category(row)
        attributes = self._attributes(row)
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
        return "" if value is None else str(value).strip()

    def _price(self, row: Mapping[str, Cell]) -> tuple[int | None, str | None]:
        currency = self._value(row, "currency")
        micros = self._value(row, "price_micros")
        if micros is None or micros == "":
            column = self.column_of.get("price", "")
            named = {"price_eur": "EUR", "price_usd": "USD"}.get(_key(column))
            return values.price_of(self._value(row, "price"), currency or named)
        _, named = values.price_of(0, currency)
        return values.micros_of(micros), named

    def _category(self, row: Mapping[str, Cell]) -> tuple[str, ...]:
        """All category columns as one path; a column that repeats the path before it takes its place."""
        path: tuple[str, ...] = ()
        for field in _CATEGORIES:
            level = values.path_of(self._value(row, field))
            is_longer_form = [part.lower() for part in level[: len(path)]] == [part.lower() for part in path]
            path = level if level and is_longer_form else path + level
        return tuple(part for at, part in enumerate(path) if at == 0 or part.lower() != path[at - 1].lower())

    def _attributes(self, row: Mapping[str, Cell]) -> dict[str, str]:
        taken = set(self.column_of.values())
        attributes: dict[str, str] = {}
        for column, value in row.items():
            text = "" if column in taken or isinstance(value, bytes) else _attribute(value)
            if text and len(attributes) < _MAX_ATTRIBUTES:
                attributes[column[:100]] = text[:_MAX_ATTRIBUTE_CHARS]
        return attributes

    def _keywords(self, row: Mapping[str, Cell], attributes: Mapping[str, str]) -> tuple[str, ...]:
        """The keywords, and the attributes that people search by."""
        described = [value for name, value in attributes.items() if _key(name) in _ALSO_KEYWORDS]
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


def _key(column: str) -> str:
    return re.sub(r"[\s.:-]+", "_", column.strip().lower()).removeprefix("g_")


def _attribute(value: Cell) -> str:
    if isinstance(value, Mapping):
        return json.dumps(value, ensure_ascii=False, default=str)
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
