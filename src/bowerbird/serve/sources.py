"""This file is about registered sources while the server runs: when one is due, a process of its own runs it.

A catalogue that takes the process with it, or its memory, does no harm to the server.
"""

import json
import logging
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

from bowerbird.core.clock import Clock
from bowerbird.lake.lake import Lake
from bowerbird.lake.records import Source, SourceRun
from bowerbird.serve.metrics import Reading
from bowerbird.serve.settings import ServeSettings

log = logging.getLogger(__name__)

_LOOK_S = 0.5
_ENDS_S = 20.0
_NICENESS = 10
_COUNTED = ("accepted", "unchanged", "rejected", "removed")


class Sources:
    """Runs the sources that are due, one after the other."""

    def __init__(self, lake: Lake, settings: ServeSettings, clock: Clock) -> None:
        self._lake = lake
        self._settings = settings
        self._clock = clock
        self._stopping = threading.Event()

    def run_due(self) -> None:
        """Every source that is due has run on return, or the server is stopping."""
        for source in self._lake.records.sources.due():
            if self._stopping.is_set():
                return
            self._run(source.name)

    def all(self) -> list[dict[str, Any]]:
        """The sources as a client sees them."""
        runs = self._lake.records.sources.last_runs()
        return [_shown(source, runs.get(source.name)) for source in self._lake.records.sources.all()]

    def one(self, name: str) -> dict[str, Any]:
        """A source as a client sees it.

        Raises:
            NotFoundError: there is none of this name.
        """
        source = self._lake.records.sources.get(name)
        return _shown(source, self._lake.records.sources.last_runs().get(name))

    def call(self, name: str) -> None:
        """The source is due now.

        Raises:
            NotFoundError: there is none of this name.
        """
        self._lake.records.sources.call(name)

    def agree(self, name: str) -> None:
        """The next run, due now, may remove what the last one did not.

        Raises:
            NotFoundError: there is none of this name.
            ConflictError: it waits for nothing.
        """
        self._lake.records.sources.agree(name)

    def readings(self) -> Iterator[Reading]:
        """What to show in the metrics."""
        runs = self._lake.records.sources.last_runs()
        for source in self._lake.records.sources.all():
            labels = {"source": source.name}
            since_ms = source.made_ms if source.last_good_ms is None else source.last_good_ms
            age_s = (self._clock.now_ms() - since_ms) / 1_000
            yield "bowerbird_source_age_seconds", "Since the last run that did not fail", labels, age_s
            text = "Runs in a row that failed"
            yield "bowerbird_source_failures", text, labels, float(source.failures)
            is_waiting = float(source.state == "waiting")
            yield "bowerbird_source_waiting", "1: somebody has to agree to a removal", labels, is_waiting
            for outcome, rows in _rows_of(runs.get(source.name)).items():
                text = "Rows of the last run by outcome"
                yield "bowerbird_source_rows", text, {**labels, "outcome": outcome}, float(rows)

    def stop(self) -> None:
        """The run that is under way is ended; the next one goes on where it was."""
        self._stopping.set()

    def _run(self, name: str) -> None:
        words = [
            "--log-format",
            "json",
            "lake",
            "sync",
            "run",
            name,
            "--json",
            "--lake",
            str(self._settings.lake),
        ]
        words += [] if self._settings.home is None else ["--home", str(self._settings.home)]
        command = ["nice", "-n", str(_NICENESS), sys.executable, "-m", "bowerbird.cli.main", *words]
        log.info("source begun", extra={"source": name})
        # In a session of its own: Ctrl-C in the server's terminal is for the server, which ends it in order.
        run = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, start_new_session=True
        )
        while run.poll() is None:
            if self._stopping.wait(_LOOK_S):
                _end(run)
        log.info("source ended", extra={"source": name, "code": run.returncode})


def _end(run: "subprocess.Popen[bytes]") -> None:
    run.terminate()
    try:
        run.wait(_ENDS_S)
    except subprocess.TimeoutExpired:
        run.kill()


def _shown(source: Source, run: SourceRun | None) -> dict[str, Any]:
    kept = ("name", "place", "every_s", "state", "failures", "held_missing", "last_good_ms")
    shown = {name: getattr(source, name) for name in kept}
    shown["next_run_ms"] = source.next_run_ms if source.every_s else None
    shown["last_run"] = None
    if run is not None:
        facts = asdict(run)
        told = {name: facts[name] for name in ("id", "began_ms", "ended_ms", "outcome", "said")}
        shown["last_run"] = {**told, "rows": _rows_of(run)}
    return shown


def _rows_of(run: SourceRun | None) -> Mapping[str, int]:
    report = json.loads(run.report) if run is not None and run.report else {}
    return {name: int(report.get(name, 0)) for name in _COUNTED}
