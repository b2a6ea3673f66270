"""This file is about the request log as one thing: records go in by a queue, lie in a spool, then in days."""

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from bowerbird.core.clock import Clock
from bowerbird.core.errors import LakeError
from bowerbird.lake.config import LakeConfig
from bowerbird.lake.request_log.columns import SCHEMA, records_of, table_of
from bowerbird.lake.request_log.days import MS_PER_DAY, DayFile, Days, day_of
from bowerbird.lake.request_log.packing import packed, unpacked
from bowerbird.lake.request_log.spool import Spool, SpoolRow
from bowerbird.lake.request_log.types import RequestRecord, hash_of
from bowerbird.lake.request_log.writing import Counted, Writer
from bowerbird.lake.write_gate import WriteGate

log = logging.getLogger(__name__)

SPOOL = "requests.sqlite"
FOLDER = "requests"
_ROWS_AT_ONCE = 10_000


class RequestLog:
    """What was offered and shown. Nothing is made on the disk before the first record."""

    def __init__(self, home: Path, config: LakeConfig, clock: Clock) -> None:
        self._config = config
        self._clock = clock
        self._spool = Spool(home / SPOOL)
        self._days = Days(home / FOLDER)
        self._moving = WriteGate(home / ".requests")
        self._writer = Writer(
            self._spool.append,
            queue_limit=config.request_queue,
            keep_unshown=config.keep_unshown,
            group_s=config.request_group_ms / 1_000,
            group_records=config.request_group_records,
        )

    def __call__(self, record: RequestRecord) -> bool:
        """Takes a record and never waits; False where it was dropped."""
        return self._writer.put(record)

    def allow(self, may_log: Callable[[str], bool]) -> None:
        """Records are stored only of whom `may_log` allows, asked off the request path."""
        self._writer.allow(may_log)

    def flush(self) -> None:
        """Every record handed over before is durable, refused, or counted as lost, on return."""
        self._writer.flush()

    @property
    def counted(self) -> Counted:
        """What became of records in this process."""
        return self._writer.counted

    @property
    def waiting(self) -> int:
        """Records of this process that are not durable yet."""
        return self._writer.waiting

    def tables(
        self, *, since_ms: int = 0, until_ms: int = 2**62, columns: Sequence[str] | None = None
    ) -> Iterator[pa.Table]:
        """Durable records of `since_ms` <= time < `until_ms`: days in order, then what lies in the spool."""
        # The spool first: what is moved meanwhile is met in both, and left out of the second.
        spooled = self._spool.rows(since_ms=since_ms, until_ms=until_ms)
        files = self._days.files(since_ms=since_ms, until_ms=until_ms)
        wanted = None if columns is None else list(dict.fromkeys([*columns, "at_ms"]))
        for table in self._days.tables(files, wanted):
            inside = pc.and_(pc.greater_equal(table["at_ms"], since_ms), pc.less(table["at_ms"], until_ms))
            yield _in_form(table.filter(inside))
        left = [row for row in spooled if not _is_moved(row, files)]
        if left:
            table = table_of(list(self._readable(left)))
            yield _in_form(table if wanted is None else table.select(wanted))

    def records(self, *, since_ms: int = 0, until_ms: int = 2**62) -> Iterator[RequestRecord]:
        """The same, as records."""
        for table in self.tables(since_ms=since_ms, until_ms=until_ms):
            yield from records_of(table)

    def newest(self, limit: int) -> list[RequestRecord]:
        """About the newest durable records, newest first: of the spool, else of the last file."""
        spooled = self._spool.newest(limit)
        files = self._days.files()
        found = list(self._readable([row for row in spooled if not _is_moved(row, files)]))
        if len(found) < limit and files:
            (table,) = self._days.tables(files[-1:])
            newest = table.sort_by([("at_ms", "descending")]).slice(0, limit - len(found))
            found += records_of(_in_form(newest))
        return found

    def count(self, person_id: str | None = None) -> int:
        """How many records are durable, or are of one person."""
        files = self._days.files()
        rows = self._spool.rows() if files else []
        moved = sum(_is_moved(row, files) and person_id in (None, row.person_id) for row in rows)
        count = self._spool.count(person_id) - moved
        for table in self._days.tables(files, ["person_id"]):
            is_theirs = table["person_id"] if person_id is None else pc.equal(table["person_id"], person_id)
            count += table.num_rows if person_id is None else int(pc.sum(is_theirs).as_py() or 0)
        return count

    def move(self, *, is_all: bool = True) -> int:
        """Moves records from the spool into files of days; gives how many.

        Without `is_all` only where enough wait, or the day of the oldest is over.
        """
        if not is_all and not self._is_due():
            return 0
        moved = 0
        with self._moving.alone() as is_alone:
            while is_alone and (rows := self._spool.rows(limit=_ROWS_AT_ONCE)):
                moved += self._move(rows)
        if moved:
            log.info("requests moved", extra={"requests": moved})
        return moved

    def drop_old(self) -> int:
        """Days that are older than `keep_requests_days` are gone; gives how many."""
        before_ms = self._clock.now_ms() - int(self._config.keep_requests_days * MS_PER_DAY)
        return self._days.drop_before(day_of(before_ms))

    def forget(self, person_id: str) -> int:
        """Every record of the person is gone, from the files too; gives how many."""
        self.flush()  # what waits in this process would come after
        with self._alone():
            gone = self.count(person_id)
            self._spool.remove_person(person_id)
            self._rewrite_people(lambda people: pc.equal(people, person_id))
        return gone

    def forget_with(self, prefix: str) -> int:
        """Every record of whoever's id begins with `prefix` is gone; gives how many were in the spool."""
        with self._alone():
            gone = self._spool.remove_prefixed(prefix)
            self._rewrite_people(lambda people: pc.starts_with(people, prefix))
        return gone

    def forget_those(self, is_forgotten: Callable[[str], bool]) -> int:
        """Records that came late, of people who were forgotten, leave the spool; gives how many."""
        return sum(self._spool.remove_person(each) for each in self._spool.people() if is_forgotten(each))

    def forget_items(self, numbers: Sequence[int]) -> int:
        """No record names these items; gives in how many files and records of the spool they were."""
        gone = np.array(sorted(numbers), dtype=np.int64)
        if not len(gone):
            return 0
        with self._alone():
            changed = [
                (packed(_without(record, gone)), row.offset)
                for row in self._spool.rows()
                for record in self._readable([row])
                if _names(record, gone)
            ]
            self._spool.replace(changed)
            values = pa.array(gone)
            files = self._days.rewrite(
                "numbers",
                lambda lists: bool(pc.any(pc.is_in(pc.list_flatten(lists), value_set=values)).as_py()),
                lambda table: table_of([_without(record, gone) for record in records_of(table)]),
            )
            files += self._days.rewrite(
                "about",
                lambda about: bool(pc.any(pc.is_in(about, value_set=values)).as_py()),
                lambda table: table_of([_without(record, gone) for record in records_of(table)]),
            )
        return len(changed) + files

    def close(self) -> None:
        """What was handed over is durable; the spool is closed."""
        self._writer.close()
        self._spool.close()

    def _alone(self) -> "_Alone":
        return _Alone(self._moving)

    def _is_due(self) -> bool:
        oldest_ms = self._spool.oldest_ms()
        if oldest_ms is None:
            return False
        is_over = day_of(oldest_ms) < day_of(self._clock.now_ms())
        return is_over or self._spool.count() >= self._config.move_requests

    def _move(self, rows: list[SpoolRow]) -> int:
        files = self._days.files()
        by_day: dict[int, list[SpoolRow]] = {}
        for row in rows:
            if not _is_moved(row, files):
                by_day.setdefault(day_of(row.at_ms), []).append(row)
        for day, theirs in by_day.items():
            first, last = theirs[0].offset, theirs[-1].offset
            # A person's requests lie together: what is the same in them compresses.
            ordered = sorted(theirs, key=lambda row: (row.person_id, row.at_ms, row.offset))
            self._days.write(day, first, last, table_of(list(self._readable(ordered))))
        self._spool.remove([row.offset for row in rows])
        return sum(map(len, by_day.values()))

    def _rewrite_people(self, theirs: Callable[[pa.ChunkedArray], pa.ChunkedArray]) -> None:
        self._days.rewrite(
            "person_id",
            lambda people: bool(pc.any(theirs(people)).as_py()),
            lambda table: table.filter(pc.invert(theirs(table["person_id"]))),
        )

    def _readable(self, rows: Sequence[SpoolRow]) -> Iterator[RequestRecord]:
        for row in rows:
            try:
                yield unpacked(row.request_id, row.person_id, row.at_ms, row.body)
            except LakeError as error:
                log.warning("request left out", extra={"offset": row.offset, "reason": str(error)})


class _Alone:
    """Nobody moves records in the block."""

    def __init__(self, gate: WriteGate) -> None:
        self._gate = gate.alone()

    def __enter__(self) -> None:
        if not self._gate.__enter__():
            raise LakeError(
                "another process has been moving the request log for a minute; needed is its end; try again"
            )

    def __exit__(self, *error: object) -> None:
        self._gate.__exit__(None, None, None)


def _is_moved(row: SpoolRow, files: Sequence[DayFile]) -> bool:
    day = day_of(row.at_ms)
    return any(file.covers(day, row.offset) for file in files)


def _in_form(table: pa.Table) -> pa.Table:
    """The same rows in the same types, whether they come from a file or from the spool."""
    return table.cast(pa.schema([SCHEMA.field(name) for name in table.schema.names]))


def _names(record: RequestRecord, numbers: np.ndarray) -> bool:
    return record.about in numbers or bool(np.isin(record.numbers, numbers).any())


def _without(record: RequestRecord, numbers: np.ndarray) -> RequestRecord:
    kept = record.rows(np.flatnonzero(~np.isin(record.numbers, numbers)))
    about = -1 if record.about in numbers else record.about
    return replace(kept, about=about, features_hash=hash_of(kept.features))
