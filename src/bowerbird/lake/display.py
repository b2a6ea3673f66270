"""This file is about display sizes: the files that a page shows, made from the original when first asked for.

libvips is 2.5 times as fast as Pillow here. It runs in this process, so it is given only bytes that
`pictures.decode_picture` accepted before, and only its loaders of our own formats are open.
"""

import io
import os
import re
import tempfile
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from PIL import Image

from bowerbird.core.errors import InputError, NotFoundError, PictureError
from bowerbird.lake.colour_profiles import to_srgb
from bowerbird.lake.lake import Lake
from bowerbird.lake.picture_formats import OPENERS
from bowerbird.lake.thumbs import DISPLAY_PX
from bowerbird.lake.upright import turn_of, turned

DisplayFormat = Literal["webp", "jpg"]
_TALLEST = 6  # times the width: a strip of 1 x 1,000 must not become a file of a hundred megapixels
_QUALITY = 80
_WEBP_EFFORT = 2
_SHA = re.compile(r"[0-9a-f]{64}")
_VIPS_LOADERS = ("Jpeg", "Png", "Webp", "Nsgif", "Tiff", "Heif")


def display_picture(content: bytes, size: int, format: DisplayFormat) -> bytes:  # noqa: A002
    """The picture at most `size` pixels wide, never enlarged, turned upright, in sRGB, without metadata.

    Args:
        content: bytes that `decode_picture` accepted.
        size: one of `DISPLAY_PX`.
        format: `webp` keeps transparency, `jpg` lays it on white. Of an animation, the first frame.

    Raises:
        InputError: another size or format.
        PictureError: the content cannot be read.
    """
    if size not in DISPLAY_PX or format not in ("webp", "jpg"):
        raise InputError(
            f"display size {size}.{format} was asked for; there are "
            f"{', '.join(map(str, DISPLAY_PX))} as webp and jpg; ask for one of these"
        )
    vips = _vips()
    try:
        return _by_vips(vips, content, size, format)
    except vips.Error:
        return _by_pillow(content, size, format)  # BMP, and what only one of the two can read


class DisplayStore:
    """Display sizes as files under `<lake>/display`: derived, so the folder may be deleted at any time."""

    def __init__(self, lake: Lake) -> None:
        self._folder = lake.path / "display"
        self._blobs = lake.blobs
        self._videos = lake.videos

    def path_of(self, sha: str, size: int, ext: DisplayFormat) -> Path:
        """The file, made now if it was not there; whole or not at all, also with several makers at once.

        Takes some tens of milliseconds where it has to be made: call it in a worker thread.

        Raises:
            NotFoundError: the lake has no such picture.
            InputError: no such size or format.
            PictureError: the picture cannot be read.
        """
        if not _SHA.fullmatch(sha):
            raise NotFoundError(f"there is no picture {sha[:80]!r}; pictures are named by 64 hex digits")
        path = self._folder / sha[:2] / f"{sha}-{size}.{ext}"
        if path.exists():
            return path
        content = self._poster(sha) or self._blobs.blob(sha)
        if content is None:
            raise NotFoundError(f"there is no picture {sha}; it was never put in, or it was deleted")
        write_whole(path, display_picture(content, size, ext))
        return path

    def _poster(self, sha: str) -> bytes | None:
        """The large poster of a video; None for everything else."""
        found = self._videos.take([sha], ["poster_jpeg"])
        return found["poster_jpeg"][0].as_py() or None if found.num_rows else None


def write_whole(path: Path, data: bytes) -> None:
    """The file appears whole or not at all, also with several writers at once."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".making-")
    with os.fdopen(handle, "wb") as file:
        file.write(data)
    Path(temporary).replace(path)


@lru_cache(maxsize=1)
def _vips() -> Any:
    """libvips with every loader shut but ours, one thread a call and no cache between pictures."""
    import pyvips

    pyvips.cache_set_max(0)
    pyvips.concurrency_set(1)
    pyvips.operation_block_set("VipsForeignLoad", True)
    for loader in _VIPS_LOADERS:
        pyvips.operation_block_set(f"VipsForeignLoad{loader}", False)
    return pyvips


def _by_vips(vips: Any, content: bytes, size: int, format: str) -> bytes:  # noqa: A002
    picture = vips.Image.thumbnail_buffer(
        content, size, height=size * _TALLEST, size="down", output_profile="srgb"
    )
    if format == "webp":
        return bytes(picture.webpsave_buffer(Q=_QUALITY, effort=_WEBP_EFFORT, keep="none"))
    return bytes(picture.jpegsave_buffer(Q=_QUALITY, background=[255, 255, 255], keep="none", interlace=True))


def _by_pillow(content: bytes, size: int, format: str) -> bytes:  # noqa: A002
    out = io.BytesIO()
    try:
        with Image.open(io.BytesIO(content), formats=OPENERS) as picture:
            upright = turned(picture, turn_of(picture))
            scale = min(1.0, size / upright.width, size * _TALLEST / upright.height)
            shape = (max(1, round(upright.width * scale)), max(1, round(upright.height * scale)))
            small = to_srgb(upright.convert("RGBA").resize(shape), picture.info.get("icc_profile"))
            small.info.clear()
            small.save(out, "WEBP" if format == "webp" else "JPEG", quality=_QUALITY)
    except (OSError, ValueError, SyntaxError) as error:
        raise PictureError(
            f"no display size could be made ({error})", code="damaged", hint="import the picture again"
        ) from error
    return out.getvalue()
