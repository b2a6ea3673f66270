"""This file is about the features of one lake: the stream kept up with the event log, and read by requests.

The state is derived. It keeps its own place in the log, so that an event counts once however often it is
sent, and a killed process reads on from where its file ends: nothing is lost, nothing counts twice.
"""

import logging
import threading

import numpy as np

from bowerbird.lake.catalogue import Catalogue
from bowerbird.lake.lake import BEHAVIOUR, Lake
from bowerbird.lake.types import Event
from bowerbird.rank.declared.checking import checked
from bowerbird.rank.declared.keeping import Kept, load, save
from bowerbird.rank.declared.knowing import Known
from bowerbird.rank.declared.stream import Stream
from bowerbird.rank.skew import FieldSkew

log = logging.getLogger(__name__)

EVENTS_AT_ONCE = 5_000
SAVE_AFTER_EVENTS = 200_000
_COUNTED_AT_ONCE = 500
"""So many events hold up a reader: about two milliseconds."""


class LiveBehaviour:
    """Behaviour features as of now. One thread at a time follows; anybody reads."""

    def __init__(self, lake: Lake, catalogue: Catalogue) -> None:
        """Takes what was kept; the log is read from there by `follow`."""
        self._lake, self._catalogue = lake, catalogue
        self._following, self._reading = threading.Lock(), threading.Lock()
        self._kept = self._begin()
        self._saved_offset = self._kept.offset
        self._histories_seen_ms = -1

    @property
    def offset(self) -> int:
        """Of the last event that is counted."""
        return self._kept.offset

    @property
    def size_bytes(self) -> int:
        """Of the counters in memory."""
        return self._kept.stream.size_bytes

    def follow(self) -> int:
        """Counts what the log has more; gives how many events that were.

        Everything is counted anew, beside the state that answers meanwhile, after a forgetting, and where
        an item that was counted is now of another category or owner. Where somebody cleared their history,
        or took that back, it is only what they did.
        """
        with self._following:
            self._kept.known.follow(self._catalogue)
            if self._kept.known.is_wrong or self._kept.forgotten != self._lake.records.forgotten.changes():
                return self._count_anew()
            self._follow_histories(self._kept)
            count = self._count_on(self._kept)
            if self._kept.offset - self._saved_offset >= SAVE_AFTER_EVENTS:
                self._save()
        return count

    def read(self, person_id: str, items: np.ndarray, now_ms: int) -> np.ndarray:
        """float64 [C, len(FEATURES)] of a person with each item, as of now."""
        with self._reading:
            kept = self._kept
            person = kept.known.people.find(person_id)
            return kept.stream.read(person, items, kept.known.sides, now_ms)

    def forget(self, person_id: str) -> None:
        """What the person did is nobody's at once; the next following takes it out of counts of items too."""
        with self._reading:
            self._kept.known.people.forget(person_id)

    def check(self, most_people: int) -> tuple[FieldSkew, ...]:
        """Features of some people as they are here, beside the same out of the log; see `checking.py`."""
        with self._following:
            if self._kept.forgotten != self._lake.records.forgotten.changes():
                return ()  # it is about to be counted anew
            self._follow_histories(self._kept)
            return checked(self._lake, self._catalogue, self._kept, most_people)

    def save(self) -> None:
        """Keeps it for the next start."""
        with self._following:
            self._save()

    def _begin(self) -> Kept:
        path, forgotten = self._lake.path / BEHAVIOUR, self._lake.records.forgotten.changes()
        kept = load(path, forgotten=forgotten)
        if kept is not None and kept.offset <= self._lake.events.last_offset():
            return kept
        path.unlink(missing_ok=True)
        return Kept(Stream(), Known(), 0, forgotten)

    def _count_anew(self) -> int:
        before = self._kept
        fresh = Kept(Stream(), Known(), 0, self._lake.records.forgotten.changes())
        fresh.known.follow(self._catalogue)
        fresh.known.set_histories(dict(self._lake.records.controls.cleared()))
        count = self._count_on(fresh)
        with self._reading:
            self._kept = fresh
        self._saved_offset = 0
        log.info("behaviour counted anew", extra={"events": count, "offset_before": before.offset})
        return count

    def _follow_histories(self, kept: Kept) -> None:
        newest_ms = self._lake.records.controls.newest_ms()
        if newest_ms == self._histories_seen_ms:
            return
        with self._reading:
            changed = kept.known.set_histories(dict(self._lake.records.controls.cleared()))
            if changed:
                theirs = self._lake.events.of_people(changed, until=kept.offset)
                found = kept.known.arrivals(theirs, self._catalogue)
                kept.stream.add(found, kept.known.sides, is_for_persons_only=True)
        self._histories_seen_ms = newest_ms

    def _count_on(self, kept: Kept) -> int:
        count = 0
        while found := self._lake.events.after(kept.offset, EVENTS_AT_ONCE):
            for start in range(0, len(found), _COUNTED_AT_ONCE):
                part = found[start : start + _COUNTED_AT_ONCE]
                self._count(kept, [event for _, event in part])
                kept.offset = part[-1][0]
            count += len(found)
        return count

    def _count(self, kept: Kept, events: list[Event]) -> None:
        items = self._catalogue.numbers_of([each.item_id for each in events if each.item_id])
        if len(items) and (items.min() < 0 or items.max() >= len(kept.known.sides.categories)):
            # Whoever stored events may have stored their items just before.
            self._catalogue.refresh()
            kept.known.follow(self._catalogue)
        with self._reading:
            kept.stream.add(kept.known.arrivals(events, self._catalogue), kept.known.sides)

    def _save(self) -> None:
        # What was forgotten since must not come back to the disk; the next following counts anew.
        is_current = self._kept.forgotten == self._lake.records.forgotten.changes()
        if is_current and self._kept.offset != self._saved_offset:
            save(self._kept, self._lake.path / BEHAVIOUR)
            self._saved_offset = self._kept.offset
