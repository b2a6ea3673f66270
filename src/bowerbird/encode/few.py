"""This file is about items that have just come in: encoded at once, without a look at all the others."""

import io
from collections.abc import Callable, Mapping
from typing import TypeVar

import numpy as np
from PIL import Image

from bowerbird.core.arrays import Embeddings, ItemNumbers, Pixels
from bowerbird.core.filters import In
from bowerbird.encode.registry import Encoders
from bowerbird.encode.stored import embedding_rows, picture_table, words_key, words_table
from bowerbird.encode.types import EncoderStamp
from bowerbird.lake.lake import Lake
from bowerbird.lake.tables import Table

MOST_ITEMS = 1_024
"""More than so many are sooner done by the job over the whole lake, on all cores."""
_AT_ONCE = 32
_T = TypeVar("_T")


def encode_items(lake: Lake, encoders: Encoders, numbers: ItemNumbers) -> tuple[int, int]:
    """Embeddings for the pictures and words of these items that have none yet; gives how many of each.

    Reads only these items' rows, so it takes as long for one item of a million as for one of ten.
    """
    thumbs, texts = _of_items(lake, numbers, picture_table(lake, encoders))
    pictures = _encode(
        picture_table(lake, encoders),
        thumbs,
        lambda batch: encoders.pictures.encode_pictures([_pixels(thumb) for thumb in batch]),
        encoders.pictures.stamp,
    )
    words = _encode(words_table(lake, encoders), texts, encoders.words.encode_words, encoders.words.stamp)
    return pictures, words


def _of_items(lake: Lake, numbers: ItemNumbers, encoded: Table) -> tuple[dict[str, bytes], dict[str, str]]:
    """Thumbnails by media id where not encoded, and texts by key."""
    media: set[str] = set()
    texts: dict[str, str] = {}
    where = In("number", tuple(numbers.tolist()))
    for batch in lake.items.scan(["media_ids", "words"], where=where):
        for ids in batch["media_ids"].to_pylist():
            media.update(ids or ())
        texts |= {words_key(text): text for text in batch["words"].to_pylist() if text and text.strip()}
    missing = sorted(media - _known(encoded, media))
    found = lake.media.take(missing, ["id", "thumb"]) if missing else None
    if found is None:
        return {}, texts
    rows = zip(found["id"].to_pylist(), found["thumb"].to_pylist(), strict=True)
    return {key: thumb for key, thumb in rows if thumb}, texts


def _encode(
    table: Table,
    things: Mapping[str, _T],
    encode: Callable[[list[_T]], Embeddings],
    stamp: EncoderStamp,
) -> int:
    known = _known(table, set(things))
    keys = [key for key in things if key not in known]
    if not keys:
        return 0
    parts = [
        encode([things[key] for key in keys[start : start + _AT_ONCE]])
        for start in range(0, len(keys), _AT_ONCE)
    ]
    table.upsert(embedding_rows(keys, np.concatenate(parts), stamp))
    return len(keys)


def _known(table: Table, keys: set[str]) -> set[str]:
    return set(table.take(sorted(keys), ["key"])["key"].to_pylist()) if keys else set()


def _pixels(thumb: bytes) -> Pixels:
    with Image.open(io.BytesIO(thumb)) as picture:
        return np.asarray(picture.convert("RGB"))
