"""This file is about sizes: how large thumbnails and display sizes are, and how a thumbnail is written."""

import io

from PIL import Image

THUMB_PX = 320
DISPLAY_PX = (236, 474, 736)
"""Widths that a page may ask for."""
_THUMB_QUALITY = 82


def fitting(size: tuple[int, int], most_px: int = THUMB_PX) -> tuple[int, int]:
    """A size, or the one with its longer side cut down to `most_px`."""
    scale = min(most_px / max(size), 1.0)
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def as_jpeg(thumb: Image.Image, quality: int = _THUMB_QUALITY) -> bytes:
    """The picture as JPEG, without metadata."""
    out = io.BytesIO()
    thumb.info.clear()
    thumb.save(out, "JPEG", quality=quality)
    return out.getvalue()
