"""This file is about commits to one table: each in the journal before, durable after; healed when opened."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import lance
import pyarrow as pa

from bowerbird.lake.config import LakeConfig
from bowerbird.lake.damage import VERSIONS, heads_newest_first
from bowerbird.lake.healing import HEALED, Healer
from bowerbird.lake.journal import Journal, sync_folder
from bowerbird.lake.schemas import TableSpec
from bowerbird.lake.table_files import TableFiles
from bowerbird.lake.table_making import make_table

_LONG_S = 600.0
_FOLDERS_ABOVE = 4  # from `tables/embedding/picture` up to where the lake lies


class Commits:
    """What stands between a table and its files. A table in a bucket needs no journal."""

    def __init__(self, files: TableFiles, spec: TableSpec, config: LakeConfig, journals: Path | None) -> None:
        self._files = files
        self._spec = spec
        self._journal: Journal | None = None
        self._is_alone = False
        if files.folder is not None and journals is not None:
            self._journal = Journal(
                journals / spec.name, keep_entries=config.journal_entries, keep_bytes=config.journal_bytes
            )
            self._healer = Healer(files.folder, spec, self._journal, self._make, journals / HEALED)

    def open(self) -> lance.LanceDataset:
        """The table as it was acknowledged last; made where there is none."""
        if self._journal is not None:
            return self._healer.open()
        if not self._files.exists():
            self._make()
        return self._files.open()

    @contextmanager
    def change(
        self, operation: str, rows: pa.Table, newest: Callable[[], lance.LanceDataset]
    ) -> Iterator[lance.LanceDataset]:
        """The newest version, for rows to be changed in the block: journaled before, durable after."""
        if self._journal is None:
            yield (target := newest())
            self._files.sync()
            return
        with self._journal.held():
            self._finish_pending()
            target = newest()
            entry = self._journal.begin(operation, rows, base=int(target.version))
            try:
                yield target
                self._files.sync()
            except BaseException:  # a panic of the engine is no Exception; nobody was told of the rows
                self._journal.void(entry)
                raise
            self._journal.acknowledge(entry, int(target.version))
            self._journal.drop_old()

    def keep(self, target: lance.LanceDataset) -> None:
        """A version that holds the same rows in other files is durable on return."""
        self._files.sync()
        if self._journal is not None:
            self._journal.acknowledge_upkeep(int(target.version))

    @contextmanager
    def alone(self) -> Iterator[bool]:
        """No other process writes in the block; False in a bucket, where nobody can be kept out."""
        if self._journal is None:
            yield False
            return
        with self._journal.held():
            self._finish_pending()
            self._is_alone = True
            try:
                yield True
            finally:
                self._is_alone = False

    def forget_removed(self) -> None:
        """Upkeep has removed files: let go of their names, and of rows that have long been on the disk."""
        self._files.forget()
        self.clear_journal(min_age_s=_LONG_S)

    def clear_journal(self, *, min_age_s: float = 0.0) -> None:
        """Lets go of all rows in the journal that were written so long ago."""
        if self._journal is not None and self._is_alone:
            self._journal.clear(min_age_s=min_age_s)
        elif self._journal is not None:
            with self._journal.held():
                self._finish_pending()
                self._journal.clear(min_age_s=min_age_s)

    def _finish_pending(self) -> None:
        """What a killed process began is done before anything else, so that entries keep their order."""
        if self._journal is not None and self._journal.has_pending():
            self._healer.heal()

    def _make(self) -> None:
        if self._files.folder is not None and not heads_newest_first(self._files.folder):
            # Left by a making that was cut off, or by damage to every version: no table is there.
            shutil.rmtree(self._files.folder / VERSIONS, ignore_errors=True)
        make_table(self._files, self._spec)
        if self._files.folder is not None:
            for above in list(self._files.folder.parents)[:_FOLDERS_ABOVE]:
                sync_folder(above)
