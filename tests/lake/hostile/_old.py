"""Files that a stranger might send: made here, byte by byte, so that nobody has to keep them."""

import io
import struct
import zipfile
import zlib
from collections.abc import Iterator

import numpy as np
from PIL import Image, ImageCms

GOOD_FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF")


def saved(picture: Image.Image, kind: str, **options: object) -> bytes:
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


def noise(width: int = 96, height: int = 64, seed: int = 1) -> Image.Image:
    values = np.random.default_rng(seed).integers(0, 256, (height // 8, width // 8, 3), dtype=np.uint8)
    return Image.fromarray(values).resize((width, height), Image.Resampling.BICUBIC)


def hostile_files() -> dict[str, bytes]:
    """Name → content; names often lie."""
    files: dict[str, bytes] = {}
    for makers in (odd_but_good, truncated, lying_names, damaged, bombs, other_kinds, polyglots):
        files.update(makers())
    return files


def odd_but_good() -> Iterator[tuple[str, bytes]]:
    """Pictures that other software makes and that have to be taken."""
    base = noise()
    yield "cmyk.jpg", saved(base.convert("CMYK"), "JPEG")
    yield "grey.jpg", saved(base.convert("L"), "JPEG")
    yield "progressive.jpg", saved(base, "JPEG", progressive=True)
    yield "no-subsampling.jpg", saved(base, "JPEG", subsampling=0)
    yield (
        "sixteen-bit.png",
        saved(Image.fromarray(np.asarray(base.convert("L")).astype(np.uint16) * 257), "PNG"),
    )
    yield "palette.png", saved(base.quantize(16), "PNG")
    yield "palette-clear.png", saved(base.quantize(16), "PNG", transparency=0)
    yield "one-bit.png", saved(base.convert("1"), "PNG")
    yield "clear.png", saved(base.convert("RGBA"), "PNG")
    yield "all-clear.png", saved(Image.new("RGBA", (40, 40), (9, 9, 9, 0)), "PNG")
    yield "grey-alpha.png", saved(base.convert("LA"), "PNG")
    yield "float.tiff", saved(Image.fromarray(np.asarray(base.convert("L")).astype(np.float32) / 255), "TIFF")
    yield "nan.tiff", saved(Image.fromarray(np.full((32, 32), np.nan, dtype=np.float32)), "TIFF")
    yield (
        "int32.tiff",
        saved(Image.fromarray(np.asarray(base.convert("L")).astype(np.int32) * 70_000), "TIFF"),
    )
    yield (
        "lab.tiff",
        saved(
            ImageCms.profileToProfile(base, _srgb(), ImageCms.createProfile("LAB"), outputMode="LAB"), "TIFF"
        ),
    )
    yield "animated.gif", saved(base, "GIF", save_all=True, append_images=[noise(seed=2)])
    yield "animated.webp", saved(base, "WEBP", save_all=True, append_images=[noise(seed=2)])
    yield "animated.png", saved(base, "PNG", save_all=True, append_images=[noise(seed=2)])
    yield "lossless.webp", saved(base, "WEBP", lossless=True)
    yield "pages.tiff", saved(base, "TIFF", save_all=True, append_images=[noise(seed=2)])
    yield "multi.jpg", saved(base, "MPO", save_all=True, append_images=[noise(seed=2)])
    for turn in (0, 3, 6, 9, 65_535):
        exif = Image.Exif()
        exif[274] = turn
        yield f"turned-{turn}.jpg", saved(base, "JPEG", exif=exif)


def truncated() -> Iterator[tuple[str, bytes]]:
    """Every format cut at each tenth."""
    for kind in GOOD_FORMATS:
        whole = saved(noise(), kind)
        for tenth in range(1, 10):
            yield f"cut-{tenth}0.{kind.lower()}", whole[: len(whole) * tenth // 10]


def lying_names() -> Iterator[tuple[str, bytes]]:
    for kind, name in zip(GOOD_FORMATS, (*GOOD_FORMATS[1:], GOOD_FORMATS[0]), strict=True):
        yield f"{kind.lower()}-named.{name.lower()}", saved(noise(), kind)
    yield "text.jpg", b"this is not a picture\n" * 20
    yield "zero.jpg", b""
    yield "one-byte.png", b"\x89"


def damaged() -> Iterator[tuple[str, bytes]]:
    rng = np.random.default_rng(5)
    jpeg, png = saved(noise(), "JPEG"), saved(noise(), "PNG")
    yield "random.jpg", rng.bytes(5_000)
    yield "jpeg-start-then-random.jpg", jpeg[:20] + rng.bytes(5_000)
    yield "png-start-then-random.png", png[:33] + rng.bytes(5_000)
    yield "zeros-inside.jpg", jpeg[: len(jpeg) // 2] + bytes(len(jpeg) // 2)
    yield "wrong-crc.png", png[:-20] + b"\x00" * 20
    yield "wrong-data.png", _png(64, 64, zlib.compress(b"short"))
    yield "no-data.png", _png(64, 64, b"")
    yield "zero-wide.png", _png(0, 64, zlib.compress(b""))
    yield "zero-high.bmp", saved(noise(), "BMP").replace(struct.pack("<I", 64), struct.pack("<I", 0), 1)
    yield "bad-icc.jpg", saved(noise(), "JPEG", icc_profile=b"not a profile" * 20)
    yield "short-icc.png", saved(noise(), "PNG", icc_profile=_srgb_bytes()[:200])
    yield "bad-exif.jpg", saved(noise(), "JPEG", exif=b"Exif\x00\x00II*\x00\xff\xff\xff\xff")
    yield (
        "exif-loop.jpg",
        saved(
            noise(),
            "JPEG",
            exif=b"Exif\x00\x00II*\x00\x08\x00\x00\x00\x01\x00\x69\x87\x04\x00\x01\x00\x00\x00\x08\x00\x00\x00\x08\x00\x00\x00",
        ),
    )
    yield "bad-xmp.jpg", saved(noise(), "JPEG", xmp=b"<x:xmpmeta><dc:title>" + b"&lol;" * 10_000)
    yield "ifd-loop.tiff", b"II*\x00\x08\x00\x00\x00\x00\x00\x08\x00\x00\x00"
    yield "gif-without-frame.gif", b"GIF89a" + struct.pack("<HHBBB", 64, 64, 0, 0, 0) + b"\x3b"
    yield "bad-palette.png", _png(64, 64, zlib.compress(bytes(65 * 64)), colour_type=3)


def bombs() -> Iterator[tuple[str, bytes]]:
    """Little files that announce much."""
    yield "wide.png", _png(100_000, 1, zlib.compress(bytes(300_001)))
    yield "high.png", _png(1, 100_000, zlib.compress(bytes(400_000)))
    yield "huge.png", _png(60_000, 60_000, zlib.compress(bytes(10_000)))
    yield "largest.png", _png(2**31 - 1, 2**31 - 1, zlib.compress(b""))
    yield (
        "huge.gif",
        b"GIF89a" + struct.pack("<HHBBB", 65_535, 65_535, 0, 0, 0) + b"\x2c" + bytes(20) + b"\x3b",
    )
    yield "huge-frame.gif", _gif_with_frame_outside()
    yield (
        "huge.bmp",
        b"BM"
        + struct.pack("<IHHI", 10_000, 0, 0, 54)
        + struct.pack("<IiiHHIIiiII", 40, 90_000, 90_000, 1, 24, 0, 0, 0, 0, 0, 0),
    )
    yield "huge.webp", _webp_extended(16_383, 16_383)
    yield "text-bomb.png", _with_chunk(b"zTXt", b"Comment\x00\x00" + zlib.compress(bytes(80_000_000), 9))
    yield "profile-bomb.png", _with_chunk(b"iCCP", b"x\x00\x00" + zlib.compress(bytes(80_000_000), 9))
    yield (
        "many-frames.gif",
        saved(Image.new("P", (8, 8)), "GIF", save_all=True, append_images=[_dot(at) for at in range(300)]),
    )


def other_kinds() -> Iterator[tuple[str, bytes]]:
    yield "drawing.svg", b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
    yield (
        "drawing.jpg",
        b'<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]><svg>&x;</svg>',
    )
    yield "page.jpg", b"<!doctype html><html><body>404</body></html>"
    yield "document.jpg", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"
    yield "print.eps", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 99999 99999\n"
    yield "layers.psd", b"8BPS\x00\x01" + bytes(40)
    yield "film.mp4", b"\x00\x00\x00\x20ftypisom\x00\x00\x02\x00isomiso2avc1mp41" + bytes(100)
    yield "film.jpg", b"\x1aE\xdf\xa3" + bytes(100)
    yield "film.avi", b"RIFF\x00\x10\x00\x00AVI LIST" + bytes(100)
    yield "phone.heic", b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic" + bytes(100)
    yield "archive.png", _zip({"a.txt": b"a"})
    yield "packed.jpg", b"\x1f\x8b\x08" + bytes(50)
    yield "program.png", b"\x7fELF\x02\x01\x01" + bytes(60)
    yield "icon.ico", b"\x00\x00\x01\x00\x01\x00\x10\x10" + bytes(60)
    yield "portable.ppm", b"P6 8 8 255\n" + bytes(192)
    yield "targa.tga", b"\x00\x00\x02" + bytes(9) + struct.pack("<HH", 8, 8) + b"\x18\x00" + bytes(192)


def polyglots() -> Iterator[tuple[str, bytes]]:
    """Files that are two things at once."""
    jpeg, gif, png = saved(noise(), "JPEG"), saved(noise(), "GIF"), saved(noise(), "PNG")
    yield "picture-and-zip.jpg", jpeg + _zip({"evil.sh": b"#!/bin/sh\n"})
    yield "picture-and-page.jpg", jpeg + b"<script>alert(1)</script>"
    yield "script-and-picture.gif", gif[:6] + b"/*" + gif[8:] + b"*/=1;alert(1)"
    yield "picture-and-rubbish.png", png + np.random.default_rng(9).bytes(4_000)
    yield "two-pictures.jpg", jpeg + jpeg
    yield "page-and-picture.jpg", b"<html>" + jpeg
    yield "pdf-and-picture.jpg", b"%PDF-1.4\n" + jpeg
    yield "nested.zip", _zip({"inner.zip": _zip({"a.jpg": jpeg})})


def _png(width: int, height: int, data: bytes, colour_type: int = 2) -> bytes:
    head = struct.pack(">IIBBBBB", width, height, 8, colour_type, 0, 0, 0)
    parts = (_chunk(b"IHDR", head), _chunk(b"IDAT", data), _chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _with_chunk(kind: bytes, data: bytes) -> bytes:
    png = saved(noise(), "PNG")
    return png[:33] + _chunk(kind, data) + png[33:]


def _webp_extended(width: int, height: int) -> bytes:
    head = b"VP8X" + struct.pack("<I", 10) + b"\x02\x00\x00\x00"
    head += (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    body = b"WEBP" + head + b"ANIM" + struct.pack("<IIH", 6, 0, 0)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def _gif_with_frame_outside() -> bytes:
    frame = b"\x2c" + struct.pack("<HHHH", 65_000, 65_000, 65_000, 65_000) + b"\x00\x02\x02\x4c\x01\x00"
    return b"GIF89a" + struct.pack("<HHBBB", 8, 8, 0, 0, 0) + frame + b"\x3b"


def _dot(at: int) -> Image.Image:
    frame = Image.new("P", (8, 8))
    frame.putpixel((at % 8, at // 8 % 8), at % 255 + 1)
    return frame


def _zip(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        for name, content in files.items():
            packed.writestr(name, content)
    return out.getvalue()


def _srgb() -> ImageCms.ImageCmsProfile:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))


def _srgb_bytes() -> bytes:
    return _srgb().tobytes()
