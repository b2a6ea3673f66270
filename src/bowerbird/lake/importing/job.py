"""This file is about an import from its first row to its report.

Reading, decoding and storing overlap: while one batch is stored, the next one is read and decoded. An import
that was stopped anywhere goes on when it is started again: rows that the lake has as they stand are counted
as unchanged, and their pictures are not even opened.
"""

import itertools
import logging
import os
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from bowerbird.lake.decoding import DecodePool
from bowerbird.lake.fetching.fetcher import Fetcher
from bowerbird.lake.importing.batch import Batch, Stored, forgotten_reject, reject_of, store
from bowerbird.lake.importing.behaviour import Remembered, Remembering, remember
from bowerbird.lake.importing.fields import FieldMaps
from bowerbird.lake.importing.missing import NOTHING_REMOVED, SeenIds, remove_missing
from bowerbird.lake.importing.options import ImportOptions, ImportProgress, ImportRun
from bowerbird.lake.importing.reading import FoundRow, KnownRow, Reader
from bowerbird.lake.importing.rechecking import FetchMemory, Rechecker
from bowerbird.lake.importing.rejects import RejectsFile
from bowerbird.lake.importing.remote_base import RemoteBase
from bowerbird.lake.importing.source_files import SourceFiles
from bowerbird.lake.importing.sources import Opened, open_source
from bowerbird.lake.importing.types import PictureRef, RowError, Source, SourceRow
from bowerbird.lake.lake import Lake
from bowerbird.lake.types import DecodedPicture, ImportReport

__all__ = ["ImportOptions", "ImportProgress", "ImportRun", "TakePictures", "import_source", "run_import"]

log = logging.getLogger(__name__)

TakePictures = Callable[[Sequence[DecodedPicture]], None]
"""Called with the pictures of a batch that the lake did not have, once they are stored."""

_Row = TypeVar("_Row", SourceRow, FoundRow)
_Done = TypeVar("_Done")
_Weighed = TypeVar("_Weighed")
_ENDS_SOURCE = ("broken-file", "unsafe-xml")
_ROWS_LOOKED_UP = 1_024
_ROWS_OPENED = 64
_FIRST_BATCH_ROWS = 125
_BATCH_ROWS = 1_000
_BATCH_BYTES = 48 * 2**20
_BATCH_SECONDS = 5.0
_UNKNOWN_BYTES = 3 * 2**20
"""What a picture is taken to weigh before it has been fetched."""


def import_source(
    lake: Lake,
    place: str | Path,
    options: ImportOptions | None = None,
    progress: Callable[[ImportProgress], None] | None = None,
    fetcher: Fetcher | None = None,
    on_new_pictures: TakePictures | None = None,
) -> ImportReport:
    """Brings a catalogue into the lake. Durable on return; may be stopped at any point and started again.

    `fetcher` gets the pictures that rows name by address; without one, a fetcher as the options say.
    `on_new_pictures` is given the pictures of a batch once they are stored; the next batch waits for it.

    Raises:
        InputError: the source as a whole cannot be read, or an option does not fit it.
        TooLargeError: removing what is missing was asked for, and has to be agreed to.
    """
    options = options or ImportOptions()
    run = run_import(
        lake, SourceFiles.find(place), options, progress, fetcher, on_new_pictures=on_new_pictures
    )
    return run.checked()


def run_import(
    lake: Lake,
    place: SourceFiles | None,
    options: ImportOptions,
    progress: Callable[[ImportProgress], None] | None = None,
    fetcher: Fetcher | None = None,
    address: str = "",
    on_new_pictures: TakePictures | None = None,
    opened: Opened | None = None,
) -> ImportRun:
    """Like `import_source`, of files or of what is `opened` already.

    If the files were fetched, names of pictures are relative to the `address` that they are from.
    """
    if opened is None:
        assert place is not None
        opened = open_source(place, options.kind, options.images, options.actions)
    source = opened.source
    fetcher = fetcher or Fetcher(allowed_hosts=options.allowed_hosts)
    memory = FetchMemory(lake)
    base = RemoteBase(opened.pictures, fetcher, address, memory.note)
    maps = FieldMaps(options.columns, source.columns)
    name = options.name or source.name
    started = time.monotonic()
    seen = SeenIds()
    rejects = RejectsFile(_rejects_path(lake, name))
    pool = DecodePool(options.workers)
    needs_pictures = opened.needs_pictures and not options.allow_no_picture
    reader = Reader(lake, base, maps, pool, seen, needs_pictures=needs_pictures)
    run = _Run(lake, name, reader, rejects, progress, on_new_pictures, takes_back=options.takes_back)
    if options.recheck_pictures:
        run.rechecker = Rechecker(lake, fetcher, memory, reader.threads)
    try:
        with pool, run:
            run.take_in(source)
        remembered = Remembered()
        if isinstance(source, Remembering) and not run.is_cut_off:
            remembered = remember(lake, name, source, rejects)
        removal = NOTHING_REMOVED
        if options.remove_missing and not run.is_cut_off:
            removal = remove_missing(
                lake,
                name,
                seen,
                unreadable_rows=run.unreadable_rows,
                is_agreed=options.is_agreed,
                agreed_missing=options.agreed_missing,
            )
    finally:
        reader.close()
        memory.close()
        rejects.close()
        seen.close()
    remarks = {**source.passed_over(), **(run.rechecker.failed if run.rechecker is not None else {})}
    report = run.report(removal.removed, time.monotonic() - started, remarks, remembered)
    log.info("import finished", extra={"source": name, "rows": report.rows_in, "seconds": report.seconds})
    is_settled = not (run.is_cut_off or rejects.by_field["picture"] or reader.has_local_pictures)
    return ImportRun(report, is_settled and not removal.held, reader.changes_ms, removal)


class _Run:
    """The moving parts of one import: the batch being filled, the one being stored, and the tally."""

    def __init__(
        self,
        lake: Lake,
        name: str,
        reader: Reader,
        rejects: RejectsFile,
        progress: Callable[[ImportProgress], None] | None,
        on_new_pictures: TakePictures | None,
        *,
        takes_back: bool,
    ) -> None:
        self._takes_back = takes_back
        self.is_cut_off = False
        self.rechecker: Rechecker | None = None
        self.unreadable_rows = 0
        self._lake = lake
        self._name = name
        self._reader = reader
        self._rejects = rejects
        self._tell = progress or (lambda _: None)
        self._hand_on = on_new_pictures or (lambda _: None)
        self._tally = ImportProgress()
        self._batch, self._batch_began = Batch(), time.monotonic()
        self._most_rows = _FIRST_BATCH_ROWS
        self._storing: Future[Stored] | None = None
        self._writer = ThreadPoolExecutor(1, "import-writer")

    def take_in(self, source: Source) -> None:
        """Every row of the source, stored or refused."""
        for rows in _few(source.rows(), _ROWS_LOOKED_UP, _carried_bytes):
            self._tally.rows_in += len(rows)
            found = [each for row in rows if (each := self._or_refused(self._reader.found, row)) is not None]
            found = self._not_forgotten(found)
            changed = self._reader.changed(found, self._name)
            self._tally.unchanged += len(found) - len(changed)
            to_read = itertools.chain(changed, self._with_other_pictures(found, changed))
            understood = (self._or_refused(self._reader.understood, each) for each in to_read)
            good = (known for known in understood if known is not None)
            for few in _few(good, _ROWS_OPENED, _bytes_to_open):
                self._reader.add(few, self._batch)
                if self._is_full():
                    self._store_soon()
            self._tell(self._tally)
        self._store_soon()
        self._settle()

    def _with_other_pictures(self, found: list[FoundRow], changed: list[FoundRow]) -> Iterator[FoundRow]:
        """Known rows behind whose addresses are other pictures by now, where that is asked for."""
        if self.rechecker is None:
            return
        fresh = {row.id for row in changed}
        known = (row for row in found if row.id not in fresh)
        for few in _few(known, _ROWS_OPENED, lambda _: 0):
            for row in self.rechecker.changed(few):
                self._tally.unchanged -= 1
                yield row

    def report(
        self, removed: int, seconds: float, remarks: Mapping[str, int], remembered: Remembered
    ) -> ImportReport:
        """What was done."""
        tally, path = self._tally, self._rejects.path
        assert tally.rows_in == tally.accepted + tally.rejected + tally.unchanged
        return ImportReport(
            rows_in=tally.rows_in,
            accepted=tally.accepted,
            rejected=tally.rejected,
            unchanged=tally.unchanged,
            removed=removed,
            seconds=seconds,
            version=self._lake.items.version,
            rejects_path=str(path) if path else None,
            by_code={**self._rejects.by_code, **remarks},
            **asdict(remembered),
        )

    def __enter__(self) -> "_Run":
        return self

    def __exit__(self, *_: object) -> None:
        # What is being stored is finished also when a person or an error stops the import.
        self._writer.shutdown(wait=True)

    def _or_refused(self, step: Callable[[_Row], _Done], at: _Row) -> _Done | None:
        """What a step makes of a row, or nothing where that is refused."""
        row = at if isinstance(at, SourceRow) else at.row
        try:
            return step(at)
        except RowError as error:
            self.is_cut_off |= error.code in _ENDS_SOURCE
            self.unreadable_rows += row.error is not None
            self._tally.rejected += 1
            self._rejects.write(reject_of(row.row, row.where, error))
            return None

    def _not_forgotten(self, rows: list[FoundRow]) -> list[FoundRow]:
        """Rows that may come in: their pictures are not even fetched otherwise."""
        ids = [] if self._takes_back else [row.id for row in rows]
        forgotten = self._lake.records.forgotten.refused("item", ids)
        for row in rows:
            if row.id in forgotten:
                self._tally.rejected += 1
                self._rejects.write(forgotten_reject(row.row.row))
        return [row for row in rows if row.id not in forgotten]

    def _is_full(self) -> bool:
        return (
            len(self._batch.rows) >= self._most_rows
            or sum(map(len, self._batch.contents.values())) >= _BATCH_BYTES
            or time.monotonic() - self._batch_began >= _BATCH_SECONDS
        )

    def _store_soon(self) -> None:
        self._settle()
        if self._batch.rows:
            self._storing = self._writer.submit(self._store, self._batch)
            # Small at first, so that storing and decoding overlap in a small import too.
            self._most_rows = min(2 * self._most_rows, _BATCH_ROWS)
        self._batch, self._batch_began = Batch(), time.monotonic()

    def _store(self, batch: Batch) -> Stored:
        stored = store(self._lake, batch, self._name, takes_back=self._takes_back)
        self._hand_on(stored.pictures)
        return stored

    def _settle(self) -> None:
        """Waits for the batch that is being stored and counts what became of it."""
        if self._storing is None:
            return
        stored, self._storing = self._storing.result(), None
        self._tally.accepted += stored.accepted
        self._tally.rejected += len(stored.rejects)
        for reject in (*stored.rejects, *stored.remarks):
            self._rejects.write(reject)
        self._tell(self._tally)


def _few(rows: Iterable[_Weighed], most: int, weight: Callable[[_Weighed], int]) -> Iterator[list[_Weighed]]:
    """As many rows as may be held together: with large pictures or videos in them, fewer."""
    few: list[_Weighed] = []
    held = 0
    for row in rows:
        few.append(row)
        held += weight(row)
        if len(few) == most or held >= _BATCH_BYTES:
            yield few
            few, held = [], 0
    if few:
        yield few


def _carried_bytes(row: SourceRow) -> int:
    texts = sum([len(value) for value in row.values.values() if isinstance(value, str)])
    return texts + sum(len(ref.content or b"") for ref in row.pictures) if row.pictures else texts


def _bytes_to_open(row: KnownRow) -> int:
    refs = (ref for ref in row.refs if isinstance(ref, PictureRef))
    return sum(ref.size_bytes or len(ref.content or b"") or _UNKNOWN_BYTES for ref in refs)


def _rejects_path(lake: Lake, name: str) -> Path:
    plain = re.sub(r"[^A-Za-z0-9._-]+", "-", name)[:60].strip(".-") or "import"
    at = datetime.fromtimestamp(lake.clock.now_ms() / 1000, UTC).strftime("%Y%m%d-%H%M%S")
    return lake.path / "imports" / f"{plain}-{at}-{os.getpid()}.rejects.jsonl"
