"""This file is about reading the two sides of the join from a lake, as columns."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from bowerbird.core.actions import ACTION_CODES
from bowerbird.lake.lake import Lake
from bowerbird.learn.requests.columns import EventColumns, RequestColumns

_EVENTS_AT_ONCE = 50_000


@dataclass(frozen=True, slots=True)
class LakeEvents:
    """Every event that counts, as it was known at one time.

    Attributes:
        columns: their `requests` are not filled: that depends on which requests are looked at.
        request_ids: [E] the request that each names; empty where it names none.
        codes: person → code.
        last_offset: of the newest event that was read.
    """

    columns: EventColumns
    request_ids: pa.StringArray
    codes: dict[str, int]
    last_offset: int

    def joined_to(self, request_ids: pa.ChunkedArray, persons: np.ndarray) -> EventColumns:
        """The events, with the rows of the requests they name among these.

        Args:
            persons: int64 [R] codes of who made the requests.
        """
        found = pc.index_in(self.request_ids, value_set=request_ids.combine_chunks())
        rows = found.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
        named = self.columns
        # A request that somebody else made is not meant, whatever the client says.
        rows[rows >= 0] = np.where(persons[rows[rows >= 0]] == named.persons[rows >= 0], rows[rows >= 0], -1)
        return EventColumns(named.persons, named.numbers, named.actions, named.at_ms, named.received_ms, rows)


def events_of_lake(lake: Lake, as_of_ms: int, tell: Callable[[str], None]) -> LakeEvents:
    """What everyone who consents did with known items, of which the lake had heard by `as_of_ms`."""
    codes: dict[str, int] = {}
    parts: list[np.ndarray] = []
    names: list[str] = []
    item_ids: list[str] = []
    rows: list[tuple[int, int, int, int]] = []
    last = 0

    def keep() -> None:
        numbers = lake.records.numbers.find(item_ids)
        columns = np.array(rows, dtype=np.int64).reshape(-1, 4)
        parts.append(np.column_stack([columns, numbers]))
        item_ids.clear()
        rows.clear()

    for offset, event in lake.events.replay():
        if event.received_ms > as_of_ms or not event.consent or not event.item_id:
            continue
        last = offset
        code = codes.setdefault(event.person_id, len(codes))
        rows.append((code, ACTION_CODES[event.action], event.at_ms, event.received_ms))
        item_ids.append(event.item_id)
        names.append(event.request_id)
        if len(rows) >= _EVENTS_AT_ONCE:
            keep()
            tell(f"{len(names):,} events read")
    keep()
    persons, actions, at_ms, received_ms, numbers = np.concatenate(parts).T
    known = np.flatnonzero(numbers >= 0)
    columns = EventColumns(
        persons[known],
        numbers[known],
        actions[known],
        at_ms[known],
        received_ms[known],
        np.full(len(known), -1, dtype=np.int64),
    )
    return LakeEvents(columns, pa.array(names, pa.string()).take(pa.array(known)), codes, last)


def request_columns(table: pa.Table, codes: dict[str, int]) -> RequestColumns:
    """The rows of the request log as columns; who is new to `codes` is given one."""
    people = table["person_id"].combine_chunks().dictionary_encode()
    by_name = [codes.setdefault(name, len(codes)) for name in people.dictionary.to_pylist()]
    rows = people.indices.to_numpy(zero_copy_only=False)
    numbers, ends = flat(table["numbers"])
    positions, _ = flat(table["positions"])
    return RequestColumns(
        np.array(by_name, dtype=np.int64)[rows] if len(rows) else np.zeros(0, dtype=np.int64),
        table["at_ms"].to_numpy().astype(np.int64),
        ends,
        numbers.astype(np.int64),
        positions >= 0,
    )


def flat(lists: pa.ChunkedArray) -> tuple[np.ndarray, np.ndarray]:
    """The values of all lists one after another, and int64 [R + 1] where each begins and ends."""
    lengths = pc.list_value_length(lists).to_numpy()
    ends = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    values: np.ndarray = pc.list_flatten(lists).to_numpy()
    return values, ends
