"""This file is about the frames of an opened video: every one of a short video, some of a long one."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from bowerbird.core.arrays import Pixels
from bowerbird.lake.thumbs import DISPLAY_PX
from bowerbird.lake.video.choosing import Seen
from bowerbird.lake.video.film import Film, Survey, broken
from bowerbird.lake.video.limits import VideoLimits
from bowerbird.lake.video.sight import CLEAR_PX, TINY_PX

if TYPE_CHECKING:
    from av.packet import Packet
    from av.video.frame import VideoFrame

_LOOKS_A_PIECE = 3
_LEAST_APART_MS = 55  # so every second frame of most videos: looking at one costs as much as decoding it
_TALLEST = 2


def seen_frames(film: Film, found: Survey, step_ms: int, limits: VideoLimits) -> Iterator[Seen]:
    """The frames to choose from, in order of time, none before the one before it.

    Args:
        step_ms: how long a piece of the video may be that one frame stands for.

    Raises:
        PictureError: not one frame can be decoded.
    """
    width, height = film.size
    is_light = found.packets * width * height <= limits.whole_pixels
    is_short = is_light and found.packets <= limits.whole_frames
    shrink = _Shrinker(film)
    last_ms = -_LEAST_APART_MS
    for frame, at_ms in _all(film, found) if is_short else _some(film, found, step_ms, limits):
        if at_ms - last_ms >= _LEAST_APART_MS:
            last_ms = at_ms
            yield shrink.seen(frame, at_ms)
    if last_ms < 0:
        raise broken(ValueError("all of them are damaged"), has_index=True)


def seen_from(film: Film, found: Survey, start_ms: int) -> Iterator[Seen]:
    """Frames from a moment on, in order of time."""
    keys = np.array(found.keys or (found.first,), dtype=np.int64)
    at_ms = np.array([film.ms_of(int(key), found.first) for key in keys])
    key = int(keys[max(int(np.searchsorted(at_ms, start_ms, "right")) - 1, 0)])
    shrink = _Shrinker(film)
    for frame, at in _from(film, found, key, is_key_enough=False):
        if at >= start_ms:
            yield shrink.seen(frame, at)


class _Shrinker:
    """Makes small upright pixels of frames; the scalers are kept between frames."""

    def __init__(self, film: Film) -> None:
        from av.video.reformatter import VideoReformatter

        self._film = film
        self._scalers: dict[tuple[int, int], Any] = {}
        self._make = VideoReformatter

    def seen(self, frame: "VideoFrame", at_ms: int) -> Seen:
        """The frame as `Chooser` takes it."""
        width, height = _square(self._film, frame)
        turned = _quarter_turns(frame)
        across = height if turned % 2 else width
        scale = min(DISPLAY_PX[-1] / across, _TALLEST * DISPLAY_PX[-1] / (width + height - across), 1.0)
        large = (max(2, round(width * scale)), max(2, round(height * scale)))
        return Seen(
            at_ms,
            self._pixels(frame, TINY_PX, "AREA"),
            lambda: self._pixels(frame, CLEAR_PX, "AREA"),
            lambda: np.ascontiguousarray(np.rot90(self._pixels(frame, large, "BICUBIC"), turned)),
        )

    def _pixels(self, frame: "VideoFrame", size: tuple[int, int], how: str) -> Pixels:
        scaler = self._scalers.setdefault(size, None) or self._make()
        self._scalers[size] = scaler
        small = scaler.reformat(frame, size[0], size[1], "rgb24", interpolation=how)
        pixels: Pixels = small.to_ndarray()
        return pixels


def _all(film: Film, found: Survey) -> Iterator[tuple["VideoFrame", int]]:
    film.container.seek(found.first, stream=film.stream, backward=True)
    yield from _decoded(film, found, film.container.demux(film.stream))


def _some(film: Film, found: Survey, step_ms: int, limits: VideoLimits) -> Iterator[tuple["VideoFrame", int]]:
    """Frames where a decoder can begin, some for each piece; and those between, where there are too few."""
    width, height = film.size
    left = max(limits.sought_pixels // (width * height), 8)
    for ticks, wanted_ms in _entries(film, found, step_ms):
        if left <= 0:
            return
        best: tuple[VideoFrame, int] | None = None
        for frame, at_ms in _from(film, found, ticks, is_key_enough=wanted_ms is None):
            best, left = (frame, at_ms), left - 1
            if left <= 0 or wanted_ms is None or at_ms >= wanted_ms:
                break
        if best is not None:
            yield best


def _entries(film: Film, found: Survey, step_ms: int) -> list[tuple[int, int | None]]:
    """Where to enter, and how far to go on from there; None: no further.

    A piece with enough keys is entered at them; one without is entered at the last key before its middle.
    """
    keys = np.array(found.keys or (found.first,), dtype=np.int64)
    at_ms = np.array([film.ms_of(int(key), found.first) for key in keys])
    entries: list[tuple[int, int | None]] = []
    for begin_ms in range(0, found.duration_ms, step_ms):
        inside = np.flatnonzero((at_ms >= begin_ms) & (at_ms < begin_ms + step_ms))
        if len(inside):
            few = inside[np.unique(np.linspace(0, len(inside) - 1, _LOOKS_A_PIECE).round().astype(int))]
            entries += [(int(keys[row]), None) for row in few]
        else:
            before = max(int(np.searchsorted(at_ms, begin_ms, "right")) - 1, 0)
            entries.append((int(keys[before]), min(begin_ms + step_ms // 2, found.duration_ms)))
    return entries


def _from(
    film: Film, found: Survey, ticks: int, *, is_key_enough: bool
) -> Iterator[tuple["VideoFrame", int]]:
    """Frames from a key on; where the key alone is enough, the decoder is given nothing else."""
    film.container.seek(ticks, stream=film.stream, backward=True)
    packets = film.container.demux(film.stream)
    if is_key_enough:
        yield from _decoded(film, found, _first_key(packets))
    else:
        yield from _decoded(film, found, packets)


def _first_key(packets: "Iterator[Packet[Any]]") -> "Iterator[Packet[Any]]":
    for packet in packets:
        if packet.size and packet.is_keyframe:
            yield packet
            return


def _decoded(
    film: Film, found: Survey, packets: "Iterator[Packet[Any]]"
) -> Iterator[tuple["VideoFrame", int]]:
    """Frames and their times; a damaged packet costs its frames and no others."""
    import av

    context, count = film.stream.codec_context, 0
    for packet in _unbroken(packets):
        try:
            frames = context.decode(packet)
        except av.MemoryError:
            raise
        except (av.FFmpegError, ValueError):
            continue
        for frame in frames:
            count += 1
            ticks = frame.pts if frame.pts is not None else frame.dts
            if ticks is None:
                yield frame, int(count * found.duration_ms / found.packets)
            elif ticks >= found.first:
                yield frame, film.ms_of(ticks, found.first)


def _unbroken(packets: "Iterator[Packet[Any]]") -> "Iterator[Packet[Any] | None]":
    """The packets as far as the file can be read; then None, for which a decoder gives what it holds back."""
    import av

    try:
        for packet in packets:
            if packet.size:
                yield packet
    except (av.FFmpegError, ValueError, OSError):
        pass
    yield None


def _square(film: Film, frame: "VideoFrame") -> tuple[int, int]:
    """Width and height with square pixels, before turning."""
    ratio = film.stream.codec_context.sample_aspect_ratio
    if ratio is None or not 0.1 < ratio < 10:
        return frame.width, frame.height
    return max(round(frame.width * float(ratio)), 2), frame.height


def _quarter_turns(frame: "VideoFrame") -> int:
    """How often the frame is to be turned to the left by a quarter."""
    turns: int = round(frame.rotation / 90) % 4
    return turns
