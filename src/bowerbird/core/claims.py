"""This file is about claims: a file that one process at a time holds, and that a killed one lets go of."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def claimed(path: Path, *, wait: bool = False) -> Iterator[bool]:
    """Whether the claim is ours in the block; with `wait` it is, once whoever has it has ended.

    Args:
        path: of a file that is there for nothing else, in a folder that exists.
    """
    with path.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            yield False
        else:
            yield True
