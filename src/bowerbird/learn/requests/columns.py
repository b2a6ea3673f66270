"""This file is about the two sides of the join as columns: what people did, and what they were shown."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class EventColumns:
    """Events with consent on known items; one row an event.

    Attributes:
        persons: int64 [E] codes, as those of the requests; -1 for whoever made none.
        numbers: int64 [E] item numbers.
        actions: int64 [E] codes of `ACTION_CODES`.
        at_ms: int64 [E] when it happened, by the client's clock.
        received_ms: int64 [E] when it was stored: before that, no server knew of it.
        requests: int64 [E] row of the request that the event names, if the same person made it; or -1.
    """

    persons: np.ndarray
    numbers: np.ndarray
    actions: np.ndarray
    at_ms: np.ndarray
    received_ms: np.ndarray
    requests: np.ndarray

    def where(self, rows: np.ndarray) -> "EventColumns":
        """Only these."""
        return EventColumns(
            self.persons[rows],
            self.numbers[rows],
            self.actions[rows],
            self.at_ms[rows],
            self.received_ms[rows],
            self.requests[rows],
        )


@dataclass(frozen=True, slots=True)
class RequestColumns:
    """Requests, and their candidates in one row each.

    Attributes:
        persons, at_ms: int64 [R].
        ends: int64 [R + 1] candidates `ends[r]` up to `ends[r + 1]` are those of request r.
        numbers: int64 [I] item numbers, each once in a request.
        is_shown: bool [I].
    """

    persons: np.ndarray
    at_ms: np.ndarray
    ends: np.ndarray
    numbers: np.ndarray
    is_shown: np.ndarray

    @property
    def request_of(self) -> np.ndarray:
        """int64 [I] the request of each candidate."""
        return np.repeat(np.arange(len(self.at_ms)), np.diff(self.ends))
