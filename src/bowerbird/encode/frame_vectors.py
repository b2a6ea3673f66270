"""This file is about vectors of the telling frames of videos and animations, by the item that shows them."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from bowerbird.core.arrays import ItemNumbers
from bowerbird.encode.registry import Encoders
from bowerbird.encode.stored import KeyedRows, number_filters, picture_table
from bowerbird.encode.types import ItemVectors, JointSpace
from bowerbird.lake.colours import NAMED_COLOURS
from bowerbird.lake.lake import Lake
from bowerbird.lake.video.stored import frame_keys

_BATCH_ITEMS = 32


@dataclass(frozen=True, slots=True)
class FrameVectors:
    """Frames of some items, as columns: row i is one frame.

    Attributes:
        numbers: int64 [F] item that shows it.
        keys: F keys of the frames, `<media id>#<index>`.
        at_ms: int64 [F] when it is shown.
        vectors: of the frames alone; what is written about their items is in the items' own vectors.
    """

    numbers: ItemNumbers
    keys: tuple[str, ...]
    at_ms: np.ndarray
    vectors: ItemVectors


def frame_vectors(
    lake: Lake, encoders: Encoders, space: JointSpace, numbers: ItemNumbers | None = None
) -> Iterator[FrameVectors]:
    """Encoded frames of the live items with these numbers, or of all, batch by batch.

    Costs one look at the number of videos where there are none.
    """
    if not lake.videos.count():
        return
    waiting: list[tuple[int, list[str]]] = []
    for number, media in _moving_items(lake, numbers):
        waiting.append((number, media))
        if len(waiting) == _BATCH_ITEMS:
            yield from _of_items(lake, encoders, space, waiting)
            waiting = []
    yield from _of_items(lake, encoders, space, waiting)


def _moving_items(lake: Lake, numbers: ItemNumbers | None) -> Iterator[tuple[int, list[str]]]:
    """Items that show something that moves, and the media ids of that."""
    moving: set[str] = set()
    if numbers is None:
        for batch in lake.videos.scan(["id"]):
            moving.update(batch["id"].to_pylist())
    for where in number_filters(numbers):
        for batch in lake.items.scan(["number", "media_ids"], where=where):
            rows = list(zip(batch["number"].to_pylist(), batch["media_ids"].to_pylist(), strict=True))
            if numbers is not None:
                shown = list({media_id for _, ids in rows for media_id in ids or ()})
                moving = set(lake.videos.take(shown, ["id"])["id"].to_pylist())
            for number, ids in rows:
                media = [media_id for media_id in ids or () if media_id in moving]
                if media:
                    yield number, media


def _of_items(
    lake: Lake, encoders: Encoders, space: JointSpace, items: list[tuple[int, list[str]]]
) -> Iterator[FrameVectors]:
    shown = list(dict.fromkeys(media_id for _, media in items for media_id in media))
    if not shown:
        return
    frames: dict[str, list[tuple[str, int]]] = {}
    for row in lake.frames.take(frame_keys(shown), ["id", "media_id", "at_ms"]).to_pylist():
        frames.setdefault(row["media_id"], []).append((row["id"], row["at_ms"]))
    listed = [
        (number, key, at_ms)
        for number, media in items
        for media_id in media
        for key, at_ms in frames.get(media_id, ())
    ]
    keys = [key for _, key, _ in listed]
    pictures = KeyedRows.ask(picture_table(lake, encoders)).vectors(keys, "vector", encoders.pictures.width)
    is_encoded = np.asarray(pictures.any(axis=1))
    if not is_encoded.any():
        return
    colours = KeyedRows.ask(lake.frames).vectors(keys, "colours", len(NAMED_COLOURS))
    wordless = np.zeros((len(keys), encoders.words.width), dtype=np.float32)
    made = space.items(pictures[is_encoded], wordless[is_encoded], colours[is_encoded])
    yield FrameVectors(
        np.array([number for number, _, _ in listed], dtype=np.int64)[is_encoded],
        tuple(key for key, is_kept in zip(keys, is_encoded, strict=True) if is_kept),
        np.array([at_ms for _, _, at_ms in listed], dtype=np.int64)[is_encoded],
        made,
    )
