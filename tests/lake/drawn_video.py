"""Videos drawn for tests: scenes of known colours and shapes, cut at known times."""

import io
import shutil
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

Scene = Callable[[ImageDraw.ImageDraw, float, tuple[int, int]], None]
CODECS = {"mp4": "libx264", "mov": "libx264", "webm": "libvpx-vp9", "matroska": "libx264", "avi": "mpeg4"}


def shape(colour: str, kind: str = "circle", ground: str = "#dcd8d0") -> Scene:
    """A shape that drifts a little over a patterned ground."""

    def draw(pen: ImageDraw.ImageDraw, at_s: float, size: tuple[int, int]) -> None:
        width, height = size
        pen.rectangle((0, 0, width, height), fill=ground)
        for line in range(0, width, 24):
            pen.line((line, 0, line, height), fill="#8a8478")
        left, top, side = width // 4 + int(10 * at_s), height // 5, height // 2
        box = (left, top, left + side, top + side)
        {"circle": pen.ellipse, "square": pen.rectangle}[kind](box, fill=colour, outline="black")

    return draw


def blank(colour: str = "black") -> Scene:
    """Nothing but one colour."""

    def draw(pen: ImageDraw.ImageDraw, at_s: float, size: tuple[int, int]) -> None:
        pen.rectangle((0, 0, *size), fill=colour)

    return draw


def still_of(scene: Scene, size: tuple[int, int] = (320, 180), form: str = "JPEG") -> bytes:
    """A scene as a picture."""
    picture = Image.new("RGB", size)
    scene(ImageDraw.Draw(picture), 0.0, size)
    out = io.BytesIO()
    picture.save(out, form, quality=92)
    return out.getvalue()


def video(
    scenes: Sequence[tuple[Scene, float]],
    *,
    form: str = "mp4",
    codec: str | None = None,
    size: tuple[int, int] = (320, 180),
    rate: int = 12,
    with_sound: bool = False,
    options: dict[str, str] | None = None,
    container_options: dict[str, str] | None = None,
    metadata: dict[str, str] | None = None,
) -> bytes:
    """Scenes after one another, each with its seconds."""
    import av

    av.logging.set_level(None)
    # A file, because moving the index to the front reads again what was written.
    file = Path(tempfile.mkdtemp()) / "drawn"
    with av.open(str(file), "w", format=form, options=container_options or {}) as container:
        container.metadata.update(metadata or {})
        stream = container.add_stream(codec or CODECS[form], rate=rate)
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        stream.options = options or ({"preset": "ultrafast"} if codec in (None, "libx264") else {})
        sound = container.add_stream("aac", rate=16_000) if with_sound else None
        for scene, seconds in scenes:
            for frame in range(round(seconds * rate)):
                picture = Image.new("RGB", size)
                scene(ImageDraw.Draw(picture), frame / rate, size)
                for packet in stream.encode(av.VideoFrame.from_image(picture)):
                    container.mux(packet)
        if sound is not None:
            _add_sound(container, sound, sum(seconds for _, seconds in scenes))
        for packet in stream.encode(None):
            container.mux(packet)
    content = file.read_bytes()
    shutil.rmtree(file.parent)
    return content


def _add_sound(container: object, sound: object, seconds: float) -> None:
    import av

    for _ in range(int(seconds * 16_000 / 1024)):
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        frame.sample_rate = 16_000
        for packet in sound.encode(frame):  # type: ignore[attr-defined]
            container.mux(packet)  # type: ignore[attr-defined]
