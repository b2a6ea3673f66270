"""Pictures with odd, false or damaged colour profiles."""

import struct
from collections.abc import Iterator

from PIL import ImageCms

from hostile.making import jpeg_segment, jpeg_with, noise, png_chunk, png_with, saved


def srgb() -> ImageCms.ImageCmsProfile:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))


def profiles() -> Iterator[tuple[str, bytes]]:
    good = srgb().tobytes()
    given = {
        "not-a-profile": b"not a profile" * 20,
        "short": good[:200],
        "header-only": good[:128],
        "lab-in-rgb": ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes(),
        "cmyk-said": _with(good, 16, b"CMYK"),
        "grey-said": _with(good, 16, b"GRAY"),
        "fifteen-colours": _with(good, 16, b"FCLR"),
        "device-link": _with(good, 12, b"link"),
        "abstract": _with(good, 12, b"abst"),
        "named-colours": _with(good, 12, b"nmcl"),
        "scanner": _with(good, 12, b"scnr"),
        "version-4": _with(good, 8, b"\x04\x40\x00\x00"),
        "version-5": _with(good, 8, b"\x05\x00\x00\x00"),
        "version-255": _with(good, 8, b"\xff\xff\xff\xff"),
        "said-larger": _with(good, 0, b"\x7f\xff\xff\xff"),
        "said-empty": _with(good, 0, bytes(4)),
        "no-mark": _with(good, 36, b"xxxx"),
        "no-tags": _with(good, 128, bytes(4)),
        "four-billion-tags": _with(good, 128, b"\xff\xff\xff\xff"),
        "tags-outside": _tags_at(good, 2**31),
        "tags-of-4-billion-bytes": _tags_long(good, 2**32 - 1),
        "tags-into-the-header": _tags_at(good, 0),
        "zeros-behind": good + bytes(3_000_000),
        "curve-of-a-billion": good.replace(b"para", b"curv"),
        "link-to-a-link": _with(good, 20, b"xxxx"),
    }  # fmt: skip
    for name, profile in given.items():
        yield f"profile-{name}.jpg", saved(noise(), "JPEG", icc_profile=profile)
    for name in ("not-a-profile", "short", "lab-in-rgb", "tags-outside"):
        yield f"profile-{name}.png", saved(noise(), "PNG", icc_profile=given[name])
        yield f"profile-{name}.webp", saved(noise(), "WEBP", icc_profile=given[name])
        yield f"profile-{name}.tiff", saved(noise(), "TIFF", icc_profile=given[name])
    yield "profile-rgb-in-grey.jpg", saved(noise().convert("L"), "JPEG", icc_profile=good)
    yield "profile-rgb-in-cmyk.jpg", saved(noise().convert("CMYK"), "JPEG", icc_profile=good)
    yield "profile-in-grey.avif", saved(noise().convert("L"), "AVIF", icc_profile=good)
    marker = b"ICC_PROFILE\x00"
    yield "profile-missing-part.jpg", jpeg_with(jpeg_segment(0xE2, marker + b"\x01\x03" + good))
    yield (
        "profile-255-parts.jpg",
        jpeg_with(*(jpeg_segment(0xE2, marker + bytes((at, 255)) + bytes(60_000)) for at in range(1, 256))),
    )
    yield "profile-part-0.jpg", jpeg_with(jpeg_segment(0xE2, marker + b"\x00\x00" + good))
    yield "profile-unpacked.png", png_with(png_chunk(b"iCCP", b"name\x00\x00" + good))
    yield "profile-without-name.png", png_with(png_chunk(b"iCCP", b"x" * 300))


def _with(profile: bytes, at: int, value: bytes) -> bytes:
    return profile[:at] + value + profile[at + len(value) :]


def _tags_at(profile: bytes, place: int) -> bytes:
    return _tags(profile, 4, place)


def _tags_long(profile: bytes, length: int) -> bytes:
    return _tags(profile, 8, length)


def _tags(profile: bytes, field: int, value: int) -> bytes:
    """The profile with one field of every entry of its table of tags set to a value."""
    count = struct.unpack_from(">I", profile, 128)[0]
    for entry in range(count):
        profile = _with(profile, 132 + 12 * entry + field, struct.pack(">I", value))
    return profile
