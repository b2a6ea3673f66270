"""This file is about purging: what was forgotten leaves the files of the lake."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from bowerbird.lake.forgetting.files import age_out_rejects, sweep_display_files
from bowerbird.lake.forgetting.orphans import remove_orphans
from bowerbird.lake.forgetting.remaining import is_gone, remains_of
from bowerbird.lake.forgetting.removing import finish_removals
from bowerbird.lake.forgetting.sqlite_files import clean
from bowerbird.lake.forgetting.types import Counts, Remains
from bowerbird.lake.lake import Lake
from bowerbird.lake.records import ForgottenEntry
from bowerbird.lake.request_log.log import SPOOL

log = logging.getLogger(__name__)

_ANY_SIZE = 2**62
_DATABASES = ("records.sqlite", "events.sqlite", "online.sqlite", SPOOL)


@runtime_checkable
class Purger(Protocol):
    """Purges something that is derived from the lake's tables: an index, say, or a fitted model."""

    def __call__(self, lake: Lake, numbers: Sequence[int], /) -> dict[str, int]:
        """No file of its kind holds these items any more; gives what was done, counted."""
        ...


@dataclass(frozen=True, slots=True)
class PurgeReport:
    """What a purge did.

    Attributes:
        done: how many forgets are in no file of the lake now.
        removed: how much, by what it was.
        bytes_freed: of tables and databases.
        remains: what is left, why, and until when.
    """

    done: int
    removed: dict[str, int]
    bytes_freed: int
    remains: tuple[Remains, ...]


def purge(lake: Lake, purgers: Sequence[Purger], *, keeps_versions: bool = True) -> PurgeReport:
    """What was forgotten is in no file but those of older versions; without `keeps_versions` in none.

    Cheap when nothing is pending. May be stopped anywhere, and called again.
    """
    counts, freed = Counts(), 0
    finish_removals(lake, counts)
    counts.add("old files of refused rows", age_out_rejects(lake))
    pending = [entry for entry in lake.records.forgotten.not_gone() if entry.purged_ms is None]
    if pending:
        freed += _purge_files(lake, purgers, pending, counts, is_thorough=not keeps_versions)
    if not keeps_versions and lake.records.forgotten.not_gone():
        freed += sum(table.upkeep.keep_only_newest() for table in lake.tables().values())
    before = len(lake.records.forgotten.not_gone())
    remains = settled(lake)
    done = before - len(lake.records.forgotten.not_gone())
    if pending or done:
        log.info("forgotten purged", extra={"purged": len(pending), "gone": done, "bytes_freed": freed})
    return PurgeReport(done, counts.by_what, freed, remains)


def purge_records(lake: Lake) -> tuple[Remains, ...]:
    """Forgotten boards and people are in no unused page of a database; what remains. For a server to do."""
    pending = [
        entry
        for entry in lake.records.forgotten.not_gone()
        if entry.purged_ms is None and entry.work is None and entry.kind != "item"
    ]
    if pending:
        _clean_databases(lake, is_thorough=False)
        lake.records.forgotten.purged(pending, {})
    return settled(lake)


def settled(lake: Lake) -> tuple[Remains, ...]:
    """What remains of all that was forgotten; the ledger knows what does not, on return."""
    done = [entry for entry in lake.records.forgotten.not_gone() if is_gone(lake, entry)]
    if done:
        lake.records.forgotten.gone(done)
    return tuple(remains_of(lake))


def _purge_files(
    lake: Lake,
    purgers: Sequence[Purger],
    pending: Sequence[ForgottenEntry],
    counts: Counts,
    *,
    is_thorough: bool,
) -> int:
    versions: dict[str, int] = {}
    items = [entry.number for entry in pending if entry.kind == "item"]
    if items:
        if is_thorough:  # older versions, which may still show these, are about to go
            for name, count in remove_orphans(lake).items():
                counts.add(f"{name} rows that nothing showed", count)
        for purger in purgers:
            for what, count in purger(lake, [number for number in items if number >= 0]).items():
                counts.add(what, count)
        for name, table in lake.tables().items():
            versions[name] = table.upkeep.rewrite()
        counts.add("display files that nothing showed", sweep_display_files(lake))
    freed = _clean_databases(lake, is_thorough=is_thorough)
    lake.records.forgotten.purged(pending, versions)
    return freed


def _clean_databases(lake: Lake, *, is_thorough: bool) -> int:
    below = _ANY_SIZE if is_thorough else lake.config.clean_sqlite_below_bytes
    ledger = lake.records.forgotten
    people = ledger.hashes("person")
    if people:  # a server may have had some of their requests in its queue
        lake.requests.forget_those(lambda person_id: ledger.hash_of("person", person_id) in people)
    there = [lake.path / name for name in _DATABASES if (lake.path / name).exists()]
    return sum(clean(path, rewrite_below_bytes=below).bytes_freed for path in there)
