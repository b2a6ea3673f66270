"""This file is about what a stream needs to know of the outside: numbers of people, and what items are of.

Codes of the catalogue are given out anew by each process; numbers here are kept with the state, and stay.
"""

from collections.abc import Sequence

import numpy as np

from bowerbird.lake.catalogue import Catalogue
from bowerbird.lake.types import Event
from bowerbird.rank.declared.arrivals import UNKNOWN, Arrivals, Sides, arrivals, believed_ms
from bowerbird.taste.graph.names import Names

_UNKNOWN_KEPT = 10_000


class Known:
    """People, categories and owners by number, and items by the catalogue's. One thread writes."""

    def __init__(
        self,
        people: Sequence[str] = (),
        categories: Sequence[str] = (),
        owners: Sequence[str] = (),
        sides: Sides | None = None,
        is_counted: np.ndarray | None = None,
        unknown: Sequence[str] = (),
        histories: dict[str, int] | None = None,
    ) -> None:
        """What was kept.

        Args:
            is_counted: bool [N] items that an event was counted for.
            unknown: items that events named before the catalogue knew them.
            histories: after which moment what a person did counts, of who cleared their history.

        `is_wrong` says that what was counted has to be counted anew.
        """
        self.people, self.categories, self.owners = Names(people), Names(categories), Names(owners)
        nothing = np.zeros(0, np.int64)
        self.sides = sides or Sides(nothing, nothing)
        self.is_counted = np.zeros(0, bool) if is_counted is None else is_counted
        self.unknown = dict.fromkeys(unknown)
        self.histories = histories or {}
        self.is_wrong = False
        self._seen = -1

    def arrivals(self, events: Sequence[Event], catalogue: Catalogue) -> Arrivals:
        """Events as columns; what they name is known from now on."""
        found = arrivals(events, self._whose, catalogue.numbers_of)
        told = [event.item_id for event in events if event.consent]
        missing = [id_ for id_, item in zip(told, found.items.tolist(), strict=True) if item < 0 and id_]
        for id_ in missing[-_UNKNOWN_KEPT:]:
            self.unknown[id_] = None
        while len(self.unknown) > _UNKNOWN_KEPT:
            del self.unknown[next(iter(self.unknown))]
        items = found.items[found.items >= 0]
        self._grow(int(items.max(initial=-1)) + 1)
        self.is_counted[items] = True
        return found

    def follow(self, catalogue: Catalogue) -> None:
        """Items are of what the catalogue says now.

        What was counted is wrong where an item that counts went over to another category or owner, or is
        known only now. An item that the catalogue has no more stays of what it was.
        """
        if catalogue.version == self._seen:
            return
        self._seen, size, before = catalogue.version, catalogue.size, self.sides
        self._grow(size)
        categories = _renamed(catalogue, "category", self.categories)[:size]
        owners = _renamed(catalogue, "owner", self.owners)[:size]
        old_categories, old_owners = before.of(np.arange(size))
        is_gone = ~catalogue.live[:size] & (categories == UNKNOWN) & (owners == UNKNOWN)
        self.sides = Sides(
            np.where(is_gone, old_categories, categories), np.where(is_gone, old_owners, owners)
        )
        is_other = (self.sides.categories != old_categories) | (self.sides.owners != old_owners)
        self.is_wrong |= bool((is_other & self.is_counted[:size])[: len(before.categories)].any())
        self.is_wrong |= bool(self.unknown) and bool((catalogue.numbers_of([*self.unknown]) >= 0).any())

    def set_histories(self, histories: dict[str, int]) -> list[str]:
        """From now on these hold; gives whose changed. Nothing is counted of those any more."""
        before, self.histories = self.histories, histories
        changed = [id_ for id_ in {**before, **histories} if before.get(id_, 0) != histories.get(id_, 0)]
        for id_ in changed:
            self.people.forget(id_)  # under another number they begin anew
        return changed

    def _whose(self, event: Event) -> int:
        number = self.people.number_of(event.person_id)
        return UNKNOWN if believed_ms(event) <= self.histories.get(event.person_id, -1) else number

    def _grow(self, size: int) -> None:
        if size > len(self.is_counted):
            self.is_counted = np.pad(self.is_counted, (0, size - len(self.is_counted)))


def _renamed(catalogue: Catalogue, field: str, names: Names) -> np.ndarray:
    """int64 [N] by item our number of its text; -1 where it has none."""
    codes, texts = catalogue.codes(field), catalogue.vocabulary(field).values
    ours = np.array([names.number_of(text) if text else UNKNOWN for text in texts], np.int64)
    numbers: np.ndarray = ours[codes]
    return numbers
