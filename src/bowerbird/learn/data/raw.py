"""This file is about raw rows: what a reader hands on before vocabularies, order and rules."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from bowerbird.core.actions import ACTION_CODES, Action
from bowerbird.core.errors import InputError
from bowerbird.lake.types import Reject
from bowerbird.learn.data.interactions import ItemFacts, TimeKind

MAX_REJECTS_KEPT = 1_000
CHOSEN = ACTION_CODES[Action.SAVE]
"""What an interaction counts as whose source does not say what was done."""


@dataclass(slots=True)
class Rejects:
    """Rows that could not be used: all are counted, the first thousand are kept word by word."""

    rows: list[Reject] = field(default_factory=list)
    by_code: dict[str, int] = field(default_factory=dict)

    def add(self, row: int, where: str, field_: str, code: str, hint: str, received: str = "") -> None:
        """Counts one row that cannot be used."""
        self.by_code[code] = self.by_code.get(code, 0) + 1
        if len(self.rows) < MAX_REJECTS_KEPT:
            self.rows.append(Reject(row, where, field_, code, hint, received[:200]))


@dataclass(slots=True)
class RawRows:
    """Rows in the order of the source.

    Attributes:
        persons, items: outside ids.
        at_ms: int64, or none where the source has only an order.
        actions: int8 codes.
        weights: float32.
        ratings: float32, or none.
        received_ms: int64 when it arrived, or none: tells a clock that runs ahead.
        listed: items that the source lists, met or not.
        is_closed: items outside `listed` are unknown; otherwise they join the catalogue without words.
        time: what the times mean.
    """

    persons: list[str]
    items: list[str]
    at_ms: np.ndarray | None
    actions: np.ndarray
    weights: np.ndarray
    ratings: np.ndarray | None
    received_ms: np.ndarray | None
    listed: ItemFacts
    is_closed: bool
    time: TimeKind
    rejects: Rejects


def catalogue_of(raw: RawRows) -> ItemFacts:
    """Every item that may be ranked: numeric ids in their order, others as listed, then as met.

    Raises:
        InputError: there is none.
    """
    listed = raw.listed
    known = dict.fromkeys(listed.ids)
    ids = list(known) if raw.is_closed else list(known | dict.fromkeys(raw.items))
    if not ids:
        raise InputError(
            "the catalogue is empty; needed is at least one item; check the path, or import a catalogue first"
        )
    if all(id_.isdecimal() for id_ in ids):
        ids.sort(key=int)
    place = {id_: row for row, id_ in enumerate(listed.ids)}
    rows = [place.get(id_, -1) for id_ in ids]
    titles = tuple(listed.titles[row] if row >= 0 else "" for row in rows)
    attributes = tuple(listed.attributes[row] if row >= 0 else () for row in rows)
    return ItemFacts(tuple(ids), titles, attributes)


def all_alike(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Actions and weights of rows whose source does not say what was done."""
    return np.full(count, CHOSEN, dtype=np.int8), np.ones(count, dtype=np.float32)


def numbers_of(ids: Sequence[str], vocabulary: Sequence[str]) -> np.ndarray:
    """int32, -1 for an id that is not in the vocabulary."""
    place = {id_: number for number, id_ in enumerate(vocabulary)}
    return np.fromiter((place.get(id_, -1) for id_ in ids), dtype=np.int32, count=len(ids))
