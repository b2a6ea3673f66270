"""This file is about commands in documents: it finds them and runs them as a reader would.

Every ```bash block is run from top to bottom, in one scratch folder per document, with `~` inside it and a
few pictures in `~/Pictures`. A command that serves goes on in the background until its block ends.
"""

import os
import re
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PORT_IN_DOCS = "8330"
SERVES = re.compile(r"^(bowerbird (up|serve)( |$)(?!config|openapi)|make demo)")
NOT_RUN = {
    "make test": "it would run itself",
    "make bench": "it takes hours; each benchmark has a smoke test",
    "make clean": "it would remove what runs this test",
}
"""Commands that documents may name and this test does not run, with the reason."""


def blocks(document: Path) -> list[list[str]]:
    """The commands of every bash block, continuation lines joined, comments left out."""
    found = re.findall(r"^```bash\n(.*?)^```", document.read_text(), flags=re.MULTILINE | re.DOTALL)
    joined = [block.replace("\\\n", " ").splitlines() for block in found]
    return [[line.split("  #")[0].strip() for line in lines if _is_command(line)] for lines in joined]


@dataclass(slots=True)
class Reader:
    """Somebody who types what the document says."""

    home: Path
    port: int = field(default_factory=lambda: _free_port())
    serving: "subprocess.Popen[bytes] | None" = None

    def run(self, commands: list[str]) -> None:
        """Runs one block; every command must succeed."""
        try:
            for command in commands:
                self._type(command.replace(PORT_IN_DOCS, str(self.port)))
        finally:
            self._stop()

    def _type(self, command: str) -> None:
        if command in NOT_RUN:
            return
        if SERVES.match(command):
            self._start(command)
            return
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=self._where(command),
            env=self._env(),
            capture_output=True,
            timeout=600,
        )
        assert done.returncode == 0, f"{command}\n{done.stdout.decode()}\n{done.stderr.decode()}"

    def _start(self, command: str) -> None:
        log = self.home / "server.log"
        if command.startswith("make demo"):
            # `-o`: what this test runs from is never installed anew beneath it.
            command += f" -o .venv/ready-core LAKE={self.home}/demo-lake PORT={self.port}"
        with log.open("wb") as out:
            self.serving = subprocess.Popen(
                ["bash", "-c", f"exec {command}"],
                cwd=self._where(command),
                env=self._env(),
                stdout=out,
                stderr=out,
                start_new_session=True,
            )
        deadline = time.monotonic() + 600
        while not self._is_ready():
            is_alive = self.serving.poll() is None
            assert is_alive, f"{command} stopped\n{log.read_text()[-4000:]}"
            assert time.monotonic() < deadline, f"{command} is not ready\n{log.read_text()[-4000:]}"
            time.sleep(0.5)
        assert f":{self.port}" in log.read_text(), "the address is printed"

    def _is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/readyz", timeout=5) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def _stop(self) -> None:
        if self.serving is not None:
            os.killpg(self.serving.pid, signal.SIGINT)
            try:
                self.serving.wait(timeout=60)
            except subprocess.TimeoutExpired:
                os.killpg(self.serving.pid, signal.SIGKILL)
            self.serving = None

    def _where(self, command: str) -> Path:
        return ROOT if command.startswith(("make ", ".venv/bin/python benchmarks/")) else self.home

    def _env(self) -> dict[str, str]:
        paths = f"{ROOT / '.venv' / 'bin'}{os.pathsep}{os.environ['PATH']}"
        return {**os.environ, "PATH": paths, "HOME": str(self.home), "BOWERBIRD_PORT": str(self.port)}


def _is_command(line: str) -> bool:
    return bool(line.strip()) and not line.lstrip().startswith("#")


def _free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])
