"""This file is about atomic files of RecBole: `x.item` and `x.inter`, tables whose header names types."""

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from itertools import islice
from pathlib import Path

from bowerbird.core.actions import Action
from bowerbird.core.errors import InputError
from bowerbird.lake.importing import values
from bowerbird.lake.importing.acting import Acting, liked, rating_of
from bowerbird.lake.importing.behaviour import SourceBoard, SourceEvent
from bowerbird.lake.importing.tables import DelimitedSource
from bowerbird.lake.importing.types import Cell, RowError, SourceRow

_RATINGS_LOOKED_AT = 10_000
_SCALES = (Decimal(1), Decimal(5), Decimal(10), Decimal(100))
_NAMES = ("title", "name")
_INTERACTION = "inter"


class RecBoleSource:
    """Items of atomic files; interactions are what people did. Items need no picture."""

    def __init__(self, folder: Path, name: str, actions: Mapping[str, str]) -> None:
        """The files in a folder.

        Raises:
            InputError: there is not exactly one `.item` file.
            ConfigError: `actions` (`inter` → action) names an action that there is not.
        """
        items = sorted(folder.glob("*.item"))
        if len(items) != 1:
            raise InputError(
                f"{folder} has {len(items)} files that end in .item; needed is one; name another folder"
            )
        self._items = DelimitedSource(items[0], "\t")
        self._interactions = [DelimitedSource(path, "\t") for path in sorted(folder.glob("*.inter"))]
        self._acting = Acting(actions)
        self._is_said = _INTERACTION in actions
        self._name = name

    @property
    def name(self) -> str:
        """The name of the folder."""
        return self._name

    @property
    def columns(self) -> tuple[str, ...]:
        """Of the items, as they are named here."""
        return tuple(_plain(self._items.columns))

    def rows(self) -> Iterator[SourceRow]:
        """One an item."""
        for row in self._items.rows():
            yield row if row.error is not None else SourceRow(row.row, row.where, _item(row.values))

    def events(self) -> Iterator[SourceEvent]:
        """One an interaction."""
        for table in self._interactions:
            highest = _highest_rating(table)
            for row in table.rows():
                if row.error is not None:
                    yield SourceEvent(row.where, error=row.error)
                    continue
                try:
                    yield self._event(row, highest)
                except RowError as error:
                    yield SourceEvent(row.where, error=error)

    def boards(self) -> Iterator[SourceBoard]:
        """None: RecBole has no boards."""
        return iter(())

    def passed_over(self) -> Mapping[str, int]:
        """Nothing: every line is a row."""
        return {}

    def _event(self, row: SourceRow, highest: Decimal | None) -> SourceEvent:
        said = {_untyped(column): value for column, value in row.values.items()}
        rating = rating_of(said.get("rating"))
        return SourceEvent(
            where=row.where,
            person=values.text_of(said.get("user_id")),
            item_id=values.text_of(said.get("item_id")),
            action=self._action(rating, highest, said.get("label")),
            at_ms=_time_ms(said.get("timestamp")),
            facts={} if rating is None else {"rating": float(rating)},
        )

    def _action(self, rating: Decimal | None, highest: Decimal | None, label: Cell) -> Action:
        if self._is_said:
            return self._acting.of(_INTERACTION)
        if rating is not None and highest is not None:
            return Action.REACT if liked(rating, highest) else Action.CLOSEUP
        shown = rating_of(label)
        return Action.IMPRESSION if shown is not None and shown <= 0 else Action.CLICK


def _item(row: Mapping[str, Cell]) -> dict[str, Cell]:
    item: dict[str, Cell] = {}
    for (column, value), plain in zip(row.items(), _plain(row), strict=True):
        is_list = column.endswith(":token_seq") and plain not in _NAMES
        item[plain] = str(value).replace(",", " ").split() if is_list else value
    return item


def _plain(columns: "Mapping[str, Cell] | tuple[str, ...]") -> list[str]:
    """Columns without types; the first that ends in a word for names is the title."""
    plain = [_untyped(column) for column in columns]
    if not set(_NAMES) & set(plain):
        named = next((column for column in plain if column.endswith(_NAMES)), None)
        plain = ["title" if column == named else column for column in plain]
    return plain


def _untyped(column: str) -> str:
    return column.rpartition(":")[0] or column


def _highest_rating(table: DelimitedSource) -> Decimal | None:
    """The top of the scale that the first ratings fit into; None where there are none."""
    column = next((name for name in table.columns if _untyped(name) == "rating"), None)
    if column is None:
        return None
    highest = None
    for row in islice(table.rows(), _RATINGS_LOOKED_AT):
        try:
            rating = rating_of(row.values.get(column))
        except RowError:
            continue  # its own row says so
        if rating is not None and (highest is None or rating > highest):
            highest = rating
    return None if highest is None else next((top for top in _SCALES if highest <= top), highest)


def _time_ms(value: Cell) -> int | None:
    """RecBole's times are seconds, or small numbers that only tell the order."""
    text = "" if value is None else str(value).strip()
    if not re.fullmatch(r"[0-9]{1,14}(\.[0-9]*)?", text):
        return values.time_ms_of(value)
    number = Decimal(text)
    return int(number if number >= 10**11 else number * 1000)
