"""This file is about what any online store gives: what one person did lately, for the next page.

The embedded one is a file (`online.py`), which one machine can share. Another one is announced under
`ENTRY_POINTS` by the scheme of its address. Both hold what the event log says, and can be lost: whoever
applies events keeps a mark in the store itself, and begins again where it is gone.
"""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import entry_points
from typing import Protocol, runtime_checkable

import numpy as np

from bowerbird.core.errors import ConfigError
from bowerbird.lake.config import LakeConfig

ENTRY_POINTS = "bowerbird.online"
"""Packages announce online stores here, by scheme: a callable from (address, lake id, log id, config).

People are the lake's, and shared; marks are true of one event log.
"""
VARIABLE = "BOWERBIRD_ONLINE"
"""Where the online store of every lake is, for every command: `valkey://host:port/database`."""

Numbers = Sequence[int] | np.ndarray
OpenOnline = Callable[[str, str, str, LakeConfig], "OnlineState"]


@dataclass(frozen=True, slots=True)
class RecentActions:
    """What a person did lately, newest first, as columns; impressions are not among them.

    Attributes:
        numbers: [H] int64 item numbers.
        actions: [H] int8 action codes.
        at_ms: [H] int64 times.
    """

    numbers: np.ndarray
    actions: np.ndarray
    at_ms: np.ndarray

    def __len__(self) -> int:
        return len(self.numbers)


@runtime_checkable
class OnlineState(Protocol):
    """Recent actions, seen and hidden items of each person. Safe for threads and several processes.

    Pushing the same action twice changes nothing, nor does the order in which actions come. Of what grows,
    the newest `keep_actions` and `keep_seen` stay at least.
    """

    def push(self, person_id: str, numbers: Numbers, actions: Numbers, at_ms: int | np.ndarray) -> int:
        """Remembers actions on items; gives the person's new version.

        Impressions mark items as seen and nothing else; hides and unhides also change the hidden items.

        Args:
            numbers: [B] item numbers; negative ones are passed over.
            actions: [B] action codes.
            at_ms: when they happened, one time for all or [B].
        """
        ...

    def mark_seen(self, person_id: str, numbers: Numbers, at_ms: int) -> int:
        """Remembers that the items were on a page; gives the person's new version."""
        ...

    def count_from(self, person_id: str, at_ms: int) -> int:
        """From now on only actions after this moment are recent; gives the person's new version."""
        ...

    def counts_from(self, person_id: str) -> int:
        """The moment after which actions are recent; 0 where all are."""
        ...

    def recent(self, person_id: str, n: int = 200) -> RecentActions:
        """The newest `n` actions, newest first."""
        ...

    def seen(self, person_id: str) -> np.ndarray:
        """[S] int64 numbers of the items seen last, ascending."""
        ...

    def last_seen(self, person_id: str, n: int) -> RecentActions:
        """The newest `n` items that were on the person's screen, newest first; all are impressions."""
        ...

    def hidden(self, person_id: str) -> np.ndarray:
        """[S] int64 numbers of all items hidden and not unhidden since, ascending."""
        ...

    def version(self, person_id: str) -> int:
        """Grows with each push; 0 for someone unknown."""
        ...

    def forget(self, person_id: str) -> None:
        """Nothing about the person is left."""
        ...

    def forget_with(self, prefix: str) -> int:
        """Nothing is left of whoever's id begins with `prefix`; gives how many rows that were."""
        ...

    def count_of(self, person_id: str) -> int:
        """How many actions, seen and hidden items of the person there are."""
        ...

    def forget_items(self, numbers: Numbers) -> int:
        """Nobody has acted on these items; gives how many rows that were."""
        ...

    def forget_actions(self, person_id: str, rows: Sequence[tuple[int, int, int]]) -> int:
        """The person has not done these: (at_ms, number, action code); gives how many there were."""
        ...

    def clear(self) -> None:
        """Nothing about anyone is left: the store is about to be built again."""
        ...

    def mark(self, name: str) -> int:
        """The number kept under `name`, 0 at first. It goes with what it is true of."""
        ...

    def set_mark(self, name: str, value: int) -> None:
        """Keep a number under `name`; a smaller one than is there changes nothing."""
        ...

    def close(self) -> None:
        """No call after this one."""
        ...


def announced(lake_id: str, log_id: str, config: LakeConfig) -> OnlineState | None:
    """The store that the environment names; None where it names none.

    Raises:
        ConfigError: no package brings this scheme, or not what it needs.
        StageUnavailableError: the store cannot be reached.
    """
    address = os.environ.get(VARIABLE, "")
    if not address:
        return None
    scheme, _, rest = address.partition("://")
    shown = f"{scheme}://{rest.rpartition('@')[2]}"[:100]  # whoever reads an error need not learn a password
    found = {point.name: point for point in entry_points(group=ENTRY_POINTS)}
    if scheme not in found:
        raise ConfigError(
            f"${VARIABLE} is {shown!r}; needed is nothing, or one of "
            f"{sorted(f'{name}://' for name in found)}; correct it, or install what brings its scheme"
        )
    try:
        open_store: OpenOnline = found[scheme].load()
    except ModuleNotFoundError as error:
        raise ConfigError(
            f"{shown} needs the package {error.name}, which is not installed; "
            "install it with `pip install 'bowerbird[valkey]'`"
        ) from error
    return open_store(address, lake_id, log_id, config)
