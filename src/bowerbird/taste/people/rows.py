"""This file is about the rows that people are learned from: a history, and one later action for each state.

A state is what is known after an action, or before the first one. What it is to find is drawn anew at
every epoch from all actions of the next days, not only the very next one (the dense all-action loss of
PinnerFormer, 2205.04507, section 3.3).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bowerbird.taste.encoder.batches import Chances, KnownPairs
from bowerbird.taste.encoder.moments import view_of
from bowerbird.taste.encoder.types import Links
from bowerbird.taste.people.config import PeopleConfig
from bowerbird.taste.people.histories import NO_ITEM, features_of

_DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class Acts:
    """Actions that say "I like this", by person, then time.

    Attributes:
        persons, items, actions, at_ms: int64 [E].
    """

    persons: np.ndarray
    items: np.ndarray
    actions: np.ndarray
    at_ms: np.ndarray

    def __len__(self) -> int:
        return len(self.items)


def acts_of(acted: Links, until_ms: int) -> Acts:
    """The actions strictly before a moment."""
    rows = np.flatnonzero((acted.weights > 0) & (acted.at_ms < until_ms))
    rows = rows[np.lexsort((acted.at_ms[rows], acted.sources[rows]))]
    actions = acted.actions[rows].astype(np.int64)
    return Acts(acted.sources[rows], acted.targets[rows], actions, acted.at_ms[rows])


def goals_of(acts: Acts, window_days: float, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """For the state after each action, and for the one before each person's first, a later action.

    Returns:
        int64 [E] entry to find after entry e, strictly later and within the window; -1: there is none.
        int64 [E] the same for the state before entry e, where e is a person's first; -1 elsewhere.
    """
    count = len(acts)
    window = int(window_days * _DAY_MS)
    # One rising key for person and time, so that one search finds the ends of all windows.
    span = int(acts.at_ms.max(initial=0) - acts.at_ms.min(initial=0)) + window + 2
    key = acts.persons * span + (acts.at_ms - acts.at_ms.min(initial=0))
    last = np.searchsorted(key, key + window, side="right")
    next_ = np.searchsorted(key, key, side="right")
    drawn = next_ + (rng.random(count) * (last - next_)).astype(np.int64)
    after = np.where(last > next_, drawn, -1)
    opens = np.concatenate([[True], acts.persons[1:] != acts.persons[:-1]]) if count else np.zeros(0, bool)
    own = np.arange(count)
    first = np.where(opens, own + (rng.random(count) * (last - own)).astype(np.int64), -1)
    return after, first


def rows_of(
    acts: Acts,
    refused: Links,
    moments_ms: np.ndarray,
    known: KnownPairs,
    chances: Chances,
    config: PeopleConfig,
    rng: np.random.Generator,
) -> Sequence[dict[str, np.ndarray]]:
    """The steps of an epoch, each of one view.

    Args:
        refused: person to item: was shown and left alone.

    Returns:
        By name: `items`, `actions` int64 [R, T]; `features` float32 [R, T, F]; `goals` int64 [R, T + 1]
        items, -1 for a state without one, the first state being the one before any action; `refused` int64
        [R, T + 1, J]; `negatives` int64 [R, n]; `views` int64 [R]; `is_void` bool [R, R (T + 1) + R n].
    """
    after, first = goals_of(acts, config.window_days, rng)
    cuts = _cuts(acts, after, first, moments_ms, config)
    if len(cuts) > config.most_rows:
        cuts = cuts[np.sort(rng.choice(len(cuts), config.most_rows, replace=False))]
    steps: list[np.ndarray] = []
    for view in np.unique(cuts[:, 2]):
        some = rng.permutation(np.flatnonzero(cuts[:, 2] == view))
        steps += [some[start : start + config.rows] for start in range(0, len(some), config.rows)]
    left_alone = _ByPerson(refused)
    return [
        _step(acts, after, first, cuts[steps[place]], left_alone, moments_ms, known, chances, config, rng)
        for place in rng.permutation(len(steps))
    ]


def _cuts(
    acts: Acts, after: np.ndarray, first: np.ndarray, moments_ms: np.ndarray, config: PeopleConfig
) -> np.ndarray:
    """int64 [rows, 3] first entry, entry behind the last, and view, for every goal to be in a row."""
    if not len(acts):
        return np.zeros((0, 3), dtype=np.int64)
    goal_entry = np.concatenate([after, first])
    entry = np.concatenate([np.arange(len(acts)), np.arange(len(acts))])
    has_goal = goal_entry >= 0
    entry, goal_entry = entry[has_goal], goal_entry[has_goal]
    view = view_of(acts.at_ms[goal_entry], moments_ms)
    person = acts.persons[entry]
    order = np.lexsort((entry, view, person))
    entry, view, person = entry[order], view[order], person[order]
    starts = np.searchsorted(acts.persons, acts.persons)
    half = max(config.longest // 2, 1)
    bounds = np.flatnonzero(np.concatenate([[True], (person[1:] != person[:-1]) | (view[1:] != view[:-1])]))
    found = []
    for begin, end in zip(bounds.tolist(), [*bounds[1:].tolist(), len(entry)], strict=True):
        if view[begin] < 0:
            continue
        # From the newest state backwards, each row with the entries before its states as what is known.
        last = end - 1
        while last >= begin:
            stop = int(entry[last]) + 1
            start = max(int(starts[entry[last]]), stop - config.longest)
            found.append((start, stop, int(view[begin])))
            opens = start if start == starts[entry[last]] else stop - half
            last = int(np.searchsorted(entry[begin:end], opens)) + begin - 1
    return np.array(found, dtype=np.int64).reshape(-1, 3)


class _ByPerson:
    def __init__(self, refused: Links) -> None:
        order = np.lexsort((refused.at_ms, refused.sources))
        self.persons = refused.sources[order]
        self.items, self.at_ms = refused.targets[order], refused.at_ms[order]

    def after(self, person: int, at_ms: np.ndarray, most: int) -> np.ndarray:
        """int64 [S, most] the next items refused at or after each moment; -1 where there are fewer."""
        first, last = np.searchsorted(self.persons, [person, person + 1])
        place = first + np.searchsorted(self.at_ms[first:last], at_ms)[:, None] + np.arange(most)
        found: np.ndarray = np.full(place.shape, NO_ITEM, dtype=np.int64)
        is_there = place < last
        found[is_there] = self.items[place[is_there]]
        return found


def _step(
    acts: Acts,
    after: np.ndarray,
    first: np.ndarray,
    cuts: np.ndarray,
    left_alone: _ByPerson,
    moments_ms: np.ndarray,
    known: KnownPairs,
    chances: Chances,
    config: PeopleConfig,
    rng: np.random.Generator,
) -> dict[str, np.ndarray]:
    rows, tokens = config.rows, config.longest
    items, actions = (np.full((rows, tokens), NO_ITEM, dtype=np.int64) for _ in range(2))
    at_ms = np.zeros((rows, tokens), dtype=np.int64)
    goals = np.full((rows, tokens + 1), NO_ITEM, dtype=np.int64)
    refused = np.full((rows, tokens + 1, config.refused), NO_ITEM, dtype=np.int64)
    persons = np.full(rows, -1, dtype=np.int64)
    view = int(cuts[0, 2])
    for row, (start, stop, _) in enumerate(cuts.tolist()):
        entries = np.arange(start, stop)
        length = len(entries)
        items[row, :length], actions[row, :length] = acts.items[entries], acts.actions[entries]
        at_ms[row, :length] = acts.at_ms[entries]
        at_ms[row, length:] = acts.at_ms[stop - 1]
        aims = np.concatenate([first[start : start + 1], after[entries]])
        is_here = (aims >= 0) & (view_of(acts.at_ms[np.maximum(aims, 0)], moments_ms) == view)
        goals[row, : length + 1] = np.where(is_here, acts.items[np.maximum(aims, 0)], NO_ITEM)
        persons[row] = acts.persons[start]
        since = np.concatenate([acts.at_ms[start : start + 1], acts.at_ms[entries]])
        refused[row, : length + 1] = left_alone.after(int(persons[row]), since, config.refused)
    # A refused item may be what the state is to find later on: then it is no wrong answer.
    refused[
        known.holds(persons, refused.ravel()).reshape(rows, *refused.shape)[np.arange(rows), np.arange(rows)]
    ] = NO_ITEM
    negatives = rng.choice(chances.named, (rows, config.negatives))
    against = np.concatenate([goals.ravel(), negatives.ravel()])
    is_void = known.holds(persons, np.maximum(against, 0)) | (against < 0)[None]
    return {
        "items": items,
        "actions": actions,
        "features": features_of(at_ms),
        "goals": goals,
        "refused": refused,
        "negatives": negatives,
        "views": np.full(rows, view),
        "is_void": is_void,
    }
