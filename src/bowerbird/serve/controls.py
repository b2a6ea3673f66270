"""This file is about what people set about their own feed: kept in records, known to the next page."""

from typing import Any

from bowerbird.core.clock import Clock
from bowerbird.core.memo import Memo
from bowerbird.lake.lake import Lake
from bowerbird.lake.records import Controls

_PEOPLE_KEPT = 20_000


class ControlsFollowed:
    """Everybody's controls; what another process changed is noticed by `follow`."""

    def __init__(self, lake: Lake, clock: Clock) -> None:
        self._lake, self._clock = lake, clock
        self._kept: Memo[str, Controls] = Memo(_PEOPLE_KEPT)
        self._seen_ms = -1

    def __call__(self, person_id: str) -> Controls:
        """What holds for a person."""
        kept = self._kept.get(person_id)
        return (
            kept
            if kept is not None
            else self._kept.keep(person_id, self._lake.records.controls.of(person_id))
        )

    def follow(self) -> None:
        """Reads anew where anybody changed something; histories count from where their people said."""
        newest_ms = self._lake.records.controls.newest_ms()
        if newest_ms == self._seen_ms:
            return
        for person_id, from_ms in self._lake.records.controls.cleared():
            self._count_from(person_id, from_ms)
        self._kept.clear()
        self._seen_ms = newest_ms

    def change(self, person_id: str, **changes: Any) -> Controls:
        """What holds from the next page on.

        Raises:
            InputError: a value is out of bounds.
            TooLargeError: too many owners are blocked.
        """
        changed = self._lake.records.controls.change(person_id, **changes)
        if "history_from_ms" in changes:
            self._count_from(person_id, changed.history_from_ms)
        return self._kept.keep(person_id, changed)

    def clear_history(self, person_id: str) -> Controls:
        """What was done until now says nothing any more; it is kept, and can be let count again."""
        return self.change(person_id, history_from_ms=self._clock.now_ms())

    def block(self, person_id: str, owner: str) -> Controls:
        """Nothing of this owner is shown any more."""
        owners = self(person_id).blocked_owners
        return self.change(person_id, blocked_owners=tuple(dict.fromkeys((*owners, owner))))

    def unblock(self, person_id: str, owner: str) -> Controls:
        """The owner is shown again."""
        owners = self(person_id).blocked_owners
        return self.change(person_id, blocked_owners=tuple(each for each in owners if each != owner))

    def is_incognito(self, person_id: str) -> bool:
        """Whether nothing of what the person does now is kept."""
        return self(person_id).is_incognito

    def forget(self, person_id: str) -> None:
        """Drop what is kept about a person."""
        self._kept.drop(person_id)

    def _count_from(self, person_id: str, at_ms: int) -> None:
        if self._lake.online.counts_from(person_id) != at_ms:
            self._lake.online.count_from(person_id, at_ms)
