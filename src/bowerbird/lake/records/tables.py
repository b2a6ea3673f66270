"""This file is about the SQL tables of records: what must be exact and is changed row by row.

The SQL is plain enough for SQLite and PostgreSQL; times are UTC milliseconds.
"""

import sqlalchemy as sa

metadata = sa.MetaData()

item_number = sa.Table(
    "item_number",
    metadata,
    sa.Column("id", sa.String(256), primary_key=True),
    sa.Column("number", sa.BigInteger, nullable=False, unique=True),
)

counter = sa.Table(
    "counter",
    metadata,
    sa.Column("name", sa.String(64), primary_key=True),
    sa.Column("next", sa.BigInteger, nullable=False),
)

person = sa.Table(
    "person",
    metadata,
    sa.Column("id", sa.String(256), primary_key=True),
    sa.Column("created_ms", sa.BigInteger, nullable=False),
    sa.Column("consent", sa.Boolean, nullable=False),
)

board = sa.Table(
    "board",
    metadata,
    sa.Column("id", sa.String(64), primary_key=True),
    sa.Column("owner", sa.String(256), nullable=False),
    sa.Column("name", sa.String(200), nullable=False),
    sa.Column("description", sa.Text, nullable=False),
    sa.Column("is_secret", sa.Boolean, nullable=False),
    sa.Column("created_ms", sa.BigInteger, nullable=False),
    sa.Column("updated_ms", sa.BigInteger, nullable=False),
    sa.Index("board_by_owner", "owner", "updated_ms"),
)

section = sa.Table(
    "section",
    metadata,
    sa.Column("id", sa.String(64), primary_key=True),
    sa.Column("board_id", sa.String(64), sa.ForeignKey("board.id", ondelete="CASCADE"), nullable=False),
    sa.Column("name", sa.String(200), nullable=False),
    sa.Column("created_ms", sa.BigInteger, nullable=False),
    sa.Index("section_by_board", "board_id", "created_ms"),
)

save = sa.Table(
    "save",
    metadata,
    sa.Column("board_id", sa.String(64), sa.ForeignKey("board.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("item_id", sa.String(256), primary_key=True),
    sa.Column("section_id", sa.String(64), sa.ForeignKey("section.id", ondelete="SET NULL"), nullable=True),
    sa.Column("saved_ms", sa.BigInteger, nullable=False),
    sa.Column("position", sa.BigInteger, nullable=False),
    sa.Index("save_newest_first", "board_id", "saved_ms", "item_id"),
    sa.Index("save_by_item", "item_id"),
    sa.Index("save_by_section", "section_id"),
)

source_reading = sa.Table(
    "source_reading",
    metadata,
    sa.Column("name", sa.String(256), primary_key=True),
    sa.Column("place", sa.Text, nullable=False),
    sa.Column("settings_hash", sa.String(64), nullable=False),
    sa.Column("content_hash", sa.String(64), nullable=False),
    sa.Column("etag", sa.String(500), nullable=False),
    sa.Column("last_modified", sa.String(500), nullable=False),
    sa.Column("changes_ms", sa.BigInteger, nullable=True),
    sa.Column("read_ms", sa.BigInteger, nullable=False),
)

fetched_picture = sa.Table(
    "fetched_picture",
    metadata,
    sa.Column("address_hash", sa.String(64), primary_key=True),
    sa.Column("etag", sa.String(500), nullable=False),
    sa.Column("last_modified", sa.String(500), nullable=False),
)

source = sa.Table(
    "source",
    metadata,
    sa.Column("name", sa.String(256), primary_key=True),
    sa.Column("place", sa.Text, nullable=False),
    sa.Column("options", sa.Text, nullable=False),
    sa.Column("every_s", sa.BigInteger, nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("next_run_ms", sa.BigInteger, nullable=False),
    sa.Column("failures", sa.BigInteger, nullable=False),
    sa.Column("held_missing", sa.BigInteger, nullable=False),
    sa.Column("agreed_missing", sa.BigInteger, nullable=False),
    sa.Column("last_good_ms", sa.BigInteger, nullable=True),
    sa.Column("made_ms", sa.BigInteger, nullable=False),
)

source_run = sa.Table(
    "source_run",
    metadata,
    sa.Column("id", sa.String(64), primary_key=True),
    sa.Column("source", sa.String(256), sa.ForeignKey("source.name", ondelete="CASCADE"), nullable=False),
    sa.Column("began_ms", sa.BigInteger, nullable=False),
    sa.Column("ended_ms", sa.BigInteger, nullable=True),
    sa.Column("outcome", sa.String(16), nullable=False),
    sa.Column("report", sa.Text, nullable=False),
    sa.Column("said", sa.Text, nullable=False),
    sa.Index("source_run_newest_first", "source", "began_ms"),
)

person_control = sa.Table(
    "person_control",
    metadata,
    sa.Column("person_id", sa.String(256), primary_key=True),
    sa.Column("adventure", sa.Float, nullable=False),
    sa.Column("history_from_ms", sa.BigInteger, nullable=False),
    sa.Column("is_incognito", sa.Boolean, nullable=False),
    sa.Column("country", sa.String(2), nullable=False),
    sa.Column("blocked_owners", sa.Text, nullable=False),
    sa.Column("changed_ms", sa.BigInteger, nullable=False),
)

interest_wish = sa.Table(
    "interest_wish",
    metadata,
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("person_id", sa.String(256), nullable=False),
    sa.Column("interest_id", sa.String(256), nullable=False),
    sa.Column("wish", sa.String(16), nullable=False),
    sa.Column("at_ms", sa.BigInteger, nullable=False),
    sa.Column("until_ms", sa.BigInteger, nullable=False),
    sa.Index("interest_wish_by_person", "person_id", "at_ms"),
)

idempotency_key = sa.Table(
    "idempotency_key",
    metadata,
    sa.Column("person_id", sa.String(256), primary_key=True),
    sa.Column("key", sa.String(256), primary_key=True),
    sa.Column("request_hash", sa.String(64), nullable=False),
    sa.Column("status", sa.Integer, nullable=True),
    sa.Column("body", sa.LargeBinary, nullable=True),
    sa.Column("made_ms", sa.BigInteger, nullable=False),
    sa.Index("idempotency_by_age", "made_ms"),
)

forgotten = sa.Table(
    "forgotten",
    metadata,
    sa.Column("kind", sa.String(16), primary_key=True),
    sa.Column("hash", sa.String(64), primary_key=True),
    sa.Column("number", sa.BigInteger, nullable=False),
    sa.Column("asked_ms", sa.BigInteger, nullable=False),
    sa.Column("removed_ms", sa.BigInteger, nullable=True),
    sa.Column("purged_ms", sa.BigInteger, nullable=True),
    sa.Column("gone_ms", sa.BigInteger, nullable=True),
    sa.Column("is_refused", sa.Boolean, nullable=False),
    sa.Column("work", sa.Text, nullable=True),
    sa.Column("versions", sa.Text, nullable=True),
)

secret = sa.Table(
    "secret",
    metadata,
    sa.Column("name", sa.String(64), primary_key=True),
    sa.Column("value", sa.LargeBinary, nullable=False),
)
