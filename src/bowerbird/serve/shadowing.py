"""This file is about shadows: a challenger is asked about pages that were ranked already, off their path.

One thread, a short queue: what comes faster than it can be asked is dropped and counted, and no page waits.
"""

import logging
import queue
import threading
import time
from collections import deque
from collections.abc import Callable

import numpy as np

from bowerbird.learn.registry import ModelRegistry
from bowerbird.rank.ranker.trials import ShadowSeen, tell_shadow

log = logging.getLogger(__name__)

_WAITING = 16
_TIMES_KEPT = 2_000
_END = None

Ask = Callable[[], float]
"""Asks the challenger about one page; gives how much of the first 25 it would put first as well."""


class ShadowLane:
    """Asks about pages of one challenger, and tells the registry what it saw."""

    def __init__(self, registry: ModelRegistry, id_: str) -> None:
        self._registry, self.id = registry, id_
        self._waiting: queue.Queue[Ask | None] = queue.Queue(_WAITING)
        self._pages = self._failed = self._dropped = 0
        self._overlap, self._problem = 0.0, ""
        self._times_ms: deque[float] = deque(maxlen=_TIMES_KEPT)
        self._told = -1
        self._thread = threading.Thread(target=self._work, name="bowerbird-shadow", daemon=True)
        self._thread.start()

    def offer(self, ask: Ask) -> None:
        """One page; returns at once."""
        try:
            self._waiting.put_nowait(ask)
        except queue.Full:
            self._dropped += 1

    def seen(self) -> ShadowSeen:
        """Until now."""
        times = np.array(self._times_ms or [0.0])
        p50, p99 = np.quantile(times, (0.5, 0.99))
        answered = max(self._pages - self._failed, 1)
        return ShadowSeen(
            self.id, self._pages, self._failed, self._dropped, self._overlap / answered,
            float(p50), float(p99), self._problem,
        )  # fmt: skip

    def tell(self) -> None:
        """Tells the registry, where there is something new."""
        if self._pages != self._told:
            self._told = self._pages
            tell_shadow(self._registry, self.seen())

    def close(self) -> None:
        """Ends it; what waits is dropped."""
        while True:
            try:
                self._waiting.put_nowait(_END)
                return
            except queue.Full:
                self._waiting.get_nowait()

    def _work(self) -> None:
        while (ask := self._waiting.get()) is not _END:
            started_s = time.thread_time()  # how busy the machine is says nothing of a challenger
            try:
                self._overlap += ask()
            except Exception as error:  # noqa: BLE001 - whatever it was, it is what shadows are there to find
                self._failed += 1
                self._problem = f"{type(error).__name__}: {error}"
                facts = {"ranker": self.id, "why": self._problem}
                log.warning("challenger failed in the shadow", extra=facts)
            self._pages += 1
            self._times_ms.append((time.thread_time() - started_s) * 1000)
