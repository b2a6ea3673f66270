"""AVIF and HEIF: boxes that nest, lie or name what is not there."""

import struct
from collections.abc import Iterator

from hostile.making import box, file_type, noise, saved


def boxes() -> Iterator[tuple[str, bytes]]:
    whole = saved(noise(), "AVIF")
    brand = file_type(b"avif", b"mif1", b"miaf")
    meta = whole.index(b"meta") - 4
    yield "box-only-type.avif", brand
    yield "box-too-long.avif", whole[:meta] + b"\x7f\xff\xff\xff" + whole[meta + 4 :]
    yield "box-of-nothing.avif", whole[:meta] + bytes(4) + whole[meta + 4 :]
    yield "box-of-64-bits.avif", brand + struct.pack(">I4sQ", 1, b"meta", 2**63) + bytes(64)
    yield "boxes-nested.avif", brand + _nested(b"meta", 5_000)
    yield "boxes-many.avif", brand + box(b"free") * 50_000 + whole[whole.index(b"meta") - 4 :]
    for name, kind in (
        ("size", b"ispe"),
        ("place", b"iloc"),
        ("link", b"ipma"),
        ("info", b"iinf"),
        ("codec", b"av1C"),
        ("bits", b"pixi"),
        ("item", b"pitm"),
    ):
        yield f"box-{name}-of-ones.avif", _overwritten(whole, kind, b"\xff")
        yield f"box-{name}-of-zeros.avif", _overwritten(whole, kind, b"\x00")
    yield "size-said-huge.avif", _sized(whole, 65_535, 65_535)
    yield "size-said-largest.avif", _sized(whole, 2**31 - 1, 2**31 - 1)
    yield "size-said-zero.avif", _sized(whole, 0, 0)
    yield "size-said-wide.avif", _sized(whole, 100_000, 1)
    yield "pixels-of-rubbish.avif", whole[: whole.index(b"mdat") + 4] + bytes(range(256)) * 4
    yield "grid-of-256.avif", _grid()
    yield "image-in-heif-brand.avif", whole.replace(b"ftypavif", b"ftypmif1", 1)
    for name in (b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1"):
        yield f"phone-{name.decode()}.heic", file_type(name, b"mif1", b"heic") + bytes(100)
    yield "phone-grid.heic", file_type(b"heic", b"mif1") + box(b"meta", bytes(4), box(b"iinf", b"\xff" * 20))
    yield "raw-camera.cr3", file_type(b"crx ", b"isom") + bytes(100)


def _nested(kind: bytes, levels: int) -> bytes:
    inside = b""
    for _ in range(levels):
        inside = box(kind, bytes(4), inside)
    return inside


def _overwritten(whole: bytes, kind: bytes, byte: bytes) -> bytes:
    """The file with everything inside the first such box set to one value."""
    at = whole.index(kind)
    size = struct.unpack(">I", whole[at - 4 : at])[0]
    return whole[: at + 4] + byte * (size - 8) + whole[at - 4 + size :]


def _sized(whole: bytes, width: int, height: int) -> bytes:
    at = whole.index(b"ispe") + 8
    return whole[:at] + struct.pack(">II", width, height) + whole[at + 8 :]


def _grid() -> bytes:
    """A picture that says it is a grid of 256 × 256 others."""
    whole = saved(noise(), "AVIF")
    at = whole.index(b"av01")
    grid = whole[:at] + b"grid" + whole[at + 4 :]
    start = grid.index(b"mdat") + 4
    return grid[:start] + b"\x00\x01\xff\xff" + struct.pack(">II", 65_535, 65_535) + grid[start + 12 :]
