"""This file is about the features on the stream: state that each event changes, and that is read in one step.

The same events in any order give the same state. Each event is to be given once: whoever reads a log keeps
its place in it (`following.py`).
"""

from collections.abc import Sequence

import numpy as np

from bowerbird.core.actions import ACTION_CODES
from bowerbird.rank.declared.arrivals import Arrivals, Sides, pair_keys
from bowerbird.rank.declared.counters import Counters
from bowerbird.rank.declared.definitions import FEATURES, Feature, Kind, Owner
from bowerbird.rank.declared.sessions import Sessions


class Stream:
    """What is known of everybody's behaviour. One thread writes, and nobody reads meanwhile."""

    def __init__(self, features: Sequence[Feature] = FEATURES) -> None:
        self.features = tuple(features)
        self._session_places = [place for place, each in enumerate(features) if each.kind is Kind.SESSION]
        tallies = [features[place].tally for place in self._session_places]
        self._in_session = np.zeros((len(ACTION_CODES), len(tallies)), np.int64)
        for to, tally in enumerate(tallies):
            self._in_session[[ACTION_CODES[action] for action in tally.actions], to] = 1
        self.sessions = Sessions(len(tallies))
        order: list[int] = []
        self.counters: dict[Owner, Counters] = {}
        for owner in Owner:
            places = [
                place
                for place, each in enumerate(features)
                if each.tally.owner is owner and each.kind is not Kind.SESSION
            ]
            if places:
                counters = self.counters[owner] = Counters([features[place] for place in places])
                order += [places[place] for place in counters.order]
        self._order = np.argsort([*order, *self._session_places])

    def add(self, more: Arrivals, sides: Sides, *, is_for_persons_only: bool = False) -> None:
        """Events are counted; none of them was before, but for their items where it is said so."""
        own = more.rows(more.persons >= 0)
        self.sessions.add(own.persons, own.at_ms, self._in_session[own.actions])
        keys = owner_keys(more.persons, more.items, sides)
        for owner, counters in self.counters.items():
            if owner is not Owner.ITEM or not is_for_persons_only:
                counters.add(keys[owner], more.actions, more.at_ms)

    def read(self, person: int, items: np.ndarray, sides: Sides, t_ms: int) -> np.ndarray:
        """float64 [C, features] of one person with each item, as of t.

        Args:
            person: -1 for one who did nothing yet.
            t_ms: not before anything that was counted: state knows no earlier moment than its newest.
        """
        out = np.empty((len(items), len(self.features)))
        first = 0
        keys = owner_keys(np.full(len(items), person), items, sides)
        for owner, counters in self.counters.items():
            last = first + len(counters.order)
            if owner is Owner.PERSON:  # the same for all candidates, and looked up once
                one = np.empty((1, last - first))
                counters.read(np.array([person]), t_ms, one)
                out[:, first:last] = one
            else:
                counters.read(keys[owner], t_ms, out[:, first:last])
            first = last
        out[:, first:] = self.sessions.read(person, t_ms)
        return np.take(out, self._order, axis=1)

    @property
    def size_bytes(self) -> int:
        """Of the counters; sessions, which are few, come on top."""
        return sum(each.size_bytes for each in self.counters.values())


def owner_keys(persons: np.ndarray, items: np.ndarray, sides: Sides) -> dict[Owner, np.ndarray]:
    """int64 [B] for each kind of owner whom a pair of person and item concerns; -1 for nobody."""
    categories, owners = sides.of(items)
    return {
        Owner.PERSON: persons,
        Owner.ITEM: items,
        Owner.PERSON_CATEGORY: pair_keys(persons, categories),
        Owner.PERSON_OWNER: pair_keys(persons, owners),
        Owner.PERSON_ITEM: pair_keys(persons, items),
    }
