"""Processes that are started, killed at a random moment, and heard out: what they began and what was done."""

import json
import multiprocessing
import os
import random
import signal
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from multiprocessing import forkserver
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import crash_work
import pytest
from power_loss import build_shim

# A fork of a process that has imported everything starts in milliseconds; it must not have run the engine.
_CONTEXT = multiprocessing.get_context("forkserver")
_LONGEST_S = 60.0


@dataclass
class Worker:
    """One process at work on a lake."""

    name: str
    process: Any
    pipe: Connection
    said: list[dict[str, Any]] = field(default_factory=list)

    def hear(self, seconds: float) -> bool:
        """Takes what it says for a while; False once it says no more."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            if self.pipe.poll(left) and not self._take():
                return False
        return True

    def hear_first(self) -> None:
        """Waits until it has begun."""
        assert self.pipe.poll(_LONGEST_S), f"{self.name} says nothing"
        self._take()

    def hear_more(self) -> bool:
        """Waits for the next thing it says; False if it says no more."""
        return self.pipe.poll(_LONGEST_S) and self._take()

    def hear_done(self) -> None:
        """Waits until something is done, or it has ended."""
        while not any("done" in told for told in self.said) and self.hear_more():
            pass

    def stop_now(self) -> None:
        """SIGSTOP: nothing goes on, so that several can end at one moment."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGSTOP)

    def kill(self) -> None:
        """SIGKILL for the process and its children, whatever they are doing."""
        with suppress(ProcessLookupError):  # it did so itself
            os.killpg(self.process.pid, signal.SIGKILL)
        while self._take():
            pass
        self.process.join()
        assert self.process.exitcode == -signal.SIGKILL, f"{self.name} ended by itself"
        self.pipe.close()

    def _take(self) -> bool:
        try:
            self.said.append(json.loads(self.pipe.recv_bytes()))
        except (EOFError, ConnectionResetError):
            return False
        return True


@cache
def ready_to_fork() -> bool:
    """The process that is forked has imported everything; whether it notes what is synced."""
    library = build_shim(Path(tempfile.mkdtemp(prefix="bowerbird-crash-")))
    _CONTEXT.set_forkserver_preload(["crash_work"])
    with pytest.MonkeyPatch.context() as patch:
        # The fork server of Python 3.11 does not take over the path of its parent.
        patch.setenv("PYTHONPATH", str(Path(crash_work.__file__).parent))
        if library is not None:
            patch.setenv("LD_PRELOAD", str(library))
        forkserver.ensure_running()
    return library is not None


def start(work: str, path: Path, seed: int, name: str, *, die_at: int = 0, shadow: str = "") -> Worker:
    """A process at one of the works of `crash_work`; `shadow` is where it notes what is on the disk."""
    ready_to_fork()
    ours, theirs = _CONTEXT.Pipe(duplex=False)
    given = (work, str(path), seed, name, die_at, shadow, theirs)
    process = _CONTEXT.Process(target=_run, args=given, daemon=True)
    process.start()
    theirs.close()
    return Worker(name, process, ours)


def _run(work: str, path: str, seed: int, name: str, die_at: int, shadow: str, pipe: Connection) -> None:
    def say(told: dict[str, Any]) -> None:
        pipe.send_bytes(json.dumps(told).encode())

    crash_work.begin(work, path, seed, name, say, die_at=die_at, shadow=shadow)


@dataclass
class Known:
    """What must be in a lake. `maybe` holds what was begun and not answered: it may be there or not.

    Attributes:
        titles: item → its title, None once deleted.
        events: ids of stored events.
        saves: "board item" → whether it is saved.
        numbers: id → the number it was given.
    """

    titles: dict[str, str | None] = field(default_factory=dict)
    maybe_titles: dict[str, set[str | None]] = field(default_factory=dict)
    events: set[str] = field(default_factory=set)
    maybe_events: list[set[str]] = field(default_factory=list)
    saves: dict[str, bool] = field(default_factory=dict)
    maybe_saves: set[str] = field(default_factory=set)
    numbers: dict[str, int] = field(default_factory=dict)
    acknowledged: int = 0

    def learn(self, worker: Worker) -> None:
        """Takes over what a killed worker said."""
        under_way: dict[str, Any] | None = None
        for told in worker.said:
            if "begin" in told:
                under_way = told["begin"]
            elif "numbers" in told:
                self.numbers |= told["numbers"]
            elif "done" in told and under_way is not None:
                self._did(under_way)
                under_way = None
        if under_way is not None:
            self._may_have_done(under_way)

    def _did(self, change: dict[str, Any]) -> None:
        self.acknowledged += 1
        self.titles |= change.get("put", {})
        self.events |= set(change.get("events", ()))
        self.saves |= change.get("saves", {})

    def _may_have_done(self, change: dict[str, Any]) -> None:
        for id_, title in change.get("put", {}).items():
            self.maybe_titles.setdefault(id_, set()).add(title)
        if change.get("events"):
            self.maybe_events.append(set(change["events"]))
        self.maybe_saves |= set(change.get("saves", {}))


def rounds(usual: int) -> int:
    """How many kills: a few in CI, as many as `BOWERBIRD_CRASH_ROUNDS` says in a long run."""
    return max(int(os.environ.get("BOWERBIRD_CRASH_ROUNDS", "0")) or usual, 1)


def first_seed() -> int:
    """Another for each run, unless `BOWERBIRD_CRASH_SEED` says which; tests print it."""
    given = os.environ.get("BOWERBIRD_CRASH_SEED")
    return int(given) if given else random.SystemRandom().randrange(2**31)
