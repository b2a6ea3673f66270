"""This file is about placements: what stands in each slot, and the true reason why."""

from dataclasses import dataclass, replace

import numpy as np

from bowerbird.blend import Placement, Reason
from bowerbird.lake.catalogue import Catalogue
from bowerbird.surfaces.feed import reasons
from bowerbird.surfaces.feed.drawing import Filled
from bowerbird.surfaces.feed.filling import Sorted
from bowerbird.surfaces.feed.ground import DAY_MS, Ground
from bowerbird.surfaces.feed.person import Person
from bowerbird.surfaces.feed.popularity import Counts
from bowerbird.surfaces.feed.sources import FRESH, INTERESTS, LEARNED, POPULAR, SOURCE_NAMES, TASTE


@dataclass(frozen=True, slots=True)
class Placing:
    """Says of each slot what led to it."""

    catalogue: Catalogue
    ground: Ground
    popular_days: float

    def placements(
        self,
        best: Sorted,
        filled: Filled,
        person: Person,
        counts: Counts,
        now_ms: int,
        positions: np.ndarray,
    ) -> tuple[Placement, ...]:
        """One for each filled slot; `positions` int64 [S] says where on the page it is."""
        liked = self._liked_reasons(person)
        slots = zip(filled.rows.tolist(), positions.tolist(), filled.chances.tolist(), strict=True)
        return tuple(
            replace(self._placement(best, row, position, liked, counts, now_ms), propensity=chance)
            for row, position, chance in slots
        )

    def _liked_reasons(self, person: Person) -> list[Reason]:
        """[I] what to say of an item that a row of the person's tastes led to."""
        return [
            reasons.from_liked(number, person.interests.action_on(number), self.catalogue.title)
            for number in person.tasted.tastes.numbers.tolist()
        ]

    def _placement(
        self, best: Sorted, row: int, position: int, liked: list[Reason], counts: Counts, now_ms: int
    ) -> Placement:
        ranked = best.ranked
        number, source = int(ranked.numbers[row]), SOURCE_NAMES[int(ranked.candidates.sources[row])]
        if source == INTERESTS:
            reason = liked[int(best.known.nearest[row])]
        elif source == LEARNED:
            reason = reasons.expected(int(ranked.candidates.evidence[row]), self.catalogue.title)
        elif source == TASTE:
            reason = reasons.near_taste(int(ranked.candidates.evidence[row]), self.catalogue.title)
        else:
            reason = self._other_reason(source, number, counts, now_ms, is_seen=bool(best.is_seen[row]))
        score, value = float(ranked.candidates.scores[row]), float(ranked.values[row])
        return Placement(number, position, "organic", source, score, value, reason)

    def _other_reason(
        self, source: str, number: int, counts: Counts, now_ms: int, *, is_seen: bool
    ) -> Reason:
        if source == POPULAR:
            people = int(counts.people_of(np.array([number]))[0])
            return reasons.popular(people, self.popular_days)
        if source == FRESH:
            return reasons.fresh((now_ms - int(self.catalogue.created_ms[number])) / DAY_MS)
        return reasons.seen_before() if is_seen else reasons.explore(self.ground.category_of(number))
