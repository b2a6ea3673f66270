"""This file is about what boards hand on."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from bowerbird.lake.types import Event

Record: TypeAlias = Callable[[Sequence[Event]], object]
"""Makes events durable and known to the person's online state; done when it returns."""


@dataclass(frozen=True, slots=True)
class BoardItem:
    """One saved item."""

    number: int
    item_id: str
    section_id: str | None
    saved_ms: int


@dataclass(frozen=True, slots=True)
class BoardPage:
    """Saved items, newest first; `cursor` asks for the older ones, None at the end.

    Items that are gone from the catalogue are left out, so a page can be shorter than was asked.
    """

    items: tuple[BoardItem, ...]
    cursor: str | None
