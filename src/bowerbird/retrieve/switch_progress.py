"""This file is about how far a switch is: one small file beside the generation that is being made."""

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, ValidationError

from bowerbird.lake.local_place import LocalPlace

Phase: TypeAlias = Literal["starting", "encoding", "fitting", "indexing", "checking", "ready", "failed"]
_FILE = "switch.json"
_WRITE_EVERY_S = 0.5


class SwitchProgress(BaseModel):
    """How far a switch is.

    Attributes:
        done, total: pictures and texts with an embedding, and how many there will be about.
        per_second: of those that this run has encoded.
        problem: why it failed.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    generation: str
    encoder: str
    phase: Phase = "starting"
    done: int = 0
    total: int = 0
    per_second: float = 0.0
    started_ms: int = 0
    updated_ms: int = 0
    pid: int = 0
    problem: str = ""

    @property
    def ratio(self) -> float:
        """From 0 to 1; encoding is nearly all of the work."""
        if self.phase == "ready":
            return 1.0
        encoded = min(self.done / self.total, 1.0) if self.total else 0.0
        return 0.97 * encoded if self.phase in ("starting", "encoding", "failed") else 0.98

    @property
    def seconds_left(self) -> float | None:
        """Of the encoding, at the speed so far; None while that is not known."""
        if self.phase != "encoding" or self.per_second <= 0:
            return None
        return max(self.total - self.done, 0) / self.per_second

    @property
    def sentence(self) -> str:
        """For a person who waits."""
        if self.phase == "failed":
            return f"failed: {self.problem}"
        if self.phase != "encoding":
            return self.phase
        left = self.seconds_left
        wait = "" if left is None else f", {left / 60:.0f} min left" if left >= 90 else f", {left:.0f} s left"
        return f"encoding: {self.done:,} of about {self.total:,} pictures and texts{wait}"


class ProgressLog:
    """Writes the file as work goes on, a few times a second at most."""

    def __init__(
        self,
        folder: Path,
        progress: SwitchProgress,
        now_ms: Callable[[], int],
        tell: Callable[[SwitchProgress], object],
    ) -> None:
        """`tell` hears of each state that is written, and may raise to end the work."""
        self._place = LocalPlace(folder)
        self._now_ms = now_ms
        self._tell = tell
        self._written_s = -_WRITE_EVERY_S
        started = {"started_ms": now_ms(), "pid": os.getpid()}
        self.now = progress.model_copy(update=started)

    def phase(self, phase: Phase, **changed: object) -> None:
        """A new part of the work begins."""
        self.now = self.now.model_copy(update={"phase": phase, **changed})
        self._write()

    def encoded(self, done: int, per_second: float) -> None:
        """So many pictures and texts have an embedding."""
        self.now = self.now.model_copy(update={"done": done, "per_second": round(per_second, 2)})
        if time.monotonic() - self._written_s >= _WRITE_EVERY_S:
            self._write()

    def _write(self) -> None:
        self.now = self.now.model_copy(update={"updated_ms": self._now_ms()})
        self._place.write(_FILE, self.now.model_dump_json().encode())
        self._written_s = time.monotonic()
        self._tell(self.now)


def read_progress(folder: Path) -> SwitchProgress | None:
    """What was written last; None where nothing was."""
    try:
        return SwitchProgress.model_validate_json((folder / _FILE).read_bytes())
    except (OSError, ValidationError):
        return None
