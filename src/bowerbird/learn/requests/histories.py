"""This file is about what was known of a person when a request came: never what arrived later."""

from dataclasses import dataclass

import numpy as np

from bowerbird.core.actions import ACTION_CODES, Action
from bowerbird.learn.requests.columns import EventColumns, RequestColumns


@dataclass(frozen=True, slots=True)
class Known:
    """The newest actions before each request, oldest first.

    Attributes:
        ends: int64 [R + 1] actions `ends[r]` up to `ends[r + 1]` belong to request r.
        numbers, actions, at_ms: int64, one row an action.
    """

    ends: np.ndarray
    numbers: np.ndarray
    actions: np.ndarray
    at_ms: np.ndarray


def known_at(requests: RequestColumns, events: EventColumns, most: int) -> Known:
    """The `most` newest actions that had arrived when each request came; impressions are not among them."""
    told = np.flatnonzero((events.actions != ACTION_CODES[Action.IMPRESSION]) & (events.persons >= 0))
    events = events.where(told)
    # What a clock puts after its arrival happened when it arrived.
    at_ms = np.minimum(events.at_ms, events.received_ms)
    order = np.lexsort((events.actions, events.numbers, at_ms, events.received_ms, events.persons))
    persons, received_ms = events.persons[order], events.received_ms[order]
    begin = min(int(received_ms.min(initial=0)), int(requests.at_ms.min(initial=0)))
    span = max(int(received_ms.max(initial=0)), int(requests.at_ms.max(initial=0))) - begin + 2
    keys = persons * span + (received_ms - begin)
    last = np.searchsorted(keys, requests.persons * span + (requests.at_ms - begin), side="right")
    first = np.searchsorted(keys, requests.persons * span, side="left")
    counts = np.minimum(last - first, most)
    ends = np.concatenate([[0], np.cumsum(counts)])
    # Each request's rows, one after another: from `last - count` up to `last`.
    rows = np.arange(ends[-1]) - np.repeat(ends[:-1], counts) + np.repeat(last - counts, counts)
    rows = order[rows]
    # They arrived in this order; they are told in the order in which they happened.
    by_time = np.lexsort((at_ms[rows], np.repeat(np.arange(len(counts)), counts)))
    rows = rows[by_time]
    return Known(ends, events.numbers[rows], events.actions[rows], at_ms[rows])
