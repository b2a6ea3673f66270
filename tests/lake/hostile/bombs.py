"""Little files that announce, or become, much."""

import struct
import zlib
from collections.abc import Iterator

from PIL import Image

from hostile.making import (
    PNG_START,
    bmp,
    gif,
    gif_frame,
    grey_tiff,
    jpeg_sized,
    noise,
    png,
    png_chunk,
    png_header,
    png_with,
    saved,
    webp,
    webp_header,
)  # fmt: skip


def bombs() -> Iterator[tuple[str, bytes]]:
    yield from _sides()
    yield from _huge()
    yield from _packed()


def _sides() -> Iterator[tuple[str, bytes]]:
    """0 × 0, 1 × 100,000 and 100,000 × 1, as far as a format's header can say it."""
    for name, width, height in (
        ("wide", 100_000, 1),
        ("high", 1, 100_000),
        ("zero", 0, 0),
        ("zero-wide", 0, 64),
        ("zero-high", 64, 0),
    ):
        yield f"{name}.png", png(width, height, zlib.compress(bytes(400_001)))
        yield f"{name}-said.bmp", bmp(width, height, 24, bytes(400_000))
        yield f"{name}.tiff", grey_tiff(width, height, strip=bytes(100_000))
    for name, width, height in (("wide", 65_535, 1), ("high", 1, 65_535), ("zero", 0, 0)):
        yield f"{name}.jpg", jpeg_sized(width, height)
        yield f"{name}.gif", gif(width, height, gif_frame(0, 0, width, height))
    yield "wide.webp", webp(webp_header(16_384, 1))
    yield "high.webp", webp(webp_header(1, 16_384))
    yield "really-wide.png", saved(Image.new("L", (100_000, 4)), "PNG")
    yield "really-high.png", saved(Image.new("L", (4, 100_000)), "PNG")
    yield "really-high.tiff", saved(Image.new("L", (4, 100_000)), "TIFF")


def _huge() -> Iterator[tuple[str, bytes]]:
    yield "huge.png", png(60_000, 60_000, zlib.compress(bytes(10_000)))
    yield "largest.png", png(2**31 - 1, 2**31 - 1, zlib.compress(b""))
    yield "beyond-largest.png", png(2**32 - 1, 2**32 - 1, zlib.compress(b""))
    yield "huge.jpg", jpeg_sized(65_500, 65_500)
    yield "huge.gif", gif(65_535, 65_535, gif_frame(0, 0, 65_535, 65_535))
    yield "huge.bmp", bmp(90_000, 90_000, 24, b"")
    yield "largest.bmp", bmp(2**31 - 1, 2**31 - 1, 1, b"")
    yield "huge.tiff", grey_tiff(60_000, 60_000)
    yield "largest.tiff", grey_tiff(2**32 - 1, 2**32 - 1)
    yield "huge.webp", webp(webp_header(16_383, 16_383), (b"ANIM", bytes(6)))
    yield "largest.webp", webp(webp_header(2**24, 2**24), (b"ANIM", bytes(6)))
    yield "largest-lossless.webp", webp((b"VP8L", b"\x2f\xff\xff\xff\x0f" + bytes(50)))


def _packed() -> Iterator[tuple[str, bytes]]:
    """What is small only as long as it is packed."""
    large = zlib.compress(bytes(80_000_000), 9)
    yield "text-bomb.png", png_with(png_chunk(b"zTXt", b"Comment\x00\x00" + large))
    yield (
        "many-text-bombs.png",
        png_with(*[png_chunk(b"zTXt", b"Comment\x00\x00" + zlib.compress(bytes(1_000_000), 9))] * 200),
    )
    yield (
        "international-text-bomb.png",
        png_with(png_chunk(b"iTXt", b"XML:com.adobe.xmp\x00\x01\x00\x00\x00" + large)),
    )
    yield "profile-bomb.png", png_with(png_chunk(b"iCCP", b"x\x00\x00" + large))
    yield "more-pixels-than-said.png", png(64, 64, large)
    yield "pixels-of-nothing.png", saved(Image.new("1", (30_000, 2_600)), "PNG")
    yield "flat-70-megapixels.jpg", saved(Image.new("L", (8_400, 8_400)), "JPEG", quality=20)
    yield "many-texts.png", png_with(*(png_chunk(b"tEXt", b"Key%d\x00value" % at) for at in range(20_000)))
    yield "text-of-a-megabyte.png", png_with(png_chunk(b"tEXt", b"Comment\x00" + b"a" * 1_000_000))
    whole = PNG_START + png_header(64, 64) + png_chunk(b"IDAT", large[: len(large) // 2])
    yield "bomb-cut-off.png", whole
    packed = saved(noise().resize((1_000, 1_000)), "TIFF", compression="tiff_adobe_deflate")
    yield "long-tiff-said-longer.tiff", packed.replace(struct.pack("<I", 1_000), struct.pack("<I", 30_000), 2)
