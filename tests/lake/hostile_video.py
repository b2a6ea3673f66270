"""Videos that a stranger might send: odd ones that are whole, and ones that lie, break off or bite."""

import io
import struct
import zipfile
from collections.abc import Iterator

import numpy as np
from drawn_video import shape, video
from PIL import Image

SCENES = [(shape("red"), 0.5), (shape("blue", "square", "#304050"), 0.5)]


def hostile_videos() -> dict[str, tuple[bytes, set[str]]]:
    """Name → content, and what may become of it: `accepted`, or codes of refusals."""
    made: dict[str, tuple[bytes, set[str]]] = {}
    for maker in (odd_but_good, broken_off, lying, empty_inside, too_much, other_kinds, wrong_boxes):
        for name, content, fates in maker():
            made[name] = (content, set(fates.split()))
    return made


def odd_but_good() -> Iterator[tuple[str, bytes, str]]:
    yield (
        "fragmented.mp4",
        video(SCENES, container_options={"movflags": "frag_keyframe+empty_moov"}),
        "accepted",
    )
    yield "index first.mp4", video(SCENES, container_options={"movflags": "faststart"}), "accepted"
    yield "odd size.mp4", video(SCENES, size=(322, 182)), "accepted"
    yield "tall.mp4", video(SCENES, size=(64, 1_000)), "accepted"
    yield "live.webm", video(SCENES, form="webm", container_options={"live": "1"}), "accepted"
    yield "vp8.webm", video(SCENES, form="webm", codec="libvpx", options={"deadline": "realtime"}), "accepted"
    yield "mjpeg.avi", as_stills("avi", "mjpeg", "yuvj420p"), "accepted"
    yield "one frame.mp4", video([(shape("red"), 0.08)]), "accepted"
    yield "uneven times.mp4", uneven(), "accepted"
    yield "with sound.mp4", video(SCENES, with_sound=True), "accepted"
    yield "named png.png", video(SCENES), "accepted"


def broken_off() -> Iterator[tuple[str, bytes, str]]:
    first = video(SCENES, container_options={"movflags": "faststart"})
    for form in ("mp4", "webm", "matroska", "avi"):
        content = video(SCENES, form=form)
        for percent in (1, 30, 60, 95):
            cut = content[: len(content) * percent // 100]
            yield f"cut {percent}.{form}", cut, "accepted truncated damaged no-frames not-a-picture"
    yield "cut after the index.mp4", first[: len(first) * 8 // 10], "accepted"
    yield "no index.mp4", video(SCENES).replace(b"moov", b"free"), "accepted truncated no-frames"
    yield "holes.mp4", with_holes(first), "accepted damaged"
    yield "holes.webm", with_holes(video(SCENES, form="webm")), "accepted damaged truncated"


def lying() -> Iterator[tuple[str, bytes, str]]:
    content = video(SCENES)
    # mvhd, tkhd and mdhd say that it lasts for years; its packets say a second.
    for box, at in ((b"mvhd", 20), (b"tkhd", 24), (b"mdhd", 20)):
        yield f"years by {box.decode()}.mp4", patched(content, box, at, b"\xff\xff\xff\xfe"), "accepted"
    yield "ticks of a second.mp4", patched(content, b"mdhd", 16, b"\x00\x00\x00\x01"), "accepted too-long"
    yield (
        "no ticks.mp4",
        patched(content, b"mdhd", 16, b"\x00\x00\x00\x00"),
        "accepted too-long truncated no-frames",
    )
    yield (
        "huge by its track.mp4",
        patched(content, b"avc1", 28, b"\xff\xff\xff\xff"),
        "accepted damaged too-many-pixels side-too-long",
    )
    yield (
        "million samples.mp4",
        patched(content, b"stsz", 12, b"\x7f\xff\xff\xff"),
        "accepted truncated damaged no-frames too-much-memory too-slow decoder-crashed",
    )
    yield (
        "named elsewhere.mp4",
        content.replace(b"url \x00\x00\x00\x01", b"url \x00\x00\x00\x00"),
        "accepted truncated no-frames damaged",
    )
    yield (
        "far too many frames.avi",
        patched(video(SCENES, form="avi"), b"avih", 24, b"\xff\xff\xff\x7f"),
        "accepted",
    )


def empty_inside() -> Iterator[tuple[str, bytes, str]]:
    yield "sound only.mp4", sound_only("mp4", "aac"), "no-frames"
    yield "sound only.webm", sound_only("webm", "libopus"), "no-frames"
    yield "nothing in it.mp4", b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isommp41", "truncated"
    yield "head of webm.webm", b"\x1aE\xdf\xa3\x9fB\x86\x81\x01", "truncated not-a-picture"
    yield "head of avi.avi", b"RIFF\x00\x00\x00\x00AVI ", "truncated no-frames"
    yield "zeros.mp4", b"\x00\x00\x00\x18ftypisom" + bytes(4_096), "truncated no-frames"


def too_much() -> Iterator[tuple[str, bytes, str]]:
    yield "wide.avi", as_stills("avi", "mjpeg", "yuvj420p", size=(9_000, 32)), "side-too-long"
    yield "large.avi", as_stills("avi", "mjpeg", "yuvj420p", size=(7_000, 6_000), count=1), "too-many-pixels"
    yield "small.avi", as_stills("avi", "mjpeg", "yuvj420p", size=(8, 8)), "too-small"
    yield "many tracks.mkv", many_tracks(), "too-many-streams accepted truncated"
    yield "many frames.avi", as_stills("avi", "mpeg4", "yuv420p", size=(16, 16), count=20_000), "accepted"
    yield "raw.avi", as_stills("avi", "rawvideo", "yuv420p"), "video-codec"
    yield "ffv1.mkv", as_stills("matroska", "ffv1", "yuv420p"), "video-codec"
    yield "png.mov", as_stills("mov", "png", "rgb24"), "video-codec"


def other_kinds() -> Iterator[tuple[str, bytes, str]]:
    yield "list.mp4", b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n", "not-a-picture"
    yield "list.m3u8", b'#EXTM3U\n#EXT-X-KEY:METHOD=AES-128,URI="http://127.0.0.1/"\n', "not-a-picture"
    yield "concat.mp4", b"ffconcat version 1.0\nfile '/etc/passwd'\n", "not-a-picture"
    yield "dash.mp4", b"<?xml version='1.0'?><MPD><BaseURL>file:///etc/passwd</BaseURL></MPD>", "web-page"
    yield "smil.mov", b"<smil><body><video src='/etc/passwd'/></body></smil>", "not-a-picture web-page"
    yield "sdp.mp4", b"v=0\nm=video 5004 RTP/AVP 96\nc=IN IP4 127.0.0.1\n", "not-a-picture"
    yield "page.mp4", b"<!doctype html><script>alert(1)</script>", "web-page"
    yield "flash.mp4", b"FLV\x01\x05\x00\x00\x00\x09" + bytes(64), "video"
    yield "stream.ts", b"G@\x00\x10" + bytes(184), "not-a-picture"
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as made:
        made.writestr("a.txt", "x")
    yield "zip behind.mp4", video(SCENES) + packed.getvalue(), "accepted"
    yield "page behind.mp4", video(SCENES) + b"<script>alert(1)</script>", "accepted"


def wrong_boxes() -> Iterator[tuple[str, bytes, str]]:
    content, head = video(SCENES), b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isommp41"
    broken = "truncated no-frames damaged accepted"
    yield "box in box.mp4", head + nested(b"moov", 2_000), broken
    yield "endless box.mp4", head + b"\x00\x00\x00\x01moov" + b"\xff" * 8 + bytes(64), broken
    yield "box of nothing.mp4", head + b"\x00\x00\x00\x00moov", broken
    yield "box of one byte.mp4", head + b"\x00\x00\x00\x01moov\x00" + bytes(32), broken
    yield "two indexes.mp4", content + content[content.index(b"moov") - 4 :], broken
    yield "long name.mp4", patched(content, b"hdlr", 28, b"A" * 64), broken + " video-codec"
    yield (
        "element of all.webm",
        b"\x1aE\xdf\xa3\x01\xff\xff\xff\xff\xff\xff\xff" + bytes(64),
        broken + " not-a-picture",
    )


def patched(content: bytes, box: bytes, at: int, value: bytes) -> bytes:
    """Other bytes in a box, counted from its name."""
    start = content.index(box) + at
    return content[:start] + value + content[start + len(value) :]


def nested(name: bytes, depth: int) -> bytes:
    inside = b""
    for _ in range(depth):
        inside = struct.pack(">I", len(inside) + 8) + name + inside
    return inside


def with_holes(content: bytes) -> bytes:
    rng = np.random.default_rng(3)
    damaged = bytearray(content)
    for at in rng.integers(len(content) // 2, len(content), 60).tolist():
        damaged[at] = 0xFF
    return bytes(damaged)


def as_stills(
    form: str, codec: str, pixels: str, *, size: tuple[int, int] = (64, 48), count: int = 6
) -> bytes:
    """The same frame again and again."""
    import av

    out = io.BytesIO()
    with av.open(out, "w", format=form) as container:
        stream = container.add_stream(codec, rate=25)
        stream.width, stream.height, stream.pix_fmt = *size, pixels
        grain = np.random.default_rng(1).integers(0, 255, (size[1], size[0], 3), dtype=np.uint8)
        frame = av.VideoFrame.from_ndarray(grain, format="rgb24").reformat(format=pixels)
        for at in range(count):
            frame.pts = at
            for packet in stream.encode(frame):
                container.mux(packet)
        for packet in stream.encode(None):
            container.mux(packet)
    return out.getvalue()


def uneven() -> bytes:
    """Frames at 0, 10, 20, 3,000, 3,010 and 9,000 ms."""
    import av

    out = io.BytesIO()
    with av.open(out, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=1_000)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        stream.options = {"preset": "ultrafast"}
        for at, level in ((0, 40), (10, 50), (20, 60), (3_000, 120), (3_010, 130), (9_000, 220)):
            picture = (
                Image.linear_gradient("L").resize((64, 48)).point(lambda x, add=level: min(255, x // 2 + add))
            )
            frame = av.VideoFrame.from_image(picture.convert("RGB"))
            frame.pts = at
            for packet in stream.encode(frame):
                container.mux(packet)
        for packet in stream.encode(None):
            container.mux(packet)
    return out.getvalue()


def sound_only(form: str, codec: str) -> bytes:
    import av

    out = io.BytesIO()
    with av.open(out, "w", format=form) as container:
        stream = container.add_stream(codec, rate=48_000)
        stream.layout = "mono"
        kind = stream.codec_context.format.name
        for at in range(20):
            data = np.zeros((1, 960), np.int16 if kind.startswith("s16") else np.float32)
            frame = av.AudioFrame.from_ndarray(data, format=kind, layout="mono")
            frame.sample_rate, frame.pts = 48_000, at * 960
            for packet in stream.encode(frame):
                container.mux(packet)
        for packet in stream.encode(None):
            container.mux(packet)
    return out.getvalue()


def many_tracks() -> bytes:
    import av

    out = io.BytesIO()
    with av.open(out, "w", format="matroska") as container:
        streams = [container.add_stream("mjpeg", rate=1) for _ in range(80)]
        for stream in streams:
            stream.width, stream.height, stream.pix_fmt = 16, 16, "yuvj420p"
        for stream in streams:
            frame = av.VideoFrame(16, 16, "yuvj420p")
            frame.pts = 0
            for packet in [*stream.encode(frame), *stream.encode(None)]:
                container.mux(packet)
    return out.getvalue()
