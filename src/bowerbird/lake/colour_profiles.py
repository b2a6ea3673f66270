"""This file is about colour spaces: whatever a file's profile says, what leaves here is sRGB on white."""

import io
from functools import lru_cache

from PIL import Image, ImageCms

_SRGB = ImageCms.createProfile("sRGB")
_LAB = ImageCms.createProfile("LAB")
_PROFILED = ("RGB", "RGBA", "L", "CMYK", "LAB")


def to_srgb(picture: Image.Image, profile: bytes | None) -> Image.Image:
    """The picture as RGB in sRGB, transparency laid on white; a profile that is unusable is passed over."""
    alpha = picture.getchannel("A") if picture.mode == "RGBA" else None
    flat = _converted(picture.convert("RGB") if alpha else picture, profile)
    if alpha is None:
        return flat
    white = Image.new("RGB", flat.size, "white")
    white.paste(flat, mask=alpha)
    return white


def _converted(picture: Image.Image, profile: bytes | None) -> Image.Image:
    if picture.mode in _PROFILED and (profile or picture.mode == "LAB"):
        transform = _transform(profile or b"", picture.mode)
        if transform is not None:
            changed = ImageCms.applyTransform(picture, transform)
            if changed is not None:
                return changed
    return _plain(picture)


def _plain(picture: Image.Image) -> Image.Image:
    return picture if picture.mode == "RGB" else picture.convert("RGB")


@lru_cache(maxsize=32)
def _transform(profile: bytes, mode: str) -> ImageCms.ImageCmsTransform | None:
    """The way to sRGB, or None where none is needed or the profile is damaged or of another kind."""
    try:
        given = ImageCms.ImageCmsProfile(io.BytesIO(profile)) if profile else _LAB
        if profile and mode == "RGB" and "sRGB" in ImageCms.getProfileDescription(given):
            return None
        return ImageCms.buildTransform(given, _SRGB, mode, "RGB")
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return None
