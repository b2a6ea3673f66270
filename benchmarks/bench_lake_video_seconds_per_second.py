"""How many seconds of video are taken in a second, beside a bare decode loop; are the cuts found; is memory flat?

Videos are drawn: a window that pans over a grainy ground, another ground at each cut, whose time is known. The
baseline, in the same run and on the same bytes, decodes every frame with PyAV on one thread and keeps none. A
short video is looked at frame by frame, so its ratio says what looking costs beside decoding; a long one is
entered where a decoder can begin, so its ratio says what is saved. A cut counts as found if a kept frame's
piece begins within two frames of it. Memory is the highest resident set of one decode worker that takes a short and
then a long video.

Run: python benchmarks/bench_lake_video_seconds_per_second.py [--minutes N] [--out FILE]
"""

import io
import os
import statistics
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import numpy as np
import record
from PIL import Image

from bowerbird.lake.decoding import DecodePool
from bowerbird.lake.types import Moving
from bowerbird.lake.video.decode import decode_video

TURNS = 3
SCENE_S = 4.0
SHORT = {"720p, 12 s": ((1_280, 720), 12.0, 25), "360p, 40 s": ((640, 360), 40.0, 25)}


def main() -> int:
    """Writes one line a question."""
    parser = record.parser(__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=int, default=20, help="length of the long video")
    made = parser.parse_args()
    record.write(lines(made.minutes), made.out)
    return 0


def lines(minutes: int) -> Iterator[dict[str, Any]]:
    """Speed of short videos and of a long one, then memory."""
    for kind, (size, seconds, rate) in SHORT.items():
        yield _speed(kind, draw(size, seconds, rate), seconds, rate, has_all_cuts=True)
    long = draw((640, 360), minutes * 60.0, 10)
    yield _speed(f"360p, {minutes} min", long, minutes * 60.0, 10, has_all_cuts=False)
    yield _memory(draw((640, 360), 60.0, 10), long, minutes)


def _speed(kind: str, content: bytes, seconds: float, rate: int, *, has_all_cuts: bool) -> dict[str, Any]:
    bare, whole, found = [], [], None
    for _ in range(TURNS):
        bare.append(seconds / _timed(lambda: decode_all(content)))
        started = time.perf_counter()
        found = decode_video(content).moving
        whole.append(seconds / (time.perf_counter() - started))
    assert found is not None
    quality: dict[str, Any] = {"frames": len(found.frames)}
    if has_all_cuts:
        quality["cuts found"] = round(cuts_found(found, seconds, rate), 3)
    ratio = statistics.median(whole) / statistics.median(bare)
    return record.line(
        f"video-{kind.split(',')[0]}-{kind.split(', ')[1].replace(' ', '')}",
        f"seconds of video taken in a second on one thread ({kind}, H.264)",
        statistics.median(whole), "s/s", better="higher", baseline="bare decode of every frame, one thread",
        ratio=ratio, quality=quality,
        metrics={"whole": [round(each, 1) for each in whole], "bare": [round(each, 1) for each in bare]},
    )  # fmt: skip


def _memory(short: bytes, long: bytes, minutes: int) -> dict[str, Any]:
    with DecodePool(workers=1) as pool:
        pool.warm()
        peaks = []
        for content in (short, long):
            with _HighestChild() as highest:
                pool.decode(content).result()
            peaks.append(highest.mb - len(content) / 2**20)
    return record.line(
        "video-memory", f"highest memory of a decode worker beside the file's own bytes, {minutes} min of 360p", peaks[1],
        "MB", baseline="the same of 1 min", ratio=peaks[1] / peaks[0], metrics={"short MB": round(peaks[0])},
    )  # fmt: skip


def draw(size: tuple[int, int], seconds: float, rate: int) -> bytes:
    """A video with a cut every `SCENE_S`; seeded."""
    rng = np.random.default_rng(5)
    width, height = size
    out = io.BytesIO()
    with av.open(out, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=rate)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.options = {"preset": "ultrafast"}
        ground = np.empty(0)
        for at in range(round(seconds * rate)):
            within = at % round(SCENE_S * rate)
            if within == 0:
                small = Image.fromarray(rng.integers(0, 255, (7, 9, 3), dtype=np.uint8))
                smooth = small.resize((width + 128, height + 64), Image.Resampling.BICUBIC)
                ground = np.clip(np.asarray(smooth) + rng.normal(0, 6, (height + 64, width + 128, 1)), 0, 255)
                ground = ground.astype(np.uint8)
            across, down = within * 128 // round(SCENE_S * rate), within * 64 // round(SCENE_S * rate)
            window = np.ascontiguousarray(ground[down : down + height, across : across + width])
            for packet in stream.encode(av.VideoFrame.from_ndarray(window, format="rgb24")):
                container.mux(packet)
        for packet in stream.encode(None):
            container.mux(packet)
    return out.getvalue()


def decode_all(content: bytes) -> int:
    """How many frames there are, each decoded."""
    with av.open(io.BytesIO(content)) as container:
        stream = container.streams.video[0]
        stream.codec_context.thread_count = 1
        return sum(1 for _ in container.decode(stream))


def cuts_found(moving: Moving, seconds: float, rate: int) -> float:
    """Share of the cuts at which a piece begins."""
    cuts_ms = np.arange(SCENE_S, seconds, SCENE_S) * 1_000
    begins_ms = np.array([frame.from_ms for frame in moving.frames])
    apart_ms = np.abs(cuts_ms[:, None] - begins_ms[None, :]).min(axis=1)
    return float((apart_ms <= 2_000 / rate).mean())


def _timed(work: Any) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


class _HighestChild:
    """Watches the resident memory of the decode worker."""

    def __init__(self) -> None:
        self.mb = 0.0
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> "_HighestChild":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ends.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._ends.wait(0.02):
            for child in _children():
                try:
                    pages = int(Path(f"/proc/{child}/statm").read_text().split()[1])
                except (OSError, IndexError):
                    continue
                self.mb = max(self.mb, pages * os.sysconf("SC_PAGE_SIZE") / 2**20)


def _children() -> set[str]:
    """Of all threads: each decode worker is a child of the thread that started it."""
    lists = Path("/proc/self/task").glob("*/children")
    return {child for listed in lists for child in listed.read_text().split()}


if __name__ == "__main__":
    sys.exit(main())
