"""This file is about the maintenance process: the one owner of a lake's upkeep, by small jobs of a child."""

import json
import logging
import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from bowerbird.core.errors import BowerbirdError
from bowerbird.lake.chores import Chore, Chores, Run
from bowerbird.lake.debt import TableDebt
from bowerbird.lake.lake import Lake

log = logging.getLogger(__name__)

_STAND_BY_S = 15.0
_LOOK_S, _LOOK_REMOTE_S = 5.0, 30.0
_FILE = "maintenance.json"


@dataclass(frozen=True, slots=True)
class Pace:
    """How the owner goes about it.

    Attributes:
        look_every_s: how often the debt is looked at.
        parent: process to live and die with; 0: none.
    """

    look_every_s: float
    parent: int = 0


class Maintainer:
    """Owns the upkeep of a lake for as long as it runs; where another does, it stands by."""

    def __init__(self, lake: Lake, run: Run, pace: Pace) -> None:
        self._lake = lake
        self._pace = pace
        self._chores = Chores(lake.config, lake.clock, run, _last_ms(lake))
        self._stopping = threading.Event()
        self._seen: dict[str, tuple[int, TableDebt]] = {}

    def stop(self) -> None:
        """Ends `run` after what is being done."""
        self._stopping.set()

    @property
    def is_stopping(self) -> bool:
        """Told to stop, or the parent is gone."""
        orphaned = self._pace.parent != 0 and os.getppid() != self._pace.parent
        return self._stopping.is_set() or orphaned

    def run(self) -> None:
        """Does what is due until it is told to stop."""
        while not self.is_stopping:
            with self._lake.maintenance.turn() as is_ours:
                if is_ours:
                    log.info("maintenance owned", extra={"lake": self._lake.place.address})
                    self._own()
            self._stopping.wait(0 if self.is_stopping else _STAND_BY_S)

    def run_once(self) -> list[Chore] | None:
        """Does what is due now, and gives it; None where another process owns the upkeep."""
        with self._lake.maintenance.turn() as is_ours:
            return [chore for chore in self._due() if self._do(chore)] if is_ours else None

    def debts(self) -> dict[str, TableDebt]:
        """The debt of each table; asked anew only of those that have changed."""
        for name, table in self._lake.tables().items():
            version = table.version
            if name not in self._seen or self._seen[name][0] != version:
                self._seen[name] = (version, table.debt())
        return {name: debt for name, (_, debt) in self._seen.items()}

    def _own(self) -> None:
        while not self.is_stopping:
            if not self._lake.maintenance.renew():
                log.warning("maintenance lost to another process", extra={"next": "standing by"})
                return
            for chore in self._due():
                if self.is_stopping or not self._lake.maintenance.renew():
                    break
                self._do(chore)
            self._move_requests()
            self._stopping.wait(self._pace.look_every_s)

    def _move_requests(self) -> None:
        try:
            self._lake.requests.move(is_all=False)
        except (BowerbirdError, OSError) as error:  # a full disk: the spool keeps them until there is room
            log.warning("requests not moved", extra={"reason": str(error)})

    def _do(self, chore: Chore) -> bool:
        is_done = self._chores.do(chore, self.debts)
        if is_done and chore.kind == "all":
            _remember_ms(self._lake)
        self._seen.clear()
        return is_done

    def _due(self) -> Iterator[Chore]:
        try:
            hours = {name: table.upkeep.keep_hours for name, table in self._lake.tables().items()}
            yield from self._chores.due(self.debts(), hours)
        except BowerbirdError as error:  # a bucket out of reach, a table that is being dropped: look again
            log.warning("debt not known", extra={"reason": str(error)})


def default_look_every_s(lake: Lake) -> float:
    """How often to look where nothing else is said: each look at a bucket is a dozen requests."""
    return _LOOK_S if lake.place.table_options is None else _LOOK_REMOTE_S


def _last_ms(lake: Lake) -> int:
    """When all was done last; for a lake that says nothing of it, now, so that the first time comes later."""
    if lake.place.stat(_FILE) is None:
        _remember_ms(lake)
        return lake.clock.now_ms()
    try:
        return int(json.loads(lake.place.read(_FILE))["all_ms"])
    except (ValueError, KeyError, TypeError):
        return 0


def _remember_ms(lake: Lake) -> None:
    lake.place.write(_FILE, json.dumps({"all_ms": lake.clock.now_ms()}).encode())


def in_this_process(lake: Lake, everything: Callable[[], object]) -> Run:
    """Does chores here and now; `everything` is what `all` means."""

    def run(chore: Chore) -> bool:
        if chore.kind == "all":
            everything()
            return True
        upkeep = lake.tables()[chore.table].upkeep
        match chore.kind:
            case "index":
                return upkeep.index()
            case "compact":
                return upkeep.compact(max_files=lake.config.compact_files)
            case "clean":
                return upkeep.let_go()

    return run
