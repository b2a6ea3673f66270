"""This file is about leases: which process does a job that one at a time should do, for all to see.

A lease is a small file in the lake, taken with a write that only one can win, and renewed while the job runs.
Whoever finds it not renewed for `stale_s`, or its process on this machine gone, may take it over. A process
that slept too long may believe in a lease that it has lost: a job must therefore do no harm when two do it.
"""

import os
import socket
import time
from contextlib import suppress
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from bowerbird.core.clock import Clock
from bowerbird.core.errors import NotFoundError
from bowerbird.core.ids import new_id
from bowerbird.lake.places import Place

_FOLDER = "leases"
_LOOK_AGAIN_S = 0.1


class Holder(BaseModel):
    """Who has a lease. `machine` tells containers apart that share a host name."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    pid: int
    host: str
    machine: str
    since_ms: int
    renewed_ms: int
    is_free: bool = False


class Lease:
    """One job of one lake, as seen by one process."""

    def __init__(self, place: Place, job: str, clock: Clock, *, stale_s: float = 60.0) -> None:
        self._place = place
        self._path = f"{_FOLDER}/{job}.json"
        self._clock = clock
        self._stale_ms = int(stale_s * 1000)
        self._id = new_id("holder")
        self._mark = ""

    def take(self) -> bool:
        """True if the job is ours now, or was already."""
        holder, mark = self._seen()
        if holder is not None and holder.id != self._id and not self._is_abandoned(holder):
            return False
        now_ms = self._clock.now_ms()
        since_ms = holder.since_ms if holder is not None and holder.id == self._id else now_ms
        mine = Holder(
            id=self._id,
            pid=os.getpid(),
            host=socket.gethostname(),
            machine=_machine(),
            since_ms=since_ms,
            renewed_ms=now_ms,
        )
        return self._put(mine, mark)

    def wait(self, at_most_s: float) -> bool:
        """True as soon as the job is ours; False when that took too long."""
        deadline_s = time.monotonic() + at_most_s
        while not self.take():
            if time.monotonic() > deadline_s:
                return False
            time.sleep(_LOOK_AGAIN_S)
        return True

    def give_back(self) -> None:
        """The job is free; nothing happens where it is not ours."""
        holder, mark = self._seen()
        if holder is not None and holder.id == self._id:
            self._put(holder.model_copy(update={"is_free": True}), mark)

    def holder(self) -> Holder | None:
        """Who has the job now; None where nobody does."""
        holder, _ = self._seen()
        return None if holder is None or self._is_abandoned(holder) else holder

    def _put(self, holder: Holder, mark: str | None) -> bool:
        content = holder.model_dump_json().encode()
        if mark is None:
            return self._place.write_if_absent(self._path, content)
        return self._place.replace_if(self._path, content, mark)

    def _seen(self) -> tuple[Holder | None, str | None]:
        stat = self._place.stat(self._path)
        if stat is None:
            return None, None
        # A damaged lease is nobody's: it can be replaced, by the mark, once. And what is read may be newer
        # than its mark: then the mark does not fit any more, and nothing is replaced.
        with suppress(NotFoundError, ValidationError):
            return Holder.model_validate_json(self._place.read(self._path)), stat.mark
        return None, stat.mark

    def _is_abandoned(self, holder: Holder) -> bool:
        is_stale = self._clock.now_ms() - holder.renewed_ms > self._stale_ms
        return holder.is_free or is_stale or (holder.machine == _machine() and not _is_running(holder.pid))


def _machine() -> str:
    """This boot and this set of process numbers: where both agree, process numbers can be compared."""
    with suppress(OSError):
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot}-{Path('/proc/self/ns/pid').stat().st_ino}"
    return socket.gethostname()


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
