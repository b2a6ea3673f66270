"""This file is about what events do: first durable in the log, then known to the next page.

The online store is derived from the log. What a crash left unapplied is applied at the next start, what
another process stored (an import) within seconds; an event applied twice changes nothing.
"""

import asyncio
import logging
import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence

import numpy as np

from bowerbird.core.actions import ACTION_CODES
from bowerbird.core.clock import Clock
from bowerbird.lake.catalogue import Catalogue
from bowerbird.lake.lake import Lake
from bowerbird.lake.types import AppendResult, Event
from bowerbird.serve.workers import WorkerPool

log = logging.getLogger(__name__)

MARK = "applied"
_REPLAY_EVENTS = 5_000
_CLOCK_SKEW_MS = 5_000


class Effects:
    """Takes events and makes them count."""

    def __init__(self, lake: Lake, catalogue: Catalogue, clock: Clock, writes: WorkerPool) -> None:
        self._lake = lake
        self._catalogue = catalogue
        self._clock = clock
        self._writes = writes
        self._lock = threading.Lock()
        self._being_applied = 0
        self._applied_offset = 0
        self._committed_offset = 0
        self._leaves_nothing: Callable[[str], bool] = lambda _: False
        self._tell: Callable[[], object] = lambda: None
        self._has_gap = False  # something was stored that has not been applied

    async def take(self, events: Sequence[Event]) -> AppendResult:
        """Store the events and apply them; both are done on return. People who leave nothing leave none."""
        events = [event for event in events if not self._leaves_nothing(event.person_id)]
        if not events:
            return AppendResult(0, 0, 0)
        self._begin()
        offset, is_applied = 0, False
        try:
            result = await asyncio.wrap_future(self._lake.events.append_soon(events))
            offset = result.last_offset
            # Also when all were known: a client sends again what it was not told had been applied.
            await self._writes.run(self._apply, events)
            is_applied = True
        finally:
            self._end(offset, is_applied=is_applied)
        return result

    def record(self, events: Sequence[Event]) -> AppendResult:
        """Like `take`, for callers on a thread of their own."""
        events = [event for event in events if not self._leaves_nothing(event.person_id)]
        self._begin()
        offset, is_applied = 0, False
        try:
            result = self._lake.events.append(events)
            offset = result.last_offset
            self._apply(events)
            is_applied = True
        finally:
            self._end(offset, is_applied=is_applied)
        return result

    def take_nothing_of(self, leaves_nothing: Callable[[str], bool]) -> None:
        """From now on nothing is taken of whoever this says leaves nothing: was forgotten, is incognito."""
        self._leaves_nothing = leaves_nothing

    def tell(self, follower: Callable[[], object]) -> None:
        """From now on this is called whenever the log has more; it must not take long."""
        self._tell = follower

    def replay(self) -> int:
        """Apply what another process stored, or an earlier one left; how many events that were."""
        count = 0
        offset = self._lake.online.mark(MARK)
        if self._lake.events.last_offset() > offset:
            self._catalogue.refresh()  # whoever stored events may have stored their items just before
        while found := self._lake.events.after(offset, _REPLAY_EVENTS):
            self._apply([event for _, event in found])
            offset = found[-1][0]
            self._lake.online.set_mark(MARK, offset)
            count += len(found)
        with self._lock:
            self._committed_offset = max(self._committed_offset, offset)
            self._applied_offset = max(self._applied_offset, offset)
        if count:
            self._tell()
            log.info("events replayed", extra={"events": count})
        return count

    def commit(self) -> None:
        """Apply what others stored, then note how far events are applied; called now and then."""
        with self._lock:
            offset, is_busy = self._applied_offset, self._being_applied > 0
            is_behind = offset > self._committed_offset
        # Asked after `offset` was read: whatever others stored before it has been noticed by then.
        if self._lake.events.others_stored():
            self._note_gap()
        with self._lock:
            has_gap, self._has_gap = self._has_gap, False
        if has_gap:
            try:
                self.replay()
            except BaseException:
                self._note_gap()
                raise
        elif is_behind and not is_busy:
            self._lake.online.set_mark(MARK, offset)
            with self._lock:
                self._committed_offset = max(self._committed_offset, offset)

    def _note_gap(self) -> None:
        with self._lock:
            self._has_gap = True

    def _begin(self) -> None:
        with self._lock:
            self._being_applied += 1

    def _end(self, offset: int, *, is_applied: bool) -> None:
        with self._lock:
            self._being_applied -= 1
            self._has_gap |= offset > 0 and not is_applied
            self._applied_offset = max(self._applied_offset, offset)
        self._tell()

    def _apply(self, events: Iterable[Event]) -> None:
        # A client's clock may be wrong: what lies in the future would stay the newest for ever.
        latest_ms = self._clock.now_ms() + _CLOCK_SKEW_MS
        people: dict[str, list[Event]] = defaultdict(list)
        for event in events:
            if event.item_id and event.consent:
                people[event.person_id].append(event)
        for person_id, theirs in people.items():
            numbers = self._catalogue.numbers_of([event.item_id for event in theirs])
            actions = np.array([ACTION_CODES[event.action] for event in theirs], dtype=np.int64)
            at_ms = np.array([min(event.at_ms, latest_ms) for event in theirs], dtype=np.int64)
            if (numbers >= 0).any():
                self._lake.online.push(person_id, numbers, actions, at_ms)
