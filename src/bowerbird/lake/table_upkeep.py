"""This file is about the upkeep of one table: by its writers when it is due, or by who maintains the lake."""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TypeAlias

import lance

from bowerbird.lake.commits import Commits
from bowerbird.lake.config import LakeConfig
from bowerbird.lake.debt import TableDebt
from bowerbird.lake.memory import give_back
from bowerbird.lake.schemas import TableSpec
from bowerbird.lake.table_files import TableFiles
from bowerbird.lake.upkeep import (
    debt_of,
    drop_older,
    index_fresh_rows,
    keep_hours_of,
    let_go,
    reclaimable_bytes,
    rewrite,
    tidy,
)

log = logging.getLogger(__name__)

Turn: TypeAlias = Callable[[], AbstractContextManager[bool]]
"""Whether writers may do upkeep in the block: not where a maintenance process owns it."""
_LOOK_AGAIN_S = 0.02


def anybody() -> AbstractContextManager[bool]:
    """The turn of a table that nobody maintains."""
    return nullcontext(True)


class TableUpkeep:
    """Compaction, indexes and clean-up of one table; one process at a time does them."""

    def __init__(
        self,
        files: TableFiles,
        commits: Commits,
        spec: TableSpec,
        config: LakeConfig,
        writing: AbstractContextManager[bool],
        turn: Turn,
    ) -> None:
        self._files = files
        self._commits = commits
        self._spec = spec
        self._config = config
        self._writing = writing
        self._turn = turn
        self._rows_since_index = self._rows_since_tidying = self._writes_since_tidying = 0

    def written(self, rows: int) -> None:
        """A writer has added rows: when that was often or much, it does what is due, unless others do."""
        self._rows_since_index += rows
        self._rows_since_tidying += rows
        self._writes_since_tidying += 1
        try:
            self._do_what_is_due()
        except OSError as error:  # the rows are in: their writer has not failed, and the debt tells
            log.error("upkeep failed", extra={"table": self._spec.name, "error": str(error)})

    def tidy(self, *, is_thorough: bool) -> bool:
        """Compacted within bounds, indexes merged, old versions let go; False where another is at it."""
        with self._writing, self._files.claim() as is_ours:
            if not is_ours:
                return False
            head = self._newest()
            tidy(head, self._files.sizes(), self._config, is_thorough=is_thorough)
            self._commits.keep(head)
            let_go(head, self._spec, self._config)
            self._commits.forget_removed()
        give_back()  # compaction leaves as much memory behind as the files that it wrote anew
        return True

    def compact(self, *, max_files: int) -> bool:
        """A bounded step of compaction, and fresh rows are indexed; False where another is at it."""
        with self._writing, self._files.claim() as is_ours:
            if not is_ours:
                return False
            head = self._newest()
            tidy(head, self._files.sizes(), self._config, is_thorough=False, max_files=max_files)
            self._commits.keep(head)
        return True

    def index(self) -> bool:
        """Rows that no index covers get indexes of their own; False where another is at it."""
        with self._files.claim() as is_ours:
            if not is_ours:
                return False
            head = self._newest()
            index_fresh_rows(head)
            self._commits.keep(head)
        return True

    def let_go(self) -> bool:
        """Versions older than kept are gone, but for tagged ones; False where another is at it."""
        with self._writing, self._files.claim() as is_ours:
            if is_ours:
                let_go(self._newest(), self._spec, self._config)
                self._commits.forget_removed()
        return is_ours

    def rewrite(self) -> int:
        """What was deleted or replaced is in no file of the newest version, nor in its indexes.

        Nobody else writes meanwhile to a table on a disk. Gives that version.
        """
        with self._writing, self._claimed(), self._commits.alone():
            head = self._newest()
            rewrite(head, self._files.sizes(), self._spec, self._config)
            self._commits.keep(head)
            self._commits.clear_journal()
            return int(head.version)

    def keep_only_newest(self) -> int:
        """Older versions are gone, but for those that tags hold; gives the bytes that this freed."""
        with self._writing, self._claimed(), self._commits.alone() as is_alone:
            freed = drop_older(self._newest(), is_alone=is_alone)
            self._files.drop_damaged()
            self._commits.forget_removed()
        return freed

    def debt(self) -> TableDebt:
        """What maintenance would put right."""
        return debt_of(self._newest(), self._spec)

    def reclaimable_bytes(self) -> int:
        """What clean-up would free now; looks at every file."""
        return reclaimable_bytes(self._newest(), self._spec, self._config)

    @property
    def keep_hours(self) -> float:
        """How long older versions are kept."""
        return keep_hours_of(self._spec, self._config)

    def _newest(self) -> lance.LanceDataset:
        return lance.dataset(self._files.uri, storage_options=self._files.options)

    def _do_what_is_due(self) -> None:
        config = self._config
        if (
            self._rows_since_tidying >= config.upkeep_rows
            or self._writes_since_tidying >= config.upkeep_writes
        ):
            with self._turn() as is_ours:
                if is_ours:
                    self.tidy(is_thorough=False)
            self._rows_since_index = self._rows_since_tidying = self._writes_since_tidying = 0
        elif self._spec.words and self._rows_since_index >= config.index_rows:
            with self._turn() as is_ours:
                if is_ours:
                    self.index()
            self._rows_since_index = 0

    @contextmanager
    def _claimed(self) -> Iterator[None]:
        """Upkeep is ours in the block; waits for whoever is at it."""
        while True:
            with self._files.claim() as is_ours:
                if is_ours:
                    yield
                    return
            time.sleep(_LOOK_AGAIN_S)
