"""This file is about animations (GIF, APNG, WebP, AVIF): their telling frames, and how long they last."""

import io
import struct
import warnings
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from PIL import Image

from bowerbird.core.arrays import Pixels
from bowerbird.lake.colour_profiles import to_srgb
from bowerbird.lake.picture_formats import OPENERS
from bowerbird.lake.thumbs import DISPLAY_PX, fitting
from bowerbird.lake.types import DecodedPicture, Moving
from bowerbird.lake.video.choosing import Chooser, Seen
from bowerbird.lake.video.decode import moving_frame
from bowerbird.lake.video.sight import CLEAR_PX, TINY_PX

_MOST_PIXELS = 400_000_000
_MOST_FRAMES = 2_000
_MOST_DURATION_MS = 24 * 3_600_000
_STEP_MS = 200
_SHORTEST_MS, _USUAL_MS, _LONGEST_MS = 20, 100, 600_000
# What Pillow lets out on a frame that is damaged; the frames before it count.
_DAMAGE = (
    OSError, ValueError, SyntaxError, EOFError, struct.error, TypeError, IndexError, KeyError, AttributeError,
    OverflowError, ZeroDivisionError, AssertionError, RuntimeError, Warning,
)  # fmt: skip


def with_frames(still: DecodedPicture, content: bytes) -> DecodedPicture:
    """The animation with its telling frames; as it was, where no second frame can be read.

    Args:
        still: what `decode_picture` gave for these bytes.
    """
    chooser, looked, lasted_ms = Chooser(0, _STEP_MS), 0, 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for picture, stays_ms, profile in _frames(content, _most(still)):
            chooser.add(_seen(picture, lasted_ms, profile))
            looked, lasted_ms = looked + 1, lasted_ms + stays_ms
    if looked < 2:
        return still
    chosen, poster = chooser.finish()
    duration_ms = min(int(lasted_ms * still.frames / looked), _MOST_DURATION_MS)
    moving = Moving(
        duration_ms=duration_ms,
        frame_rate=round(still.frames * 1000 / duration_ms, 3),
        codec=still.format,
        has_audio=False,
        poster=poster,
        poster_jpeg=b"",
        frames=tuple(moving_frame(each) for each in chosen),
    )
    return replace(still, moving=moving)


def _most(still: DecodedPicture) -> int:
    """How many frames may be looked at: each is drawn on those before it, so none can be left out."""
    return max(2, min(still.frames, _MOST_FRAMES, _MOST_PIXELS // (still.width_px * still.height_px)))


def _frames(content: bytes, most: int) -> Iterator[tuple[Image.Image, int, bytes | None]]:
    """Each frame, how long it stays, and its colour profile."""
    try:
        with Image.open(io.BytesIO(content), formats=OPENERS) as animation:
            for at in range(most):
                animation.seek(at)
                animation.load()
                said = animation.info.get("duration") or _USUAL_MS
                # Browsers show frames that claim to be gone at once for as long as others.
                stays_ms = int(min(said, _LONGEST_MS)) if said >= _SHORTEST_MS else _USUAL_MS
                yield animation.convert("RGBA"), stays_ms, animation.info.get("icc_profile")
    except _DAMAGE:
        return


def _seen(picture: Image.Image, at_ms: int, profile: bytes | None) -> Seen:
    large = to_srgb(picture.resize(fitting(picture.size, DISPLAY_PX[-1]), Image.Resampling.HAMMING), profile)
    return Seen(
        at_ms,
        _pixels(large.resize(TINY_PX, Image.Resampling.BOX)),
        lambda: _pixels(large.resize(CLEAR_PX, Image.Resampling.BOX)),
        lambda: _pixels(large),
    )


def _pixels(picture: Image.Image) -> Pixels:
    return np.asarray(picture)
