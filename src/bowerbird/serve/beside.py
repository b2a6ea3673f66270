"""This file is about processes that run beside a server: they start and end with it, and are replaced."""

import logging
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

log = logging.getLogger(__name__)

_STOP_S = 10.0
_LOOK_S = 0.5
_PAUSE_S, _LONGEST_PAUSE_S, _LIVED_S = 1.0, 300.0, 60.0


@contextmanager
def kept_beside(
    name: str,
    words: Sequence[str],
    *,
    is_heard: bool = False,
    may_start: Callable[[], bool] = lambda: True,
) -> Iterator[None]:
    """The process of these words runs during the block, once `may_start` says so.

    Where it dies (killed, out of memory) another takes its place; sooner the longer it had lived.

    Args:
        is_heard: whether what it says goes where the server's own words go.
    """
    ending = threading.Event()

    def keep() -> None:
        while not ending.is_set() and not may_start():
            ending.wait(_LOOK_S)
        pause_s = _PAUSE_S
        while not ending.is_set():
            started_s = time.monotonic()
            code = _run(words, is_heard, ending)
            if ending.is_set():
                return
            has_lived = time.monotonic() - started_s > _LIVED_S
            pause_s = _PAUSE_S if has_lived else min(2 * pause_s, _LONGEST_PAUSE_S)
            log.warning(f"{name} process ended", extra={"code": code, "another_in_s": pause_s})
            ending.wait(pause_s)

    keeping = threading.Thread(target=keep, name=f"{name}-keeper", daemon=True)
    keeping.start()
    try:
        yield
    finally:
        ending.set()
        keeping.join()


def _run(words: Sequence[str], is_heard: bool, ending: threading.Event) -> int | str:
    """Its exit code, or why it did not start; ended when the server ends."""
    out = None if is_heard else subprocess.DEVNULL
    try:
        process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=out)
    except OSError as error:
        return str(error)
    with process:
        while process.poll() is None and not ending.wait(_LOOK_S):
            pass
        process.terminate()
        try:
            return process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            return process.wait()
