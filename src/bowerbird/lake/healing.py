"""This file is about opening a table after an accident: damaged versions put aside, journaled rows applied.

A version is dropped only where the journal gives its rows back. Then the table moves past every number that a
dropped version had, so that nobody who remembers such a number (an index, a reader of changes) takes other
rows for the ones it has seen; and the kept entries are applied in their order, which gives each key the value
it had.
"""

import json
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import lance
import pyarrow as pa

from bowerbird.core.errors import TableDamagedError
from bowerbird.lake.damage import Head, damage_of, damaged_indexes, heads_newest_first, open_version
from bowerbird.lake.durable import QUARANTINE, DurableFolder, no_version_left, open_repaired, put_aside
from bowerbird.lake.journal import ADD, BIRTH, DELETE, MARK, UPSERT, Entry, Journal, boot_id, trusted_of
from bowerbird.lake.merging import append, delete_keys, key_lists, merge
from bowerbird.lake.schemas import TableSpec
from bowerbird.lake.upkeep import build_index

log = logging.getLogger(__name__)

HEALED = "healed.jsonl"
# Changes that leave every row as it was.
_KEEPS_ROWS = ("Rewrite", "CreateIndex", "UpdateConfig", "ReserveFragments")


@dataclass(slots=True)
class Healing:
    """What opening a table put right; told in the log and in a file beside the journals."""

    table: str
    damage: str = ""
    versions_dropped: list[int] = field(default_factory=list)
    entries_applied: int = 0
    entries_unreadable: int = 0
    indexes_rebuilt: list[str] = field(default_factory=list)


class Healer:
    """Opens one table on a disk, with every row that was acknowledged."""

    def __init__(
        self, root: Path, spec: TableSpec, journal: Journal, make: Callable[[], object], tell: Path
    ) -> None:
        """`make` makes the table where there is none; `tell` is the file that remembers what was healed."""
        self._root = root
        self._spec = spec
        self._journal = journal
        self._make = make
        self._tell = tell

    def open(self) -> lance.LanceDataset:
        """The table, healed where it has to be, and made where there is none.

        Raises:
            TableDamagedError: files are damaged that no entry of the journal replaces.
        """
        entries = self._journal.entries()
        if not self._is_sound(entries):
            with self._journal.held():
                return self.heal()
        if entries[-1].is_pending:
            # Its writer is at it, or was killed: then the lock is free.
            with self._journal.held(wait=False) as is_ours:
                if is_ours:
                    return self.heal()
        head = open_version(self._root)
        return self.heal_indexes() if damaged_indexes(self._root, head, self._spec) else head

    def heal(self) -> lance.LanceDataset:
        """As `open`, while the journal is held."""
        entries = self._journal.entries()
        if not entries:
            return self._begin()
        done = Healing(self._spec.name)
        self._drop_damaged(entries, done)
        if not heads_newest_first(self._root):
            self._make()
        self._drop_unsynced(entries, done)
        head = open_version(self._root)
        survivor, highest = int(head.version), max([trusted_of(entries), *done.versions_dropped])
        if survivor < highest or entries[-1].is_pending:
            self._check_reach(entries, survivor, f"version {highest} is gone")
            while head.version < highest:
                head.update_config({"bowerbird.healed": str(highest)})
            self._apply(_missing(entries, survivor), done)
        self._mend_indexes(done)
        self._settle(entries)
        self._report(done)
        return open_version(self._root)

    def heal_indexes(self) -> lance.LanceDataset:
        """Rebuilds indexes that are not whole, so that no search fails for them."""
        with self._journal.held():
            done = Healing(self._spec.name)
            self._mend_indexes(done)
            self._settle(self._journal.entries())
        self._report(done)
        return open_version(self._root)

    def _is_sound(self, entries: list[Entry]) -> bool:
        """Whether nothing but a pending entry would have to be put right."""
        heads = heads_newest_first(self._root)
        if not entries or not heads:
            return False
        trusted, version = trusted_of(entries), heads[0].version
        has_rebooted = entries[-1].boot != boot_id()
        if version < trusted or (has_rebooted and (version > trusted or entries[-1].is_pending)):
            return False
        return self._damage_of(heads[0]) is None

    def _begin(self) -> lance.LanceDataset:
        """The first entry of a journal, which says from where on it tells all."""
        is_new = not heads_newest_first(self._root) and not (self._root / QUARANTINE).is_dir()
        if is_new:
            self._make()
        head = open_repaired(self._root)
        DurableFolder(self._root).sync()
        version = int(head.version)
        self._journal.begin(BIRTH if is_new else MARK, None, base=0 if is_new else version, acked=version)
        done = Healing(self._spec.name)
        self._mend_indexes(done)
        self._report(done)
        return open_version(self._root)

    def _drop_damaged(self, entries: list[Entry], done: Healing) -> None:
        damaged: list[tuple[Head, str]] = []
        survivor = 0
        for head in heads_newest_first(self._root):
            damage = self._damage_of(head)
            if damage is None:
                survivor = head.version
                break
            damaged.append((head, damage))
        if damaged or survivor == 0:
            # Looked at before anything is moved: what cannot be healed stays as it is.
            self._check_reach(entries, survivor, damaged[0][1] if damaged else "no manifest is left")
        for head, damage in damaged:
            put_aside(self._root, head, damage)
            done.versions_dropped.append(head.version)
            done.damage = done.damage or damage

    def _drop_unsynced(self, entries: list[Entry], done: Healing) -> None:
        """Drops versions that a machine's stop may have left half on the disk, where that costs no row."""
        if entries[-1].boot == boot_id():
            return
        heads = heads_newest_first(self._root)
        newer = [head for head in heads if head.version > trusted_of(entries)]
        replaced_from = entries[-1].base if entries[-1].is_pending else None
        for head in newer:
            is_replaced = replaced_from is not None and head.version > replaced_from
            if not is_replaced and not self._keeps_rows(head):
                return
        before = heads[len(newer) :]
        if not newer or not before or self._damage_of(before[0]):
            return
        for head in newer:
            put_aside(self._root, head, "was not synced when the machine stopped")
            done.versions_dropped.append(head.version)

    def _damage_of(self, head: Head) -> str | None:
        try:
            return damage_of(self._root, head, blob=self._spec.blob)
        except TableDamagedError as error:
            # The journal has its rows; and were it no damage, older versions could not be opened either.
            return str(error)

    def _keeps_rows(self, head: Head) -> bool:
        try:
            change = open_version(self._root, head.version).read_transaction(head.version)
        except (OSError, ValueError, RuntimeError, TableDamagedError):
            return True  # nothing can be read of it
        return change is not None and type(change.operation).__name__ in _KEEPS_ROWS

    def _check_reach(self, entries: list[Entry], survivor: int, damage: str) -> None:
        if survivor == 0 and entries[0].operation != BIRTH:
            raise no_version_left(self._root)
        if survivor < entries[0].base:
            raise TableDamagedError(
                f"table {self._spec.name} is damaged ({damage}), and the newest version without damage is "
                f"{survivor}, while the journal replaces what came after {entries[0].base}; needed are the "
                "files as they were; restore them from a backup, or if you put an older table here on "
                "purpose, remove its folder in `journal`"
            )

    def _apply(self, entries: list[Entry], done: Healing) -> None:
        target = open_version(self._root)
        for entry in entries:
            if entry.operation in (BIRTH, MARK):
                continue
            rows = entry.rows()
            if rows is None:
                done.entries_unreadable += 1
                continue
            keys = rows[self._spec.key].to_pylist()
            if entry.operation == DELETE:
                delete_keys(target, self._spec, keys)
            elif entry.operation == UPSERT:
                merge(target, self._spec, _as_now(rows, self._spec))
            elif entry.operation == ADD and not target.count_rows(filter=next(key_lists(self._spec, keys))):
                append(target, self._spec, rows)
            done.entries_applied += 1

    def _mend_indexes(self, done: Healing) -> None:
        target = open_version(self._root)
        for column in damaged_indexes(self._root, target, self._spec):
            build_index(target, self._spec, column)
            done.indexes_rebuilt.append(column)

    def _settle(self, entries: Sequence[Entry]) -> None:
        version = int(open_version(self._root).version)
        DurableFolder(self._root).sync()
        for entry in entries:
            if entry.is_pending or entry is entries[-1]:
                self._journal.acknowledge(entry, version, is_durable=True)

    def _report(self, done: Healing) -> None:
        facts = asdict(done)
        if not any(facts[name] for name in facts if name != "table"):
            return
        level = logging.ERROR if done.entries_unreadable else logging.WARNING
        log.log(level, "table healed", extra=facts)
        with self._tell.open("a") as file:
            file.write(json.dumps({"at_ms": time.time_ns() // 1_000_000, **facts}) + "\n")


def healings(journals: Path) -> list[dict[str, Any]]:
    """What was healed in a lake so far, oldest first, as it was told then."""
    told = journals / HEALED
    lines = told.read_text(errors="replace").splitlines() if told.is_file() else []
    found = []
    for line in lines:
        try:
            found.append(json.loads(line))
        except ValueError:  # a power cut in the middle of the line
            continue
    return found


def _missing(entries: list[Entry], survivor: int) -> list[Entry]:
    """The entries from the first one on that the surviving version may not hold."""
    for place, entry in enumerate(entries):
        if entry.is_pending or entry.acked > survivor:
            return entries[place:]
    return []


def _as_now(rows: pa.Table, spec: TableSpec) -> pa.Table:
    """Rows of an older layout with the columns that the table has now."""
    columns = [
        rows[field.name] if field.name in rows.column_names else pa.nulls(rows.num_rows, field.type)
        for field in spec.schema
    ]
    return pa.table(columns, names=spec.schema.names)
