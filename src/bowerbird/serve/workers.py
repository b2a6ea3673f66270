"""This file is about where work runs: a few threads behind a bounded queue, so that overload is an answer."""

import asyncio
import logging
import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from bowerbird.core.errors import OverloadedError

log = logging.getLogger(__name__)

Args = ParamSpec("Args")
Result = TypeVar("Result")


class WorkerPool:
    """Runs plain functions on `threads` threads for coroutines, at most `queue_limit` waiting.

    Model code releases the GIL, so one thread per core uses the machine; more only add waiting. The
    threads are nicer than the event loop, so that small answers overtake model work.
    """

    def __init__(
        self, name: str, *, threads: int, queue_limit: int, queue_wait_ms: int = 60_000, niceness: int = 5
    ) -> None:
        self.name = name
        self.threads = threads
        self.queue_limit = queue_limit
        self._queue_wait_s = queue_wait_ms / 1000
        self._pending = 0  # queued or running; touched on the event loop only
        self._executor = ThreadPoolExecutor(
            threads, thread_name_prefix=f"bowerbird-{name}", initializer=be_nicer, initargs=(niceness,)
        )

    @property
    def depth(self) -> int:
        """How many wait for a thread now."""
        return max(0, self._pending - self.threads)

    @property
    def is_busy(self) -> bool:
        """Whether anything runs or waits."""
        return self._pending > 0

    async def run(self, work: Callable[Args, Result], /, *args: Args.args, **kwargs: Args.kwargs) -> Result:
        """The result of `work`, computed on one of the threads.

        Raises:
            OverloadedError: the queue is full, or no thread was free within the longest wait.
        """
        if self.depth >= self.queue_limit:
            raise OverloadedError(
                f"{self.depth} requests wait for the {self.name} threads and {self.queue_limit} may; "
                "try again in a second"
            )
        self._pending += 1
        too_late_s = time.monotonic() + self._queue_wait_s

        def timely() -> Result:
            if time.monotonic() > too_late_s:
                raise OverloadedError(
                    f"no {self.name} thread was free for {self._queue_wait_s:.1f} s; try again in a second"
                )
            return work(*args, **kwargs)

        try:
            future = self._executor.submit(timely)
        except RuntimeError as error:  # the pool is closed: the server is stopping
            self._pending -= 1
            raise OverloadedError("the server is stopping; try again in a second") from error
        future.add_done_callback(self._finished_soon(asyncio.get_running_loop()))
        return await asyncio.wrap_future(future)

    def close(self) -> None:
        """Let running work end and drop what waits."""
        self._executor.shutdown(wait=True, cancel_futures=True)

    def _finished_soon(self, loop: asyncio.AbstractEventLoop) -> Callable[[object], None]:
        # Counted when the thread is done and not when the waiter left: a client that hangs up frees nothing.
        def finished(_: object) -> None:
            try:
                loop.call_soon_threadsafe(self._count_down)
            except RuntimeError:
                log.debug("worker finished after the loop closed", extra={"pool": self.name})

        return finished

    def _count_down(self) -> None:
        self._pending -= 1


_LONGEST_REST_S = 0.25


class Repeater:
    """Calls `work` every `every_s` seconds in its own thread, and at once when poked; outlives errors."""

    def __init__(
        self,
        name: str,
        work: Callable[[], object],
        *,
        every_s: float,
        niceness: int = 5,
        rests: float = 0.0,
    ) -> None:
        """`rests`: after each call it rests so many times as long as that took, poked or not.

        Pokes that come faster than that become one larger call, and the rest of the server keeps its share.
        """
        self._name = name
        self._work = work
        self._every_s, self._rests = every_s, rests
        self._niceness = niceness
        self._stopping = threading.Event()
        self._poked = threading.Event()
        self._thread = threading.Thread(target=self._loop, name=f"bowerbird-{name}", daemon=True)

    def start(self) -> None:
        """Begin; the first call comes after one interval."""
        self._thread.start()

    def poke(self) -> None:
        """Call `work` without waiting for the interval to end."""
        self._poked.set()

    def ask_to_stop(self) -> None:
        """Begin to end, without waiting for it."""
        self._stopping.set()
        self._poked.set()

    def stop(self) -> None:
        """End after the current call."""
        self.ask_to_stop()
        if self._thread.is_alive():
            self._thread.join()

    def _loop(self) -> None:
        be_nicer(self._niceness)
        while True:
            self._poked.wait(self._every_s)
            self._poked.clear()
            if self._stopping.is_set():
                return
            started_s = time.monotonic()
            try:
                self._work()
            except Exception:  # outermost loop of a background thread: the next round may do better
                log.exception("background work failed", extra={"work": self._name})
            if self._rests:
                self._stopping.wait(min(self._rests * (time.monotonic() - started_s), _LONGEST_REST_S))


def be_nicer(by: int) -> None:
    """Give the other threads of this process precedence over the calling one, where the system can."""
    try:
        # On Linux a thread has its own niceness, addressed by its native id.
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), by)
    except (AttributeError, OSError):
        log.debug("thread priority left as it is")
