"""This file is about one version of the embedded index: readers hold one, writers make the next."""

from dataclasses import dataclass, replace

import numpy as np

from bowerbird.core.arrays import ItemMask, ItemNumbers
from bowerbird.retrieve.fresh_rows import FreshRows
from bowerbird.retrieve.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class IndexState:
    """One version of the index.

    Attributes:
        snapshot: settled rows.
        is_live: [snapshot.rows.size] false for numbers deleted or replaced since, and for holes.
        hidden: how many rows of the snapshot are no longer live.
        tail: fresh rows; a live number here is not live in the snapshot.
        settled_version: changes with the snapshot or `is_live`.
    """

    snapshot: Snapshot
    is_live: ItemMask
    hidden: int
    tail: FreshRows
    settled_version: int


def state_of(snapshot: Snapshot, tail: FreshRows, version: int) -> IndexState:
    """The state in which every row of the snapshot is live."""
    return IndexState(snapshot, snapshot.rows.row_of >= 0, 0, tail, version)


def hiding(state: IndexState, numbers: ItemNumbers) -> IndexState:
    """The state in which the snapshot's rows of these numbers are not live; its tail is not looked at."""
    inside = numbers[(numbers >= 0) & (numbers < state.snapshot.rows.size)]
    gone = inside[state.is_live[inside]]
    if not len(gone):
        return state
    is_live = state.is_live.copy()
    is_live[gone] = False
    hidden = len(state.snapshot) - int(np.count_nonzero(is_live))
    return replace(state, is_live=is_live, hidden=hidden, settled_version=state.settled_version + 1)


def still_live(before: IndexState, now: IndexState, snapshot: Snapshot) -> ItemMask:
    """[snapshot.rows.size] what of a rebuilt snapshot was neither deleted nor replaced while it was built."""
    is_live = snapshot.rows.row_of >= 0
    shared = min(len(is_live), before.snapshot.rows.size)
    is_live[:shared] &= ~(before.is_live[:shared] & ~now.is_live[:shared])
    merged = len(before.tail.numbers)
    was_live, is_still = before.tail.is_live, now.tail.is_live[:merged]
    is_live[before.tail.numbers[was_live & ~is_still]] = False
    return is_live
