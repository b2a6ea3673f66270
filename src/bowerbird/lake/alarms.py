"""This file is about deadlines that one thread watches, so that setting one costs no thread of its own."""

import threading
import time
from collections.abc import Callable


class Alarm:
    """One deadline.

    Attributes:
        went_off: whether it passed before the alarm was taken back.
    """

    __slots__ = ("action", "at_s", "went_off")

    def __init__(self, at_s: float, action: Callable[[], object]) -> None:
        self.at_s = at_s
        self.action = action
        self.went_off = False


class Alarms:
    """Calls what is late. Safe for threads; its thread starts with the first alarm."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._set: set[Alarm] = set()
        self._wakes_s = float("inf")
        self._thread: threading.Thread | None = None
        self._is_closed = False

    def set(self, seconds: float, action: Callable[[], object]) -> Alarm:
        """Calls `action`, from another thread, unless it is taken back within `seconds`.

        Once `take_back` has returned, the action is not called any more.
        """
        alarm = Alarm(time.monotonic() + seconds, action)
        with self._changed:
            self._set.add(alarm)
            if self._thread is None:
                self._thread = threading.Thread(target=self._watch, name="alarms", daemon=True)
                self._thread.start()
            elif alarm.at_s < self._wakes_s:
                self._changed.notify()
        return alarm

    def take_back(self, alarm: Alarm) -> None:
        """It does not go off any more. The thread is not woken: it finds nothing to do when it wakes."""
        with self._changed:
            self._set.discard(alarm)

    def close(self) -> None:
        """Nothing goes off any more; the thread ends."""
        with self._changed:
            self._is_closed = True
            self._changed.notify()
        if self._thread is not None:
            self._thread.join()

    def _watch(self) -> None:
        with self._changed:
            while not self._is_closed:
                now_s = time.monotonic()
                for alarm in [alarm for alarm in self._set if alarm.at_s <= now_s]:
                    self._set.discard(alarm)
                    alarm.went_off = True
                    alarm.action()
                self._wakes_s = min((alarm.at_s for alarm in self._set), default=float("inf"))
                wait_s = None if self._wakes_s == float("inf") else max(self._wakes_s - time.monotonic(), 0.0)
                self._changed.wait(wait_s)
