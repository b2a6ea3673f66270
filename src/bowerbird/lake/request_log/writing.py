"""This file is about writing records off the request path: a bounded queue, and one thread that empties it.

Whoever makes a page hands the record over and goes on. Where the queue is full the record is dropped and
counted: a page is worth more than its record.
"""

import logging
import queue
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass

from bowerbird.core.errors import BowerbirdError
from bowerbird.lake.request_log.packing import packed
from bowerbird.lake.request_log.sampling import sampled
from bowerbird.lake.request_log.spool import NewRow
from bowerbird.lake.request_log.types import RequestRecord

log = logging.getLogger(__name__)

_CLOSED = object()


@dataclass(slots=True)
class Counted:
    """What became of records since the log was opened."""

    stored: int = 0
    dropped: int = 0
    refused: int = 0
    failed: int = 0


class Writer:
    """Samples, packs and stores records, several in one durable commit. Its thread starts with the first."""

    def __init__(
        self,
        store: Callable[[Sequence[NewRow]], None],
        *,
        queue_limit: int,
        keep_unshown: int,
        group_s: float,
        group_records: int,
    ) -> None:
        self._store = store
        self._limit = queue_limit
        self._keep_unshown = keep_unshown
        self._group_s = group_s
        self._group_records = group_records
        self._waiting: queue.SimpleQueue[object] = queue.SimpleQueue()
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None
        self._is_closed = False
        self._may_log: Callable[[str], bool] = lambda _: True
        self.counted = Counted()

    def allow(self, may_log: Callable[[str], bool]) -> None:
        """Only records of whom `may_log` allows are stored; it is asked by the writer's thread."""
        self._may_log = may_log

    @property
    def waiting(self) -> int:
        """Records that are not stored yet."""
        return self._waiting.qsize()

    def put(self, record: RequestRecord) -> bool:
        """Hands the record over, and never waits; False where it was dropped."""
        if self._is_closed or self._waiting.qsize() >= self._limit:
            self.counted.dropped += 1
            return False
        self._waiting.put(record)
        if self._thread is None:
            self._start()
        return True

    def flush(self) -> None:
        """What was put before is stored, or counted as lost, on return."""
        if self._thread is not None and not self._is_closed:
            done: Future[None] = Future()
            self._waiting.put(done)
            done.result()

    def close(self) -> None:
        """Stores what waits; what is put later is dropped."""
        with self._starting:
            if self._is_closed:
                return
            self._is_closed = True
            self._waiting.put(_CLOSED)
        if self._thread is not None:
            self._thread.join()

    def _start(self) -> None:
        with self._starting:
            if self._thread is None and not self._is_closed:
                self._thread = threading.Thread(target=self._run, name="request-log-writer", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        is_last = False
        while not is_last:
            group, asked, is_last = self._gathered()
            if group:
                self._write(group)
            for each in asked:
                each.set_result(None)

    def _gathered(self) -> tuple[list[RequestRecord], list["Future[None]"], bool]:
        """Records of one commit: those that come in a short time, or before somebody asks for it."""
        group: list[RequestRecord] = []
        until_s = float("inf")
        while len(group) < self._group_records:
            try:
                wait_s = None if until_s == float("inf") else max(until_s - time.monotonic(), 0.0)
                got = self._waiting.get(timeout=wait_s)
            except queue.Empty:
                break
            if isinstance(got, RequestRecord):
                group.append(got)
                until_s = min(until_s, time.monotonic() + self._group_s)
            else:
                return group, [got] if isinstance(got, Future) else [], got is _CLOSED
        return group, [], False

    def _write(self, group: list[RequestRecord]) -> None:
        try:
            allowed = {
                person_id: self._may_log(person_id) for person_id in {each.person_id for each in group}
            }
            kept = [each for each in group if allowed[each.person_id]]
            self.counted.refused += len(group) - len(kept)
            rows = [
                (each.request_id, each.person_id, each.at_ms, packed(sampled(each, self._keep_unshown)))
                for each in kept
            ]
            self._store(rows)
            self.counted.stored += len(rows)
        except (BowerbirdError, ValueError, TypeError, IndexError):
            # The thread lives on: records lost are counted, and the log says why.
            self.counted.failed += len(group)
            log.exception("requests not logged", extra={"records": len(group)})
