"""This file is about one picture: from the bytes of a stranger's file to a thumbnail and facts.

It decides by content, never by name; reads sizes from the header before it decodes; and raises nothing but
`PictureError`. Files from outside are decoded in `decoding.DecodePool`, whose processes may die.
"""

import hashlib
import io
import struct
import warnings
from dataclasses import dataclass

import numpy as np
from PIL import Image, UnidentifiedImageError

from bowerbird.core.arrays import Pixels
from bowerbird.core.errors import PictureError
from bowerbird.lake.colour_profiles import to_srgb
from bowerbird.lake.colours import colours_of
from bowerbird.lake.jpeg_scans import refuse_many_scans
from bowerbird.lake.picture_facts import facts_of
from bowerbird.lake.picture_formats import OPENERS, PILLOW_FORMATS, is_raster_start, refuse_other_kinds
from bowerbird.lake.signature import signature, thumbhash
from bowerbird.lake.thumbs import as_jpeg, fitting
from bowerbird.lake.types import DecodedPicture
from bowerbird.lake.upright import turn_of, turned

# Enough for what looks at thumbnails; from here on libjpeg's own halving serves, which is almost free.
_LEAST_DRAFT_PX = 240
_ANIMATED = ("gif", "png", "webp", "avif")
_LEAST_FRAME_BYTES = 8  # a file that counts more frames than it has room for lies
# What Pillow's parsers are known to let out on damaged files, besides its own errors.
_DAMAGE = (
    OSError, ValueError, SyntaxError, EOFError, struct.error, TypeError, IndexError, KeyError, AttributeError,
    OverflowError, ZeroDivisionError, AssertionError, RuntimeError, UnicodeError, Warning,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class PictureLimits:
    """What one picture may cost; over it, it is refused.

    Attributes:
        seconds: of processor time, and three times as much by the clock on the wall; only `DecodePool` can
            hold it.
        memory_bytes: address space of a worker process; only `DecodePool` can hold it.
    """

    max_bytes: int = 64 * 2**20
    max_pixels: int = 80_000_000
    max_side_px: int = 32_768
    min_side_px: int = 4
    seconds: float = 20.0
    memory_bytes: int = 2 * 2**30


@dataclass(frozen=True, slots=True)
class Region:
    """A part of a picture, as fractions of its width and height after rotation."""

    x: float
    y: float
    width: float
    height: float


def decode_picture(
    content: bytes, limits: PictureLimits | None = None, *, region: Region | None = None
) -> DecodedPicture:
    """The picture's thumbnail and facts; of the region only, where one is given.

    Raises:
        PictureError: it cannot be used; `code` says why, in one of the words of `docs/lake-import.md`.
    """
    limits = limits or PictureLimits()
    _check_length(content, limits)
    refuse_other_kinds(content)
    seen = _seen(content, limits, region)
    shares, most_common = colours_of(seen.thumb)
    return DecodedPicture(
        sha256=hashlib.sha256(content).hexdigest(),
        format=seen.format,
        width_px=seen.width_px,
        height_px=seen.height_px,
        frames=seen.frames,
        size_bytes=len(content),
        thumb_jpeg=as_jpeg(seen.thumb),
        thumbhash=thumbhash(seen.thumb),
        main_colour=most_common,
        colours=tuple(shares.tolist()),
        signature=signature(seen.thumb),
        exif=seen.facts,
    )


def thumb_pixels(thumb_jpeg: bytes) -> Pixels:
    """The pixels of a thumbnail that `decode_picture` made."""
    with Image.open(io.BytesIO(thumb_jpeg), formats=("JPEG",)) as picture:
        return np.asarray(picture.convert("RGB"))


@dataclass(frozen=True, slots=True)
class _Seen:
    """What Pillow tells of a file; `thumb` is RGB."""

    format: str
    width_px: int
    height_px: int
    frames: int
    thumb: Image.Image
    facts: dict[str, str]


def _seen(content: bytes, limits: PictureLimits, region: Region | None) -> _Seen:
    """All that touches Pillow's parsers, so that what they let out on damaged files ends here."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _read(content, limits, region)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _too_many_pixels(limits) from error
    except MemoryError as error:
        raise PictureError(
            "decoding needs more memory than a worker has",
            code="too-much-memory",
            hint="save it with fewer pixels",
        ) from error
    except _DAMAGE as error:
        raise _damaged(error, content) from error


def _read(content: bytes, limits: PictureLimits, region: Region | None) -> _Seen:
    with Image.open(io.BytesIO(content), formats=OPENERS) as picture:
        _check_size(picture.size, limits)
        name = PILLOW_FORMATS[picture.format or ""]
        if name == "jpeg":
            refuse_many_scans(content)
        frames = _frames_of(picture, content) if name in _ANIMATED else 1
        turn = turn_of(picture)
        facts = facts_of(picture)
        width_px, height_px = picture.size if turn < 5 else picture.size[::-1]
        if name == "jpeg" and region is None:
            picture.draft(None, fitting(picture.size, _LEAST_DRAFT_PX))
        picture.seek(0)
        picture.load()
        whole = picture if region is None else _cut(turned(picture, turn), region)
        small = _shrunk(whole)
        thumb = to_srgb(turned(small, turn) if region is None else small, picture.info.get("icc_profile"))
    return _Seen(name, width_px, height_px, frames, thumb, facts)


def _frames_of(picture: Image.Image, content: bytes) -> int:
    return max(1, min(getattr(picture, "n_frames", 1), len(content) // _LEAST_FRAME_BYTES))


def _check_length(content: bytes, limits: PictureLimits) -> None:
    if not content:
        raise PictureError("a file of zero bytes was received", code="empty", hint="send the picture again")
    if len(content) > limits.max_bytes:
        raise PictureError(
            f"a file of {len(content):,} bytes was received, at most {limits.max_bytes:,} are taken",
            code="too-many-bytes",
            hint="save it smaller",
        )


def _check_size(size: tuple[int, int], limits: PictureLimits) -> None:
    shorter, longer = sorted(size)
    if shorter < limits.min_side_px:
        raise PictureError(
            f"a picture of {size[0]} x {size[1]} pixels was received, at least {limits.min_side_px} a side "
            "are needed",
            code="too-small",
            hint="send a larger picture",
        )
    if longer > limits.max_side_px:
        raise PictureError(
            f"a picture of {size[0]} x {size[1]} pixels was received, at most {limits.max_side_px:,} a side "
            "are taken",
            code="side-too-long",
            hint="cut it or save it smaller",
        )
    if size[0] * size[1] > limits.max_pixels:
        raise _too_many_pixels(limits)


def _too_many_pixels(limits: PictureLimits) -> PictureError:
    return PictureError(
        f"the header announces more than {limits.max_pixels:,} pixels",
        code="too-many-pixels",
        hint="save it with fewer pixels",
    )


def _damaged(error: BaseException, content: bytes) -> PictureError:
    said = str(error).splitlines()[0][:120] if str(error) else type(error).__name__
    is_short_webp = content[:4] == b"RIFF" and int.from_bytes(content[4:8], "little") + 8 > len(content)
    if isinstance(error, UnidentifiedImageError) and not is_raster_start(content[:64]):
        return PictureError(
            "the content is of no picture format that is taken",
            code="not-a-picture",
            hint="send JPEG, PNG, WebP, AVIF, GIF, TIFF or BMP",
        )
    if isinstance(error, UnidentifiedImageError):
        said = "its header makes no sense"
    if "truncated" in said.lower() or isinstance(error, EOFError) or is_short_webp:
        return PictureError(
            f"the file ends too early ({said})", code="truncated", hint="copy or download it again"
        )
    return PictureError(f"the file is damaged ({said})", code="damaged", hint="save it again from its source")


def _cut(picture: Image.Image, region: Region) -> Image.Image:
    width, height = picture.size
    left = min(max(region.x, 0.0), 1.0) * width
    top = min(max(region.y, 0.0), 1.0) * height
    right = min(max(region.x + region.width, 0.0), 1.0) * width
    bottom = min(max(region.y + region.height, 0.0), 1.0) * height
    if right - left < 1 or bottom - top < 1:
        raise PictureError(
            f"the region {region.x}, {region.y}, {region.width}, {region.height} holds no pixel",
            code="empty-region",
            hint="give x, y, width and height as fractions between 0 and 1",
        )
    return picture.crop((int(left), int(top), int(np.ceil(right)), int(np.ceil(bottom))))


def _shrunk(picture: Image.Image) -> Image.Image:
    """At most `THUMB_PX` a side, never larger than it was, in a mode that mixes colours rightly."""
    mixing = _mixable(picture)
    size = fitting(mixing.size)
    # As sharp as bicubic when shrinking, for the price of bilinear.
    return mixing if size == mixing.size else mixing.resize(size, Image.Resampling.HAMMING, reducing_gap=2.0)


def _mixable(picture: Image.Image) -> Image.Image:
    mode = picture.mode
    if mode in ("P", "PA") or (mode in ("L", "RGB", "1") and "transparency" in picture.info):
        clear = mode == "PA" or "transparency" in picture.info
        return picture.convert("RGBA" if clear else "RGB")
    if mode in ("LA", "La", "RGBa"):
        return picture.convert("RGBA")
    if mode.startswith("I") or mode == "F":
        return _grey_of_deep(picture)
    return picture.convert("L") if mode == "1" else picture


def _grey_of_deep(picture: Image.Image) -> Image.Image:
    """Eight bits of 16 or 32; floats and odd ranges are spread over all of it."""
    deep = np.asarray(picture)
    if deep.dtype == np.uint16:
        return Image.fromarray((deep >> 8).astype(np.uint8))
    values = np.nan_to_num(deep.astype(np.float32), posinf=0.0, neginf=0.0)
    low, high = float(values.min()), float(values.max())
    if low >= 0 and high <= 65_535 and picture.mode != "F":
        return Image.fromarray((values / 257.0).astype(np.uint8))
    spread = (values - low) / max(high - low, 1e-9) * 255.0
    return Image.fromarray(spread.astype(np.uint8))
