"""Files that are whole and make no sense."""

import struct
import zlib
from collections.abc import Iterator

import numpy as np

from hostile.making import (
    GOOD_FORMATS,
    PNG_START,
    bmp,
    jpeg_segment,
    jpeg_with,
    noise,
    png,
    png_chunk,
    png_header,
    png_with,
    saved,
    webp,
    webp_header,
)  # fmt: skip


def damaged() -> Iterator[tuple[str, bytes]]:
    yield from _lying_names()
    yield from _jpegs()
    yield from _pngs()
    yield from _webps()
    yield from _bitmaps()


def _lying_names() -> Iterator[tuple[str, bytes]]:
    for kind, name in zip(GOOD_FORMATS, (*GOOD_FORMATS[1:], GOOD_FORMATS[0]), strict=True):
        yield f"{kind.lower()}-named.{name.lower()}", saved(noise(), kind)
    yield "text.jpg", b"this is not a picture\n" * 20
    yield "zero.jpg", b""
    yield "one-byte.png", b"\x89"
    yield "named-film.mp4", saved(noise(), "JPEG")
    yield "named-heic.heic", saved(noise(), "PNG")


def _jpegs() -> Iterator[tuple[str, bytes]]:
    rng = np.random.default_rng(5)
    whole = saved(noise(), "JPEG")
    yield "random.jpg", rng.bytes(5_000)
    yield "jpeg-start-then-random.jpg", whole[:20] + rng.bytes(5_000)
    yield "zeros-inside.jpg", whole[: len(whole) // 2] + bytes(len(whole) // 2)
    yield "only-start.jpg", b"\xff\xd8\xff\xd9"
    yield "no-tables.jpg", whole[:20] + whole[whole.index(b"\xff\xc0") :]
    yield "tables-only.jpg", whole[: whole.index(b"\xff\xc0")] + b"\xff\xd9"
    yield "segment-of-nothing.jpg", jpeg_with(b"\xff\xe1\x00\x00")
    yield "segment-too-long.jpg", whole[:2] + b"\xff\xe1\xff\xff" + whole[2:]
    yield "twelve-bit.jpg", whole.replace(b"\xff\xc0\x00\x11\x08", b"\xff\xc0\x00\x11\x0c")
    yield "no-components.jpg", whole.replace(b"\xff\xc0\x00\x11\x08", b"\xff\xc0\x00\x08\x08")
    yield "arithmetic.jpg", whole.replace(b"\xff\xc0", b"\xff\xc9")
    yield "lossless.jpg", whole.replace(b"\xff\xc0", b"\xff\xc3")
    yield "sampling-of-nothing.jpg", _with_sampling(whole, 0x00)
    yield "sampling-of-15.jpg", _with_sampling(whole, 0xFF)
    yield "restart-every-line.jpg", jpeg_with(jpeg_segment(0xDD, b"\x00\x01"))
    yield "thousand-fill-bytes.jpg", whole[:2] + b"\xff" * 1_000 + whole[2:]
    yield "many-scans.jpg", _many_scans()


def _many_scans() -> bytes:
    """A progressive picture whose last scan comes a thousand times over."""
    whole = saved(noise(512, 512), "JPEG", progressive=True)
    last = whole.rindex(b"\xff\xda")
    return whole[:last] + whole[last:-2] * 1_000 + whole[-2:]


def _with_sampling(whole: bytes, factors: int) -> bytes:
    at = whole.index(b"\xff\xc0") + 11
    return whole[:at] + bytes((factors,)) + whole[at + 1 :]


def _pngs() -> Iterator[tuple[str, bytes]]:
    rng = np.random.default_rng(6)
    whole = saved(noise(), "PNG")
    pixels = zlib.compress(bytes(64 * (1 + 3 * 64)))
    yield "png-start-then-random.png", whole[:33] + rng.bytes(5_000)
    yield "wrong-crc.png", whole[:-20] + b"\x00" * 20
    yield "wrong-data.png", png(64, 64, zlib.compress(b"short"))
    yield "no-data.png", png(64, 64, b"")
    yield "bad-palette.png", png(64, 64, zlib.compress(bytes(65 * 64)), colour_type=3)
    yield "colour-type-5.png", png(64, 64, pixels, colour_type=5)
    yield "seven-bits.png", png(64, 64, pixels, bits=7)
    yield "interlace-9.png", png(64, 64, pixels, interlace=9)
    yield "filter-200.png", png(64, 64, zlib.compress((b"\xc8" + bytes(192)) * 64))
    yield "two-headers.png", png_with(png_header(8, 8))
    yield "no-header.png", PNG_START + png_chunk(b"IDAT", pixels) + png_chunk(b"IEND", b"")
    yield "no-end.png", whole[:-12]
    yield "chunk-too-long.png", whole[:33] + b"\x7f\xff\xff\xffIDAT" + whole[41:]
    yield "chunk-named-nothing.png", png_with(png_chunk(bytes(4), b"x"))
    yield "short-palette.png", png_with(png_chunk(b"PLTE", b"\x00\x01"))
    yield "clear-for-nobody.png", png_with(png_chunk(b"tRNS", bytes(700)))
    yield "ten-thousand-chunks.png", png_with(*[png_chunk(b"IDAT", b"")] * 10_000)
    yield "cgbi.png", PNG_START + png_chunk(b"CgBI", b"\x50\x00\x20\x06") + whole[8:]


def _webps() -> Iterator[tuple[str, bytes]]:
    whole = saved(noise(), "WEBP")
    yield "no-chunks.webp", webp()
    yield "header-only.webp", webp(webp_header(64, 64, flags=0))
    yield "chunk-too-long.webp", whole[:16] + b"\xff\xff\xff\x7f" + whole[20:]
    yield "riff-of-nothing.webp", whole[:4] + bytes(4) + whole[8:]
    yield "riff-too-long.webp", whole[:4] + b"\xf6\xff\xff\xff" + whole[8:]
    yield (
        "frames-of-rubbish.webp",
        webp(webp_header(64, 64), (b"ANIM", bytes(6)), *[(b"ANMF", bytes(24))] * 50),
    )
    yield "lossless-of-ones.webp", webp((b"VP8L", b"\x2f" + b"\xff" * 200))
    yield "huffman.webp", webp((b"VP8L", b"\x2f\x3f\x00\x0f\x00" + bytes(range(256)) * 4))


def _bitmaps() -> Iterator[tuple[str, bytes]]:
    pixels = bytes(3 * 64 * 64)
    whole = saved(noise(), "BMP")
    yield "zero-high.bmp", whole.replace(struct.pack("<I", 64), struct.pack("<I", 0), 1)
    yield "negative-wide.bmp", bmp(-64, 64, 24, pixels)
    yield "least-high.bmp", bmp(64, -(2**31), 24, pixels)
    yield "no-bits.bmp", bmp(64, 64, 0, pixels)
    yield "three-bits.bmp", bmp(64, 64, 3, pixels)
    yield "packing-99.bmp", bmp(64, 64, 24, pixels, packing=99)
    yield "palette-of-4-billion.bmp", bmp(64, 64, 8, pixels, colours=2**32 - 1)
    yield (
        "rle-outside.bmp",
        bmp(16, 16, 8, b"\x00\x02\xff\xff" * 40 + b"\xff\x01\x00\x01", packing=1, colours=16),
    )
    yield "rle-endless-line.bmp", bmp(16, 16, 8, b"\xff\x01" * 5_000 + b"\x00\x01", packing=1, colours=16)
    yield "rle-copy-of-nothing.bmp", bmp(16, 16, 8, b"\x00\xff", packing=1, colours=16)
    yield (
        "rle4-steps-back.bmp",
        bmp(16, 16, 4, b"\x00\x02\x00\x00" * 5_000 + b"\x00\x01", packing=2, colours=16),
    )
    yield "start-behind-the-end.bmp", whole[:10] + b"\xff\xff\xff\x7f" + whole[14:]
    yield "header-of-4-billion.bmp", whole[:14] + b"\xff\xff\xff\xff" + whole[18:]
    yield (
        "os2.bmp",
        b"BM" + struct.pack("<IHHI", 26 + 48, 0, 0, 26) + struct.pack("<IHHHH", 12, 4, 4, 1, 24) + bytes(48),
    )
