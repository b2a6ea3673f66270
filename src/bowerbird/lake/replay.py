"""This file is about building the online store again from what is in the event log."""

from collections import defaultdict

import numpy as np

from bowerbird.core.actions import ACTION_CODES
from bowerbird.lake.catalogue import Catalogue
from bowerbird.lake.events import EventLog
from bowerbird.lake.online_state import OnlineState
from bowerbird.lake.types import Event

_EVENTS_AT_ONCE = 20_000


def replay_into(online: OnlineState, events: EventLog, catalogue: Catalogue) -> int:
    """Empties the store and applies every stored event with consent and a known item; gives how many.

    The result is what pushing each event when it happened would have left.
    """
    online.clear()
    count, after = 0, 0
    while found := events.after(after, _EVENTS_AT_ONCE):
        count += _apply(online, [event for _, event in found], catalogue)
        after = found[-1][0]
    return count


def _apply(online: OnlineState, events: list[Event], catalogue: Catalogue) -> int:
    told = [event for event in events if event.consent and event.item_id]
    numbers = catalogue.numbers_of([event.item_id for event in told])
    rows_of: dict[str, list[tuple[int, int, int]]] = defaultdict(list)
    for event, number in zip(told, numbers.tolist(), strict=True):
        if number >= 0:
            rows_of[event.person_id].append((number, ACTION_CODES[event.action], event.at_ms))
    for person_id, rows in rows_of.items():
        columns = np.array(rows, np.int64)
        online.push(person_id, columns[:, 0], columns[:, 1], columns[:, 2])
    return sum(len(rows) for rows in rows_of.values())
