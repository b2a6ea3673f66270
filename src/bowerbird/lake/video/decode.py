"""This file is about one video: from the bytes of a stranger's file to its facts and its telling frames."""

import hashlib

from PIL import Image

from bowerbird.core.errors import PictureError
from bowerbird.lake.colours import colours_of
from bowerbird.lake.signature import signature, thumbhash
from bowerbird.lake.thumbs import as_jpeg, fitting
from bowerbird.lake.types import DecodedPicture, Moving, MovingFrame
from bowerbird.lake.video.choosing import Chooser, Chosen
from bowerbird.lake.video.film import Film, opened, survey
from bowerbird.lake.video.frames import seen_frames
from bowerbird.lake.video.limits import VideoLimits

_POSTER_QUALITY = 85
_FACT_CHARS = 2_000
_FACTS = {
    "title": ("title",),
    "description": ("description", "synopsis", "comment"),
    "keywords": ("keywords",),
}


def decode_video(content: bytes, limits: VideoLimits | None = None) -> DecodedPicture:
    """The video's poster, facts and frames.

    Raises:
        PictureError: it cannot be used; `code` says why, in one of the words of `docs/lake-video.md`.
    """
    limits = limits or VideoLimits()
    _check_length(content, limits)
    with opened(content, limits) as film:
        found = survey(film, limits)
        chooser = Chooser(found.duration_ms)
        for seen in seen_frames(film, found, chooser.step_ms, limits):
            chooser.add(seen)
        chosen, poster = chooser.finish()
        moving = Moving(
            duration_ms=found.duration_ms,
            frame_rate=round(found.packets * 1000 / found.duration_ms, 3),
            codec=film.stream.codec_context.name,
            has_audio=film.has_audio,
            poster=poster,
            poster_jpeg=as_jpeg(Image.fromarray(chosen[poster].picture), _POSTER_QUALITY),
            frames=tuple(moving_frame(each) for each in chosen),
        )
        shown = chosen[poster].picture.shape
        return _as_picture(content, film, moving, (shown[1], shown[0]))


def moving_frame(chosen: Chosen) -> MovingFrame:
    """A chosen frame as the lake keeps it."""
    picture = Image.fromarray(chosen.picture)
    thumb = picture.resize(fitting(picture.size), Image.Resampling.HAMMING, reducing_gap=2.0)
    shares, most_common = colours_of(thumb)
    return MovingFrame(
        at_ms=chosen.at_ms,
        from_ms=chosen.from_ms,
        thumb_jpeg=as_jpeg(thumb),
        thumbhash=thumbhash(thumb),
        main_colour=most_common,
        colours=tuple(shares.tolist()),
        signature=signature(thumb),
    )


def _as_picture(content: bytes, film: Film, moving: Moving, shown: tuple[int, int]) -> DecodedPicture:
    """The video as one of the media; what it looks like is its poster."""
    frame = moving.frames[moving.poster]
    longer = max(*film.size)
    scale = longer / max(shown)
    return DecodedPicture(
        sha256=hashlib.sha256(content).hexdigest(),
        format=film.kind.name,
        width_px=max(round(shown[0] * scale), 1),
        height_px=max(round(shown[1] * scale), 1),
        frames=1,
        size_bytes=len(content),
        thumb_jpeg=frame.thumb_jpeg,
        thumbhash=frame.thumbhash,
        main_colour=frame.main_colour,
        colours=frame.colours,
        signature=frame.signature,
        exif=_facts(film),
        moving=moving,
    )


def _facts(film: Film) -> dict[str, str]:
    """Title, description and keywords inside the file; place and device are not read."""
    said = {key.lower(): value for key, value in film.container.metadata.items()}
    facts = {}
    for name, keys in _FACTS.items():
        text = next((said[key] for key in keys if said.get(key)), "")
        visible = "".join(letter if letter.isprintable() else " " for letter in text[: 2 * _FACT_CHARS])
        if visible.split():
            facts[name] = " ".join(visible.split())[:_FACT_CHARS]
    return facts


def _check_length(content: bytes, limits: VideoLimits) -> None:
    if len(content) > limits.max_bytes:
        raise PictureError(
            f"a video of {len(content):,} bytes was received, at most {limits.max_bytes:,} are taken",
            code="too-many-bytes",
            hint="save it smaller",
        )
