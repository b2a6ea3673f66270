"""Whatever a stranger sends as a video ends accepted or refused with a reason, and harms nobody."""

import contextlib
from collections.abc import Iterator
from functools import lru_cache

import numpy as np
import pytest
from drawn_video import shape, video
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("av")

from hostile_video import hostile_videos

from bowerbird.core.errors import PictureError
from bowerbird.lake.decoding import DecodePool
from bowerbird.lake.pictures import PictureLimits
from bowerbird.lake.video import film
from bowerbird.lake.video.decode import decode_video
from bowerbird.lake.video.limits import VideoLimits

Files = dict[str, tuple[bytes, set[str]]]
QUICK = VideoLimits(seconds=20.0)


@pytest.fixture(scope="module")
def pool() -> Iterator[DecodePool]:
    with DecodePool(workers=1, limits=PictureLimits(seconds=10.0), videos=QUICK) as made:
        yield made


@pytest.fixture(scope="module")
def files() -> Files:
    return hostile_videos()


def fate_of(pool: DecodePool, content: bytes) -> str:
    """`accepted`, or the code of the refusal."""
    try:
        decoded = pool.decode(content).result(timeout=60)
    except PictureError as error:
        return error.code if error.hint else f"{error.code} without a hint"
    assert decoded.moving is not None
    assert 1 <= len(decoded.moving.frames) <= 32
    assert 0 < decoded.moving.duration_ms <= QUICK.max_duration_ms
    times = [frame.at_ms for frame in decoded.moving.frames]
    assert times == sorted(times)
    assert 0.99 < sum(decoded.colours) < 1.01
    return "accepted"


def test_every_hostile_video_is_accepted_or_refused_with_a_reason(pool: DecodePool, files: Files) -> None:
    fates = {name: fate_of(pool, content) for name, (content, _) in files.items()}

    assert len(files) >= 60
    assert {name: fate for name, fate in fates.items() if fate not in files[name][1]} == {}
    assert fate_of(pool, video([(shape("red"), 0.5)])) == "accepted"


def test_lying_header_does_not_change_how_long_a_video_is(pool: DecodePool, files: Files) -> None:
    for box in ("mvhd", "tkhd", "mdhd"):
        moving = pool.decode(files[f"years by {box}.mp4"][0]).result().moving

        assert moving is not None
        assert abs(moving.duration_ms - 1_000) <= 100


def test_uneven_frames_keep_their_times(pool: DecodePool, files: Files) -> None:
    moving = pool.decode(files["uneven times.mp4"][0]).result().moving

    assert moving is not None
    assert {frame.at_ms for frame in moving.frames} <= {0, 10, 20, 3_000, 3_010, 9_000}
    assert moving.duration_ms >= 9_000


def test_no_other_file_or_address_is_ever_opened(files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def note(address: str, flags: int, options: object) -> object:
        asked.append(address)
        raise PermissionError(address)

    monkeypatch.setattr(film, "_nothing_else", note)
    for name in ("named elsewhere.mp4", "list.mp4", "concat.mp4", "dash.mp4", "sdp.mp4"):
        with contextlib.suppress(PictureError):
            decode_video(files[name][0])

    assert asked == []  # nothing gets so far as to ask


@lru_cache(maxsize=8)
def good(form: str) -> bytes:
    return video([(shape("red"), 0.4), (shape("blue"), 0.4)], form=form)


@settings(max_examples=120, deadline=None)
@given(
    form=st.sampled_from(["mp4", "webm", "avi"]),
    places=st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), min_size=1, max_size=30),
    keep=st.integers(2_000, 10_000),
)
def test_mutated_video_raises_nothing_but_a_refusal(
    form: str, places: list[tuple[int, int]], keep: int
) -> None:
    content = bytearray(good(form))
    for at, value in places:
        content[len(content) * at // 10_001] = value

    with contextlib.suppress(PictureError):
        decoded = decode_video(bytes(content[: len(content) * keep // 10_000]))
        assert np.isfinite(decoded.colours).all()
