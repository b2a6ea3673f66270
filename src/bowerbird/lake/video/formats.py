"""This file is about which videos are taken, told by how their bytes begin, and which decoders may run."""

from dataclasses import dataclass

MEDIA_TYPES = {"mp4": "video/mp4", "mov": "video/quicktime", "webm": "video/webm", "mkv": "video/x-matroska",
               "avi": "video/x-msvideo"}  # fmt: skip
"""Our name of a format → its media type."""

CODECS = (
    "h264", "hevc", "av1", "libdav1d", "vp8", "vp9", "libvpx", "libvpx-vp9", "mpeg4", "mjpeg", "prores",
    "mpeg1video", "mpeg2video", "msmpeg4", "msmpeg4v2", "msmpeg4v3", "h263", "dnxhd", "theora",
)  # fmt: skip
"""Decoders that a stranger's file may reach; FFmpeg has hundreds, some old and little tested."""

_EBML = b"\x1aE\xdf\xa3"
# Boxes that a QuickTime file may begin with, from the time before it said `ftyp`.
_OLD_QUICKTIME = (b"moov", b"mdat", b"wide", b"skip", b"pnot")
_PICTURE_BRANDS = (
    b"avif", b"avis", b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1", b"crx ",
)  # fmt: skip
ENDINGS = ("mp4", "m4v", "mov", "webm", "mkv", "avi")
"""How names of video files end."""
START_BYTES = 64
"""How many bytes of a file are enough to tell."""


@dataclass(frozen=True, slots=True)
class VideoKind:
    """A kind of file: its name here, and the one FFmpeg demuxer that may read it."""

    name: str
    demuxer: str


def names_video(value: object) -> bool:
    """Whether a cell names a video file, and no page that plays one."""
    if not isinstance(value, str):
        return False
    return value.partition("?")[0].lower().rpartition(".")[2].strip() in ENDINGS


def video_kind(start: bytes) -> VideoKind | None:
    """What kind of video begins with these bytes; None for everything that is not taken as one."""
    if start.startswith(_EBML):
        return VideoKind("webm" if b"webm" in start[:START_BYTES] else "mkv", "matroska")
    if start[:4] == b"RIFF" and start[8:12] == b"AVI ":
        return VideoKind("avi", "avi")
    if start[4:8] == b"ftyp" and start[8:12] not in _PICTURE_BRANDS:
        return VideoKind("mov" if start[8:12] == b"qt  " else "mp4", "mov")
    if start[4:8] in _OLD_QUICKTIME:
        return VideoKind("mov", "mov")
    return None
