"""This file is about the lake as it was: one table at one version, and all tables at versions that fit."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

import pyarrow as pa

from bowerbird.core.errors import LakeError, NotFoundError
from bowerbird.core.filters import Filter
from bowerbird.lake.items import StoredItem, items_of
from bowerbird.lake.places import Place
from bowerbird.lake.schemas import ITEM
from bowerbird.lake.tables import Table
from bowerbird.lake.tags import find_tag

Tables: TypeAlias = Callable[[], Mapping[str, Table]]


@dataclass(frozen=True, slots=True)
class TableView:
    """A table as it was at one version; read-only. The methods are those of `Table`."""

    table: Table
    version: int

    def scan(
        self, columns: Sequence[str], *, where: Filter | None = None, batch_rows: int = 4096
    ) -> Iterator[pa.RecordBatch]:
        """The rows, batch by batch."""
        return self.table.scan(columns, where=where, version=self.version, batch_rows=batch_rows)

    def read(self, columns: Sequence[str], *, where: Filter | None = None) -> pa.Table:
        """All rows at once; for narrow columns."""
        return self.table.read(columns, where=where, version=self.version)

    def take(self, keys: Sequence[str], columns: Sequence[str]) -> pa.Table:
        """The rows of these keys in their order."""
        return self.table.take(keys, columns, version=self.version)

    def count(self, where: Filter | None = None) -> int:
        """How many rows there were."""
        return self.table.count(where, version=self.version)


class LakeView:
    """All tables as they were at a version of the item table, a time or a tag; read-only."""

    def __init__(self, items: Table, tables: Tables, versions: dict[str, int]) -> None:
        """Tables that `versions` does not name are read as of the time of the item version."""
        self._items = items
        self._tables = tables
        self._versions = versions
        self.version = versions[ITEM.name]

    def item(self, id_: str) -> StoredItem:
        """The item as it was.

        Raises:
            NotFoundError: it was not there then.
        """
        return items_of(self._view.take([id_], ITEM.schema.names), missing=id_)[0]

    def take(self, ids: list[str], columns: list[str]) -> pa.Table:
        """The item rows of these ids in their order, as they were."""
        return self._view.take(ids, columns)

    def count(self, where: Filter | None = None) -> int:
        """How many items there were."""
        return self._view.count(where)

    def table(self, name: str) -> TableView:
        """A table as it was.

        Raises:
            NotFoundError: there was no such table, or its version is not kept.
        """
        tables = self._tables()
        if name not in tables:
            raise NotFoundError(f"there is no table {name!r}; tables are {', '.join(tables)}")
        if name not in self._versions:
            self._versions[name] = tables[name].version_at(self._moment())
        return TableView(tables[name], self._versions[name])

    @property
    def _view(self) -> TableView:
        return TableView(self._items, self.version)

    def _moment(self) -> datetime:
        return next(entry.at for entry in self._items.versions() if entry.version == self.version)


def view_at(place: Place, items: Table, tables: Tables, moment: int | str | datetime) -> LakeView:
    """The lake as of a version of the item table, a time (ISO 8601; without a zone it is local) or a tag.

    Raises:
        NotFoundError: that version, time or tag is not kept.
        LakeError: a tag names no version of the item table.
    """
    if isinstance(moment, str) and moment.isdigit():
        moment = int(moment)
    if isinstance(moment, str):
        text = moment
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            tag = find_tag(place, text)
            if ITEM.name not in tag.tables:
                raise LakeError(
                    f"tag {tag.name} names no version of the item table; needed is one; tag again"
                ) from None
            return LakeView(items, tables, dict(tag.tables))
    if isinstance(moment, datetime):
        versions = {ITEM.name: items.version_at(moment)}
    else:
        items.count(version=moment)
        versions = {ITEM.name: moment}
    return LakeView(items, tables, versions)
