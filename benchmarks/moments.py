"""This file is about what happens to a server in the middle of its load: work in other processes, and kills.

Each moment is a span of time with a name; the next begins when its time has come and the one before is over. Processes are
killed with SIGKILL: they get no chance to tidy up.
"""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from served import pss_mb, started

NICENESS = 10  # of work beside the server, as the server's own maintenance has
TRAINING_KILLED_AFTER_S = 8.0
GAP_SLACK_S = 1.0


@dataclass(frozen=True, slots=True)
class Moment:
    """What happened from when to when, by `time.perf_counter`, and what came of it."""

    name: str
    from_s: float
    to_s: float
    told: str
    is_good: bool = True
    is_gap: bool = False
    """Whether nobody could have answered in it: the server was killed and started again."""

    def holds(self, from_s: float, to_s: float) -> bool:
        """Whether a request with these times met it."""
        return from_s <= self.to_s + GAP_SLACK_S and to_s >= self.from_s


@dataclass(slots=True)
class Memory:
    """Megabytes of the server's process and of it with its children, by time; `life` counts its starts."""

    at_s: list[float] = field(default_factory=list)
    server_mb: list[float] = field(default_factory=list)
    all_mb: list[float] = field(default_factory=list)
    life: list[int] = field(default_factory=list)


class Standing:
    """A server on one port that is killed and started again, and what happens beside it."""

    def __init__(self, lake: Path, epochs: int, only: str, settings: dict[str, object]) -> None:
        self._lake, self._epochs, self._only, self._settings = lake, epochs, only, settings
        self.process, self.served = started(lake, **settings)
        self.moments: list[Moment] = []
        self.left_out: list[str] = []
        self.memory = Memory()
        self._lives = 0
        self._ended = threading.Event()

    def plan(self) -> list[tuple[float, str, Callable[[], tuple[str, bool]]]]:
        """When (as a share of the whole time), what, and the doing."""
        every = [
            (0.10, "ranker trained and swapped in", self._train),
            (0.30, "indexes built anew", lambda: self._command("retrieve", "build-index")),
            (0.42, "tables compacted", lambda: self._command("lake", "maintain")),
            (0.52, "training killed, begun again, swapped in", self._train_killed),
            (0.72, "maintenance process killed", lambda: self._child_killed("maintain")),
            (0.78, "decoding process killed", lambda: self._child_killed("decod")),
            (0.84, "server killed", self._server_killed),
        ]
        return [each for each in every if self._only in each[1]]

    def happen(self, seconds: float) -> None:
        """All moments in turn, within so many seconds from now; those that come too late are left out."""
        began = time.perf_counter()
        for share, name, act in self.plan():
            if self._ended.wait(max(began + share * seconds - time.perf_counter(), 0.0)):
                self.left_out.append(name)
                continue
            from_s = time.perf_counter()
            told, is_good = act()
            is_gap = name == "server killed"
            self.moments.append(Moment(name, from_s, time.perf_counter(), told, is_good, is_gap))
            print(f"{name}: {told} ({self.moments[-1].to_s - from_s:.1f} s)", file=sys.stderr, flush=True)

    def watch(self, every_s: float) -> None:
        """Notes memory until the end."""
        while not self._ended.wait(every_s):
            pid = self.served.pid
            server_mb = pss_mb(pid)
            if server_mb == 0.0:
                continue
            self.memory.at_s.append(time.perf_counter())
            self.memory.server_mb.append(server_mb)
            self.memory.all_mb.append(server_mb + sum(pss_mb(child) for child in _below(pid)))
            self.memory.life.append(self._lives)

    def end(self) -> None:
        """No more moments begin, nothing more is noted."""
        self._ended.set()

    def _train(self) -> tuple[str, bool]:
        return self._command("rank", "train", "--activate", "--epochs", str(self._epochs))

    def _train_killed(self) -> tuple[str, bool]:
        process = self._started("rank", "train", "--activate", "--epochs", str(self._epochs))
        try:
            process.communicate(timeout=TRAINING_KILLED_AFTER_S)
            return "had ended before it could be killed", process.returncode == 0
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
        return self._train()

    def _command(self, *words: str) -> tuple[str, bool]:
        process = self._started(*words)
        _, wrong = process.communicate()
        is_good = process.returncode == 0
        last = wrong.strip().splitlines()[-1] if wrong.strip() else ""
        return ("done" if is_good else f"exit {process.returncode}: {last}"), is_good

    def _started(self, *words: str) -> "subprocess.Popen[str]":
        command = [sys.executable, "-m", "bowerbird.cli.main", *words, "--lake", str(self._lake), "--json"]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        os.setpriority(os.PRIO_PROCESS, process.pid, NICENESS)
        return process

    def _child_killed(self, word: str) -> tuple[str, bool]:
        """Kills the server's child with this word in its command, and waits for another in its place."""
        before = self._child(word)
        if before is None:
            return "was not there", False
        os.kill(before, signal.SIGKILL)
        until_s = time.perf_counter() + 60
        while time.perf_counter() < until_s:
            if self._child(word) not in (None, before):
                return "another took its place", True
            time.sleep(0.1)
        return "nothing took its place within a minute", False

    def _child(self, word: str) -> int | None:
        return next((pid for pid in _children(self.served.pid) if word in _command_of(pid)), None)

    def _server_killed(self) -> tuple[str, bool]:
        port = self.served.port
        self.process.kill()
        self.process.wait()
        self.process, self.served = started(self._lake, port=port, **self._settings)
        self._lives += 1
        return f"ready again {self.served.ready_s:.1f} s after its start", True


def _children(pid: int) -> list[int]:
    """Whichever of its threads started them."""
    found = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            found += [int(each) for each in task.read_text().split()]
    return found


def _below(pid: int) -> list[int]:
    return [each for child in _children(pid) for each in (child, *_below(child))]


def _command_of(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return ""
