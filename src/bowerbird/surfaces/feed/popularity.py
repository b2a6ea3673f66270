"""This file is about what is popular: how many people saved an item lately."""

import threading
import time
from dataclasses import dataclass

import numpy as np

from bowerbird.lake.catalogue import Catalogue
from bowerbird.surfaces.feed.types import SaversSince

DAY_MS = 86_400_000
MAX_ITEMS = 1_000
STALE_SECONDS = 300.0


@dataclass(frozen=True, slots=True)
class Counts:
    """Popular items, most people first.

    Attributes:
        numbers: int64 [P].
        people: int64 [P] how many people saved each, secret boards left out.
        order: rows sorted by number.
    """

    numbers: np.ndarray
    people: np.ndarray
    order: np.ndarray

    def people_of(self, numbers: np.ndarray) -> np.ndarray:
        """int64 [C] how many people saved each; 0 for what is not popular."""
        if not len(self.numbers):
            return np.zeros(len(numbers), dtype=np.int64)
        in_order = self.numbers[self.order]
        place = np.searchsorted(in_order, numbers)
        place[place == len(in_order)] = 0
        found: np.ndarray = np.where(in_order[place] == numbers, self.people[self.order][place], 0)
        return found

    def share_of(self, numbers: np.ndarray) -> np.ndarray:
        """float32 [C] in [0, 1], by the logarithm of the people; 1 for the most popular."""
        most = int(self.people[0]) if len(self.people) else 1
        share: np.ndarray = (np.log1p(self.people_of(numbers)) / np.log1p(most)).astype(np.float32)
        return share


class Popularity:
    """Keeps the counts; `refresh` is called about once a minute, or a request does it after five."""

    def __init__(
        self, savers_since: SaversSince, catalogue: Catalogue, *, days: float, least_people: int
    ) -> None:
        self._savers_since = savers_since
        self._catalogue = catalogue
        self._days = days
        self._least_people = least_people
        self._counts = _counts(np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64))
        self._read_at_s = float("-inf")
        self._reading = threading.Lock()

    @property
    def days(self) -> float:
        """How far back saves count."""
        return self._days

    def counts(self, now_ms: int) -> Counts:
        """The counts as they were read last."""
        if time.monotonic() - self._read_at_s > STALE_SECONDS and self._reading.acquire(blocking=False):
            # One request reads; the others go on with what there is.
            try:
                self._read(now_ms)
            finally:
                self._reading.release()
        return self._counts

    def refresh(self, now_ms: int) -> None:
        """Read the counts anew."""
        with self._reading:
            self._read(now_ms)

    def _read(self, now_ms: int) -> None:
        rows = self._savers_since(now_ms - int(self._days * DAY_MS))
        wanted = [row for row in rows if row[1] >= self._least_people][:MAX_ITEMS]
        numbers = self._catalogue.numbers_of([item_id for item_id, _ in wanted])
        people = np.array([people for _, people in wanted], dtype=np.int64)
        self._counts = _counts(numbers[numbers >= 0], people[numbers >= 0])
        self._read_at_s = time.monotonic()


def _counts(numbers: np.ndarray, people: np.ndarray) -> Counts:
    return Counts(numbers, people, np.argsort(numbers, kind="stable"))
