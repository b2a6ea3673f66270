"""This file is about the features in batch: for N rows of (person, item, moment), out of columns of events.

Nothing of the stream's code is used here but the meaning of its keys. Events of one owner are put in order of
time and scanned once; a row reads the scan at its place. The scan is a parallel prefix of affine maps
x → a·x + b, in log2(E) vectorised passes, and needs no exponent that grows with time.

Source: the scan is that of Hillis and Steele, "Data parallel algorithms", 1986, over the recurrence of
Blelloch, "Prefix sums and their applications", 1990, section 1.4.1.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bowerbird.core.actions import ACTION_CODES
from bowerbird.rank.declared.arrivals import Arrivals, Sides
from bowerbird.rank.declared.definitions import (
    FEATURES,
    NEVER,
    SESSION_GAP_MS,
    Feature,
    Kind,
    Owner,
    Tally,
)
from bowerbird.rank.declared.stream import owner_keys

_NONE_MS = -1
_NOTHING = 1e-30
"""A share so small that a thousand million of them are not seen in a float64 sum."""


@dataclass(frozen=True, slots=True)
class Rows:
    """What is asked. All int64 [N].

    Attributes:
        persons, items, at_ms: only what happened before `at_ms` counts.
        arrived: how many events had arrived by then; of the others nothing was known. None lets all count.
    """

    persons: np.ndarray
    items: np.ndarray
    at_ms: np.ndarray
    arrived: np.ndarray | None = None


@dataclass(frozen=True, slots=True)
class _Events:
    """Events of some owners, by key and time; `places` says when each arrived."""

    keys: np.ndarray
    at_ms: np.ndarray
    places: np.ndarray

    def rows(self, keep: np.ndarray) -> "_Events":
        return _Events(self.keys[keep], self.at_ms[keep], self.places[keep])


def batch(events: Arrivals, rows: Rows, sides: Sides, features: Sequence[Feature] = FEATURES) -> np.ndarray:
    """float64 [N, features] what each row's person, item and pairs had done strictly before its moment."""
    out = np.empty((len(rows.at_ms), len(features)))
    event_keys = owner_keys(events.persons, events.items, sides)
    row_keys = owner_keys(rows.persons, rows.items, sides)
    for owner in Owner:
        asked = [place for place, each in enumerate(features) if each.tally.owner is owner]
        if asked:
            told = [features[place] for place in asked]
            out[:, asked] = _of_owner(event_keys[owner], row_keys[owner], events, rows, told)
    return out


def _of_owner(
    event_keys: np.ndarray, row_keys: np.ndarray, events: Arrivals, rows: Rows, features: Sequence[Feature]
) -> np.ndarray:
    # Few keys are asked about; the others' events need not be sorted.
    wanted = np.unique(row_keys[row_keys >= 0])
    places = np.flatnonzero(_is_in(event_keys, wanted))
    places = places[np.lexsort((events.at_ms[places], event_keys[places]))]
    every = _Events(event_keys[places], events.at_ms[places], places)
    out = np.empty((len(rows.at_ms), len(features)))
    first, last = _bounds(every, row_keys, rows.at_ms)
    for tally, is_session in dict.fromkeys((each.tally, each.kind is Kind.SESSION) for each in features):
        asked = [
            place
            for place, each in enumerate(features)
            if (each.tally, each.kind is Kind.SESSION) == (tally, is_session)
        ]
        told = [features[place] for place in asked]
        counts = _counts(tally)[events.actions[every.places]]
        if is_session:  # what does not count goes on with a session all the same
            out[:, asked] = _as_known(every, counts, first, last, rows, told)
        else:
            before = np.concatenate([[0], np.cumsum(counts)])
            found, counts = every.rows(counts), counts[counts]
            out[:, asked] = _as_known(found, counts, before[first], before[last], rows, told)
    return out


def _as_known(
    found: _Events,
    counts: np.ndarray,
    first: np.ndarray,
    last: np.ndarray,
    rows: Rows,
    features: Sequence[Feature],
) -> np.ndarray:
    """[N, features] of one tally, out of what had arrived."""
    out = _worked_out(found, counts, first, last, rows.at_ms, features)
    if rows.arrived is None or not len(found.keys):
        return out
    latest, lift = _latest_so_far(found)
    late = np.flatnonzero((last > first) & (latest[np.maximum(last - 1, 0)] % lift >= rows.arrived))
    if len(late):
        # From here on, some events before the row's moment had not arrived.
        group = latest[first[late]] // lift
        gap = np.searchsorted(latest, group * lift + rows.arrived[late])
        own_rows = Rows(late, late, rows.at_ms[late], rows.arrived[late])
        out[late] = _worked_out_late(found, counts, first[late], gap, last[late], own_rows, features)
    return out


def _worked_out_late(
    found: _Events,
    counts: np.ndarray,
    first: np.ndarray,
    gap: np.ndarray,
    last: np.ndarray,
    rows: Rows,
    features: Sequence[Feature],
) -> np.ndarray:
    """[N, features] where all events from `first` to `gap` had arrived, and of those up to `last` some."""
    is_session = features[0].kind is Kind.SESSION
    before = np.maximum(gap - 1, 0)
    is_any_before = gap > first
    start = np.where(is_any_before, _session_starts(found)[before], gap) if is_session else gap
    own = np.repeat(np.arange(len(first)), last - start)
    each = start[own] + np.arange(len(own)) - np.searchsorted(own, own)
    assert rows.arrived is not None
    known = found.places[each] < rows.arrived[own]
    own, each = own[known], each[known]
    if is_session:
        alone = _Events(own, found.at_ms[each], found.places[each])
        bounds = [np.searchsorted(own, np.arange(len(first)), side) for side in ("left", "right")]
        return _worked_out(alone, counts[each], bounds[0], bounds[1], rows.at_ms, features)
    out = np.empty((len(first), len(features)))
    age_before_ms = rows.at_ms - found.at_ms[before]
    for place, feature in enumerate(features):
        if feature.kind is Kind.SINCE:
            newest_ms = np.where(is_any_before, found.at_ms[before], _NONE_MS)
            np.maximum.at(newest_ms, own, found.at_ms[each])
            out[:, place] = np.where(newest_ms == _NONE_MS, NEVER, (rows.at_ms - newest_ms) / 1_000)
        else:
            half_life_ms = feature.half_life_ms
            sums = np.where(is_any_before, _decayed_sums(found, half_life_ms)[before], 0.0)
            ages_ms = np.where(is_any_before, age_before_ms, 0)
            added = np.exp2(-(rows.at_ms[own] - found.at_ms[each]) / half_life_ms)
            out[:, place] = sums * np.exp2(-ages_ms / half_life_ms) + np.bincount(own, added, len(first))
    return out


def _worked_out(
    found: _Events,
    counts: np.ndarray,
    first: np.ndarray,
    last: np.ndarray,
    at_ms: np.ndarray,
    features: Sequence[Feature],
) -> np.ndarray:
    """[N, features] of rows to which events `first` to `last` (exclusive) are known, and are theirs."""
    out = np.zeros((len(at_ms), len(features)))
    out[:, [each.kind is Kind.SINCE for each in features]] = NEVER
    any_ = np.flatnonzero(last > first)
    newest = last[any_] - 1
    age_ms = at_ms[any_] - found.at_ms[newest]
    for place, feature in enumerate(features):
        if feature.kind is Kind.SINCE:
            out[any_, place] = age_ms / 1_000
        elif feature.kind is Kind.DECAYED:
            sums = _decayed_sums(found, feature.half_life_ms)
            out[any_, place] = sums[newest] * np.exp2(-age_ms / feature.half_life_ms)
        else:
            before = np.concatenate([[0], np.cumsum(counts)])
            so_far = before[newest + 1] - before[_session_starts(found)[newest]]
            out[any_, place] = np.where(age_ms <= SESSION_GAP_MS, so_far, 0)
    return out


def _decayed_sums(found: _Events, half_life_ms: int) -> np.ndarray:
    """[E] what the events of a key up to and with each one sum up to at its time."""
    sums, factors = np.ones(len(found.keys)), np.zeros(len(found.keys))
    is_same = found.keys[1:] == found.keys[:-1]
    factors[1:][is_same] = np.exp2(-np.diff(found.at_ms)[is_same] / half_life_ms)
    active, step = np.flatnonzero(factors > _NOTHING), 1
    # x_i = x_{i-1}·f_i + 1 for all i at once; where a factor has become nothing, nothing is left to add.
    while len(active):
        reached = sums[active] + factors[active] * sums[active - step]
        further = factors[active] * factors[active - step]
        sums[active], factors[active] = reached, further
        active, step = active[further > _NOTHING], 2 * step
    return sums


def _session_starts(found: _Events) -> np.ndarray:
    """int64 [E] the first event of the session that each one is in."""
    is_first = np.ones(len(found.keys), bool)
    is_first[1:] = (found.keys[1:] != found.keys[:-1]) | (np.diff(found.at_ms) > SESSION_GAP_MS)
    starts: np.ndarray = np.maximum.accumulate(np.where(is_first, np.arange(len(is_first)), 0))
    return starts


def _bounds(found: _Events, keys: np.ndarray, at_ms: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """int64 [N], [N] the events of each row's key before its moment: from the first, up to the last."""
    is_event = np.repeat([False, True], [len(keys), len(found.keys)])
    every_key, every_ms = np.concatenate([keys, found.keys]), np.concatenate([at_ms, found.at_ms])
    # Rows come before events of the same moment, so that these are not known to them.
    order = np.lexsort((is_event, every_ms, every_key))
    so_far = np.empty(len(order), np.int64)
    so_far[order] = np.cumsum(is_event[order])
    return np.searchsorted(found.keys, keys), so_far[: len(keys)]


def _latest_so_far(found: _Events) -> tuple[np.ndarray, int]:
    """int64 [E] group · lift + the highest place among the events of a key up to and with each one; the lift.

    Groups are keys in order; so lifted, one running maximum does for all, and is ascending throughout.
    """
    group = np.concatenate([[0], np.cumsum(found.keys[1:] != found.keys[:-1])])
    lift = int(found.places.max()) + 1
    latest: np.ndarray = np.maximum.accumulate(found.places + group * lift)
    return latest, lift


def _is_in(keys: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    if not len(wanted):
        return np.zeros(len(keys), bool)
    place = np.minimum(np.searchsorted(wanted, keys), len(wanted) - 1)
    found: np.ndarray = wanted[place] == keys
    return found


def _counts(tally: Tally) -> np.ndarray:
    counts = np.zeros(len(ACTION_CODES), bool)
    counts[[ACTION_CODES[action] for action in tally.actions]] = True
    return counts
