"""This file is about the lake's settings."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class LakeConfig(BaseModel):
    """Settings of the lake; the defaults suit one machine with up to a few million items."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    fragment_bytes: Annotated[int, Field(ge=1_000_000)] = 256_000_000
    """Compaction aims at files of this size; rows per file follow from the bytes per row."""
    index_rows: Annotated[int, Field(ge=100)] = 2_000
    """New rows that a word search may have to read through (10 ms a thousand) before they are indexed."""
    key_index_rows: Annotated[int, Field(ge=100)] = 10_000
    """New rows whose keys a write may have to read (25 ms a thousand) before maintenance indexes them."""
    upkeep_rows: Annotated[int, Field(ge=1_000)] = 50_000
    """Rows written by one table since its indexes were last brought up to date, before a writer does so."""
    upkeep_writes: Annotated[int, Field(ge=10)] = 200
    """Writes to one table, however small, before a writer brings its files and indexes up to date."""
    compact_files: Annotated[int, Field(ge=4)] = 32
    """New files of one table before maintenance makes fewer of them, and the most that one step takes in."""
    clean_every_s: Annotated[int, Field(ge=1)] = 3_600
    """How often maintenance lets go of old versions."""
    maintain_every_hours: Annotated[float, Field(ge=0)] = 24.0
    """How often maintenance does all that `lake maintain` does."""
    keep_versions_hours: Annotated[float, Field(ge=0)] = 24.0 * 14
    """How far back `--as-of` reaches after maintenance."""
    keep_tombstones_hours: Annotated[float, Field(ge=0)] = 24.0 * 30
    """How long a deleted item is remembered, so that every reader of the change feed hears of it."""
    journal_entries: Annotated[int, Field(ge=0)] = 8
    """Last writes of each table that are kept apart, to be applied again after an accident; 0 keeps none."""
    journal_bytes: Annotated[int, Field(ge=0)] = 128_000_000
    """Bytes that they may take for each table; the last write is kept whatever its size."""
    keep_rejects_hours: Annotated[float, Field(ge=0)] = 24.0 * 30
    """How long files of refused rows are kept; they hold values as they were received."""
    clean_sqlite_below_bytes: Annotated[int, Field(ge=0)] = 2_000_000_000
    """Maintenance writes a database file anew after a forget if it is smaller; writers wait 5 s a GB."""
    group_commit_ms: Annotated[float, Field(ge=0, le=1_000)] = 5.0
    """How long the event log gathers events for one durable commit."""
    group_commit_events: Annotated[int, Field(ge=1)] = 5_000
    """A commit is made at once when this many events wait."""
    keep_actions: Annotated[int, Field(ge=10)] = 500
    """Actions remembered per person in the online store."""
    keep_seen: Annotated[int, Field(ge=10)] = 5_000
    """Seen items remembered per person in the online store."""
    cached_people: Annotated[int, Field(ge=1)] = 20_000
    """People whose online state is held in memory."""
    cached_cards: Annotated[int, Field(ge=1)] = 50_000
    """Item cards (about 0.6 kB each) held encoded in memory."""
    metadata_cache_mb: Annotated[int, Field(ge=1)] = 32
    """Memory in which each table keeps what it read of its files; every write adds to it until it is full."""
    index_cache_mb: Annotated[int, Field(ge=1)] = 256
    """Memory in which each table keeps parts of its indexes on keys and words."""
    keep_unshown: Annotated[int, Field(ge=0, le=10_000)] = 50
    """Candidates of a request that were not shown, yet are kept in the request log: a sample by chance."""
    request_queue: Annotated[int, Field(ge=1)] = 1_000
    """Records of the request log that may wait to be written; more are dropped, and counted."""
    request_group_ms: Annotated[float, Field(ge=0, le=10_000)] = 200.0
    """How long the request log gathers records for one durable commit."""
    request_group_records: Annotated[int, Field(ge=1)] = 500
    """A commit is made at once when this many records wait."""
    move_requests: Annotated[int, Field(ge=1)] = 10_000
    """Records in the spool of the request log before maintenance moves them into files of days."""
    keep_requests_days: Annotated[float, Field(ge=0)] = 90.0
    """How long the request log is kept."""
    idempotency_hours: Annotated[float, Field(ge=0)] = 24.0
    """How long an idempotency key is remembered."""
