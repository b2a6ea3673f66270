"""This file is about the log: everything that happened, as a server would be told, in columns."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

SURFACES = ("", "feed", "search")
"""Where it happened; the first is outside, in a shop."""
FEED, SEARCH = 1, 2
_PAGE_MS_AN_ITEM = 1_200
"""Time that passes from one item to the next."""


@dataclass(frozen=True, slots=True)
class WorldLog:
    """Row i is one thing that happened; ascending by time. Nothing in it is known only to the world.

    Attributes:
        persons: int32 [E].
        items: int32 [E], -1 where it was on no item.
        actions: int8 [E] codes of `core.actions`.
        at_ms: int64 [E].
        positions: int16 [E] on its page, -1 where there was none.
        sessions, requests: int32 [E] numbers of the session and of the page, -1 where there was none.
        surfaces: int8 [E] into `SURFACES`.
        boards: int32 [E] the slot that a save went to, among the boards of its person; -1 for other actions.
        queries: int32 [E] into the queries of the world; -1 for other actions than a search.
        dwell_ms: int32 [E].
        propensities: float32 [E] chance that the policy showed this item in this place; NaN for actions.
    """

    persons: np.ndarray
    items: np.ndarray
    actions: np.ndarray
    at_ms: np.ndarray
    positions: np.ndarray
    sessions: np.ndarray
    requests: np.ndarray
    surfaces: np.ndarray
    boards: np.ndarray
    queries: np.ndarray
    dwell_ms: np.ndarray
    propensities: np.ndarray

    def __len__(self) -> int:
        return len(self.persons)

    def where(self, keep: np.ndarray) -> "WorldLog":
        """Some rows: a mask, or row numbers in the order wanted."""
        return WorldLog(*(getattr(self, field.name)[keep] for field in fields(self)))

    def digest(self) -> str:
        """SHA-256 of every byte of every column: the same world gives the same."""
        found = hashlib.sha256()
        for field in fields(self):
            column = getattr(self, field.name)
            found.update(f"{field.name} {column.dtype} {len(column)};".encode())
            found.update(np.ascontiguousarray(column).tobytes())
        return found.hexdigest()


def joined(parts: Sequence[WorldLog]) -> WorldLog:
    """All parts as one log in order of time; ties by person, then as they were written."""
    return in_order([(part, np.zeros(len(part), np.int8)) for part in parts])[0]


def in_order(parts: Sequence[tuple[WorldLog, np.ndarray]]) -> tuple[WorldLog, np.ndarray]:
    """The same with a column beside the log: one entry a row."""
    names = [field.name for field in fields(WorldLog)]
    whole = WorldLog(*(np.concatenate([getattr(part, name) for part, _ in parts]) for name in names))
    order = np.lexsort((whole.persons, whole.at_ms))
    return whole.where(order), np.concatenate([column for _, column in parts])[order]


def rows(count: int, **columns: np.ndarray | int | float) -> WorldLog:
    """A part of the log: `count` rows; what is not given is not there."""
    none: dict[str, tuple[type, float]] = {
        "persons": (np.int32, -1), "items": (np.int32, -1), "actions": (np.int8, 0), "at_ms": (np.int64, 0),
        "positions": (np.int16, -1), "sessions": (np.int32, -1), "requests": (np.int32, -1),
        "surfaces": (np.int8, 0), "boards": (np.int32, -1), "queries": (np.int32, -1),
        "dwell_ms": (np.int32, 0), "propensities": (np.float32, np.nan),
    }  # fmt: skip
    made: dict[str, np.ndarray] = {}
    for name, (kind, filler) in none.items():
        made[name] = np.full(count, filler, kind)
        if name in columns:
            made[name][:] = columns[name]
    return WorldLog(**made)


def page_times(at_ms: np.ndarray, positions: np.ndarray) -> np.ndarray:
    """int64 when the item in each place of a page is looked at."""
    times: np.ndarray = at_ms + 800 + positions.astype(np.int64) * _PAGE_MS_AN_ITEM
    return times
