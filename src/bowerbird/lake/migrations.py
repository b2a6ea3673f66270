"""This file is about lakes of older versions: steps forward to the present layout, and the way back.

A new table needs no step: it is made when the lake is opened. A new column, or anything else that changes
what is there, is one more `Step` at the end of `STEPS`.
"""

import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import lance
import pyarrow as pa

from bowerbird.core.clock import Clock
from bowerbird.core.errors import ConflictError, LakeError, LakeFormatError
from bowerbird.lake.format import FORMAT_FILE, LakeFormat, new_format, read_format, write_format
from bowerbird.lake.leases import Lease
from bowerbird.lake.places import Place
from bowerbird.lake.table_files import TableFiles, files_of, table_names
from bowerbird.lake.tags import make_tag

UNFINISHED_FILE = "unfinished.json"
"""Lies where a copy or a restore is being made; a place with it and without `lake.json` is no lake yet."""
_WAIT_S = 60.0

log = logging.getLogger(__name__)


class LakeLayout:
    """The parts of a lake as they lie there, for steps to change; whatever its layout is.

    Attributes:
        home: the folder with `records.sqlite`; the lake's own folder, if it is on a disk.
    """

    def __init__(self, place: Place, home: Path) -> None:
        self.place = place
        self.home = home

    def tables(self, prefix: str = "") -> list[str]:
        """Names of the tables that begin like this."""
        return [name for name in table_names(self.place) if name.startswith(prefix)]

    def add_columns(self, table: str, fields: Sequence[pa.Field]) -> None:
        """The table has these columns, null in every row there is; no data is rewritten. Safe to repeat."""
        files, head = self._opened(table)
        missing = [field for field in fields if field.name not in head.schema.names]
        if missing:
            head.add_columns(missing)
            files.sync()

    def drop_columns(self, table: str, names: Sequence[str]) -> None:
        """The table has these columns no more; older versions still do. Safe to repeat."""
        files, head = self._opened(table)
        there = [name for name in names if name in head.schema.names]
        if there:
            head.drop_columns(there)
            files.sync()

    def tag_all(self, name: str, clock: Clock) -> None:
        """The newest version of every table is kept under this tag, which may be there already."""
        with suppress(ConflictError):  # tagged before the step was cut off: that state is the one to keep
            make_tag(self.place, name, clock)

    def _opened(self, table: str) -> tuple[TableFiles, lance.LanceDataset]:
        files = files_of(self.place.within(f"tables/{table}.lance"))
        return files, files.open()


@dataclass(frozen=True, slots=True)
class Step:
    """From the layout before to the next, and back.

    Attributes:
        says: what is different then, in a few words.
        changes_tables: the newest version of every table is tagged before the step.
        is_cheap: adds without rewriting, so that it may happen whenever an older lake is opened.
        forward: may be repeated, because it may have been cut off.
        back: leaves what the version before understands; may be repeated too.
    """

    says: str
    changes_tables: bool
    is_cheap: bool
    forward: Callable[[LakeLayout], object]
    back: Callable[[LakeLayout], object]


def _nothing(_: LakeLayout) -> None:
    """`lake.json` itself is written after every step, and taken away on the way back to layout 0."""


STEPS: tuple[Step, ...] = (Step("lake.json says which layout the lake has", False, True, _nothing, _nothing),)
"""Step n leads from layout n to layout n + 1. New ones go at the end."""


@dataclass(frozen=True, slots=True)
class MigrationReport:
    """What a migration did.

    Attributes:
        steps: what each step that was taken says, in order.
    """

    before: int
    after: int
    steps: tuple[str, ...]


def prepare(
    place: Place, home: Path, clock: Clock, *, create: bool, steps: Sequence[Step] = STEPS
) -> LakeFormat:
    """The lake in the present layout: made, found, or brought there where every step is cheap.

    Raises:
        LakeError: there is none, and `create` is false.
        LakeFormatError: it is newer than this version of Bowerbird, or a step takes its time.
    """
    said = read_format(place)
    if said is None and place.stat(UNFINISHED_FILE) is not None:
        raise LakeError(
            f"a copy or a restore to {place.address} was cut off; needed is a whole lake; run the same "
            "command again, or empty the place"
        )
    if said is None and not place.folders("tables"):
        if not create:
            raise LakeError(
                f"there is no lake in {place.address}; needed is one made by `bowerbird lake import`; run it"
            )
        place.write_if_absent(FORMAT_FILE, new_format(len(steps), clock).as_bytes())
        said = read_format(place)
    number = _known(place, said, steps)
    if number < len(steps):
        slow = [step.says for step in steps[number:] if not step.is_cheap]
        if slow:
            raise LakeFormatError(
                f"the lake at {place.address} has layout {number}; needed is {len(steps)} ({slow[0]}), which "
                f"takes a while; run `bowerbird lake migrate --lake {place.address}`"
            )
        migrate(place, home, clock, steps=steps)
    return read_format(place) or new_format(len(steps), clock)


def migrate(
    place: Place, home: Path, clock: Clock, *, to: int | None = None, steps: Sequence[Step] = STEPS
) -> MigrationReport:
    """Takes the lake to a layout, forward or back, one step after the other.

    Before a step forward that changes tables, their newest versions are tagged `before-layout-N`. A migration
    that was cut off goes on where it was.

    Raises:
        LakeFormatError: it is newer than this version of Bowerbird, or there is no such layout.
        ConflictError: another process is at it.
    """
    target = len(steps) if to is None else to
    if not 0 <= target <= len(steps):
        raise LakeFormatError(
            f"layout {target} was asked for; known are 0 to {len(steps)}; ask for one of these"
        )
    lease = Lease(place, "migration", clock)
    if not lease.wait(_WAIT_S):
        raise ConflictError(
            f"another process changes the layout of {place.address}; wait until it has finished and try again"
        )
    try:
        before = number = _known(place, read_format(place), steps)
        taken = []
        while number != target:
            number, step = _one_step(LakeLayout(place, home), number, target, clock, steps)
            taken.append(step.says)
            log.info("lake migrated", extra={"layout": number, "step": step.says})
        return MigrationReport(before, number, tuple(taken))
    finally:
        lease.give_back()


def _one_step(
    lake: LakeLayout, number: int, target: int, clock: Clock, steps: Sequence[Step]
) -> tuple[int, Step]:
    said = read_format(lake.place) or new_format(number, clock)
    if target > number:
        step = steps[number]
        if step.changes_tables:
            lake.tag_all(f"before-layout-{number + 1}", clock)
        step.forward(lake)
        number += 1
    else:
        step = steps[number - 1]
        step.back(lake)
        number -= 1
    if number:
        write_format(lake.place, said.model_copy(update={"format": number}))
    else:
        lake.place.delete(FORMAT_FILE)
    return number, step


def _known(place: Place, said: LakeFormat | None, steps: Sequence[Step]) -> int:
    number = 0 if said is None else said.format
    if number > len(steps):
        raise LakeFormatError(
            f"the lake at {place.address} has layout {number}; this version of Bowerbird knows 0 to "
            f"{len(steps)}; use a newer one, or take the lake back with that: "
            f"`bowerbird lake migrate --to {len(steps)} --lake {place.address}`"
        )
    return number
