"""This file is about interactions from our own lake: its event log, and its items as of a version."""

from dataclasses import dataclass
from datetime import datetime

import numpy as np

from bowerbird.core.actions import ACTION_CODES
from bowerbird.lake.lake import Lake
from bowerbird.lake.tags import find_tag
from bowerbird.learn.data.config import DataConfig
from bowerbird.learn.data.interactions import ItemFacts
from bowerbird.learn.data.raw import RawRows, Rejects

_ITEM_COLUMNS = ("id", "number", "title", "brand", "category", "keywords")


@dataclass(frozen=True, slots=True)
class LakeState:
    """What was read: the version of the item table, and the newest event that counts."""

    items_version: int
    last_offset: int

    @property
    def text(self) -> str:
        """In one word, for cards and reports."""
        return f"items@{self.items_version},events@{self.last_offset}"


def read_lake(lake: Lake, config: DataConfig, as_of: str | None = None) -> tuple[RawRows, LakeState]:
    """The chosen actions of everyone who consents; the log is streamed.

    With `as_of` (a version, a time or a tag), items and events are those that the lake held then.
    """
    version = lake.items.version if as_of is None else lake.at(as_of).version
    until_ms = None if as_of is None else _moment_ms(lake, version, as_of)
    persons: list[str] = []
    items: list[str] = []
    numbers: list[tuple[int, int, float, int]] = []
    last = 0
    for offset, event in lake.events.replay():
        if until_ms is not None and event.received_ms > until_ms:
            break
        last = offset
        weight = config.actions.get(event.action)
        if weight is None or not event.consent or not event.item_id:
            continue
        persons.append(event.person_id)
        items.append(event.item_id)
        numbers.append((event.at_ms, ACTION_CODES[event.action], weight, event.received_ms))
    columns = np.array(numbers, dtype=np.float64).reshape(-1, 4)
    raw = RawRows(
        persons, items, columns[:, 0].astype(np.int64), columns[:, 1].astype(np.int8),
        columns[:, 2].astype(np.float32), None, columns[:, 3].astype(np.int64),
        _items(lake, version), is_closed=True, time="absolute", rejects=Rejects(),
    )  # fmt: skip
    return raw, LakeState(version, last)


def _moment_ms(lake: Lake, version: int, as_of: str) -> int:
    if not as_of.isdigit():
        try:
            return int(datetime.fromisoformat(as_of).astimezone().timestamp() * 1000)
        except ValueError:
            return find_tag(lake.place, as_of).made_ms
    made = next(each.at for each in lake.items.versions() if each.version == version)
    return int(made.timestamp() * 1000)


def _items(lake: Lake, version: int) -> ItemFacts:
    rows: list[tuple[int, str, str, tuple[str, ...]]] = []
    for batch in lake.items.scan(_ITEM_COLUMNS, version=version):
        for row in batch.to_pylist():
            values = (row["brand"], *(row["category"] or ()), *(row["keywords"] or ()))
            more = tuple(dict.fromkeys(value for value in values if value))
            rows.append((row["number"], row["id"], row["title"] or "", more))
    rows.sort()
    return ItemFacts(
        tuple(row[1] for row in rows), tuple(row[2] for row in rows), tuple(row[3] for row in rows)
    )
