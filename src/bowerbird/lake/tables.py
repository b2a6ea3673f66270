"""This file is about tables: one Lance dataset each, upserted by key, durable, readable as of any version."""

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from io import BufferedIOBase
from pathlib import Path
from typing import cast

import lance
import pyarrow as pa
import pyarrow.compute as pc
from lance.query import FullTextOperator

from bowerbird.core.errors import LakeError, NotFoundError
from bowerbird.core.filters import Filter
from bowerbird.lake.commits import Commits
from bowerbird.lake.config import LakeConfig
from bowerbird.lake.debt import TableDebt
from bowerbird.lake.filters_sql import to_sql
from bowerbird.lake.journal import ADD, DELETE, UPSERT
from bowerbird.lake.merging import append, blob_row, delete_keys, key_lists, last_of_each_key, merge
from bowerbird.lake.places import Place
from bowerbird.lake.schemas import TableSpec
from bowerbird.lake.table_files import files_of
from bowerbird.lake.table_making import check_columns
from bowerbird.lake.table_upkeep import TableUpkeep, Turn, anybody
from bowerbird.lake.upkeep import tags_of

MEBIBYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class TableVersion:
    """One state of a table."""

    version: int
    at: datetime


class Table:
    """Rows under a declared key. Safe for threads and for several processes, on one disk or in a bucket."""

    def __init__(
        self,
        where: Path | Place,
        spec: TableSpec,
        config: LakeConfig | None = None,
        journals: Path | None = None,
        turn: Turn = anybody,
    ) -> None:
        """Opens the table, heals what an accident damaged, and makes the table where there is none.

        `journals` is the folder for redo journals of tables on a disk; without one, none is kept. `turn` says
        whether writers may do upkeep.
        """
        self.files = files_of(where)
        self.spec = spec
        self._config = config or LakeConfig()
        self._writing = threading.RLock()
        self.commits = Commits(self.files, spec, self._config, journals)
        self.upkeep = TableUpkeep(self.files, self.commits, spec, self._config, self._writing, turn)
        # Bounded, because by themselves these caches grow with every version, to gigabytes a table.
        self._session = lance.Session(
            metadata_cache_size_bytes=self._config.metadata_cache_mb * MEBIBYTE,
            index_cache_size_bytes=self._config.index_cache_mb * MEBIBYTE,
        )
        self.commits.open()
        self._head = self._opened(None)
        check_columns(self._head, spec)

    @property
    def path(self) -> Path:
        """The folder of a table on a disk.

        Raises:
            LakeError: it lies in a bucket.
        """
        if self.files.folder is None:
            raise LakeError(
                f"table {self.files.uri} has no folder; needed is one on a disk; "
                "copy the lake to this machine with `bowerbird lake copy`"
            )
        return self.files.folder

    @property
    def version(self) -> int:
        """The newest version, also when another process made it."""
        return int(self._head.latest_version)

    @property
    def cached_bytes(self) -> int:
        """Memory that its caches of files and indexes take."""
        return int(self._session.size_bytes())

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
                f"no version of {self.spec.name} at {moment.isoformat()}; the oldest kept is "
                f"{oldest.version} of {oldest.at.isoformat()}; ask for that or a later one"
            )
        return max(before)

    def upsert(self, rows: pa.Table) -> int:
        """Adds new keys and replaces known ones; durable on return. Gives the new version.

        Of several rows with one key in `rows`, the last one counts. More than some 64 MB goes in as several
        versions, so that a reader may meet the first part without the rest.
        """
        rows = last_of_each_key(rows, self.spec.key)
        if rows.num_rows == 0:
            return self.version
        with self._writing:
            with self.commits.change(UPSERT, rows, self._fresh) as target:
                merge(target, self.spec, rows)
            self._head = target
            self.upkeep.written(rows.num_rows)
            return int(self._head.version)

    def add_blob(self, key: str, content: bytes) -> int:
        """Keeps a large content under its key, with one copy of it in memory; durable on return.

        Only for a content-addressed table: a key that is known stays as it is. One process at a time, because
        nothing is compared on the way in as a merge would. Gives the new version.
        """
        assert self.spec.is_content_addressed
        with self._writing, self.files.alone("adding"):
            if not self._fresh().count_rows(filter=next(key_lists(self.spec, [key]))):
                row = blob_row(self.spec, key, content)
                with self.commits.change(ADD, row, self._fresh) as target:
                    append(target, self.spec, row)
                self._head = target
                self.upkeep.written(1)
            return int(self._head.version)

    def delete(self, keys: Sequence[str]) -> int:
        """Removes the rows; durable on return. Gives the new version. Unknown keys are passed over."""
        gone = pa.table({self.spec.key: pa.array(keys, pa.string())})
        with self._writing:
            with self.commits.change(DELETE, gone, self._fresh) as target:
                delete_keys(target, self.spec, keys)
            self._head = target
            return int(self._head.version)

    def keys_where(self, sql: str) -> list[str]:
        """Keys of the rows that a condition in Lance's SQL holds for, tombstones among them."""
        found = self._newest().scanner(columns=[self.spec.key], filter=sql).to_table()
        return list(found[self.spec.key].to_pylist())

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
        head = self._at(version)
        with_key = list(dict.fromkeys([self.spec.key, *columns]))
        blobs = "all_binary" if self.spec.blob in columns else None
        parts = [
            head.scanner(columns=with_key, filter=listed, blob_handling=blobs).to_table()
            for listed in key_lists(self.spec, list(dict.fromkeys(keys)) or [""])
        ]
        found = pa.concat_tables(parts)
        known = found[self.spec.key].combine_chunks()
        rows = pc.drop_null(pc.index_in(pa.array(keys, pa.string()), value_set=known))
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

    def search_words(
        self,
        text: str,
        limit: int,
        where_sql: str | None = None,
        *,
        edits: int = 0,
        needs_all: bool = False,
    ) -> pa.Table:
        """Rows whose words match `text` (BM25), best first; new rows are found at once.

        Args:
            text: as a person types it; no operators.
            limit: at least 1.
            where_sql: a condition made by `filters_sql.to_sql`.
            edits: letters that may differ in each word behind its first, 0 to 2.
            needs_all: only rows that have every word.

        Returns:
            columns `number` and `_score`.
        """
        if self.spec.words is None:
            raise LakeError(f"table {self.spec.name} has no column of words; search the item table")
        tombstone = f"{self.spec.tombstone} IS NULL" if self.spec.tombstone else "true"
        query = lance.query.MatchQuery(
            text,
            self.spec.words,
            fuzziness=edits,
            prefix_length=1 if edits else 0,
            operator=FullTextOperator.AND if needs_all else FullTextOperator.OR,
        )
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
        return self.keys_where(f"{self.spec.tombstone} < {int(before_ms)}")

    def highest(self, column: str) -> str | None:
        """The key of the row with the highest value, tombstones among them; None where there are no rows."""
        best: tuple[int, str] | None = None
        for batch in self.scan([self.spec.key, column], with_tombstones=True):
            row = int(pc.index(batch[column], pc.max(batch[column])).as_py())
            found = (batch[column][row].as_py(), batch[self.spec.key][row].as_py())
            best = found if best is None else max(best, found)
        return None if best is None else best[1]

    def count(self, where: Filter | None = None, *, version: int | None = None) -> int:
        """How many rows there are, tombstones not counted."""
        return int(self._at(version).count_rows(filter=self._live_sql(where, with_tombstones=False)))

    def blob(self, key: str) -> bytes | None:
        """The content under `key`, or None."""
        found = self.take([key], [str(self.spec.blob)])
        return bytes(found.column(0)[0].as_py()) if found.num_rows else None

    def open_blob(self, key: str) -> BufferedIOBase | None:
        """The content under `key` as a file that is read in parts, or None; close it after use."""
        head = self._newest()
        found = head.scanner(
            columns=[], filter=next(key_lists(self.spec, [key])), with_row_id=True
        ).to_table()
        if not found.num_rows:
            return None
        opened = head.take_blobs(str(self.spec.blob), ids=found["_rowid"].to_pylist())
        return cast(BufferedIOBase, opened[0])

    def debt(self) -> TableDebt:
        """What maintenance would put right."""
        return self.upkeep.debt()

    def maintain(self) -> TableDebt:
        """Compacts within bounds, merges indexes, lets go of old versions. Gives the debt left.

        One owner at a time: where another process is at it, this call leaves it to that one.
        """
        self.upkeep.tidy(is_thorough=True)
        return self.debt()

    def tags(self) -> dict[str, int]:
        """Tag → the version that it holds on to."""
        return tags_of(self._newest())

    def _newest(self) -> lance.LanceDataset:
        head = self._head
        if head.latest_version == head.version:
            return head
        self._head = head = self._fresh()
        return head

    def _fresh(self) -> lance.LanceDataset:
        return self._opened(None)

    def _at(self, version: int | None) -> lance.LanceDataset:
        if version is None:
            return self._newest()
        try:
            return self._opened(version)
        except (OSError, ValueError) as error:
            known = self.versions()
            raise NotFoundError(
                f"version {version} of {self.spec.name} is not kept; kept are {known[0].version} to "
                f"{known[-1].version}; ask for one of those"
            ) from error

    def _opened(self, version: int | None) -> lance.LanceDataset:
        files = self.files
        return lance.dataset(files.uri, version=version, storage_options=files.options, session=self._session)

    def _live_sql(self, where: Filter | None, *, with_tombstones: bool) -> str | None:
        conditions = []
        if self.spec.tombstone and not with_tombstones:
            conditions.append(f"{self.spec.tombstone} IS NULL")
        if where is not None:
            conditions.append(to_sql(where))
        return " AND ".join(conditions) or None
