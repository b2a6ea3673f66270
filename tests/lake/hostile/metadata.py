"""Words and numbers beside the pixels (EXIF, IPTC, XMP, comments) that loop, lie or are too many."""

import struct
import zlib
from collections.abc import Iterator

from PIL import Image

from hostile.making import (
    TiffEntry,
    gif,
    gif_frame,
    jpeg_segment,
    jpeg_with,
    long,
    noise,
    png_chunk,
    png_with,
    saved,
    short,
    tiff,
)  # fmt: skip


def metadata() -> Iterator[tuple[str, bytes]]:
    yield from _exif()
    yield from _xmp()
    yield from _iptc()
    yield from _comments()


def _exif() -> Iterator[tuple[str, bytes]]:
    texts: TiffEntry = (270, 2, 5_000, struct.pack("<I", 40))
    given = {
        "bad": b"II*\x00\xff\xff\xff\xff",
        "empty": b"",
        "cut": b"II*\x00\x08",
        "loop": tiff([long(34665, 8)]),
        "next-is-itself": tiff([short(274, 1)], following=8),
        "two-that-call-each-other": tiff([long(34665, 26)], struct.pack("<HHHIII", 1, 34665, 4, 1, 8, 0)),
        "place-loop": tiff([long(34853, 8)]),
        "65535-entries": tiff([short(274, 1)], count=65_535),
        "65535-real-entries": tiff([short(at, 1) for at in range(5_000)]),
        "value-outside": tiff([(270, 2, 100, b"\xff\xff\xff\x7f")]),
        "value-of-4-billion": tiff([(270, 2, 2**32 - 1, struct.pack("<I", 8))]),
        "value-overlaps": tiff([texts] * 500, b"a" * 6_000),
        "type-0": tiff([(274, 0, 1, b"\x06\x00\x00\x00")]),
        "type-200": tiff([(274, 200, 1, b"\x06\x00\x00\x00")]),
        "turn-is-text": tiff([(274, 2, 4, b"six\x00")]),
        "turn-is-many": tiff([(274, 3, 2, b"\x06\x00\x08\x00")]),
        "turn-is-a-fraction": tiff([(274, 5, 1, struct.pack("<I", 30))], struct.pack("<II", 6, 0)),
        "divided-by-zero": tiff([(282, 5, 1, struct.pack("<I", 30)), long(270, 1)], struct.pack("<II", 1, 0)),
        "thumbnail-outside": tiff([long(513, 2**31), long(514, 2**31)]),
        "maker-note": tiff([(37500, 7, 60_000, struct.pack("<I", 26))], bytes(60_000)),
        "not-utf8": tiff([(270, 2, 8, struct.pack("<I", 26))], b"\xff\xfe\xfd\xfc\xfb\xfa\xf9\x00"),
        "odd-utf16": tiff([(40091, 1, 7, struct.pack("<I", 26))], b"\x00\xd8\x00\xd8a\x00b"),
        "big-endian-in-little": b"MM\x00*" + tiff([short(274, 6)])[4:],
        "big-tiff": b"II+\x00\x08\x00\x00\x00" + struct.pack("<Q", 8),
    }  # fmt: skip
    for name, block in given.items():
        yield f"exif-{name}.jpg", saved(noise(), "JPEG", exif=b"Exif\x00\x00" + block)
    for name in ("loop", "65535-entries", "value-of-4-billion", "next-is-itself"):
        yield f"exif-{name}.png", png_with(png_chunk(b"eXIf", given[name]))
        yield f"exif-{name}.webp", saved(noise(), "WEBP", exif=b"Exif\x00\x00" + given[name])
        yield f"exif-{name}.avif", saved(noise(), "AVIF", exif=given[name])
    yield (
        "exif-hundred-times.jpg",
        jpeg_with(*[jpeg_segment(0xE1, b"Exif\x00\x00" + given["65535-real-entries"])] * 100),
    )
    raw = zlib.compress(b"\nexif\n  9999999\n" + b"00" * 5_000)
    yield "exif-raw-profile.png", png_with(png_chunk(b"zTXt", b"Raw profile type exif\x00\x00" + raw))


def _xmp() -> Iterator[tuple[str, bytes]]:
    lol = "".join(f'<!ENTITY l{at} "{f"&l{at - 1};" * 10}">' for at in range(1, 10))
    given = {
        "many-entities": "<x:xmpmeta><dc:title>" + "&lol;" * 10_000,
        "billion-laughs": f'<!DOCTYPE x [<!ENTITY l0 "ha">{lol}]><dc:title><rdf:li>&l9;</rdf:li></dc:title>',
        "external": '<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]><dc:title><rdf:li>&f;</rdf:li></dc:title>',
        "deep": "<rdf:Seq>" * 6_000,
        "never-closed": "<dc:title>" + "<rdf:li>" * 5_000,
        "many-keywords": "<dc:subject>" + "<rdf:li>word</rdf:li>" * 2_500 + "</dc:subject>",
        "closed-before-opened": "</dc:title><dc:title>",
        "control-letters": "<dc:title><rdf:li>\x01\x02\u202egnp.exe\u0000</rdf:li></dc:title>",
        "long-title": f"<dc:title><rdf:li>{'a' * 60_000}</rdf:li></dc:title>",
        "script": "<dc:title><rdf:li>&lt;script&gt;alert(1)&lt;/script&gt;</rdf:li></dc:title>",
    }
    for name, packet in given.items():
        yield f"xmp-{name}.jpg", saved(noise(), "JPEG", xmp=packet.encode())
    yield "xmp-many-entities.webp", saved(noise(), "WEBP", xmp=given["many-entities"].encode())
    yield (
        "xmp-not-utf8.jpg",
        saved(noise(), "JPEG", xmp=b"<dc:title><rdf:li>\xff\xfe\xfa</rdf:li></dc:title>"),
    )
    extended = b"http://ns.adobe.com/xmp/extension/\x00" + b"0" * 32 + struct.pack(">II", 2**32 - 1, 0)
    yield "xmp-extended-lies.jpg", jpeg_with(jpeg_segment(0xE1, extended + bytes(1_000)))


def _iptc() -> Iterator[tuple[str, bytes]]:
    field = b"\x1c\x02\x05"
    given = {
        "too-long": field + b"\x7f\xff" + b"title",
        "very-long": field + b"\x84\x7f\xff\xff\xff" + b"title",
        "length-of-127-bytes": field + b"\xff\xff" + bytes(200),
        "rubbish": bytes(range(256)) * 4,
        "ten-thousand": (b"\x1c\x02\x19\x00\x03abc") * 8_000,
    }
    for name, block in given.items():
        part = b"Photoshop 3.0\x008BIM\x04\x04\x00\x00" + struct.pack(">I", len(block)) + block
        yield f"iptc-{name}.jpg", jpeg_with(jpeg_segment(0xED, part[:65_000]))
    lying = b"Photoshop 3.0\x008BIM\x04\x04\x00\x00\xff\xff\xff\xff" + bytes(100)
    yield "iptc-block-lies.jpg", jpeg_with(jpeg_segment(0xED, lying))
    yield (
        "iptc-endless-blocks.jpg",
        jpeg_with(jpeg_segment(0xED, b"Photoshop 3.0\x00" + b"8BIM\x00\x00\x00\x00" * 7_000)),
    )


def _comments() -> Iterator[tuple[str, bytes]]:
    yield "comments-thousand.jpg", jpeg_with(*[jpeg_segment(0xFE, b"x" * 5_000)] * 1_000)
    block = b"\x21\xfe" + (b"\xff" + b"c" * 255) * 2_000 + b"\x00"
    yield "comment-of-half-a-megabyte.gif", gif(8, 8, block, gif_frame(0, 0, 8, 8))
    yield "comment-never-ends.gif", gif(64, 64, b"\x21\xfe" + (b"\xff" + b"c" * 255) * 50)
    exif = Image.Exif()
    exif[270] = "=cmd|'/c calc'!A1\x00\u202e<img src=x onerror=alert(1)>"
    yield "title-for-a-spreadsheet.jpg", saved(noise(), "JPEG", exif=exif)
    yield "text-without-end.png", png_with(png_chunk(b"tEXt", b"Title" * 100))
    yield (
        "text-key-of-nothing.png",
        png_with(png_chunk(b"tEXt", b"\x00"), png_chunk(b"zTXt", b""), png_chunk(b"iTXt", b"\x00")),
    )
