"""This file is about chores: which upkeep of which table is due, one small job at a time."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from bowerbird.core.clock import Clock
from bowerbird.lake.config import LakeConfig
from bowerbird.lake.debt import TableDebt

log = logging.getLogger(__name__)

Kind: TypeAlias = Literal["index", "compact", "clean", "all"]
KINDS: tuple[Kind, ...] = ("index", "compact", "clean", "all")
_MS_PER_S, _MS_PER_HOUR = 1_000, 3_600_000
_FIRST_PAUSE_MS, _LONGEST_PAUSE_MS = 60_000, 3_600_000


@dataclass(frozen=True, slots=True)
class Chore:
    """One job.

    Attributes:
        kind: `index` fresh rows, `compact` some files, `clean` old versions up, or `all` of it for every
            table, with what was forgotten and deleted long ago.
        table: its name; empty for `all`.
    """

    kind: Kind
    table: str = ""


Run: TypeAlias = Callable[[Chore], bool]
"""Does a chore; False where that failed."""


@dataclass(slots=True)
class _Known:
    """What is remembered of one table: how it was when compaction left it, and when it was cleaned up."""

    fragments: int = 0
    deleted_rows: int = 0
    cleaned_ms: int = 0


@dataclass(slots=True)
class _Pause:
    """A chore that failed waits, longer each time."""

    failures: int = 0
    until_ms: int = 0


@dataclass(slots=True)
class Chores:
    """Decides what is due from the debt of the tables, and has it done."""

    config: LakeConfig
    clock: Clock
    run: Run
    all_ms: int
    """When all was done last."""
    _known: dict[str, _Known] = field(default_factory=dict)
    _pauses: dict[Chore, _Pause] = field(default_factory=dict)

    def due(self, debts: dict[str, TableDebt], keep_hours: dict[str, float]) -> list[Chore]:
        """What to do now, most urgent first: what slows searches and writes, then scans, what takes space.

        `keep_hours` says how long older versions of each table are kept.
        """
        found = [Chore("index", name) for name, debt in debts.items() if self._is_unindexed(debt)]
        found += [Chore("compact", name) for name, debt in debts.items() if self._is_scattered(name, debt)]
        found += [
            Chore("clean", name) for name, debt in debts.items() if self._is_old(name, debt, keep_hours)
        ]
        if self.clock.now_ms() - self.all_ms >= self.config.maintain_every_hours * _MS_PER_HOUR:
            found.append(Chore("all"))
        now_ms = self.clock.now_ms()
        return [chore for chore in found if self._pause(chore).until_ms <= now_ms]

    def do(self, chore: Chore, debts: Callable[[], dict[str, TableDebt]]) -> bool:
        """Does it, and remembers how it went; False where it failed."""
        before = debts()
        if not self.run(chore):
            pause = self._pause(chore)
            wait_ms = min(_FIRST_PAUSE_MS << pause.failures, _LONGEST_PAUSE_MS)
            self._pauses[chore] = _Pause(pause.failures + 1, self.clock.now_ms() + wait_ms)
            extra = {"chore": chore.kind, "table": chore.table, "again_in_s": wait_ms // _MS_PER_S}
            log.warning("upkeep failed", extra=extra)
            return False
        self._pauses.pop(chore, None)
        self._remember(chore, before, debts())
        log.info("upkeep done", extra={"chore": chore.kind, "table": chore.table})
        return True

    def _remember(self, chore: Chore, before: dict[str, TableDebt], after: dict[str, TableDebt]) -> None:
        now_ms = self.clock.now_ms()
        if chore.kind == "all":
            self.all_ms = now_ms
            self._known = {
                name: _Known(debt.fragments, debt.deleted_rows, now_ms) for name, debt in after.items()
            }
        elif chore.kind == "compact" and chore.table in after and chore.table in before:
            known, debt = self._of(chore.table), after[chore.table]
            # A step takes in some files only: more steps are due for as long as they make files fewer.
            if debt.fragments >= before[chore.table].fragments:
                known.fragments, known.deleted_rows = debt.fragments, debt.deleted_rows
        elif chore.kind == "clean":
            self._of(chore.table).cleaned_ms = now_ms

    def _is_unindexed(self, debt: TableDebt) -> bool:
        return (
            debt.unindexed_rows >= self.config.index_rows or debt.unkeyed_rows >= self.config.key_index_rows
        )

    def _is_scattered(self, name: str, debt: TableDebt) -> bool:
        known = self._of(name)
        gone = debt.deleted_rows - known.deleted_rows
        return debt.fragments - known.fragments >= self.config.compact_files or (
            gone > 0 and gone * 10 >= debt.rows
        )

    def _is_old(self, name: str, debt: TableDebt, keep_hours: dict[str, float]) -> bool:
        now_ms = self.clock.now_ms()
        is_due = now_ms - max(self._of(name).cleaned_ms, self.all_ms) >= self.config.clean_every_s * _MS_PER_S
        return is_due and now_ms - debt.oldest_ms > keep_hours[name] * _MS_PER_HOUR

    def _of(self, name: str) -> _Known:
        return self._known.setdefault(name, _Known())

    def _pause(self, chore: Chore) -> _Pause:
        return self._pauses.get(chore, _Pause())
