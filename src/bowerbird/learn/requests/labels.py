"""This file is about labels: which later actions belong to which impression.

An event that names its request belongs to it. One that names none, or one that did not show the item,
belongs to the last request before it that showed the item to the person, within the window. A label is never
earlier than its request; of an event that a client's clock puts before the request it names, the time of
arrival counts, which is the server's own.
"""

from dataclasses import dataclass

import numpy as np

from bowerbird.learn.requests.columns import EventColumns, RequestColumns

NO_LABEL = -1


@dataclass(frozen=True, slots=True)
class Labels:
    """Labels of impressions.

    Attributes:
        columns: bool [I, L] which actions followed; several in one row are several columns of that row.
        delay_ms: int64 [I] from the request to the first of them; `NO_LABEL` where none followed.
        counts: how events were joined: `named`, `by_item`, `unmatched`.
    """

    columns: np.ndarray
    delay_ms: np.ndarray
    counts: dict[str, int]


def labels_of(
    requests: RequestColumns,
    events: EventColumns,
    actions: np.ndarray,
    window_ms: int,
    *,
    counted: int | None = None,
) -> Labels:
    """The labels of all candidates; only those that were shown can have one.

    Args:
        actions: int64 [L] the action code of each label column.
        counted: `counts` says how events were joined to the first so many candidates; None for all.
    """
    count = len(requests.numbers)
    columns = np.zeros((count, len(actions)), dtype=bool)
    delay_ms = np.full(count, NO_LABEL, dtype=np.int64)
    events = events.where(np.flatnonzero(np.isin(events.actions, actions)))
    named = _named_rows(requests, events)
    at_ms = _moments(requests, events, named)
    rows = np.where(named >= 0, named, _rows_by_item(requests, events, at_ms, window_ms))
    request_ms = requests.at_ms[requests.request_of]
    found = np.flatnonzero(rows >= 0)
    delays = at_ms[found] - request_ms[rows[found]]
    inside = (delays >= 0) & (delays < window_ms)
    found, delays = found[inside], delays[inside]
    order = np.argsort(actions)
    labels = order[np.searchsorted(actions, events.actions[found], sorter=order)]
    columns[rows[found], labels] = True
    first = np.full(count, np.iinfo(np.int64).max)
    np.minimum.at(first, rows[found], delays)
    delay_ms = np.where(columns.any(axis=1), first, NO_LABEL)
    ours = rows[found] < (count if counted is None else counted)
    by_name = int((ours & (named[found] >= 0)).sum())
    counts = {
        "named": by_name,
        "by_item": int(ours.sum()) - by_name,
        "unmatched": len(rows) - len(found),
    }
    return Labels(columns, delay_ms, counts)


def _named_rows(requests: RequestColumns, events: EventColumns) -> np.ndarray:
    """int64 [E] the impression in the request that the event names; -1 where there is none."""
    shown = np.flatnonzero(requests.is_shown)
    width = _width(requests, events)
    keys = requests.request_of[shown] * width + requests.numbers[shown]
    wanted = events.requests * width + events.numbers
    rows = _found(keys, wanted, shown)
    named: np.ndarray = np.where(events.requests >= 0, rows, -1)
    return named


def _moments(requests: RequestColumns, events: EventColumns, named: np.ndarray) -> np.ndarray:
    """int64 [E] when each happened, as far as clocks can be believed."""
    # Nothing is known before it happened: a clock that is ahead is held to the time of arrival.
    at_ms: np.ndarray = np.minimum(events.at_ms, events.received_ms)
    is_named = named >= 0
    if is_named.any():
        request_ms = requests.at_ms[events.requests[is_named]]
        theirs = at_ms[is_named]
        at_ms[is_named] = np.where(theirs < request_ms, events.received_ms[is_named], theirs)
    return at_ms


def _rows_by_item(
    requests: RequestColumns, events: EventColumns, at_ms: np.ndarray, window_ms: int
) -> np.ndarray:
    """int64 [E] the last impression of the item to the person before the event, within the window."""
    shown = np.flatnonzero(requests.is_shown)
    if not len(shown) or not len(at_ms):
        return np.full(len(at_ms), -1, dtype=np.int64)
    width = _width(requests, events)
    request_of = requests.request_of[shown]
    pairs, pair_of = np.unique(
        requests.persons[request_of] * width + requests.numbers[shown], return_inverse=True
    )
    wanted = events.persons * width + events.numbers
    place = np.searchsorted(pairs, wanted).clip(max=len(pairs) - 1)
    is_known = (pairs[place] == wanted) & (events.persons >= 0)
    shown_ms = requests.at_ms[request_of]
    # A pair and a moment in one number, so that one search finds the last moment of the same pair.
    begin = min(int(shown_ms.min()), int(at_ms.min()))
    span = max(int(shown_ms.max()), int(at_ms.max())) - begin + 1
    keys = pair_of * span + (shown_ms - begin)
    order = np.argsort(keys, kind="stable")
    last = np.searchsorted(keys[order], place * span + (at_ms - begin), side="right") - 1
    rows = order[last.clip(min=0)]
    is_there = is_known & (last >= 0) & (pair_of[rows] == place)
    is_there &= at_ms - shown_ms[rows] < window_ms
    return np.where(is_there, shown[rows], -1)


def _found(keys: np.ndarray, wanted: np.ndarray, rows: np.ndarray) -> np.ndarray:
    if not len(keys):
        return np.full(len(wanted), -1, dtype=np.int64)
    order = np.argsort(keys, kind="stable")
    place = np.searchsorted(keys, wanted, sorter=order).clip(max=len(keys) - 1)
    found: np.ndarray = np.where(keys[order[place]] == wanted, rows[order[place]], -1)
    return found


def _width(requests: RequestColumns, events: EventColumns) -> int:
    return 1 + max(int(requests.numbers.max(initial=0)), int(events.numbers.max(initial=0)))
