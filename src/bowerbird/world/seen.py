"""This file is about what can be seen of the world: all that policies, writers and the product are given."""

from dataclasses import dataclass

import numpy as np

from bowerbird.core.ids import SIMULATED_PREFIX

ID_PREFIX = SIMULATED_PREFIX
"""Begins the id of every simulated person, of every board and of every event of one."""
COUNTRIES = ("US", "BR", "GB", "DE", "FR", "IN", "JP", "AU")
"""Where people are; a server may know it from the address."""
DEVICES = ("phone", "tablet", "desktop")


@dataclass(frozen=True, slots=True)
class WorldItems:
    """What anybody can see: row i is one item. Rows are in order of arrival.

    Attributes:
        ids: outside ids.
        vectors: float32 [N, D] unit vectors of what items look like.
        topics: int32 [N] which group each belongs to.
        topic_names: [T] a few words each.
        titles: [N].
        owners: int32 [N].
        price_micros: int64 [N], -1 where there is none.
        born_day: int32 [N] the first day that the item can be shown, ascending; 0: there at the start.
    """

    ids: tuple[str, ...]
    vectors: np.ndarray
    topics: np.ndarray
    topic_names: tuple[str, ...]
    titles: tuple[str, ...]
    owners: np.ndarray
    price_micros: np.ndarray
    born_day: np.ndarray

    def __len__(self) -> int:
        return len(self.ids)

    def live_on(self, day: int) -> int:
        """How many are there on a day: the first so many rows."""
        return int(np.searchsorted(self.born_day, day, side="right"))


@dataclass(frozen=True, slots=True)
class PeopleSeen:
    """What a server can know without asking: row p is one person.

    Attributes:
        ids: outside ids; all begin with `ID_PREFIX`.
        countries: int8 [P] into `COUNTRIES`.
        devices: int8 [P] into `DEVICES`.
        columns: int32 [P] how many items stand beside each other.
    """

    ids: tuple[str, ...]
    countries: np.ndarray
    devices: np.ndarray
    columns: np.ndarray

    def __len__(self) -> int:
        return len(self.ids)


def unit_rows(rows: np.ndarray) -> np.ndarray:
    """float32, each row of length 1; rows of zeros stay."""
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    unit: np.ndarray = (rows / np.maximum(lengths, 1e-12)).astype(np.float32)
    return unit
