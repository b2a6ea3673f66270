"""This file is about the columns of every lake table, and which of them is the key."""

from dataclasses import dataclass

import pyarrow as pa

from bowerbird.lake.colours import NAMED_COLOURS

# Without a declared key, concurrent upserts of the same new keys make duplicate rows (lancedb#3377).
_KEY = {"lance-schema:unenforced-primary-key": "true"}


@dataclass(frozen=True, slots=True)
class TableSpec:
    """What one table holds.

    Attributes:
        name: folder name without `.lance`.
        schema: with the key declared; blob columns are written as plain `large_binary`.
        key: the column that identifies a row.
        words: the column with a full-text index, or none.
        blob: the column whose content is kept apart from the other columns, or none.
        tombstone: the column that says when a row was deleted, or none.
        is_content_addressed: the key is a hash of the row, so that a row is written once and never changes.
    """

    name: str
    schema: pa.Schema
    key: str = "id"
    words: str | None = None
    blob: str | None = None
    tombstone: str | None = None
    is_content_addressed: bool = False


def _key(name: str) -> pa.Field:
    return pa.field(name, pa.string(), nullable=False, metadata=_KEY)


ITEM = TableSpec(
    name="item",
    schema=pa.schema(
        [
            _key("id"),
            pa.field("number", pa.int64(), nullable=False),
            pa.field("title", pa.string()),
            pa.field("description", pa.string()),
            pa.field("link", pa.string()),
            pa.field("media_ids", pa.list_(pa.string())),
            pa.field("price_micros", pa.int64()),
            pa.field("currency", pa.string()),
            pa.field("brand", pa.string()),
            pa.field("category", pa.list_(pa.string())),
            pa.field("keywords", pa.list_(pa.string())),
            pa.field("attributes", pa.string()),
            pa.field("language", pa.string()),
            pa.field("country", pa.string()),
            pa.field("owner", pa.string()),
            pa.field("availability", pa.string()),
            pa.field("safety", pa.string()),
            pa.field("created_ms", pa.int64(), nullable=False),
            pa.field("updated_ms", pa.int64(), nullable=False),
            pa.field("source", pa.string()),
            pa.field("row_hash", pa.string()),
            pa.field("words", pa.string()),
            pa.field("deleted_ms", pa.int64()),
        ]
    ),
    words="words",
    tombstone="deleted_ms",
)

MEDIA = TableSpec(
    name="media",
    schema=pa.schema(
        [
            _key("id"),
            pa.field("kind", pa.string()),
            pa.field("format", pa.string()),
            pa.field("width_px", pa.int32()),
            pa.field("height_px", pa.int32()),
            pa.field("frames", pa.int32()),
            pa.field("size_bytes", pa.int64()),
            pa.field("thumb", pa.binary()),
            pa.field("thumbhash", pa.binary()),
            pa.field("main_colour", pa.string()),
            pa.field("colours", pa.list_(pa.float32(), len(NAMED_COLOURS))),
            pa.field("signature", pa.int64()),
            pa.field("exif", pa.string()),
        ]
    ),
)

BLOB = TableSpec(
    name="blob",
    schema=pa.schema([_key("id"), pa.field("content", pa.large_binary())]),
    blob="content",
    is_content_addressed=True,
)


VIDEO = TableSpec(
    name="video",
    schema=pa.schema(
        [
            _key("id"),
            pa.field("duration_ms", pa.int64()),
            pa.field("frame_rate", pa.float64()),
            pa.field("codec", pa.string()),
            pa.field("has_audio", pa.bool_()),
            pa.field("frames", pa.int32()),
            pa.field("poster", pa.int32()),
            pa.field("poster_jpeg", pa.binary()),
            pa.field("transcript", pa.string()),
            pa.field("transcript_language", pa.string()),
        ]
    ),
)
"""What moves, keyed by media id: videos, and animations without a poster of their own."""

FRAME = TableSpec(
    name="frame",
    schema=pa.schema(
        [
            _key("id"),
            pa.field("media_id", pa.string(), nullable=False),
            pa.field("at_ms", pa.int64()),
            pa.field("from_ms", pa.int64()),
            pa.field("thumb", pa.binary()),
            pa.field("thumbhash", pa.binary()),
            pa.field("main_colour", pa.string()),
            pa.field("colours", pa.list_(pa.float32(), len(NAMED_COLOURS))),
            pa.field("signature", pa.int64()),
        ]
    ),
)
"""The telling frames of what moves, keyed by `frame_key`."""

LOOK_ALIKE = TableSpec(
    name="look_alike",
    schema=pa.schema(
        [
            _key("id"),
            pa.field("group_id", pa.string()),
            pa.field("how", pa.string(), nullable=False),
            pa.field("bits_apart", pa.int8()),
        ]
    ),
)
"""One row for each of the media that was compared with those before it; `group_id` is null where the picture
begins its own group. See `look_alikes`."""


def embedding_spec(kind: str, stamp_text: str, width: int) -> TableSpec:
    """The table for the vectors of one encoder: `kind` is picture or words, `width` is D."""
    return TableSpec(
        name=f"embedding/{kind}/{stamp_text}",
        schema=pa.schema(
            [
                _key("key"),
                pa.field("number", pa.int64(), nullable=False),
                pa.field("vector", pa.list_(pa.float16(), width), nullable=False),
                pa.field("encoder", pa.string()),
                pa.field("version", pa.string()),
                pa.field("preprocessing_hash", pa.string()),
            ]
        ),
        key="key",
    )
