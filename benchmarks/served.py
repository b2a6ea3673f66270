"""This file is about the server under measurement: the real command, in a process of its own."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from load import LOOPBACK

START_LIMIT_S = 900


@dataclass(frozen=True, slots=True)
class Served:
    """A running server.

    Attributes:
        ready_s: from the start of the process to the first 200 of readyz.
    """

    port: int
    pid: int
    ready_s: float

    def get(self, path: str, person: str | None = None) -> dict[str, object]:
        """A JSON answer."""
        headers = {"Bowerbird-Person": person} if person else {}
        request = urllib.request.Request(f"http://{LOOPBACK}:{self.port}{path}", headers=headers)
        with urllib.request.urlopen(request, timeout=60) as answer:
            return dict(json.loads(answer.read()))

    def post(self, path: str, person: str, body: object) -> dict[str, object]:
        """Send JSON; what is answered, if anything is."""
        request = urllib.request.Request(
            f"http://{LOOPBACK}:{self.port}{path}",
            data=json.dumps(body).encode(),
            headers={"Bowerbird-Person": person, "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            return dict(json.loads(answer.read() or b"{}"))

    def people(self, count: int, *, items: int, picks: int = 12) -> list[str]:
        """Tokens of so many people, each of whom has liked a few items of this lake."""
        tokens = []
        for number in range(count):
            token = str(self.get("/v1/me")["token"])
            chosen = [f"item-{(number * 7919 + pick * 104_729) % items}" for pick in range(picks)]
            self.post("/v1/onboarding", token, {"item_ids": chosen})
            tokens.append(token)
        return tokens

    def cpu_s(self) -> float:
        """Processor time of the server and its decode worker so far."""
        return sum(_cpu_s(pid) for pid in (self.pid, *_children(self.pid)))

    def resident_mb(self) -> float:
        """Memory of the server and its decode worker, shared pages counted once (PSS)."""
        return sum(pss_mb(pid) for pid in (self.pid, *_children(self.pid)))


@contextmanager
def serving(lake: Path, **settings: object) -> Iterator[Served]:
    """The server over `lake`; quiet in the background, so that only requests are measured."""
    process, served = started(lake, **settings)
    try:
        yield served
    finally:
        stopped(process)


def started(lake: Path, *, port: int = 0, **settings: object) -> "tuple[subprocess.Popen[str], Served]":
    """A server that is ready, to be ended by `stopped` or by a kill."""
    env = {
        **os.environ,
        "BOWERBIRD_BACKGROUND_DISPLAYS": "false",
        **{f"BOWERBIRD_{name.upper()}": str(value) for name, value in settings.items()},
    }
    command = [sys.executable, "-m", "bowerbird.cli.main", "serve", "--lake", str(lake), "--port", str(port)]
    began = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, env=env, text=True)
    try:
        assert process.stdout is not None
        port = int(process.stdout.readline().rsplit(":", 1)[1])
        return process, Served(port, process.pid, _wait(port, began, process))
    except BaseException:
        process.kill()
        raise


def stopped(process: "subprocess.Popen[str]") -> None:
    """It has ended, by itself if it does so within a minute."""
    process.send_signal(signal.SIGINT)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(60)
    if process.poll() is None:
        process.kill()
        process.wait()


def _wait(port: int, started: float, process: "subprocess.Popen[str]") -> float:
    while time.perf_counter() - started < START_LIMIT_S:
        assert process.poll() is None, "the server stopped"
        address = f"http://{LOOPBACK}:{port}/readyz"
        with contextlib.suppress(OSError), urllib.request.urlopen(address, timeout=10) as answer:
            if answer.status == 200:
                return time.perf_counter() - started
        time.sleep(0.01)
    raise TimeoutError(f"not ready after {START_LIMIT_S} s")


def pss_mb(pid: int) -> float:
    """Memory of one process, shared pages by their share; 0 if it is gone."""
    with contextlib.suppress(OSError):
        for row in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if row.startswith("Pss:"):
                return int(row.split()[1]) / 1024
    return 0.0


def _cpu_s(pid: int) -> float:
    with contextlib.suppress(OSError):
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return 0.0


def _children(pid: int) -> list[int]:
    with contextlib.suppress(OSError):
        return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return []
