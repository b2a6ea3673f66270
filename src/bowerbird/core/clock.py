"""This file is about time: UTC milliseconds, from a clock that tests can hold still."""

import time
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, runtime_checkable

from bowerbird.core.errors import InputError

LATEST_MS = 253_402_300_799_999
"""The end of the year 9999: no event says a later time, and every table and library can hold it."""


@runtime_checkable
class Clock(Protocol):
    """Says what time it is."""

    def now_ms(self) -> int:
        """Milliseconds since 1970 in UTC."""
        ...


@dataclass(frozen=True, slots=True)
class SystemClock:
    """The machine's clock."""

    def now_ms(self) -> int:
        """Milliseconds since 1970 in UTC."""
        return time.time_ns() // 1_000_000


@dataclass(slots=True)
class HeldClock:
    """A clock that moves only when told to."""

    at_ms: int = 1_700_000_000_000

    def now_ms(self) -> int:
        """The time it was last set to."""
        return self.at_ms

    def advance(self, *, by_ms: int) -> None:
        """Move on by `by_ms`."""
        self.at_ms += by_ms


def moment_ms(text: str) -> int:
    """A time in ISO 8601 as UTC milliseconds; without a zone it is local.

    Raises:
        InputError: it is none.
    """
    try:
        return int(datetime.fromisoformat(text).timestamp() * 1000)
    except (ValueError, OverflowError) as error:
        raise InputError(
            f"time {text[:100]!r} was received; needed is one such as 2026-11-22T18:00; write it so"
        ) from error
