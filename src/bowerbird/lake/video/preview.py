"""This file is about previews: a few seconds of a video as an animation that is as light as a picture."""

import io
from collections.abc import Iterator, Sequence
from itertools import takewhile

from PIL import Image

from bowerbird.core.errors import PictureError
from bowerbird.lake.thumbs import as_jpeg
from bowerbird.lake.video.film import Film, Survey, opened, survey
from bowerbird.lake.video.frames import seen_from
from bowerbird.lake.video.limits import VideoLimits

MOST_BYTES = 300_000
_FRAME_MS = 125
_PIECES, _PIECE_MS, _WHOLE_MS = 3, 1_000, 3_000
_TRIES = ((240, 55), (240, 30), (160, 25), (120, 10))  # width in pixels, quality; until it is light enough
_EFFORT = 2
_STILL_QUALITY = 90


def make_preview(content: bytes, starts_ms: Sequence[int], limits: VideoLimits | None = None) -> bytes:
    """An animated WebP of at most three seconds and `MOST_BYTES`.

    Args:
        starts_ms: when its scenes begin; a second is shown of the first, one in the middle and the last. Of
            a video with one scene, or of a short one, the beginning.

    Raises:
        PictureError: the video cannot be decoded.
    """
    limits = limits or VideoLimits()
    with opened(content, limits) as film:
        found = survey(film, limits)
        pictures = [
            each for start, end in _spans(starts_ms, found) for each in _pictures(film, found, start, end)
        ]
    if not pictures:
        raise PictureError(
            "no frame of the video can be decoded", code="damaged", hint="save it again from its source"
        )
    made = b""
    for width, quality in _TRIES:
        made = _as_webp(pictures, width, quality)
        if len(made) <= MOST_BYTES:
            break
    return made


def make_still(content: bytes, at_ms: int, limits: VideoLimits | None = None) -> bytes:
    """The frame at a moment as JPEG, as large as the largest display size.

    Raises:
        PictureError: the video cannot be decoded there.
    """
    limits = limits or VideoLimits()
    with opened(content, limits) as film:
        found = survey(film, limits)
        for seen in seen_from(film, found, at_ms):
            return as_jpeg(Image.fromarray(seen.large()), _STILL_QUALITY)
    raise PictureError(f"the video has no frame at {at_ms:,} ms", code="no-frames", hint="choose another")


def _spans(starts_ms: Sequence[int], found: Survey) -> list[tuple[int, int]]:
    starts = sorted(start for start in starts_ms if start < found.duration_ms)
    if found.duration_ms <= _WHOLE_MS or len(starts) < 2:
        return [
            (starts[0] if starts and found.duration_ms > _WHOLE_MS else 0, _WHOLE_MS + (starts or [0])[0])
        ]
    chosen = sorted({starts[0], starts[len(starts) // 2], starts[-1]})
    return [(start, start + _WHOLE_MS // len(chosen)) for start in chosen[:_PIECES]]


def _pictures(film: Film, found: Survey, start_ms: int, end_ms: int) -> Iterator[Image.Image]:
    """Frames of a span, eight a second."""
    due_ms = start_ms
    for seen in takewhile(lambda seen: seen.at_ms < end_ms, seen_from(film, found, start_ms)):
        if seen.at_ms >= due_ms:
            due_ms = seen.at_ms + _FRAME_MS - _FRAME_MS // 4
            picture = Image.fromarray(seen.large())
            picture.thumbnail((_TRIES[0][0], 3 * _TRIES[0][0]), Image.Resampling.HAMMING)
            yield picture


def _as_webp(pictures: Sequence[Image.Image], width: int, quality: int) -> bytes:
    small = [each if each.width <= width else each.resize(_fit(each, width)) for each in pictures]
    out = io.BytesIO()
    small[0].save(
        out,
        "WEBP",
        save_all=True,
        append_images=small[1:],
        duration=_FRAME_MS,
        loop=0,
        quality=quality,
        method=_EFFORT,
    )
    return out.getvalue()


def _fit(picture: Image.Image, width: int) -> tuple[int, int]:
    return width, max(1, round(picture.height * width / picture.width))
