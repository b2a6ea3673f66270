"""This file is about the process that keeps the ranker learning beside a server: `bowerbird loop run`."""

import logging
import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, distribution

from bowerbird.serve.beside import kept_beside
from bowerbird.serve.settings import ServeSettings

log = logging.getLogger(__name__)

NEEDED = ("scipy", "torch")


@contextmanager
def learning_beside(settings: ServeSettings) -> Iterator[Callable[[], None]]:
    """Gives what lets learning begin: after the first page can be opened, so that nobody waits for it.

    Where what training needs is not installed yet, it begins as soon as it is.
    """
    if not settings.learn:
        yield lambda: None
        return
    begun, told = threading.Event(), threading.Event()

    def may_start() -> bool:
        if not begun.is_set():
            return False
        missing = [name for name in NEEDED if not is_installed(name)]
        if missing and not told.is_set():
            told.set()
            log.warning(
                "not learning yet", extra={"missing": missing, "next": "pip install 'bowerbird[train]'"}
            )
        return not missing

    words = [sys.executable, "-P", "-m", "bowerbird.cli.main", "loop", "run", "--lake", str(settings.lake)]
    words += ["--beside", "--parent", str(os.getpid()), "--least-pages", str(settings.learn_least_pages)]
    words += ["--shadow-pages", str(settings.learn_shadow_pages), "--canary", str(settings.learn_canary)]
    with kept_beside("learning", words, is_heard=True, may_start=may_start):
        yield begun.set


def is_installed(name: str) -> bool:
    """Whether the package is there, whole: an installer that is at work notes itself last."""
    try:
        return bool(distribution(name).read_text("INSTALLER"))
    except PackageNotFoundError:
        return False
