"""This file is about opening a stranger's video: its bytes and nothing else, by few readers and decoders.

FFmpeg comes with PyAV, the extra `video`. It runs in decode workers only, never in a process that serves.
"""

import importlib.util
import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from bowerbird.core.errors import PictureError
from bowerbird.lake.video.formats import CODECS, VideoKind, video_kind
from bowerbird.lake.video.limits import VideoLimits

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.stream import VideoStream

_BUFFER_BYTES = 2**18
_MOST_KEYS = 20_000
_HINT_EXTRA = "run `pip install 'bowerbird[video]'` and import again"
_HINT_SAVE = "save it again as MP4 (H.264) or WebM"


@dataclass(frozen=True, slots=True)
class Survey:
    """What the packets of a video tell before any is decoded.

    Attributes:
        keys: timestamps of frames at which a decoder can begin, in order.
        first: the lowest timestamp; times are counted from it.
        duration_ms: from the first frame to the end of the last, whatever the header claims.
        is_whole: the file did not end or break off in the middle.
    """

    packets: int
    keys: tuple[int, ...]
    first: int
    duration_ms: int
    is_whole: bool


@dataclass(frozen=True, slots=True)
class Film:
    """An opened video: what its header says of the one stream that is looked at."""

    kind: VideoKind
    container: "InputContainer"
    stream: "VideoStream"
    has_audio: bool

    @property
    def time_base(self) -> Fraction:
        """Seconds a tick."""
        return self.stream.time_base or Fraction(1, 1000)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of a decoded frame."""
        return self.stream.codec_context.width, self.stream.codec_context.height

    def ms_of(self, ticks: int, first: int) -> int:
        """Milliseconds from the first frame."""
        return int((ticks - first) * self.time_base * 1000)


@contextmanager
def opened(content: bytes | bytearray, limits: VideoLimits) -> Iterator[Film]:
    """The video in some bytes.

    Raises:
        PictureError: it cannot be read, is too large, or no decoder for it may run.
    """
    kind = video_kind(bytes(content[:64]))
    if kind is None:
        raise PictureError("the content is no video that is taken", code="not-a-picture", hint=_HINT_SAVE)
    require_decoder()
    import av

    av.logging.set_level(None)
    try:
        with av.open(
            io.BytesIO(content),
            "r",
            format=kind.demuxer,
            # A playlist or a reference may name other files and addresses: none is opened.
            io_open=_nothing_else,
            options={
                "protocol_whitelist": "none",
                "format_whitelist": kind.demuxer,
                "codec_whitelist": ",".join(CODECS),
                "max_streams": str(limits.max_streams),
            },
            buffer_size=_BUFFER_BYTES,
            metadata_errors="replace",
        ) as container:
            yield Film(kind, container, _stream(container, limits), bool(container.streams.audio))
    except PictureError:
        raise
    except MemoryError as error:
        raise _too_much_memory() from error
    except (av.FFmpegError, ValueError, ArithmeticError, OSError) as error:
        if isinstance(error, av.MemoryError):
            raise _too_much_memory() from error
        raise broken(error, has_index=False) from error


def require_decoder() -> None:
    """Nothing, where videos can be decoded.

    Raises:
        PictureError: the extra is not installed.
    """
    if importlib.util.find_spec("av") is None:
        raise PictureError(
            "a video was received, and the decoder for videos is not installed",
            code="needs-video-extra",
            hint=_HINT_EXTRA,
        )


def survey(film: Film, limits: VideoLimits) -> Survey:
    """Counts the packets of the film's stream; decodes nothing.

    Raises:
        PictureError: there are none, there are too many, or they claim to last longer than a day.
    """
    import av

    packets, is_whole = 0, True
    keys: list[int] = []
    first: int | None = None
    end = 0
    try:
        for packet in film.container.demux(film.stream):
            ticks = packet.pts if packet.pts is not None else packet.dts
            if not packet.size or ticks is None:
                continue
            packets += 1
            if packets > limits.max_packets:
                raise _refused(
                    "too-many-frames", f"more than {limits.max_packets:,} frames", "cut it shorter"
                )
            if packet.is_keyframe and len(keys) < _MOST_KEYS:
                keys.append(ticks)
            first = ticks if first is None else min(first, ticks)
            end = max(end, ticks + (packet.duration or 0))
    except (av.FFmpegError, ValueError, OSError):
        is_whole = False
    if first is None:
        raise _refused("no-frames", "no frame of a picture stream", _HINT_SAVE)
    duration_ms = film.ms_of(end, first)
    if duration_ms > limits.max_duration_ms:
        raise _refused(
            "too-long", f"frames spread over {duration_ms / 3_600_000:,.0f} hours", "cut it shorter"
        )
    return Survey(packets, tuple(sorted(set(keys))), first, max(duration_ms, 1), is_whole)


def broken(error: BaseException, *, has_index: bool) -> PictureError:
    """The refusal for what FFmpeg says."""
    said = str(error).splitlines()[0][:120] if str(error) else type(error).__name__
    if not has_index:
        return PictureError(
            f"the video cannot be opened ({said})", code="truncated", hint="copy or download it again"
        )
    return PictureError(f"no frame of the video can be decoded ({said})", code="damaged", hint=_HINT_SAVE)


def _stream(container: "InputContainer", limits: VideoLimits) -> "VideoStream":
    """The picture stream to look at: the first that is no cover of an album."""
    if len(container.streams) > limits.max_streams:
        raise _refused("too-many-streams", f"{len(container.streams)} streams", _HINT_SAVE)
    real = [stream for stream in container.streams.video if not _is_cover(stream)]
    if not real:
        what = "sound without pictures" if container.streams.audio else "no picture stream"
        raise _refused("no-frames", what, "send a file that has pictures")
    stream = real[0]
    context: Any = stream.codec_context
    if context is None or context.name not in CODECS:
        name = "unknown" if context is None else context.name
        raise _refused("video-codec", f"pictures in the codec {name!r}", _HINT_SAVE)
    _check_size(context.width, context.height, limits)
    context.thread_count = 1  # the pool has a process a core
    context.options = {"max_pixels": str(limits.max_pixels)}  # a stream may grow on the way
    return stream


def _check_size(width: int, height: int, limits: VideoLimits) -> None:
    shorter, longer = sorted((width, height))
    if shorter < limits.min_side_px:
        raise _refused("too-small", f"{width} x {height} pixels", "send a larger video")
    if longer > limits.max_side_px:
        raise _refused("side-too-long", f"{width} x {height} pixels", "save it smaller")
    if width * height > limits.max_pixels:
        raise _refused("too-many-pixels", f"{width} x {height} pixels", "save it smaller")


def _is_cover(stream: "VideoStream") -> bool:
    import av

    return bool(stream.disposition & av.stream.Disposition.attached_pic)


def _nothing_else(address: str, _flags: int, _options: object) -> object:
    raise PermissionError(f"a video that names another file ({address[:80]!r})")


def _refused(code: str, what: str, hint: str) -> PictureError:
    return PictureError(f"a video with {what} was received", code=code, hint=hint)


def _too_much_memory() -> PictureError:
    return PictureError(
        "decoding needs more memory than a worker has",
        code="too-much-memory",
        hint="save it with fewer pixels",
    )
