"""This file is about the maintenance process beside a server, and the debt that it works off, as metrics."""

import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from bowerbird.lake.debt import TableDebt
from bowerbird.lake.lake import Lake
from bowerbird.serve.beside import kept_beside
from bowerbird.serve.metrics import Reading
from bowerbird.serve.settings import ServeSettings

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
    with kept_beside("maintenance", words):
        yield


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
