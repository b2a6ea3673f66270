"""This file is about the words inside a picture file: title, description, keywords, and when it was taken.

Place, device and people are left out on purpose: what is read here is stored and searched. Damaged metadata
never costs the picture.
"""

import html
import re
import struct

from PIL import Image, ImageFile, IptcImagePlugin

MAX_FACT_CHARS = 2_000
_XMP_BYTES = 256 * 1024
_BAD_METADATA = (
    OSError, ValueError, SyntaxError, KeyError, TypeError, IndexError, AttributeError, EOFError, struct.error,
    RuntimeError,
)  # fmt: skip
# What cameras write by themselves says nothing about the picture.
_CAMERA_WORDS = re.compile(
    r"(?:olympus digital camera|sony dsc|digital camera|samsung.*|kodak.*|default|untitled|.*adobe.*)",
    re.IGNORECASE,
)
_EXIF_PART = 0x8769
_EXIF_TAGS = {"title": (40091,), "description": (270, 40092), "keywords": (40094,)}
_IPTC_TAGS = {"title": (2, 5), "description": (2, 120), "keywords": (2, 25)}
_XMP_TAGS = (
    ("title", "dc:title"), ("description", "dc:description"), ("keywords", "dc:subject"),
    ("keywords", "digiKam:TagsList"),
)  # fmt: skip
_PNG_KEYS = {"title": ("Title",), "description": ("Description", "Comment"), "keywords": ("Keywords",)}


def facts_of(picture: Image.Image) -> dict[str, str]:
    """`title`, `description`, `keywords` (comma-separated) and `taken`, as far as the file tells them."""
    facts: dict[str, str] = {}
    for read in (_from_xmp, _from_iptc, _from_exif, _from_text):
        try:
            found = read(picture)
        except _BAD_METADATA:
            continue
        for key, value in found.items():
            text = _clean(value)
            if text and key not in facts and not _CAMERA_WORDS.fullmatch(text):
                facts[key] = text
    return facts


def xmp_facts(text: str) -> dict[str, str]:
    """`title`, `description` and `keywords` of an XMP packet, also of one beside the picture.

    Read with patterns, not with an XML parser: it is a stranger's XML.
    """
    text = text[:_XMP_BYTES]
    facts: dict[str, str] = {}
    for key, tag in _XMP_TAGS:
        start = text.find(f"<{tag}>")
        end = text.find(f"</{tag}>", start)
        if 0 <= start < end and key not in facts:
            parts = re.findall(r"<rdf:li[^<>]*>([^<>]*)</rdf:li>", text[start:end])
            facts[key] = html.unescape(", ".join(parts) if key == "keywords" else (parts or [""])[0])
    return facts


def _from_xmp(picture: Image.Image) -> dict[str, str]:
    packet = picture.info.get("xmp") or picture.info.get("XML:com.adobe.xmp") or b""
    return xmp_facts(packet.decode("utf-8", "replace") if isinstance(packet, bytes) else str(packet))


def _from_iptc(picture: Image.Image) -> dict[str, str]:
    if not isinstance(picture, ImageFile.ImageFile):
        return {}
    blocks = IptcImagePlugin.getiptcinfo(picture) or {}
    facts: dict[str, str] = {}
    for key, tag in _IPTC_TAGS.items():
        value = blocks.get(tag)
        if value:
            parts = value if isinstance(value, list) else [value]
            facts[key] = ", ".join(_decoded(part) for part in parts)
    return facts


def _from_exif(picture: Image.Image) -> dict[str, str]:
    exif = picture.getexif()
    facts: dict[str, str] = {}
    for key, tags in _EXIF_TAGS.items():
        for tag in tags:
            if value := exif.get(tag):
                facts.setdefault(key, _of_xp(value) if tag >= 40091 else str(value))
    taken = exif.get_ifd(_EXIF_PART).get(36867) if _EXIF_PART in exif else None
    if isinstance(taken, str) and re.fullmatch(r"[0-9]{4}:[0-9]{2}:[0-9]{2} [0-9:]{8}", taken):
        facts["taken"] = taken.replace(":", "-", 2)
    return facts


def _from_text(picture: Image.Image) -> dict[str, str]:
    facts: dict[str, str] = {}
    for key, names in _PNG_KEYS.items():
        for name in names:
            value = picture.info.get(name)
            if isinstance(value, str):
                facts.setdefault(key, value)
    comment = picture.info.get("comment")
    if isinstance(comment, bytes):
        facts.setdefault("description", _decoded(comment))
    return facts


def _of_xp(value: object) -> str:
    raw = bytes(value) if isinstance(value, bytes | bytearray | tuple | list) else b""
    return raw.decode("utf-16-le", "replace")


def _decoded(value: bytes) -> str:
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.decode("latin-1")


def _clean(text: str) -> str:
    visible = "".join(letter if letter.isprintable() else " " for letter in text[: 2 * MAX_FACT_CHARS])
    return " ".join(visible.split())[:MAX_FACT_CHARS]
