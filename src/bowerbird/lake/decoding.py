"""This file is about decoding strangers' pictures in processes that may die without taking anyone along."""

import contextlib
import logging
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import asdict, dataclass
from types import TracebackType
from typing import Any, BinaryIO, cast

from bowerbird.core.errors import OverloadedError, PictureError
from bowerbird.lake.alarms import Alarms
from bowerbird.lake.decoding_worker import (
    WARM_PICTURE,
    decoded_of,
    limits_header,
    picture_of,
    read_frame,
    write_frame,
)
from bowerbird.lake.pictures import PictureLimits, Region
from bowerbird.lake.types import DecodedPicture
from bowerbird.lake.video.formats import START_BYTES, video_kind
from bowerbird.lake.video.limits import VideoLimits

log = logging.getLogger(__name__)

_START_SECONDS = 60.0
_END_SECONDS = 0.5
_WAITING_PER_WORKER = 4
# Most pictures go through at once, without waking both sides for each 64 KB of them.
_PIPE_BYTES = 512 * 2**10
_WALL_SECONDS_A_SECOND = 3.0
"""A worker shares its core: on a busy machine a good picture takes longer than its processor time."""
_OUT_OF_TIME = (-signal.SIGPROF, -signal.SIGXCPU)


@dataclass(frozen=True, slots=True)
class _Job:
    """Something to do with a file.

    Attributes:
        header: says what, as the worker takes it.
        read: makes the answer of the worker's frame.
    """

    content: bytes
    header: dict[str, object]
    read: Callable[[object, bytes], Any]
    answer: "Future[Any]"

    @property
    def is_video(self) -> bool:
        return video_kind(self.content[:START_BYTES]) is not None


class DecodePool:
    """Worker processes behind a bounded queue. Safe for threads; starts a process when it is first needed."""

    def __init__(
        self,
        workers: int | None = None,
        limits: PictureLimits | None = None,
        videos: VideoLimits | None = None,
    ) -> None:
        """A pool of `workers` processes, one a core if it is not said."""
        self.workers = workers or os.cpu_count() or 1
        self.limits = limits or PictureLimits()
        self.video_limits = videos or VideoLimits()
        self._jobs: queue.Queue[_Job | None] = queue.Queue(self.workers * _WAITING_PER_WORKER)
        self._hands: list[threading.Thread] = []
        self._starting = threading.Lock()
        self._alarms = Alarms()
        self._is_closed = False

    def decode(
        self, content: bytes, *, region: Region | None = None, wait: bool = True
    ) -> "Future[DecodedPicture]":
        """The picture, soon. The future raises `PictureError` where it cannot be used.

        Args:
            region: decode only this part.
            wait: with the queue full, wait for a place; otherwise raise.

        Raises:
            OverloadedError: the queue is full, and `wait` is false.
        """
        header: dict[str, object] = {"region": asdict(region) if region else None}
        return self._asked(content, header, decoded_of, wait=wait)

    def preview(self, content: bytes, starts_ms: Sequence[int], *, wait: bool = True) -> "Future[bytes]":
        """A few seconds of a video as an animated WebP, soon; see `make_preview`."""
        return self._asked(content, {"preview": list(starts_ms)}, picture_of, wait=wait)

    def still(self, content: bytes, at_ms: int, *, wait: bool = True) -> "Future[bytes]":
        """One frame of a video as JPEG, soon; see `make_still`."""
        return self._asked(content, {"still": at_ms}, picture_of, wait=wait)

    def warm(self) -> None:
        """Every worker has started and decoded a picture, so that the next one is fast."""
        answers = [self.decode(WARM_PICTURE) for _ in range(self.workers)]
        for answer in answers:
            answer.result(timeout=_START_SECONDS)

    def close(self) -> None:
        """Ends the workers after what is in the queue."""
        with self._starting:
            self._is_closed = True
            hands, self._hands = self._hands, []
        for _ in hands:
            self._jobs.put(None)
        for hand in hands:
            hand.join()
        self._alarms.close()

    def __enter__(self) -> "DecodePool":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _asked(
        self, content: bytes, header: dict[str, object], read: Callable[[object, bytes], Any], *, wait: bool
    ) -> "Future[Any]":
        self._start()
        job = _Job(content, header, read, Future())
        try:
            self._jobs.put(job, block=wait)
        except queue.Full:
            raise OverloadedError(
                f"{self._jobs.maxsize} pictures are waiting to be decoded; try again in a second"
            ) from None
        return job.answer

    def _start(self) -> None:
        if self._hands:
            return
        with self._starting:
            if self._is_closed:
                raise RuntimeError("the pool was closed; make a new one")
            if not self._hands:
                self._hands = [
                    threading.Thread(target=self._work, name=f"decode-{number}", daemon=True)
                    for number in range(self.workers)
                ]
                for hand in self._hands:
                    hand.start()

    def _work(self) -> None:
        """One thread a worker process: hands it jobs, and starts another when it has died."""
        worker = _Worker(self.limits, self.video_limits, self._alarms)
        try:
            while (job := self._jobs.get()) is not None:
                if job.answer.set_running_or_notify_cancel():
                    self._answer(worker, job)
        finally:
            worker.end()

    def _answer(self, worker: "_Worker", job: _Job) -> None:
        try:
            job.answer.set_result(worker.work(job))
        except Exception as error:  # noqa: BLE001 - whatever it was, somebody is waiting for it
            job.answer.set_exception(error)


class _Worker:
    """One process, and the knowledge of whether it lives. Used by one thread."""

    def __init__(self, limits: PictureLimits, videos: VideoLimits, alarms: Alarms) -> None:
        self._limits = limits
        self._videos = videos
        self._alarms = alarms
        self._process: subprocess.Popen[bytes] | None = None

    def work(self, job: _Job) -> Any:
        """The answer to a job.

        A worker that somebody killed says nothing of the picture, which is then tried once more.
        """
        frame = self._answered(job, is_last=False) or self._answered(job, is_last=True)
        assert frame is not None, "the last try answers or raises"
        try:
            return job.read(*frame)
        except (AssertionError, KeyError, TypeError, ValueError, IndexError) as error:
            self._discard()  # a worker that talks nonsense is not to be asked again
            raise _crashed() from error

    def _answered(self, job: _Job, *, is_last: bool) -> tuple[object, bytes] | None:
        """What the worker says; None where it was killed and the job may be tried again."""
        process = self._process or self._started()
        header = {**job.header, "is_video": job.is_video}
        seconds = self._videos.seconds if job.is_video else self._limits.seconds
        frame, is_late = self._asked(process, header, job.content, seconds * _WALL_SECONDS_A_SECOND)
        if frame is not None:
            return frame
        ended = self._discard()
        is_too_slow = ended in _OUT_OF_TIME or is_late
        log.warning("decode worker died", extra={"is_too_slow": is_too_slow, "bytes": len(job.content)})
        if is_too_slow:
            raise _too_slow(seconds)
        if is_last or ended != -signal.SIGKILL:
            raise _crashed()
        return None

    def end(self) -> None:
        """Lets the process finish; it ends when its input closes."""
        if self._process is not None:
            assert self._process.stdin is not None
            with contextlib.suppress(OSError):
                self._process.stdin.close()
            try:
                self._process.wait(timeout=1.0)
            except subprocess.TimeoutExpired:
                self._process.kill()
            self._discard()

    def _started(self) -> "subprocess.Popen[bytes]":
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "bowerbird.lake.decoding_worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            process_group=0,  # Ctrl-C in a terminal is for us; we end the workers in order
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
            pipesize=_PIPE_BYTES,
        )
        self._process = process
        frame, _ = self._asked(process, limits_header(self._limits, self._videos), b"", _START_SECONDS)
        if frame is None:
            self._discard()
            raise OverloadedError(
                "a decode worker did not start; run `python -m bowerbird.lake.decoding_worker` to see why"
            )
        return process

    def _asked(
        self, process: "subprocess.Popen[bytes]", header: object, body: bytes, seconds: float
    ) -> tuple[tuple[object, bytes] | None, bool]:
        """The worker's answer, or None where it died; and whether it was ended for taking too long."""
        alarm = self._alarms.set(seconds, process.kill)
        try:
            write_frame(cast(BinaryIO, process.stdin), header, body)
            return read_frame(cast(BinaryIO, process.stdout)), alarm.went_off
        except (OSError, ValueError):
            return None, alarm.went_off
        finally:
            self._alarms.take_back(alarm)

    def _discard(self) -> int | None:
        """The process is gone; how it ended, if it had ended by itself."""
        process, self._process = self._process, None
        if process is None:
            return None
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=_END_SECONDS)  # its pipe closes a moment before it has ended
        process.kill()
        ended = process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
        return ended


def _too_slow(seconds: float) -> PictureError:
    return PictureError(
        f"decoding took longer than {seconds:g} s",
        code="too-slow",
        hint="save it again with fewer pixels",
    )


def _crashed() -> PictureError:
    return PictureError(
        "the decoder ended without an answer", code="decoder-crashed", hint="save it again from its source"
    )
