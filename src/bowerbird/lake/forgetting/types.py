"""This file is about what forgetting is asked for, and what it answers."""

from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["item", "board", "person"]
State = Literal["removing", "pending", "purged", "gone"]
"""How far a forget is: rows still to be removed; removed, but in files; in old versions only; nowhere."""


@dataclass(frozen=True, slots=True)
class Remains:
    """Something that a forget has left.

    Attributes:
        where: file, table or place.
        why: what keeps it.
        until_ms: when it goes by itself (with the maintenance after that); None: not by itself.
        how: what makes it go at once.
    """

    where: str
    why: str
    until_ms: int | None
    how: str


@dataclass(slots=True)
class Counts:
    """What was removed, by what it was: rows of tables, events, files, bytes."""

    by_what: dict[str, int] = field(default_factory=dict)

    def add(self, what: str, count: int) -> None:
        """So many more of these."""
        if count:
            self.by_what[what] = self.by_what.get(what, 0) + count


@dataclass(frozen=True, slots=True)
class ForgetReport:
    """What a forget did.

    Attributes:
        kind: what was to be forgotten.
        forgotten: how many of them there were.
        unknown: ids under which there was nothing.
        removed: how much, by what it was.
        remains: what is left, why, and until when; empty when nothing is.
        is_dry_run: nothing was done; `removed` is what would be.
    """

    kind: Kind
    forgotten: int
    unknown: tuple[str, ...]
    removed: dict[str, int]
    remains: tuple[Remains, ...] = ()
    is_dry_run: bool = False
