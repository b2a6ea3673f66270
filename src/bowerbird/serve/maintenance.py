"""This file is about the maintenance process beside a server, and the debt that it works off, as metrics."""

import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from bowerbird.lake.debt import TableDebt
from bowerbird.lake.lake import Lake
from bowerbird.serve.metrics import Reading
from bowerbird.serve.settings import ServeSettings

log = logging.getLogger(__name__)

_STOP_S = 10.0
_LOOK_S = 0.5
_PAUSE_S, _LONGEST_PAUSE_S, _LIVED_S = 1.0, 300.0, 60.0
# What clean-up would free needs a look at every file: once in so many looks at the debt.
_LOOKS_PER_FULL_LOOK = 20
_KINDS = ("rows", "fragments", "deleted_rows", "unindexed_rows", "unkeyed_rows", "versions")


@contextmanager
def maintained_beside(settings: ServeSettings) -> Iterator[None]:
    """A process that owns the lake's upkeep runs during the block, unless the settings say `off`.

    Where it dies (killed, out of memory) another takes its place; sooner the longer it had lived.
    """
    if settings.maintenance == "off":
        yield
        return
    words = [sys.executable, "-m", "bowerbird.cli.main", "work", "maintain", "--parent", str(os.getpid())]
    words += ["--lake", str(settings.lake)]
    words += ["--home", str(settings.home)] if settings.home else []
    ending = threading.Event()
    keeping = threading.Thread(target=_keep, args=(words, ending), name="maintenance-keeper", daemon=True)
    keeping.start()
    try:
        yield
    finally:
        ending.set()
        keeping.join()


def _keep(words: list[str], ending: threading.Event) -> None:
    pause_s = _PAUSE_S
    while not ending.is_set():
        started_s = time.monotonic()
        code = _run(words, ending)
        if ending.is_set():
            return
        has_lived = time.monotonic() - started_s > _LIVED_S
        pause_s = _PAUSE_S if has_lived else min(2 * pause_s, _LONGEST_PAUSE_S)
        log.warning("maintenance process ended", extra={"code": code, "another_in_s": pause_s})
        ending.wait(pause_s)


def _run(words: list[str], ending: threading.Event) -> int | str:
    """Its exit code, or why it did not start; ended when the server ends."""
    try:
        process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
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


class DebtWatch:
    """The debt of each table as it was at the last look."""

    def __init__(self, lake: Lake) -> None:
        self._lake = lake
        self._debts: dict[str, TableDebt] = {}
        self._reclaimable: dict[str, int] = {}
        self._looks = 0
        self._is_owned = False

    def look(self) -> None:
        """Looks anew."""
        tables = self._lake.tables()
        self._debts = {name: table.debt() for name, table in tables.items()}
        self._is_owned = self._lake.maintenance.owner() is not None
        if self._looks % _LOOKS_PER_FULL_LOOK == 0:
            self._reclaimable = {name: table.upkeep.reclaimable_bytes() for name, table in tables.items()}
        self._looks += 1

    def readings(self) -> Iterable[Reading]:
        """What to show in the metrics."""
        text = "What maintenance would put right"
        for name, debt in self._debts.items():
            for kind in _KINDS:
                labels = {"table": name, "kind": kind}
                yield "bowerbird_lake_debt", text, labels, float(getattr(debt, kind))
        for name, size in self._reclaimable.items():
            labels = {"table": name, "kind": "reclaimable_bytes"}
            yield "bowerbird_lake_debt", text, labels, float(size)
        yield (
            "bowerbird_lake_maintained",
            "Whether a process owns the lake's upkeep",
            {},
            float(self._is_owned),
        )
