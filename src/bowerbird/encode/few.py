"""This file is about items that have just come in: encoded at once, without a look at all the others."""

import io
from collections.abc import Callable, Sequence

import numpy as np
from PIL import Image

from bowerbird.core.arrays import Embeddings, ItemNumbers, Pixels
from bowerbird.core.filters import In
from bowerbird.encode.registry import Encoders
from bowerbird.encode.stored import embedding_rows, picture_table, words_table
from bowerbird.encode.types import EncoderStamp
from bowerbird.lake.items import words_key, written
from bowerbird.lake.lake import Lake
from bowerbird.lake.tables import Table
from bowerbird.lake.video.stored import frame_key

_THUMBS_READ = 256
_AT_ONCE = 32


def encode_items(lake: Lake, encoders: Encoders, numbers: ItemNumbers) -> tuple[int, int]:
    """Embeddings for the pictures and words of these items that have none yet; gives how many of each.

    The frames of their videos are among the pictures.

    Reads only these items' rows, so it takes as long for one item of a million as for one of ten. On one
    thread, so that a server goes on answering; for a whole lake `encode_missing` is faster.
    """
    media, texts = _of_items(lake, numbers)
    table = picture_table(lake, encoders)
    pictures = _encode_pictures(lake.media, table, encoders, media)
    pictures += _encode_pictures(lake.frames, table, encoders, _frames_of(lake, media))
    words = _encode(
        words_table(lake, encoders),
        list(texts),
        lambda keys: encoders.words.encode_words([texts[key] for key in keys]),
        encoders.words.stamp,
    )
    return pictures, words


def _of_items(lake: Lake, numbers: ItemNumbers) -> tuple[list[str], dict[str, str]]:
    """Media ids of these items, and their texts by key."""
    media: dict[str, None] = {}
    texts: dict[str, str] = {}
    where = In("number", tuple(numbers.tolist()))
    for batch in lake.items.scan(["media_ids", "words"], where=where):
        for ids in batch["media_ids"].to_pylist():
            media |= dict.fromkeys(ids or ())
        said = (written(text or "") for text in batch["words"].to_pylist())
        texts |= {words_key(text): text for text in said if text.strip()}
    return list(media), texts


def _frames_of(lake: Lake, media: Sequence[str]) -> list[str]:
    """Keys of the frames of those of the media that move."""
    found = lake.videos.take(media, ["id", "frames"]).to_pylist() if lake.videos.count() else []
    return [frame_key(row["id"], index) for row in found for index in range(row["frames"])]


def _encode_pictures(source: Table, table: Table, encoders: Encoders, ids: Sequence[str]) -> int:
    count = 0
    for start in range(0, len(ids), _THUMBS_READ):
        missing = _unknown(table, ids[start : start + _THUMBS_READ])
        if not missing:
            continue
        found = source.take(missing, ["id", "thumb"])
        rows = zip(found["id"].to_pylist(), found["thumb"].to_pylist(), strict=True)
        thumbs = {key: thumb for key, thumb in rows if thumb}

        def encode(keys: Sequence[str], thumbs: dict[str, bytes] = thumbs) -> Embeddings:
            return encoders.pictures.encode_pictures([_pixels(thumbs[key]) for key in keys])

        count += _encode(table, list(thumbs), encode, encoders.pictures.stamp)
    return count


def _encode(
    table: Table, keys: Sequence[str], encode: Callable[[Sequence[str]], Embeddings], stamp: EncoderStamp
) -> int:
    missing = _unknown(table, keys)
    if missing:
        parts = [encode(missing[at : at + _AT_ONCE]) for at in range(0, len(missing), _AT_ONCE)]
        table.upsert(embedding_rows(missing, np.concatenate(parts), stamp))
    return len(missing)


def _unknown(table: Table, keys: Sequence[str]) -> list[str]:
    if not keys:
        return []
    known = set(table.take(keys, ["key"])["key"].to_pylist())
    return [key for key in keys if key not in known]


def _pixels(thumb: bytes) -> Pixels:
    with Image.open(io.BytesIO(thumb)) as picture:
        return np.asarray(picture.convert("RGB"))
