"""Zips as sources: bombs, entries that lie, and names that want out."""

import io
import struct
import zipfile
import zlib
from collections.abc import Iterator
from typing import IO

from hostile.making import noise, saved, zipped

_LINK = 0o120777 << 16


def archives() -> Iterator[tuple[str, bytes]]:
    """Zips in which the picture `good.jpg` is to be found, whatever else is wrong."""
    for name, put in _ODD.items():
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as packed:
            packed.writestr("good.jpg", saved(noise(), "JPEG"))
            put(packed)
        yield name, out.getvalue()
    yield "encrypted", _patched(zipped(_two()), flags=1)
    yield "says-less", _patched(zipped(_two()), size=10)
    yield "says-much", _patched(zipped(_two()), size=2**31)
    yield "wrong-check", _patched(zipped(_two()), check=1)
    yield "way-of-packing-99", _patched(zipped(_two()), packing=99)
    yield "overlapping", _overlapping()
    yield "rubbish-before", b"MZ" + bytes(5_000) + zipped({"good.jpg": saved(noise(), "JPEG")})


def no_archives() -> Iterator[tuple[str, bytes]]:
    """What is called a zip and cannot be read as one."""
    whole = zipped(_two())
    yield "empty", b""
    yield "text", b"this is no zip"
    yield "cut", whole[: len(whole) // 2]
    yield "directory-of-4-billion", _patched_end(whole, length=2**32 - 2)


def _two() -> dict[str, bytes]:
    return {"good.jpg": saved(noise(), "JPEG"), "other.jpg": saved(noise(seed=2), "JPEG")}


def _names(packed: zipfile.ZipFile) -> None:
    other = saved(noise(seed=2), "JPEG")
    for name in (
        "../../outside.jpg", "/etc/absolute.jpg", "C:\\windows\\drive.jpg", "..\\..\\back.jpg", "a/../b.jpg",
        "new\nline.jpg", "\u202egpj.exe.jpg", "a" * 250 + ".jpg", "deep/" * 200 + "deep.jpg",
        "\U0001f600.jpg", "//host/share.jpg", "./here.jpg",
    ):  # fmt: skip
        packed.writestr(name, other)


def _links(packed: zipfile.ZipFile) -> None:
    for name, aim in (("passwd.jpg", b"/etc/passwd"), ("up.jpg", b"../../up.jpg"), ("self.jpg", b"self.jpg")):
        info = zipfile.ZipInfo(name)
        info.external_attr = _LINK
        packed.writestr(info, aim)


def _same_names(packed: zipfile.ZipFile) -> None:
    for seed in (2, 3, 4):
        info = zipfile.ZipInfo("same.jpg")
        _write_quietly(packed, info, saved(noise(seed=seed), "JPEG"))


def _write_quietly(packed: zipfile.ZipFile, info: zipfile.ZipInfo, content: bytes) -> None:
    packed.NameToInfo.pop(info.filename, None)  # or the writer would warn of what we want
    packed.writestr(info, content)


def _bombs(packed: zipfile.ZipFile) -> None:
    for name, packing in (
        ("zeros", zipfile.ZIP_DEFLATED),
        ("bzip2", zipfile.ZIP_BZIP2),
        ("lzma", zipfile.ZIP_LZMA),
    ):
        with packed.open(_packed_info(f"{name}.jpg", packing), "w") as entry:
            _write_zeros(entry, 100)
    start = saved(noise(), "PNG")
    with packed.open(_packed_info("picture-then-zeros.png", zipfile.ZIP_DEFLATED), "w") as entry:
        entry.write(start)
        _write_zeros(entry, 100)


def _packed_info(name: str, packing: int) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.compress_type = packing
    return info


def _write_zeros(out: IO[bytes], megabytes: int) -> None:
    block = bytes(2**20)
    for _ in range(megabytes):
        out.write(block)


def _nested(packed: zipfile.ZipFile) -> None:
    inner = zipped({"deep.jpg": saved(noise(), "JPEG")})
    for _ in range(20):
        inner = zipped({"inner.zip": inner})
    packed.writestr("inner.zip", inner)
    packed.writestr(
        "42.zip", zipped({f"lib {at}.zip": zipped({"0.dll": bytes(100_000)}) for at in range(16)})
    )


def _many(packed: zipfile.ZipFile) -> None:
    for at in range(20_000):
        packed.writestr(f"{at % 100}/{at}.txt", b"")


def _folders(packed: zipfile.ZipFile) -> None:
    packed.writestr("folder.jpg/", b"")
    packed.writestr("folder.jpg/inside.jpg", saved(noise(seed=2), "JPEG"))
    packed.writestr("empty/", b"")


def _sidecars(packed: zipfile.ZipFile) -> None:
    packed.writestr("good.json", b'{"title": "Good", "id": "../../good"}')
    packed.writestr("other.jpg", saved(noise(seed=2), "JPEG"))
    packed.writestr("other.json", b"[" * 100_000)
    packed.writestr("third.jpg", saved(noise(seed=3), "JPEG"))
    packed.writestr("third.txt", b"word " * 100_000)


_ODD = {
    "names": _names, "links": _links, "same-names": _same_names, "bombs": _bombs, "nested": _nested,
    "many": _many, "folders": _folders, "sidecars": _sidecars,
}  # fmt: skip


def _patched(
    whole: bytes,
    *,
    flags: int | None = None,
    size: int | None = None,
    check: int | None = None,
    packing: int | None = None,
) -> bytes:
    """The zip with one number changed in what it says of its last entry, in both places."""
    changed = bytearray(whole)
    for mark, shift in ((b"PK\x03\x04", 0), (b"PK\x01\x02", 2)):
        at = changed.rindex(mark) + shift
        for value, place, form in ((flags, 6, "<H"), (packing, 8, "<H"), (check, 14, "<I"), (size, 22, "<I")):
            if value is not None:
                struct.pack_into(form, changed, at + place, value)
    return bytes(changed)


def _patched_end(whole: bytes, *, length: int) -> bytes:
    """The zip that says another length of its directory."""
    changed = bytearray(whole)
    struct.pack_into("<I", changed, changed.rindex(b"PK\x05\x06") + 12, length)
    return bytes(changed)


def _overlapping() -> bytes:
    """Two hundred entries that are the same packed zeros, each said to be 100 MB."""
    data = zlib.compress(bytes(100 * 2**20), 9)[2:-4]
    check = zlib.crc32(bytes(100 * 2**20))
    good = saved(noise(), "JPEG")
    parts = [_local(b"good.jpg", good, good, 0), _local(b"zeros.jpg", data, bytes(100 * 2**20), 8, check)]
    listed = [_listed(b"good.jpg", good, len(good), zlib.crc32(good), 0, 0)]
    listed += [_listed(b"z%03d.jpg" % at, data, 100 * 2**20, check, 8, len(parts[0])) for at in range(200)]
    body, directory = b"".join(parts), b"".join(listed)
    end = struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, len(listed), len(listed), len(directory), len(body), 0)
    return body + directory + end


def _local(name: bytes, data: bytes, content: bytes, packing: int, check: int | None = None) -> bytes:
    check = zlib.crc32(content) if check is None else check
    head = struct.pack(
        "<IHHHHHIIIHH", 0x04034B50, 20, 0, packing, 0, 0, check, len(data), len(content), len(name), 0
    )
    return head + name + data


def _listed(name: bytes, data: bytes, size: int, check: int, packing: int, place: int) -> bytes:
    return struct.pack(
        "<IHHHHHHIIIHHHHHII", 0x02014B50, 20, 20, 0, packing, 0, 0, check, len(data), size, len(name),
        0, 0, 0, 0, 0, place,
    ) + name  # fmt: skip
