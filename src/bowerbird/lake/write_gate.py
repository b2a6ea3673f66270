"""This file is about who may write: many at once, or one alone, on one machine."""

import fcntl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import TextIO

_LOOK_AGAIN_S = 0.02


class WriteGate:
    """`with gate:` is a writer among writers of other processes; `with gate.alone():` has none beside it.

    Threads of one process take turns in any case. It may be entered again by the thread that is inside.
    """

    def __init__(self, path: Path) -> None:
        """`path` is the lock file; its folder is there when the gate is first entered."""
        self._path = path
        self._turn = threading.RLock()
        self._depth = 0
        self._file: TextIO | None = None

    def __enter__(self) -> "WriteGate":
        self._turn.acquire()
        try:
            self._step_in(fcntl.LOCK_SH)
        except BaseException:
            self._turn.release()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._step_out()
        self._turn.release()

    @contextmanager
    def alone(self, wait_s: float = 60.0) -> Iterator[bool]:
        """Nobody else writes meanwhile; yields False where others have not ended within `wait_s`."""
        with self._turn:
            assert self._depth == 0, "a writer cannot send itself away"
            until = time.monotonic() + wait_s
            while not self._step_in(fcntl.LOCK_EX | fcntl.LOCK_NB):
                if time.monotonic() >= until:
                    yield False
                    return
                time.sleep(_LOOK_AGAIN_S)
            try:
                yield True
            finally:
                self._step_out()

    def _step_in(self, how: int) -> bool:
        if self._depth == 0:
            file = self._path.open("w")
            try:
                fcntl.flock(file, how)
            except BlockingIOError:
                file.close()
                return False
            self._file = file
        self._depth += 1
        return True

    def _step_out(self) -> None:
        self._depth -= 1
        if self._depth == 0 and self._file is not None:
            self._file.close()
            self._file = None
