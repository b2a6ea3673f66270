"""Pictures that other software makes and that have to be taken."""

from collections.abc import Iterator

import numpy as np
from PIL import Image, ImageCms

from hostile.making import bmp, gif, gif_frame, jpeg_segment, jpeg_with, noise, png_chunk, png_with, saved
from hostile.profiles import srgb


def odd_but_good() -> Iterator[tuple[str, bytes]]:
    yield from _modes()
    yield from _moving()
    yield from _turned()
    yield from _shapes()


def _modes() -> Iterator[tuple[str, bytes]]:
    base = noise()
    grey = np.asarray(base.convert("L"))
    yield "cmyk.jpg", saved(base.convert("CMYK"), "JPEG")
    yield "grey.jpg", saved(base.convert("L"), "JPEG")
    yield "progressive.jpg", saved(base, "JPEG", progressive=True)
    yield "no-subsampling.jpg", saved(base, "JPEG", subsampling=0)
    yield "restart-markers.jpg", saved(base, "JPEG", restart_marker_blocks=1)
    yield "worst-quality.jpg", saved(base, "JPEG", quality=1)
    yield "sixteen-bit.png", saved(Image.fromarray(grey.astype(np.uint16) * 257), "PNG")
    yield "palette.png", saved(base.quantize(16), "PNG")
    yield "palette-clear.png", saved(base.quantize(16), "PNG", transparency=0)
    yield "one-bit.png", saved(base.convert("1"), "PNG")
    yield "clear.png", saved(base.convert("RGBA"), "PNG")
    yield "all-clear.png", saved(Image.new("RGBA", (40, 40), (9, 9, 9, 0)), "PNG")
    yield "grey-alpha.png", saved(base.convert("LA"), "PNG")
    yield "key-colour.png", saved(base, "PNG", transparency=(0, 0, 0))
    yield "float.tiff", saved(Image.fromarray(grey.astype(np.float32) / 255), "TIFF")
    yield "nan.tiff", saved(Image.fromarray(np.full((32, 32), np.nan, dtype=np.float32)), "TIFF")
    yield "int32.tiff", saved(Image.fromarray(grey.astype(np.int32) * 70_000), "TIFF")
    lab = ImageCms.profileToProfile(base, srgb(), ImageCms.createProfile("LAB"), outputMode="LAB")
    yield "lab.tiff", saved(lab, "TIFF")
    yield "cmyk.tiff", saved(base.convert("CMYK"), "TIFF")
    yield "ycbcr.tiff", saved(base.convert("YCbCr"), "TIFF")
    for packing in ("tiff_lzw", "tiff_adobe_deflate", "packbits", "jpeg", "zstd", "tiff_deflate"):
        yield f"{packing.replace('_', '-')}.tiff", saved(base, "TIFF", compression=packing)
    for packing in ("group3", "group4", "tiff_ccitt"):
        yield f"{packing.replace('_', '-')}.tiff", saved(base.convert("1"), "TIFF", compression=packing)
    yield "lossless.webp", saved(base, "WEBP", lossless=True)
    yield "clear.webp", saved(base.convert("RGBA"), "WEBP")
    yield "clear.avif", saved(base.convert("RGBA"), "AVIF")
    yield "subsampled.avif", saved(base, "AVIF", subsampling="4:0:0")
    yield "grey.bmp", saved(base.convert("L"), "BMP")
    yield "one-bit.bmp", saved(base.convert("1"), "BMP")


def _moving() -> Iterator[tuple[str, bytes]]:
    base, other = noise(), noise(seed=2)
    for kind in ("gif", "webp", "png", "avif"):
        yield f"animated.{kind}", saved(base, kind.upper(), save_all=True, append_images=[other])
    yield "pages.tiff", saved(base, "TIFF", save_all=True, append_images=[other])
    yield "multi.jpg", saved(base, "MPO", save_all=True, append_images=[other])
    yield (
        "clear-animated.gif",
        saved(
            base.quantize(8),
            "GIF",
            save_all=True,
            append_images=[other.quantize(8)],
            transparency=0,
            disposal=2,
        ),
    )


def _turned() -> Iterator[tuple[str, bytes]]:
    for turn in (0, *range(2, 10), 65_535):
        exif = Image.Exif()
        exif[274] = turn
        yield f"turned-{turn}.jpg", saved(noise(), "JPEG", exif=exif)
    yield "turned.png", saved(noise(), "PNG", exif=exif)
    yield "turned.webp", saved(noise(), "WEBP", exif=exif)


def _shapes() -> Iterator[tuple[str, bytes]]:
    yield "smallest.png", saved(noise().resize((4, 4)), "PNG")
    yield "strip.png", saved(noise().resize((4, 2_000)), "PNG")
    yield "ribbon.jpg", saved(noise().resize((8_000, 8)), "JPEG")
    yield "odd-sides.jpg", saved(noise().resize((17, 31)), "JPEG")
    yield "interlaced.gif", saved(noise().quantize(8), "GIF", interlace=1)
    yield "not-interlaced.gif", saved(noise().quantize(8), "GIF", interlace=0)
    yield "smaller-frame.gif", gif(8, 8, gif_frame(4, 4, 4, 4))
    yield "top-down.bmp", bmp(16, -16, 24, bytes(range(256)) * 3)
    yield "rle8.bmp", bmp(16, 16, 8, b"\x10\x05\x00\x00" * 15 + b"\x10\x05\x00\x01", packing=1, colours=16)
    yield "comment.jpg", jpeg_with(jpeg_segment(0xFE, b"made by hand"))
    yield (
        "unknown-segments.jpg",
        jpeg_with(*(jpeg_segment(0xE0 + at, b"what is this") for at in range(3, 13))),
    )
    yield "unknown-chunks.png", png_with(*(png_chunk(b"xxXx", bytes(at)) for at in range(20)))
