"""TIFFs whose directories loop, lie, or point elsewhere."""

import struct
import zlib
from collections.abc import Iterator

from hostile.making import TiffEntry, grey_tiff, long, noise, saved, short, tiff

_PACKINGS = (
    2,
    3,
    4,
    5,
    6,
    7,
    8,
    32_773,
    32_809,
    32_946,
    34_661,
    34_676,
    34_677,
    34_712,
    34_887,
    34_925,
    50_000,
    50_001,
    65_000,
)


def directories() -> Iterator[tuple[str, bytes]]:
    yield from _directories()
    yield from _strips_and_tiles()
    for packing in _PACKINGS:
        yield (
            f"packing-{packing}-of-rubbish.tiff",
            grey_tiff(64, 64, packing=packing, strip=bytes(range(256)) * 16),
        )
    yield "packing-bomb.tiff", grey_tiff(64, 64, packing=8, strip=zlib.compress(bytes(80_000_000), 9))
    yield "lzw-bomb.tiff", grey_tiff(8_000, 8_000, packing=5, strip=b"\x80\x00" + b"\x00" * 5_000)


def _directories() -> Iterator[tuple[str, bytes]]:
    pixels: TiffEntry = long(273, 8)
    yield "loop.tiff", tiff([], following=8)
    yield (
        "loop-with-pixels.tiff",
        tiff(
            [
                long(256, 64),
                long(257, 64),
                short(258, 8),
                short(259, 1),
                short(262, 1),
                pixels,
                long(278, 64),
                long(279, 4_096),
            ],
            bytes(8_192),
            following=8,
        ),
    )
    yield "65535-entries.tiff", tiff([short(256, 64)], count=65_535)
    yield (
        "5000-real-entries.tiff",
        grey_tiff(64, 64, *(short(at, 1) for at in range(1_000, 6_000)), strip=bytes(4_096)),
    )
    yield (
        "entry-of-4-billion.tiff",
        grey_tiff(64, 64, (270, 2, 2**32 - 1, b"\x08\x00\x00\x00"), strip=bytes(4_096)),
    )
    yield "directory-outside.tiff", b"II*\x00\xff\xff\xff\x7f"
    yield "directory-in-header.tiff", b"II*\x00" + bytes(100)
    yield "no-size.tiff", tiff([short(258, 8), short(262, 1)])
    yield "size-is-text.tiff", grey_tiff(64, 64, (256, 2, 4, b"wide"), strip=bytes(4_096))
    yield "size-is-negative.tiff", grey_tiff(64, 64, (256, 9, 1, b"\xff\xff\xff\xff"), strip=bytes(4_096))
    yield "sub-directory-loop.tiff", grey_tiff(64, 64, (330, 4, 1, b"\x08\x00\x00\x00"), strip=bytes(4_096))
    yield "big-tiff.tiff", b"II+\x00\x08\x00\x00\x00" + struct.pack("<QQ", 16, 2**63)
    whole = saved(noise(), "TIFF", save_all=True, append_images=[noise(seed=at) for at in range(2, 200)])
    yield "199-pages.tiff", whole


def _strips_and_tiles() -> Iterator[tuple[str, bytes]]:
    strip, place = bytes(4_096), b"\x08\x00\x00\x00"
    given: dict[str, tuple[TiffEntry, ...]] = {
        "strip-outside": (long(273, 2**31),),
        "strip-of-4-billion": (long(279, 2**32 - 1),),
        "strips-of-no-rows": (long(278, 0),),
        "rows-of-4-billion": (long(278, 2**32 - 1),),
        "many-strips": (long(278, 1), (273, 4, 60_000, place), (279, 4, 60_000, place)),
        "tiles-outside": (
            long(322, 16), long(323, 16), (324, 4, 16, b"\xff\xff\xff\x0f"), (325, 4, 16, place),
        ),
        "tiles-of-nothing": (long(322, 0), long(323, 0), long(324, 8), long(325, 16)),
        "tiles-of-4-billion": (long(322, 2**32 - 16), long(323, 2**32 - 16), long(324, 8), long(325, 16)),
        "tiles-of-one": (long(322, 1), long(323, 1), long(324, 8), long(325, 16)),
        "65535-samples": (short(277, 65_535),),
        "no-samples": (short(277, 0),),
        "bits-of-65535": (short(258, 65_535),),
        "no-bits": (short(258, 0),),
        "planes-apart": (short(284, 2), short(277, 200)),
        "palette-missing": (short(262, 3),),
        "photometric-65535": (short(262, 65_535),),
        "fill-order-9": (short(266, 9),),
        "predictor-77": (short(317, 77), short(259, 5)),
        "float-of-eight-bits": (short(339, 3),),
        "complex-numbers": (short(339, 6), short(258, 64)),
    }  # fmt: skip
    for name, entries in given.items():
        yield f"{name}.tiff", grey_tiff(64, 64, *entries, strip=strip)
