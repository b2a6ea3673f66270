"""This file is about a decode worker: a process that turns one picture after another into facts.

It talks in frames of plain lengths, JSON and bytes, never in pickles: a worker that a hostile file has taken
over must not be able to run code in the process that asked. It shuts itself in before the first picture:
limited memory, limited processor time a picture, no files written, few opened.
"""

import math
import os
import signal
import struct
import sys
from collections.abc import Iterator
from dataclasses import asdict, fields, replace
from typing import Any, BinaryIO

import orjson
from PIL import Image

from bowerbird.core.errors import PictureError
from bowerbird.lake.media_decoding import decode_media
from bowerbird.lake.pictures import PictureLimits, Region, decode_picture
from bowerbird.lake.types import DecodedPicture, Moving, MovingFrame
from bowerbird.lake.video.limits import VideoLimits
from bowerbird.lake.video.preview import make_preview, make_still

_LENGTHS = struct.Struct(">IQ")
_MAX_HEADER_BYTES = 2**20
_MAX_BODY_BYTES = 2**32
WARM_PICTURE = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000008000000080800000000e164e1570000001049444154"
    "78da633cc100014c0c1431003a0000d86cc9a5660000000049454e44ae426082"
)
"""A grey square."""


def write_frame(out: BinaryIO, header: object, body: bytes = b"") -> None:
    """One frame: lengths, JSON, bytes."""
    text = orjson.dumps(header)
    out.write(_LENGTHS.pack(len(text), len(body)))
    out.write(text)
    out.write(body)
    out.flush()


def read_frame(source: BinaryIO) -> tuple[object, bytes] | None:
    """The next frame, or None where the other side has gone.

    Raises:
        ValueError: what came is no frame.
    """
    lengths = source.read(_LENGTHS.size)
    if len(lengths) < _LENGTHS.size:
        return None
    header_bytes, body_bytes = _LENGTHS.unpack(lengths)
    if header_bytes > _MAX_HEADER_BYTES or body_bytes > _MAX_BODY_BYTES:
        raise ValueError(f"a frame of {header_bytes} + {body_bytes} bytes was received; a frame is smaller")
    header = source.read(header_bytes)
    body = source.read(body_bytes)
    if len(header) < header_bytes or len(body) < body_bytes:
        return None
    return orjson.loads(header), body


def reply_of(decoded: DecodedPicture) -> tuple[dict[str, object], bytes]:
    """A decoded picture, or video, as one frame."""
    parts: list[bytes] = []
    facts = _without_bytes(decoded, parts)
    if decoded.moving is not None:
        moving = _without_bytes(decoded.moving, parts)
        moving["frames"] = [_without_bytes(frame, parts) for frame in decoded.moving.frames]
        facts["moving"] = moving
    return {"decoded": facts, "lengths": [len(part) for part in parts]}, b"".join(parts)


def decoded_of(header: object, body: bytes) -> DecodedPicture:
    """The decoded picture, or video, of one frame.

    Raises:
        PictureError: the worker refused the picture.
        AssertionError, KeyError, TypeError, ValueError, IndexError: it talks nonsense.
    """
    header = _accepted(header)
    facts, lengths = header["decoded"], header["lengths"]
    assert isinstance(facts, dict)
    assert isinstance(lengths, list)
    parts = _cut_up(body, lengths)
    said = facts.pop("moving", None)
    decoded = DecodedPicture(**_with_bytes(facts, ("thumb_jpeg", "thumbhash"), parts))
    return decoded if said is None else replace(decoded, moving=_moving_of(said, parts))


def picture_of(header: object, body: bytes) -> bytes:
    """The picture or animation that a worker made.

    Raises:
        PictureError: the worker refused.
        AssertionError: it talks nonsense.
    """
    assert _accepted(header).get("made") is True
    assert body[:3] == b"\xff\xd8\xff" or (body[:4] == b"RIFF" and body[8:12] == b"WEBP")
    return body


def _accepted(header: object) -> dict[str, Any]:
    assert isinstance(header, dict)
    if refused := header.get("refused"):
        assert isinstance(refused, dict)
        raise PictureError(str(refused["message"]), code=str(refused["code"]), hint=str(refused["hint"]))
    return header


def _moving_of(said: object, parts: Iterator[bytes]) -> Moving:
    assert isinstance(said, dict)
    frames = said.pop("frames")
    assert isinstance(frames, list)
    facts = _with_bytes(said, ("poster_jpeg",), parts)
    made = tuple(MovingFrame(**_with_bytes(frame, ("thumb_jpeg", "thumbhash"), parts)) for frame in frames)
    moving = Moving(**facts, frames=made)
    assert 0 <= moving.poster < len(moving.frames)
    return moving


def _without_bytes(thing: DecodedPicture | Moving | MovingFrame, parts: list[bytes]) -> dict[str, object]:
    """Its fields as JSON has them; bytes go to `parts`, in the order of the fields."""
    facts: dict[str, object] = {}
    for field in fields(thing):
        value = getattr(thing, field.name)
        if isinstance(value, bytes):
            parts.append(value)
        elif field.name not in ("moving", "frames") or isinstance(value, int):
            facts[field.name] = value
    return facts


def _with_bytes(facts: dict[str, Any], names: tuple[str, ...], parts: Iterator[bytes]) -> dict[str, Any]:
    if "colours" in facts:
        facts["colours"] = tuple(facts["colours"])
    return {**facts, **{name: next(parts, b"") for name in names}}


def _cut_up(body: bytes, lengths: list[int]) -> Iterator[bytes]:
    at = 0
    for length in lengths:
        yield body[at : at + length]
        at += length


def serve(source: BinaryIO, out: BinaryIO) -> None:
    """Answers until the other side closes: first frame the limits, then one picture a frame."""
    first = read_frame(source)
    if first is None:
        return
    limits, videos = _limits_of(first[0])
    shut_in(limits)
    Image.MAX_IMAGE_PIXELS = limits.max_pixels
    decode_picture(WARM_PICTURE)  # the first picture pays for tables and plugins; nobody waits for this one
    write_frame(out, {"ready": True})
    while (frame := read_frame(source)) is not None:
        header, content = frame
        assert isinstance(header, dict)
        region = Region(**header["region"]) if header.get("region") else None
        allow_seconds(videos.seconds if header.get("is_video") else limits.seconds)
        try:
            if (starts_ms := header.get("preview")) is not None:
                write_frame(out, {"made": True}, make_preview(content, starts_ms, videos))
            elif (at_ms := header.get("still")) is not None:
                write_frame(out, {"made": True}, make_still(content, at_ms, videos))
            else:
                write_frame(out, *reply_of(decode_media(content, limits, videos, region=region)))
        except PictureError as error:
            message = str(error).removesuffix(f"; {error.hint}")
            write_frame(out, {"refused": {"message": message, "code": error.code, "hint": error.hint}})
        stop_the_clock()


def shut_in(limits: PictureLimits) -> None:
    """Limits of the operating system on this process, as far as it has them."""
    try:
        import resource
    except ImportError:  # Windows has none; the wall clock of the pool still holds
        return
    for name, most in (
        ("RLIMIT_AS", limits.memory_bytes),
        ("RLIMIT_CORE", 0),
        ("RLIMIT_FSIZE", 0),
        ("RLIMIT_NOFILE", 64),
    ):
        try:
            resource.setrlimit(getattr(resource, name), (most, most))
        except (ValueError, OSError, AttributeError):
            continue  # a limit that this system does not know or has set lower


def allow_seconds(seconds: float) -> None:
    """Processor time until the operating system ends this process: `seconds` from now on.

    The clock is exact; the limit behind it counts in whole seconds, and nothing in here can take it back.
    """
    try:
        import resource
    except ImportError:
        return
    signal.setitimer(signal.ITIMER_PROF, seconds)
    used = sum(resource.getrusage(resource.RUSAGE_SELF)[:2])
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (math.ceil(used + seconds) + 1, hard))


def stop_the_clock() -> None:
    """What is done until the next picture comes costs that one nothing."""
    signal.setitimer(signal.ITIMER_PROF, 0.0)


def limits_header(limits: PictureLimits, videos: VideoLimits) -> dict[str, object]:
    """The first frame's header."""
    return {"pictures": asdict(limits), "videos": asdict(videos)}


def _limits_of(header: object) -> tuple[PictureLimits, VideoLimits]:
    assert isinstance(header, dict)
    return PictureLimits(**header["pictures"]), VideoLimits(**header["videos"])


def main() -> None:
    """Runs as `python -m bowerbird.lake.decoding_worker`, with pipes for input and output."""
    frames_out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # a library that prints must not write into the frames
    serve(sys.stdin.buffer, frames_out)


if __name__ == "__main__":
    main()
