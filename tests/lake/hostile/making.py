"""The bricks that hostile files are made of: chunks, boxes, directories and whole small pictures."""

import io
import struct
import zipfile
import zlib
from collections.abc import Sequence

import numpy as np
from PIL import Image

GOOD_FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF")
PNG_START = b"\x89PNG\r\n\x1a\n"
TiffEntry = tuple[int, int, int, bytes]
"""Tag, type, how many values, and their bytes, or where they are."""


def saved(picture: Image.Image, kind: str, **options: object) -> bytes:
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


def noise(width: int = 96, height: int = 64, seed: int = 1) -> Image.Image:
    values = np.random.default_rng(seed).integers(0, 256, (height // 8, width // 8, 3), dtype=np.uint8)
    return Image.fromarray(values).resize((width, height), Image.Resampling.BICUBIC)


def zipped(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        for name, content in files.items():
            packed.writestr(name, content)
    return out.getvalue()


def png_chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_header(width: int, height: int, colour_type: int = 2, bits: int = 8, interlace: int = 0) -> bytes:
    return png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, colour_type, 0, 0, interlace))


def png(
    width: int, height: int, data: bytes, colour_type: int = 2, bits: int = 8, interlace: int = 0
) -> bytes:
    parts = (
        png_header(width, height, colour_type, bits, interlace),
        png_chunk(b"IDAT", data),
        png_chunk(b"IEND", b""),
    )
    return PNG_START + b"".join(parts)


def png_with(*chunks: bytes) -> bytes:
    """A good PNG with more chunks between its header and its pixels."""
    whole = saved(noise(), "PNG")
    return whole[:33] + b"".join(chunks) + whole[33:]


def jpeg_with(*segments: bytes) -> bytes:
    """A good JPEG with more segments at its start."""
    whole = saved(noise(), "JPEG")
    return whole[:2] + b"".join(segments) + whole[2:]


def jpeg_segment(marker: int, data: bytes) -> bytes:
    return bytes((0xFF, marker)) + struct.pack(">H", len(data) + 2) + data


def jpeg_sized(width: int, height: int) -> bytes:
    """A good JPEG whose header says another size."""
    whole = bytearray(saved(noise(), "JPEG"))
    at = whole.index(b"\xff\xc0") + 5
    whole[at : at + 4] = struct.pack(">HH", height, width)
    return bytes(whole)


def webp(*chunks: tuple[bytes, bytes]) -> bytes:
    body = b"WEBP"
    for kind, data in chunks:
        body += kind + struct.pack("<I", len(data)) + data + b"\x00" * (len(data) % 2)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def webp_header(width: int, height: int, flags: int = 2) -> tuple[bytes, bytes]:
    sides = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    return b"VP8X", bytes((flags, 0, 0, 0)) + sides


def gif(width: int, height: int, *blocks: bytes) -> bytes:
    """A GIF with a palette of two colours."""
    return (
        b"GIF89a" + struct.pack("<HHBBB", width, height, 0x80, 0, 0) + bytes(3) + b"\xff" * 3
        + b"".join(blocks) + b"\x3b"
    )  # fmt: skip


def gif_frame(left: int, top: int, width: int, height: int, data: bytes | None = None) -> bytes:
    """A frame of one colour; of one that is too large, the first hundred pixels."""
    data = gif_pixels(min(width * height, 100)) if data is None else data
    return b"\x2c" + struct.pack("<HHHHB", left, top, width, height, 0) + data


def gif_pixels(count: int) -> bytes:
    """Pixels of the first colour, packed so that the table never grows: a fresh start before each."""
    codes, bits = [*[4, 0] * count, 5], 0
    for at, code in enumerate(codes):
        bits |= code << 3 * at
    whole = bits.to_bytes((3 * len(codes) + 7) // 8, "little")
    blocks = (whole[at : at + 255] for at in range(0, len(whole), 255))
    return b"\x02" + b"".join(bytes((len(block),)) + block for block in blocks) + b"\x00"


def gif_delay(hundredths: int, disposal: int = 0) -> bytes:
    return b"\x21\xf9\x04" + struct.pack("<BHB", disposal << 2, hundredths, 0) + b"\x00"


def bmp(width: int, height: int, bits: int, pixels: bytes, packing: int = 0, colours: int = 0) -> bytes:
    palette = b"".join(bytes((at % 256, at * 7 % 256, at * 13 % 256, 0)) for at in range(min(colours, 256)))
    start = 54 + len(palette)
    head = struct.pack(
        "<IiiHHIIiiII", 40, width, height, 1, bits, packing, len(pixels), 2835, 2835, colours, 0
    )
    return b"BM" + struct.pack("<IHHI", start + len(pixels), 0, 0, start) + head + palette + pixels


def box(kind: bytes, *content: bytes) -> bytes:
    """One box of an ISO base media file (MP4, AVIF, HEIF)."""
    inside = b"".join(content)
    return struct.pack(">I", len(inside) + 8) + kind + inside


def file_type(brand: bytes, *others: bytes) -> bytes:
    return box(b"ftyp", brand, bytes(4), *others)


def tiff(
    entries: Sequence[TiffEntry], after: bytes = b"", following: int = 0, count: int | None = None
) -> bytes:
    """A little-endian TIFF of one directory at byte 8; `after` lies behind it."""
    said = len(entries) if count is None else count
    listed = b"".join(
        struct.pack("<HHI", tag, kind, values) + data.ljust(4, b"\x00")[:4]
        for tag, kind, values, data in entries
    )
    return b"II*\x00" + struct.pack("<IH", 8, said) + listed + struct.pack("<I", following) + after


def short(tag: int, value: int) -> TiffEntry:
    return tag, 3, 1, struct.pack("<H", value)


def long(tag: int, value: int) -> TiffEntry:
    return tag, 4, 1, struct.pack("<I", value)


def grey_tiff(width: int, height: int, *more: TiffEntry, packing: int = 1, strip: bytes = b"") -> bytes:
    """A grey TIFF of one strip whose header says what it is told to; later tags take the place of ours."""
    ours = {
        256: long(256, width), 257: long(257, height), 258: short(258, 8), 259: short(259, packing),
        262: short(262, 1), 273: long(273, 0), 277: short(277, 1), 278: long(278, height),
        279: long(279, len(strip)),
    } | {entry[0]: entry for entry in more}  # fmt: skip
    entries = [ours[tag] for tag in sorted(ours)]
    start = 8 + 2 + 12 * len(entries) + 4
    entries = [long(273, start) if entry == long(273, 0) else entry for entry in entries]
    return tiff(entries, strip)
