"""A video becomes few telling frames, whatever it claims about itself."""

import io
from functools import partial

import numpy as np
import pytest
from drawn_video import CODECS, blank, shape, still_of, video
from PIL import Image

from bowerbird.core.errors import PictureError
from bowerbird.lake.decoding import DecodePool
from bowerbird.lake.media_decoding import decode_media
from bowerbird.lake.pictures import thumb_pixels
from bowerbird.lake.types import MovingFrame
from bowerbird.lake.video.choosing import Chooser, Seen
from bowerbird.lake.video.decode import decode_video
from bowerbird.lake.video.limits import VideoLimits

pytest.importorskip("av")

THREE = [(shape("red"), 2.0), (shape("blue", "square"), 2.5), (shape("green", ground="#202060"), 2.0)]
AT_KEYS_ONLY = VideoLimits(whole_pixels=1)


def seen_colour(frame: MovingFrame) -> str:
    """Which of the drawn shapes the frame shows."""
    height, width, _ = (pixels := thumb_pixels(frame.thumb_jpeg)).shape
    middle = pixels[height * 2 // 5 : height * 3 // 5, width * 9 // 20 : width * 11 // 20].reshape(-1, 3)
    red, green, blue = middle.mean(axis=0)
    return "green" if max(red, blue) < 90 < green + 30 else "red" if red > blue else "blue"


@pytest.mark.parametrize("form", list(CODECS))
def test_every_format_gives_its_facts_and_its_scenes(form: str) -> None:
    decoded = decode_media(video(THREE, form=form, with_sound=form == "mp4"))

    moving = decoded.moving
    assert moving is not None
    assert decoded.format == {"matroska": "mkv"}.get(form, form)
    assert (decoded.width_px, decoded.height_px, decoded.frames) == (320, 180, 1)
    assert abs(moving.duration_ms - 6_500) <= 100
    assert abs(moving.frame_rate - 12) < 0.2
    assert moving.has_audio == (form == "mp4")
    assert {seen_colour(frame) for frame in moving.frames} == {"red", "blue", "green"}
    assert decoded.thumb_jpeg == moving.frames[moving.poster].thumb_jpeg


def test_cuts_are_found_within_two_frames_wherever_they_lie() -> None:
    lengths = (1.3, 2.4, 0.9, 3.1)
    scenes = [shape("red"), shape("blue", "square"), shape("green"), shape("orange", "square", "#303030")]
    cuts_ms = [round(1000 * sum(lengths[:row])) for row in range(4)]

    moving = decode_video(video(list(zip(scenes, lengths, strict=True)), rate=20)).moving

    assert moving is not None
    begins = [frame.from_ms for frame in moving.frames]
    for cut_ms in cuts_ms:
        assert min(abs(begin - cut_ms) for begin in begins) <= 100, (cut_ms, begins)
    for frame in moving.frames:
        assert frame.from_ms <= frame.at_ms <= moving.duration_ms


def test_frames_of_a_video_that_is_not_looked_at_whole_show_every_scene_too() -> None:
    content = video(THREE, options={"g": "9", "sc_threshold": "0", "preset": "ultrafast"})

    whole, some = decode_video(content).moving, decode_video(content, AT_KEYS_ONLY).moving

    assert whole is not None
    assert some is not None
    assert {seen_colour(frame) for frame in some.frames} == {"red", "blue", "green"}
    assert some.duration_ms == whole.duration_ms


def test_video_with_one_key_is_entered_between_keys() -> None:
    content = video(THREE, options={"g": "1000", "sc_threshold": "0", "preset": "ultrafast"})

    moving = decode_video(content, AT_KEYS_ONLY).moving

    assert moving is not None
    assert {seen_colour(frame) for frame in moving.frames} == {"red", "blue", "green"}


def test_black_and_white_frames_are_left_out_where_there_are_better() -> None:
    scenes = [
        (blank(), 1.5),
        (shape("red"), 1.5),
        (blank("white"), 1.5),
        (shape("blue"), 1.5),
        (blank(), 1.0),
    ]

    moving = decode_video(video(scenes)).moving

    assert moving is not None
    assert [seen_colour(frame) for frame in moving.frames].count("red") >= 1
    assert all(np.std(thumb_pixels(frame.thumb_jpeg)) > 20 for frame in moving.frames)
    assert 1_500 <= moving.frames[moving.poster].at_ms < 6_000


def test_video_of_nothing_but_black_has_one_frame() -> None:
    moving = decode_video(video([(blank(), 3.0)])).moving

    assert moving is not None
    assert len(moving.frames) == 1


def test_video_that_stands_still_has_one_frame() -> None:
    picture = Image.open(io.BytesIO(still_of(shape("red"))))

    moving = decode_video(video([(lambda pen, *_: pen._image.paste(picture), 5.0)])).moving

    assert moving is not None
    assert len(moving.frames) == 1


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_video_of_a_turned_phone_stands_upright(turn: int) -> None:
    content = video([(lambda pen, at_s, size: pen.rectangle((0, 0, 80, 90), fill="red"), 1.0)])

    decoded = decode_video(turned(content, turn))

    upright = np.asarray(Image.open(io.BytesIO(decoded.moving.poster_jpeg)))  # type: ignore[union-attr]
    shown = (320, 180) if turn == 180 else (180, 320)
    assert (decoded.width_px, decoded.height_px) == shown == upright.shape[1::-1]
    # The red corner, at the top left as recorded, moves clockwise.
    red = upright[..., 0].astype(int) - upright[..., 2]
    left, top = {90: (False, True), 180: (False, False), 270: (True, False)}[turn]
    corner = red[: 40 if top else None, : 40 if left else None]
    corner = corner[0 if top else -40 :, 0 if left else -40 :]
    assert corner.mean() > 150


def test_words_inside_the_file_are_read() -> None:
    decoded = decode_video(
        video([(shape("red"), 0.5)], metadata={"title": "Red\x07 dot", "comment": "It drifts"})
    )

    assert decoded.exif == {"title": "Red dot", "description": "It drifts"}


def test_memory_of_choosing_does_not_grow_with_the_video() -> None:
    rng = np.random.default_rng(1)
    chooser = Chooser(3_600_000)

    for second in range(3_600):
        tiny = rng.integers(0, 256, (18, 32, 3), dtype=np.uint8)
        clear = np.repeat(tiny, 5, 0).repeat(5, 1)
        chooser.add(Seen(second * 1000, tiny, partial(np.asarray, clear), partial(np.asarray, clear)))
        assert len(chooser._pieces) <= 64

    chosen, _ = chooser.finish()
    assert len(chosen) == 32
    assert [each.at_ms for each in chosen] == sorted(each.at_ms for each in chosen)


def test_worker_gives_a_video_as_the_function_does() -> None:
    content = video(THREE)

    with DecodePool(workers=1) as pool:
        assert pool.decode(content).result() == decode_media(content)


def test_video_that_takes_too_long_is_refused_and_the_next_file_is_decoded() -> None:
    with DecodePool(workers=1, videos=VideoLimits(seconds=0.02)) as pool:
        pool.warm()
        with pytest.raises(PictureError) as refused:
            pool.decode(video(THREE)).result()
        assert refused.value.code == "too-slow"
        assert pool.decode(still_of(shape("red"))).result().width_px == 320


@pytest.mark.parametrize(
    ("form", "ending"), [("GIF", "gif"), ("PNG", "png"), ("WEBP", "webp"), ("AVIF", "avif")]
)
def test_animation_has_telling_frames_and_stays_a_picture(form: str, ending: str) -> None:
    stills = [Image.open(io.BytesIO(still_of(scene))) for scene, _ in THREE]
    out = io.BytesIO()
    stills[0].save(out, form, save_all=True, append_images=stills[1:], duration=500)

    decoded = decode_media(out.getvalue())

    assert decoded.moving is not None
    assert (decoded.format, decoded.frames, decoded.moving.poster_jpeg) == (ending, 3, b"")
    assert decoded.moving.duration_ms == 1_500
    assert [seen_colour(frame) for frame in decoded.moving.frames] == ["red", "blue", "green"]
    assert [frame.at_ms for frame in decoded.moving.frames] == [0, 500, 1_000]


def test_video_without_the_extra_is_refused_with_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    content = video([(shape("red"), 0.5)])
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)

    with pytest.raises(PictureError) as refused:
        decode_media(content)

    assert refused.value.code == "needs-video-extra"
    assert "pip install 'bowerbird[video]'" in refused.value.hint


def turned(content: bytes, degrees: int) -> bytes:
    """The MP4 with a track header that says how a player must turn it, clockwise."""
    one = 1 << 16
    matrix = {90: (0, one, -one, 0), 180: (-one, 0, 0, -one), 270: (0, -one, one, 0)}[degrees]
    at = content.index(b"tkhd") + 4 + 40
    a, b, c, d = (value.to_bytes(4, "big", signed=True) for value in matrix)
    zero, unit = bytes(4), (1 << 30).to_bytes(4, "big")
    return content[:at] + a + b + zero + c + d + zero + zero + zero + unit + content[at + 36 :]
