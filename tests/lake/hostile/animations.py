"""Animations that announce absurd counts, delays and frames."""

import struct
import zlib
from collections.abc import Iterator

from PIL import Image

from hostile.making import (
    PNG_START,
    gif,
    gif_delay,
    gif_frame,
    noise,
    png_chunk,
    png_header,
    saved,
    webp,
    webp_header,
)  # fmt: skip


def animations() -> Iterator[tuple[str, bytes]]:
    yield from _gifs()
    yield from _pngs()
    yield from _webps()
    yield from _films_of_pictures()


def _gifs() -> Iterator[tuple[str, bytes]]:
    frames = [_dot(at) for at in range(300)]
    yield "300-frames.gif", saved(frames[0], "GIF", save_all=True, append_images=frames[1:])
    small = gif_frame(0, 0, 8, 8)
    yield "50000-frames.gif", gif(8, 8, *[small] * 50_000)
    yield "frames-on-a-huge-canvas.gif", gif(8_000, 8_000, *[small] * 2_000)
    yield "frame-of-nothing.gif", gif(64, 64, gif_frame(0, 0, 0, 0), small)
    yield "frames-of-nothing.gif", gif(64, 64, *[gif_frame(0, 0, 0, 0)] * 100)
    yield "frame-outside.gif", gif(8, 8, gif_frame(65_000, 65_000, 65_000, 65_000))
    yield "frame-larger-than-canvas.gif", gif(8, 8, gif_frame(0, 0, 9_000, 9_000))
    yield (
        "second-frame-outside.gif",
        gif(64, 64, gif_frame(0, 0, 64, 64), gif_frame(60_000, 0, 5_000, 60_000)),
    )
    yield "no-frame.gif", gif(64, 64)
    yield "no-frame-but-delays.gif", gif(64, 64, *[gif_delay(10)] * 1_000)
    yield "longest-delays.gif", gif(8, 8, *[gif_delay(65_535) + small] * 20)
    yield "no-delays.gif", gif(8, 8, *[gif_delay(0) + small] * 20)
    yield "disposal-7.gif", gif(8, 8, *[gif_delay(5, 7) + small] * 20)
    yield "code-size-0.gif", gif(8, 8, gif_frame(0, 0, 8, 8, b"\x00\x02\x4c\x01\x00"))
    yield "code-size-255.gif", gif(8, 8, gif_frame(0, 0, 8, 8, b"\xff\x02\x4c\x01\x00"))
    yield "no-end-of-pixels.gif", gif(8, 8, gif_frame(0, 0, 8, 8, b"\x02" + b"\xff" * 600))
    yield "loop-forever.gif", gif(8, 8, b"\x21\xff\x0bNETSCAPE2.0\x03\x01\xff\xff\x00", small, small)
    yield "application-block-of-nothing.gif", gif(8, 8, b"\x21\xff\x00\x00", small)


def _pngs() -> Iterator[tuple[str, bytes]]:
    pixels = zlib.compress(bytes(64 * (1 + 3 * 64)))
    for name, frames in (("0", 0), ("4-billion", 2**32 - 1), ("2-billion", 2**31 - 1)):
        yield f"{name}-frames-said.png", _apng(frames, pixels)
    yield "frame-outside.png", _apng(2, pixels, frame=(64, 64, 2**31 - 1, 2**31 - 1))
    yield "frame-of-nothing.png", _apng(2, pixels, frame=(0, 0, 0, 0))
    yield "frame-huge.png", _apng(2, pixels, frame=(2**31 - 1, 2**31 - 1, 0, 0))
    yield "delay-by-zero.png", _apng(2, pixels, delay=(1, 0))
    yield "delay-longest.png", _apng(2, pixels, delay=(65_535, 1))
    many = [noise(64, 64, seed) for seed in range(40)]
    yield "40-frames.png", saved(many[0], "PNG", save_all=True, append_images=many[1:])
    wrong_order = (
        PNG_START + png_header(64, 64) + png_chunk(b"fdAT", bytes(4) + pixels) + png_chunk(b"IEND", b"")
    )
    yield "frame-before-header.png", wrong_order


def _apng(
    frames: int,
    pixels: bytes,
    frame: tuple[int, int, int, int] = (64, 64, 0, 0),
    delay: tuple[int, int] = (1, 10),
) -> bytes:
    control = struct.pack(">I4IHHBB", 0, 64, 64, 0, 0, *delay, 0, 0)
    second = struct.pack(">I4IHHBB", 1, *frame, *delay, 0, 0)
    parts = (
        png_header(64, 64), png_chunk(b"acTL", struct.pack(">II", frames, 0)),
        png_chunk(b"fcTL", control), png_chunk(b"IDAT", pixels),
        png_chunk(b"fcTL", second), png_chunk(b"fdAT", struct.pack(">I", 2) + pixels),
        png_chunk(b"IEND", b""),
    )  # fmt: skip
    return PNG_START + b"".join(parts)


def _webps() -> Iterator[tuple[str, bytes]]:
    one = saved(Image.new("RGB", (8, 8), "red"), "WEBP", lossless=True)[12:]

    def frame(left: int, top: int, width: int, height: int, ms: int) -> tuple[bytes, bytes]:
        numbers = b"".join(
            number.to_bytes(3, "little") for number in (left // 2, top // 2, width - 1, height - 1, ms)
        )
        return b"ANMF", numbers + b"\x00" + one

    header, control = webp_header(8, 8), (b"ANIM", bytes(6))
    yield "20000-frames.webp", webp(header, control, *[frame(0, 0, 8, 8, 1)] * 20_000)
    yield (
        "frames-on-a-huge-canvas.webp",
        webp(webp_header(4_000, 4_000), control, *[frame(0, 0, 8, 8, 1)] * 8),
    )
    yield "frame-outside.webp", webp(header, control, frame(0, 0, 8, 8, 1), frame(4_000, 4_000, 8, 8, 1))
    yield "frame-size-lies.webp", webp(header, control, frame(0, 0, 6_000, 6_000, 1))
    yield "longest-delays.webp", webp(header, control, *[frame(0, 0, 8, 8, 2**24 - 1)] * 20)
    yield "no-frame.webp", webp(header, control)


def _films_of_pictures() -> Iterator[tuple[str, bytes]]:
    many = [noise(64, 64, seed) for seed in range(30)]
    yield "30-frames.avif", saved(many[0], "AVIF", save_all=True, append_images=many[1:], speed=10)
    yield (
        "zero-delays.avif",
        saved(many[0], "AVIF", save_all=True, append_images=many[1:5], duration=0, speed=10),
    )
    moving = saved(many[0], "AVIF", save_all=True, append_images=many[1:5], speed=10)
    yield "frame-count-lies.avif", _with_samples(moving, 2**31 - 1)
    yield "no-frames-said.avif", _with_samples(moving, 0)


def _with_samples(moving: bytes, count: int) -> bytes:
    """The film with another number of frames in its table of sizes."""
    at = moving.index(b"stsz") + 12
    return moving[:at] + struct.pack(">I", count) + moving[at + 4 :]


def _dot(at: int) -> Image.Image:
    frame = Image.new("P", (8, 8))
    frame.putpixel((at % 8, at // 8 % 8), at % 255 + 1)
    return frame
