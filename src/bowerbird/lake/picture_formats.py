"""This file is about what kind of file some bytes are: the raster formats we take, and the others by name."""

import re

from bowerbird.core.errors import PictureError

PILLOW_FORMATS = {
    "JPEG": "jpeg",
    "MPO": "jpeg",  # what phones write: a JPEG with more JPEGs behind it; the first is the picture
    "PNG": "png",
    "WEBP": "webp",
    "AVIF": "avif",
    "GIF": "gif",
    "TIFF": "tiff",
    "BMP": "bmp",
}
"""Pillow's name → ours, for every format that is taken."""

OPENERS = tuple(name for name in PILLOW_FORMATS if name != "MPO")
"""What Pillow may try; it reaches MPO through JPEG."""

_VECTOR = "a drawing made of instructions (SVG or EPS) was received"
_DOCUMENT = "a document (PDF) was received"
_VIDEO = "a video was received"
_ARCHIVE = "an archive was received"
_LAYERS = "a layered or raw camera file was received"
_HEIF = "a HEIC or HEIF picture was received"

_BY_START: tuple[tuple[bytes, str, str], ...] = (
    (b"%PDF", "document", _DOCUMENT),
    (b"%!PS", "vector-picture", _VECTOR),
    (b"\xc5\xd0\xd3\xc6", "vector-picture", _VECTOR),
    (b"8BPS", "layered-picture", _LAYERS),
    (b"PK\x03\x04", "archive", _ARCHIVE),
    (b"\x1f\x8b", "archive", _ARCHIVE),
    (b"7z\xbc\xaf\x27\x1c", "archive", _ARCHIVE),
    (b"Rar!", "archive", _ARCHIVE),
    (b"\x1aE\xdf\xa3", "video", _VIDEO),
    (b"FLV", "video", _VIDEO),
    (b"OggS", "video", _VIDEO),
    (b"\x00\x00\x01\xba", "video", _VIDEO),
    (b"\x00\x00\x01\xb3", "video", _VIDEO),
)
_HINTS = {
    "vector-picture": "export it as PNG",
    "document": "export the page as PNG or JPEG",
    "video": "save it as MP4, MOV, WebM, MKV or AVI",
    "archive": "unpack it first, or give it with --images",
    "layered-picture": "export it as PNG or JPEG",
    "heif": "export it as JPEG",
    "web-page": "the address gave a page, not a picture; save the picture itself",
}
_MARKUP = re.compile(rb"^(?:\xef\xbb\xbf)?\s*<(?:\?xml|!--|!doctype|svg|html|head|body)", re.IGNORECASE)


def refuse_other_kinds(content: bytes) -> None:
    """Nothing, for bytes that may be a raster picture.

    Raises:
        PictureError: they are of a kind that is known and not taken.
    """
    start = content[:64]
    for mark, code, message in _BY_START:
        if start.startswith(mark):
            raise _refusal(code, message)
    if start[:4] == b"RIFF" and start[8:12] == b"AVI ":
        raise _refusal("video", _VIDEO)
    if start[4:8] == b"ftyp":
        _refuse_boxes(start)
    if _MARKUP.match(content[:512]):
        if b"<svg" in content[:4096].lower():
            raise _refusal("vector-picture", _VECTOR)
        raise _refusal("web-page", "a web page or other markup was received")


def is_raster_start(start: bytes) -> bool:
    """Whether bytes begin like a raster format that is taken."""
    if start.startswith(
        (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF87a", b"GIF89a", b"II*\x00", b"MM\x00*")
    ):
        return True
    is_bmp = start[:2] == b"BM" and len(start) >= 26 and start[6:10] == b"\x00\x00\x00\x00"
    is_webp = start[:4] == b"RIFF" and start[8:12] == b"WEBP"
    return is_bmp or is_webp or (start[4:8] == b"ftyp" and start[8:12] in (b"avif", b"avis", b"mif1"))


def _refuse_boxes(start: bytes) -> None:
    """ISO base media files say in their brand whether they are AVIF, HEIC, a raw picture or a film."""
    brand = start[8:12]
    if brand in (b"avif", b"avis"):
        return
    if brand in (b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis"):
        raise _refusal("heif", _HEIF)
    if brand in (b"mif1", b"msf1"):
        if b"avif" in start[16:]:
            return
        raise _refusal("heif", _HEIF)
    if brand == b"crx ":
        raise _refusal("layered-picture", _LAYERS)
    raise _refusal("video", _VIDEO)


def _refusal(code: str, message: str) -> PictureError:
    return PictureError(message, code=code, hint=_HINTS[code])
