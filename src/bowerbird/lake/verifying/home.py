"""This file is about whether the databases of a home are whole, and what is derived fits the tables."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import sqlalchemy as sa

from bowerbird.lake.copying.home_files import DATABASES
from bowerbird.lake.lake import Lake
from bowerbird.lake.records.engine import reading
from bowerbird.lake.records.tables import save
from bowerbird.lake.request_log.log import SPOOL
from bowerbird.lake.verifying.types import RESTORE, Finding, some_of

_VERSION_KEY = "lake_version"
_DERIVED = ("index", "generations")


def check_databases(lake: Lake, *, is_full: bool) -> Iterator[Finding]:
    """Findings about records and events; with `is_full` their indexes are compared with their rows."""
    for name in (*DATABASES, SPOOL):
        if not (lake.path / name).exists():  # nothing was logged yet
            continue
        with closing(sqlite3.connect(f"file:{lake.path / name}?mode=ro", uri=True)) as opened:
            try:
                said = opened.execute(
                    "PRAGMA integrity_check" if is_full else "PRAGMA quick_check"
                ).fetchone()[0]
                strays = opened.execute("PRAGMA foreign_key_check").fetchall()
            except sqlite3.DatabaseError as error:
                said, strays = str(error), []
        if said != "ok":
            yield Finding("databases", True, f"{name} is damaged: {said}", RESTORE)
        if strays:
            yield Finding(
                "databases", True, f"{len(strays):,} rows of {name} refer to rows that are gone", RESTORE
            )


def check_events(lake: Lake) -> Iterator[Finding]:
    """Findings about events that can be read no more."""
    if lost := lake.events.unreadable():
        yield Finding(
            "events",
            True,
            f"of {lake.events.count():,} events {len(lost):,} are damaged and left out, at offsets "
            f"{some_of([str(offset) for offset in lost])}",
            RESTORE + ", or go on without them",
        )


def check_saves(lake: Lake) -> Iterator[Finding]:
    """Findings about boards that hold items which the item table has never known."""
    with reading(lake.records.engine).connect() as connection:
        saved = list(connection.scalars(sa.select(save.c.item_id).distinct()))
    known: set[str] = set()
    for batch in lake.items.scan(["id"], with_tombstones=True):
        known.update(batch["id"].to_pylist())
    strange = [id_ for id_ in saved if id_ not in known]
    if strange:
        yield Finding(
            "boards",
            False,
            f"boards hold {some_of(strange)}, which the item table does not know",
            "nothing has to be done: boards leave them out; they are back when the items are",
        )


def check_notes(lake: Lake) -> Iterator[Finding]:
    """Findings about the small JSON files of a home, such as the one that says which encoder serves."""
    for path in sorted(lake.path.glob("*.json")):
        try:
            json.loads(path.read_bytes())
        except ValueError as error:
            yield Finding("notes", True, f"{path.name} is damaged: {error}", RESTORE)


def check_derived(lake: Lake) -> Iterator[Finding]:
    """Findings about indexes of a newer lake than this, as after a restore into an old home."""
    for path in (found for folder in _DERIVED for found in (lake.path / folder).rglob("manifest.json")):
        found = _version_in(path)
        if found is not None and found > lake.items.version:
            yield Finding(
                "derived",
                False,
                f"{path.relative_to(lake.path)} was made from version {found}, the item table has "
                f"{lake.items.version}",
                f"delete {path.parent}; it is made again",
            )


def _version_in(path: Path) -> int | None:
    try:
        said = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None  # the index says so itself when it is opened, and is made again
    version = said.get(_VERSION_KEY) if isinstance(said, dict) else None
    return version if isinstance(version, int) else None
