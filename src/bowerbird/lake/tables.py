"""This file is about tables: one Lance dataset each, upserted by key, durable on return, readable as of any version."""

import fcntl
import logging
import math
import os
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import lance
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from bowerbird.core.errors import LakeError, NotFoundError
from bowerbird.core.filters import Filter
from bowerbird.lake.config import LakeConfig
from bowerbird.lake.durable import DurableFolder, open_repaired
from bowerbird.lake.filters_sql import quoted_list, to_sql
from bowerbird.lake.schemas import TableSpec

log = logging.getLogger(__name__)

_COMMIT_RETRIES = 100
_RETRY_FOR = timedelta(seconds=120)
_KEYS_PER_QUERY = 2_000
# Lance joins what comes in with what is there inside a pool of 300 MB, so one merge takes some 64 MB at most.
_ROWS_PER_BATCH = 4_096
_BYTES_PER_BATCH = 4_000_000
_BATCHES_PER_MERGE = 16
# 2.2 is the first file format with blob columns that are stored beside the rows.
_FILE_FORMAT = "2.2"


@dataclass(frozen=True, slots=True)
class TableVersion:
    """One state of a table."""

    version: int
    at: datetime


@dataclass(frozen=True, slots=True)
class TableDebt:
    """What maintenance would put right, as figures to watch.

    Attributes:
        rows: all rows, tombstones included.
        fragments: files that a full scan opens.
        deleted_rows: rows that still take space.
        unindexed_rows: rows that a word search scans without the index.
        versions: states that can be read with `as-of`.
    """

    rows: int
    fragments: int
    deleted_rows: int
    unindexed_rows: int
    versions: int


class Table:
    """Rows under a declared key. Safe for threads, and for several processes on one disk."""

    def __init__(self, path: Path, spec: TableSpec, config: LakeConfig | None = None) -> None:
        """Opens the table, mends a damaged head, and makes the table where there is none."""
        self.path = path
        self.spec = spec
        self._config = config or LakeConfig()
        self._writing = threading.RLock()
        self._disk = DurableFolder(path)
        self._rows_since_upkeep = 0
        if not (path / "_versions").is_dir():
            self._create()
        self._head = open_repaired(path)
        self._check_schema()

    @property
    def version(self) -> int:
        """The newest version, also when another process made it."""
        return int(self._head.latest_version)

    def versions(self) -> list[TableVersion]:
        """Every version that can still be read, oldest first."""
        listed = self._newest().versions()
        return [TableVersion(int(entry["version"]), entry["timestamp"].astimezone()) for entry in listed]

    def version_at(self, moment: datetime) -> int:
        """The newest version that was there at `moment`.

        Raises:
            NotFoundError: the table is younger, or maintenance has let go of that time.
        """
        before = [entry.version for entry in self.versions() if entry.at <= moment.astimezone()]
        if not before:
            oldest = self.versions()[0]
            raise NotFoundError(
                f"no version of {self.spec.name} at {moment.isoformat()}; the oldest kept is {oldest.version} "
                f"of {oldest.at.isoformat()}; ask for that or a later one"
            )
        return max(before)

    def upsert(self, rows: pa.Table) -> int:
        """Adds new keys and replaces known ones; durable on return. Gives the new version.

        Of several rows with one key in `rows`, the last one counts. More than some 64 MB goes in as several
        versions, so that a reader may meet the first part without the rest.
        """
        rows = _last_of_each_key(rows, self.spec.key)
        if rows.num_rows == 0:
            return self.version
        with self._writing:
            target = self._fresh()
            batches = _batches(rows)
            for start in range(0, len(batches), _BATCHES_PER_MERGE):
                self._merge(target, batches[start : start + _BATCHES_PER_MERGE])
            self._committed(target)
            self._rows_since_upkeep += rows.num_rows
            if self._rows_since_upkeep >= self._config.upkeep_rows:
                self.maintain(keep_all_versions=True)
            return int(self._head.version)

    def delete(self, keys: Sequence[str]) -> int:
        """Removes the rows; durable on return. Gives the new version. Unknown keys are passed over."""
        with self._writing:
            target = self._fresh()
            for start in range(0, len(keys), _KEYS_PER_QUERY):
                listed = quoted_list(keys[start : start + _KEYS_PER_QUERY])
                target.delete(
                    f"{self.spec.key} IN ({listed})",
                    conflict_retries=_COMMIT_RETRIES,
                    retry_timeout=_RETRY_FOR,
                )
            self._committed(target)
            return int(self._head.version)

    def scan(
        self,
        columns: Sequence[str],
        *,
        where: Filter | None = None,
        version: int | None = None,
        batch_rows: int = 4096,
        with_tombstones: bool = False,
        with_row_id: bool = False,
    ) -> Iterator[pa.RecordBatch]:
        """The rows, batch by batch, of the newest version or of `version`."""
        scanner = self._at(version).scanner(
            columns=list(columns),
            filter=self._live_sql(where, with_tombstones=with_tombstones),
            batch_size=batch_rows,
            with_row_id=with_row_id,
            blob_handling="all_binary" if self.spec.blob in columns else None,
        )
        return iter(scanner.to_batches())

    def read(
        self, columns: Sequence[str], *, where: Filter | None = None, version: int | None = None
    ) -> pa.Table:
        """All rows at once, tombstones left out; for narrow columns."""
        sql = self._live_sql(where, with_tombstones=False)
        return self._at(version).scanner(columns=list(columns), filter=sql).to_table()

    def take(self, keys: Sequence[str], columns: Sequence[str], *, version: int | None = None) -> pa.Table:
        """The rows of these keys in their order; absent keys are left out, tombstones are not."""
        wanted = list(dict.fromkeys(keys))
        with_key = list(dict.fromkeys([self.spec.key, *columns]))
        head, parts = self._at(version), []
        for start in range(0, max(len(wanted), 1), _KEYS_PER_QUERY):
            listed = quoted_list(wanted[start : start + _KEYS_PER_QUERY]) or "''"
            scanner = head.scanner(
                columns=with_key,
                filter=f"{self.spec.key} IN ({listed})",
                blob_handling="all_binary" if self.spec.blob in columns else None,
            )
            parts.append(scanner.to_table())
        found = pa.concat_tables(parts)
        rows = pc.drop_null(
            pc.index_in(pa.array(keys, pa.string()), value_set=found[self.spec.key].combine_chunks())
        )
        return found.take(rows).select(list(columns))

    def take_row_ids(self, row_ids: Sequence[int], columns: Sequence[str]) -> pa.Table:
        """The rows with these stable row ids, in order; never by offset, which is slow after deletions."""
        return self._newest()._take_rows(list(row_ids), columns=list(columns))

    def changes(
        self, since: int, columns: Sequence[str], *, batch_rows: int = 4096, with_row_id: bool = False
    ) -> Iterator[pa.RecordBatch]:
        """Rows inserted or updated after version `since`, tombstones included."""
        scanner = self._newest().scanner(
            columns=list(columns),
            filter=f"_row_last_updated_at_version > {int(since)}",
            batch_size=batch_rows,
            with_row_id=with_row_id,
        )
        return iter(scanner.to_batches())

    def search_words(self, text: str, limit: int, where_sql: str | None = None) -> pa.Table:
        """Rows whose words match `text` (BM25), best first; new rows are found at once.

        Args:
            text: as a person types it; no operators.
            limit: at least 1.
            where_sql: a condition made by `filters_sql.to_sql`.

        Returns:
            columns `number` and `_score`.
        """
        if self.spec.words is None:
            raise LakeError(f"table {self.spec.name} has no column of words; search the item table")
        tombstone = f"{self.spec.tombstone} IS NULL" if self.spec.tombstone else "true"
        query = lance.query.MatchQuery(text, self.spec.words)
        scanner = self._newest().scanner(
            columns=["number", "_score"],
            full_text_query=query,
            filter=f"{tombstone} AND {where_sql}" if where_sql else tombstone,
            prefilter=True,
            limit=limit,
        )
        return scanner.to_table()

    def tombstones_before(self, before_ms: int) -> list[str]:
        """Keys of rows that were deleted before a time."""
        if self.spec.tombstone is None:
            return []
        sql = f"{self.spec.tombstone} < {int(before_ms)}"
        found = self._newest().scanner(columns=[self.spec.key], filter=sql).to_table()
        return list(found[self.spec.key].to_pylist())

    def count(self, where: Filter | None = None, *, version: int | None = None) -> int:
        """How many rows there are, tombstones not counted."""
        return int(self._at(version).count_rows(filter=self._live_sql(where, with_tombstones=False)))

    def blob(self, key: str) -> bytes | None:
        """The content under `key`, or None."""
        found = self.take([key], [str(self.spec.blob)])
        return bytes(found.column(0)[0].as_py()) if found.num_rows else None

    def debt(self) -> TableDebt:
        """What maintenance would put right."""
        head = self._newest()
        fragments = head.get_fragments()
        unindexed = 0
        if self.spec.words is not None:
            unindexed = int(head.stats.index_stats(_index_name(self.spec.words)).get("num_unindexed_rows", 0))
        return TableDebt(
            rows=head.count_rows(),
            fragments=len(fragments),
            deleted_rows=sum(fragment.num_deletions for fragment in fragments),
            unindexed_rows=unindexed,
            versions=len(head.versions()),
        )

    def maintain(self, *, keep_all_versions: bool = False) -> TableDebt:
        """Compacts within bounds, brings indexes up to date, lets go of old versions. Gives the debt left.

        One owner at a time: where another process is at it, this call leaves it to that one.
        """
        with self._writing, (self.path / ".maintaining").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return self.debt()
            target = self._fresh()
            target.optimize.compact_files(target_rows_per_fragment=self.rows_per_fragment())
            target.optimize.optimize_indices()
            self._committed(target)
            self._rows_since_upkeep = 0
            if not keep_all_versions:
                keep = timedelta(hours=self._config.keep_versions_hours)
                target.cleanup_old_versions(older_than=keep, error_if_tagged_old_versions=False)
                self._disk.forget()
            return self.debt()

    def rows_per_fragment(self) -> int:
        """Rows that fill one fragment, from the bytes that rows of this table take; at least 1."""
        fragments = self._newest().get_fragments()
        rows = sum(fragment.physical_rows for fragment in fragments)
        files = [file for fragment in fragments for file in fragment.data_files()]
        total_bytes = sum(os.path.getsize(self.path / "data" / file.path) for file in files)  # noqa: PTH202
        bytes_per_row = max(total_bytes / rows, 1.0) if rows else 1.0
        return max(int(self._config.fragment_bytes / bytes_per_row), 1)

    def _create(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        empty = self._as_stored(self.spec.schema.empty_table())
        try:
            made = lance.write_dataset(
                empty,
                str(self.path),
                mode="create",
                enable_stable_row_ids=True,
                data_storage_version=_FILE_FORMAT,
            )
        except OSError as error:
            if "already exists" not in str(error):
                raise LakeError(f"table {self.spec.name} cannot be made in {self.path}: {error}") from error
            return  # another process was first
        made.create_scalar_index(self.spec.key, "BTREE", name=_index_name(self.spec.key))
        if self.spec.words is not None:
            made.create_scalar_index(
                self.spec.words,
                "INVERTED",
                name=_index_name(self.spec.words),
                with_position=False,
                stem=True,
                ascii_folding=True,
                remove_stop_words=False,
            )
        self._disk.sync()

    def _merge(self, target: lance.LanceDataset, batches: list[pa.Table]) -> None:
        stored = [batch for part in batches for batch in self._as_stored(part).combine_chunks().to_batches()]
        merge = target.merge_insert(self.spec.key).when_not_matched_insert_all()
        if not self.spec.is_content_addressed:
            merge = merge.when_matched_update_all()
        merge = merge.conflict_retries(_COMMIT_RETRIES).retry_timeout(_RETRY_FOR)
        merge.execute(pa.RecordBatchReader.from_batches(stored[0].schema, stored))

    def _check_schema(self) -> None:
        missing = [field.name for field in self.spec.schema if field.name not in self._head.schema.names]
        if missing:
            raise LakeError(
                f"table {self.spec.name} has no column {', '.join(missing)}; it was written by another version; "
                "import into a new lake"
            )

    def _newest(self) -> lance.LanceDataset:
        head = self._head
        if head.latest_version == head.version:
            return head
        self._head = head = self._fresh()
        return head

    def _fresh(self) -> lance.LanceDataset:
        return lance.dataset(str(self.path), session=self._head.session())

    def _at(self, version: int | None) -> lance.LanceDataset:
        if version is None:
            return self._newest()
        try:
            return lance.dataset(str(self.path), version=version, session=self._head.session())
        except (OSError, ValueError) as error:
            known = self.versions()
            raise NotFoundError(
                f"version {version} of {self.spec.name} is not kept; kept are {known[0].version} to "
                f"{known[-1].version}; ask for one of those"
            ) from error

    def _committed(self, target: lance.LanceDataset) -> None:
        self._disk.sync()
        self._head = target

    def _as_stored(self, rows: pa.Table) -> pa.Table:
        columns, fields = [], []
        for field in self.spec.schema:
            if field.name == self.spec.blob:
                fields.append(lance.blob_field(field.name))
                columns.append(lance.blob_array([value.as_py() for value in rows[field.name]]))
            else:
                fields.append(field)
                columns.append(rows[field.name].cast(field.type))
        return pa.Table.from_arrays(columns, schema=pa.schema(fields))

    def _live_sql(self, where: Filter | None, *, with_tombstones: bool) -> str | None:
        conditions = []
        if self.spec.tombstone and not with_tombstones:
            conditions.append(f"{self.spec.tombstone} IS NULL")
        if where is not None:
            conditions.append(to_sql(where))
        return " AND ".join(conditions) or None


def _index_name(column: str) -> str:
    return f"{column}_index"


def _batches(rows: pa.Table) -> list[pa.Table]:
    bytes_per_row = max(rows.nbytes / rows.num_rows, 1.0)
    step = max(min(int(_BYTES_PER_BATCH / bytes_per_row), _ROWS_PER_BATCH), 1)
    # Copied: of a slice, Lance would count the whole buffers against its pool.
    return [rows.take(np.arange(at, min(at + step, rows.num_rows))) for at in range(0, rows.num_rows, step)]


def _last_of_each_key(rows: pa.Table, key: str) -> pa.Table:
    keys = rows[key].to_pylist()
    last = {value: row for row, value in enumerate(keys)}
    return rows if len(last) == len(keys) else rows.take(sorted(last.values()))
