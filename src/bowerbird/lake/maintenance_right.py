"""This file is about who does the upkeep of a lake: one maintenance process, or for a moment a writer."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from bowerbird.core.clock import Clock
from bowerbird.lake.leases import Holder, Lease
from bowerbird.lake.places import Place

_JOB = "maintenance"


class MaintenanceRight:
    """The right to do upkeep, as this process sees it."""

    def __init__(self, place: Place, clock: Clock, *, stale_s: float = 120.0) -> None:
        self._lease = Lease(place, _JOB, clock, stale_s=stale_s)
        self._lock = threading.Lock()
        self._users = 0

    @contextmanager
    def turn(self) -> Iterator[bool]:
        """True in the block if upkeep is ours: nobody owned it, or this process does."""
        with self._lock:
            is_ours = self._users > 0 or self._lease.take()
            self._users += is_ours
        try:
            yield is_ours
        finally:
            with self._lock:
                self._users -= is_ours
                if is_ours and self._users == 0:
                    self._lease.give_back()

    def renew(self) -> bool:
        """A sign of life; False where another process has taken over."""
        return self._lease.take()

    def owner(self) -> Holder | None:
        """Who does the upkeep; None where writers do it themselves."""
        return self._lease.holder()
