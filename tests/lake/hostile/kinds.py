"""Files of other kinds under the names of pictures, and files that are two things at once."""

import gzip
import struct
from collections.abc import Iterator

import numpy as np

from hostile.making import box, file_type, noise, saved, zipped


def other_kinds() -> Iterator[tuple[str, bytes]]:
    yield "page.jpg", b"<!doctype html><html><body>404</body></html>"
    yield "page-with-mark.jpg", b"\xef\xbb\xbf\n  <HTML><script>alert(1)</script>"
    yield "answer.jpg", b'{"error": "not found"}'
    yield "document.jpg", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"
    yield "print.eps", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 99999 99999\n"
    yield "print-runs.jpg", b"%!PS\n(%pipe%id) (w) file\nshowpage\n"
    yield "dos-print.eps", b"\xc5\xd0\xd3\xc6" + bytes(60)
    yield "layers.psd", b"8BPS\x00\x01" + bytes(40)
    yield "archive.png", zipped({"a.txt": b"a"})
    yield "packed.jpg", b"\x1f\x8b\x08" + bytes(50)
    yield "really-packed.jpg", gzip.compress(saved(noise(), "JPEG"))
    yield "seven.jpg", b"7z\xbc\xaf\x27\x1c" + bytes(60)
    yield "rar.jpg", b"Rar!\x1a\x07\x01\x00" + bytes(60)
    yield "program.png", b"\x7fELF\x02\x01\x01" + bytes(60)
    yield "windows-program.jpg", b"MZ\x90\x00" + bytes(200)
    yield "script.jpg", b"#!/bin/sh\nrm -rf /\n"
    yield "icon.ico", b"\x00\x00\x01\x00\x01\x00\x10\x10" + bytes(60)
    yield "cursor.cur", b"\x00\x00\x02\x00\x01\x00\x10\x10" + bytes(60)
    yield "portable.ppm", b"P6 8 8 255\n" + bytes(192)
    yield "targa.tga", b"\x00\x00\x02" + bytes(9) + struct.pack("<HH", 8, 8) + b"\x18\x00" + bytes(192)
    yield "jpeg2000.jp2", b"\x00\x00\x00\x0cjP  \r\n\x87\n" + bytes(60)
    yield "jpeg2000.jpg", b"\xff\x4f\xff\x51" + bytes(60)
    yield "jpeg-xl.jxl", b"\xff\x0a" + bytes(60)
    yield "jpeg-xl-box.jxl", b"\x00\x00\x00\x0cJXL \r\n\x87\n" + bytes(60)
    yield "sun.ras", b"\x59\xa6\x6a\x95" + bytes(60)
    yield "silicon.sgi", b"\x01\xda\x00\x01" + bytes(600)
    yield "radiance.hdr", b"#?RADIANCE\n\n-Y 8 +X 8\n" + bytes(256)
    yield "open.exr", b"\x76\x2f\x31\x01" + bytes(60)
    yield "direct.dds", b"DDS \x7c\x00\x00\x00" + bytes(200)
    yield "meta.wmf", b"\xd7\xcd\xc6\x9a" + bytes(60)
    yield "flash.swf", b"CWS\x0a" + bytes(60)
    yield "font.woff", b"wOFF" + bytes(60)
    yield "base.sqlite", b"SQLite format 3\x00" + bytes(100)
    yield "encoded.jpg", b"data:image/jpeg;base64,/9j/4AAQSkZJRg=="
    yield from _drawings()
    yield from _films()


def _drawings() -> Iterator[tuple[str, bytes]]:
    """SVG is never drawn, whatever is in it."""
    head = b'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink">'
    given = {
        "script": b"<script>alert(1)</script>",
        "link": b'<image xlink:href="http://127.0.0.1/secret.png"/>',
        "file": b'<image xlink:href="file:///etc/passwd"/>',
        "foreign": b"<foreignObject><iframe src='http://127.0.0.1'/></foreignObject>",
        "use-loop": b'<g id="a"><use href="#a"/></g>',
        "huge": b'<rect width="1e30" height="1e30"/>',
        "filter": b'<filter id="f"><feTurbulence numOctaves="1000000"/></filter>',
    }
    for name, content in given.items():
        yield f"drawing-{name}.svg", head + content + b"</svg>"
    lol = "".join(f'<!ENTITY l{at} "{f"&l{at - 1};" * 10}">' for at in range(1, 10))
    yield (
        "drawing-laughs.svg",
        f'<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY l0 "ha">{lol}]><svg>&l9;</svg>'.encode(),
    )
    yield (
        "drawing.jpg",
        b'<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]><svg>&x;</svg>',
    )
    yield "drawing-packed.svgz", gzip.compress(head + b"</svg>")
    yield "drawing-late.svg", b"<!-- " + b"x" * 5_000 + b" -->" + head + b"</svg>"
    yield "drawing-utf16.svg", "<?xml version='1.0'?><svg/>".encode("utf-16")


def _films() -> Iterator[tuple[str, bytes]]:
    """Broken and cut videos; whole ones are the business of `test_video.py`."""
    kind = file_type(b"isom", b"iso2", b"avc1", b"mp41")
    yield "film.mp4", kind + bytes(100)
    yield "film-type-only.mp4", kind
    yield (
        "film-lies.mp4",
        kind + box(b"moov", box(b"mvhd", b"\xff" * 100), box(b"trak", box(b"tkhd", b"\xff" * 84))),
    )
    yield "film-nested.mp4", kind + _nested(2_000)
    yield "film-of-nothing.mp4", kind + box(b"mdat", bytes(10_000))
    yield "film-too-long-box.mp4", kind + b"\x7f\xff\xff\xffmoov" + bytes(64)
    yield "film.jpg", b"\x1aE\xdf\xa3" + bytes(100)
    yield (
        "film-sizes-unknown.webm",
        b"\x1aE\xdf\xa3\x01\xff\xff\xff\xff\xff\xff\xff" + b"\x18\x53\x80\x67\x01" + b"\xff" * 300,
    )
    yield "film.avi", b"RIFF\x00\x10\x00\x00AVI LIST" + bytes(100)
    yield (
        "film-index-lies.avi",
        b"RIFF\xff\xff\xff\xffAVI LIST\xff\xff\xff\xffhdrlavih\x38\x00\x00\x00" + b"\xff" * 56,
    )
    yield (
        "film-old.mov",
        box(b"moov", box(b"rmra", box(b"rmda", box(b"rdrf", bytes(4), b"url ", b"file:///etc/passwd")))),
    )
    yield "film.flv", b"FLV\x01\x05\x00\x00\x00\x09" + bytes(100)
    yield "film.ogv", b"OggS\x00\x02" + bytes(100)
    yield "film.mpg", b"\x00\x00\x01\xba" + bytes(100)
    yield "playlist.m3u8", b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n"
    yield "playlist.mp4", b"#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1/\n"
    yield "subtitles.mp4", b"ffconcat version 1.0\nfile /etc/passwd\n"


def _nested(levels: int) -> bytes:
    inside = b""
    for _ in range(levels):
        inside = box(b"moov", inside)
    return inside


def polyglots() -> Iterator[tuple[str, bytes]]:
    """Files that are two things at once."""
    jpeg, gif, png = saved(noise(), "JPEG"), saved(noise(), "GIF"), saved(noise(), "PNG")
    bmp, webp = saved(noise(), "BMP"), saved(noise(), "WEBP")
    page, script = b"<html><script>alert(1)</script></html>", b"*/=1;alert(1)"
    packed, pdf = zipped({"evil.sh": b"#!/bin/sh\n"}), b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\n%%EOF"
    for name, picture in (("jpg", jpeg), ("png", png), ("gif", gif), ("bmp", bmp), ("webp", webp)):
        yield f"picture-and-zip.{name}", picture + packed
        yield f"picture-and-page.{name}", picture + page
        yield f"picture-and-pdf.{name}", picture + pdf
        yield f"picture-and-php.{name}", picture + b"<?php system($_GET[0]); ?>"
        yield f"picture-and-program.{name}", picture + b"\x7fELF\x02\x01\x01" + bytes(60)
    yield "script-and-picture.gif", gif[:6] + b"/*" + gif[8:] + script
    yield "script-and-picture.bmp", b"BM/*" + bmp[4:] + script
    yield "picture-and-rubbish.png", png + np.random.default_rng(9).bytes(4_000)
    yield "two-pictures.jpg", jpeg + jpeg
    yield "jpeg-and-png.jpg", jpeg + png
    yield "png-and-jpeg.png", png + jpeg
    yield "page-and-picture.jpg", b"<html>" + jpeg
    yield "pdf-and-picture.jpg", b"%PDF-1.4\n" + jpeg
    yield "zip-with-picture.jpg", zipped({"a.jpg": jpeg})
    yield "nested-zip.jpg", zipped({"inner.zip": zipped({"a.jpg": jpeg})})
    yield (
        "java-in-picture.gif",
        gif + zipped({"META-INF/MANIFEST.MF": b"Main-Class: Evil\n", "Evil.class": b"\xca\xfe\xba\xbe"}),
    )
