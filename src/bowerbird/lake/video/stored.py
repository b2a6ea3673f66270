"""This file is about videos as the lake keeps them: a row for what moves, and one for each frame."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa

from bowerbird.lake.schemas import FRAME, VIDEO
from bowerbird.lake.types import DecodedPicture, Moving
from bowerbird.lake.video.transcripts import Transcript

if TYPE_CHECKING:
    from bowerbird.lake.lake import Lake

MOST_FRAMES = 32
"""Frames that one video can have in the lake."""
_FACTS = ("duration_ms", "frame_rate", "codec", "has_audio", "poster", "poster_jpeg")
_FRAME_FACTS = ("at_ms", "from_ms", "thumbhash", "main_colour", "colours", "signature")


@dataclass(frozen=True, slots=True)
class FrameFacts:
    """One telling frame, without its pixels. `index` counts from 0 within its video."""

    index: int
    at_ms: int
    from_ms: int
    thumbhash: bytes
    main_colour: str


def frame_key(media_id: str, index: int) -> str:
    """The key of a frame, in the table of frames and among the picture embeddings."""
    return f"{media_id}#{index}"


def frame_keys(media_ids: Sequence[str]) -> list[str]:
    """Every key that a frame of these media can have."""
    return [frame_key(media_id, index) for media_id in media_ids for index in range(MOST_FRAMES)]


@dataclass(frozen=True, slots=True)
class VideoFacts:
    """What the lake knows of a video or an animation. `at_ms` are the times of its telling frames."""

    media_id: str
    duration_ms: int
    frame_rate: float
    codec: str
    has_audio: bool
    at_ms: tuple[int, ...]
    transcript_language: str | None
    cues: int


def video_facts(lake: "Lake", media_ids: Sequence[str]) -> list[VideoFacts]:
    """Of those of the media that move, in their order."""
    columns = ["id", "duration_ms", "frame_rate", "codec", "has_audio", "transcript_language"]
    said = transcripts_of(lake, media_ids)
    return [
        VideoFacts(
            row["id"],
            row["duration_ms"],
            row["frame_rate"],
            row["codec"],
            row["has_audio"],
            tuple(frame.at_ms for frame in frames_of(lake, row["id"])),
            row["transcript_language"],
            len(said[row["id"]].cues) if row["id"] in said else 0,
        )
        for row in lake.videos.take(media_ids, columns).to_pylist()
    ]


def put_moving(lake: "Lake", decoded: Sequence[DecodedPicture]) -> None:
    """Stores frames, then facts, of those of the media that move; durable on return."""
    moving = [(each.sha256, each.moving) for each in decoded if each.moving is not None]
    if moving:
        lake.frames.upsert(_frame_rows(moving))
        lake.videos.upsert(_video_rows(moving))


def put_transcripts(lake: "Lake", transcripts: Mapping[str, Transcript]) -> None:
    """Keeps what is said in videos that are there, by media id; of what does not move nothing is kept."""
    if not transcripts:
        return
    found = lake.videos.take(list(transcripts), VIDEO.schema.names)
    said = [transcripts[media_id] for media_id in found["id"].to_pylist()]
    texts = pa.array([each.as_json() for each in said], pa.string())
    languages = pa.array([each.language or None for each in said], pa.string())
    names = found.schema.names
    found = found.set_column(names.index("transcript"), "transcript", texts)
    found = found.set_column(names.index("transcript_language"), "transcript_language", languages)
    lake.videos.upsert(found)


def transcripts_of(lake: "Lake", media_ids: Sequence[str]) -> dict[str, Transcript]:
    """What is said in those of the media that have a transcript."""
    found = lake.videos.take(media_ids, ["id", "transcript", "transcript_language"]).to_pylist()
    return {
        row["id"]: Transcript.of_json(row["transcript"], row["transcript_language"] or "")
        for row in found
        if row["transcript"]
    }


def spoken_media(lake: "Lake") -> frozenset[str]:
    """Ids of the media that have a transcript."""
    found: set[str] = set()
    for batch in lake.videos.scan(["id", "transcript"]):
        found.update(batch.filter(batch["transcript"].is_valid())["id"].to_pylist())
    return frozenset(found)


def frames_of(lake: "Lake", media_id: str) -> list[FrameFacts]:
    """The telling frames of a video or an animation, in order of time; none for a picture."""
    columns = ["id", "at_ms", "from_ms", "thumbhash", "main_colour"]
    rows = lake.frames.take(frame_keys([media_id]), columns).to_pylist()
    found = [
        FrameFacts(
            int(row["id"].rpartition("#")[2]),
            row["at_ms"],
            row["from_ms"],
            row["thumbhash"],
            row["main_colour"],
        )
        for row in rows
    ]
    return sorted(found, key=lambda frame: frame.index)


def _video_rows(moving: Sequence[tuple[str, Moving]]) -> pa.Table:
    columns = {name: [getattr(each, name) for _, each in moving] for name in _FACTS}
    columns["id"] = [media_id for media_id, _ in moving]
    columns["frames"] = [len(each.frames) for _, each in moving]
    columns["transcript"] = columns["transcript_language"] = [None] * len(moving)
    return pa.table({name: columns[name] for name in VIDEO.schema.names}, schema=VIDEO.schema)


def _frame_rows(moving: Sequence[tuple[str, Moving]]) -> pa.Table:
    frames = [
        (media_id, index, frame) for media_id, each in moving for index, frame in enumerate(each.frames)
    ]
    columns = {name: [getattr(frame, name) for _, _, frame in frames] for name in _FRAME_FACTS}
    columns["id"] = [frame_key(media_id, index) for media_id, index, _ in frames]
    columns["media_id"] = [media_id for media_id, _, _ in frames]
    columns["thumb"] = [frame.thumb_jpeg for _, _, frame in frames]
    return pa.table({name: columns[name] for name in FRAME.schema.names}, schema=FRAME.schema)
