"""This file is about events as columns, in the order in which they arrived: what stream and batch both read.

What counts when is settled here, once: an event without consent never; one from a clock ahead of ours when it
arrived; one on an item that nobody knows counts for its person alone.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from bowerbird.core.actions import ACTION_CODES
from bowerbird.core.errors import InputError
from bowerbird.lake.types import Event

UNKNOWN = -1
_PAIR_BITS = 32
_MOST = 2**31 - 1  # so that keys are positive

NumbersOf = Callable[[list[str]], np.ndarray]


@dataclass(frozen=True, slots=True)
class Sides:
    """What items are of, by item number; grows with the catalogue.

    Attributes:
        categories, owners: int64 [N]; -1 for none.
    """

    categories: np.ndarray
    owners: np.ndarray

    def of(self, items: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """int64 [B] category and owner of each; -1 of an item that is not known."""
        if not len(self.categories):
            nothing = np.full(len(items), UNKNOWN, np.int64)
            return nothing, nothing
        is_known = (items >= 0) & (items < len(self.categories))
        safe = np.where(is_known, items, 0)
        return (
            np.where(is_known, self.categories[safe], UNKNOWN),
            np.where(is_known, self.owners[safe], UNKNOWN),
        )


@dataclass(frozen=True, slots=True)
class Arrivals:
    """Events in order of arrival, each once. All int64 [E].

    Attributes:
        persons: -1 where the event counts for its item alone: before its person cleared their history.
        items: -1 where an event has none, or none that is known.
        actions: codes of `core.actions`.
        at_ms: when it happened, as far as that is believed.
    """

    persons: np.ndarray
    items: np.ndarray
    actions: np.ndarray
    at_ms: np.ndarray

    def __len__(self) -> int:
        return len(self.persons)

    def rows(self, keep: slice | np.ndarray) -> "Arrivals":
        """Only these, order unchanged."""
        return Arrivals(self.persons[keep], self.items[keep], self.actions[keep], self.at_ms[keep])


def arrivals(events: Sequence[Event], whose: Callable[[Event], int], numbers_of: NumbersOf) -> Arrivals:
    """Events with consent as columns.

    Args:
        whose: the number of whoever did it; the same each time.
        numbers_of: the catalogue's numbers of item ids, -1 for unknown ones.
    """
    told = [event for event in events if event.consent]
    rows = [(whose(event), ACTION_CODES[event.action], believed_ms(event)) for event in told]
    persons, actions, at_ms = np.array(rows, np.int64).reshape(-1, 3).T
    return Arrivals(persons, numbers_of([event.item_id for event in told]), actions, at_ms)


def believed_ms(event: Event) -> int:
    """When an event happened: when its client says, and never after it arrived."""
    return min(event.at_ms, event.received_ms) if event.received_ms else event.at_ms


def pair_keys(persons: np.ndarray, others: np.ndarray) -> np.ndarray:
    """int64 one key for each pair of a person and something of an item; -1 where either is missing.

    Raises:
        InputError: there are more than two thousand million of something.
    """
    highest = max(int(persons.max(initial=0)), int(others.max(initial=0)))
    if highest > _MOST:
        raise InputError(f"number {highest:,} was received; needed is one up to {_MOST:,}; count from 0")
    keys: np.ndarray = np.where((persons >= 0) & (others >= 0), (persons << _PAIR_BITS) | others, UNKNOWN)
    return keys
