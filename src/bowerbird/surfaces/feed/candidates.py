"""This file is about the candidates of a feed page: proposed by all sources, and screened."""

from dataclasses import dataclass, replace

import numpy as np

from bowerbird.blend.stages import Stages
from bowerbird.core.filters import Eq, Not, both
from bowerbird.eligible import (
    Rule,
    holds,
    keep_allowed,
    keep_for_country,
    keep_not_blocked,
    keep_not_hidden,
    keep_not_saved,
    keep_not_shown,
    keep_unseen,
    keep_wanted,
    screen,
)
from bowerbird.lake.catalogue import Catalogue
from bowerbird.retrieve.learned import Expected
from bowerbird.retrieve.types import Candidates
from bowerbird.surfaces.feed import sources
from bowerbird.surfaces.feed.config import FeedConfig
from bowerbird.surfaces.feed.ground import Ground
from bowerbird.surfaces.feed.mix import interest_shares, personal_share
from bowerbird.surfaces.feed.person import Person
from bowerbird.surfaces.feed.places import Place
from bowerbird.surfaces.feed.popularity import Counts
from bowerbird.surfaces.feed.sources import Proposal
from bowerbird.surfaces.feed.types import Sight

NOT_FOR_SALE_ANY_MORE = Not(Eq("availability", "discontinued"))
LEAST_QUOTA = 8
SPACES = 2
WIDER = 4
ENOUGH_PAGES = 3


@dataclass(frozen=True, slots=True)
class Finder:
    """Finds what may go on a page."""

    catalogue: Catalogue
    sight: Sight
    ground: Ground
    config: FeedConfig

    def find(
        self, person: Person, place: Place, counts: Counts, limit: int, now_ms: int, stages: Stages
    ) -> Candidates:
        """Eligible candidates, more than `limit` wherever the catalogue has as many left.

        Seen items are among them only where too little is left unseen; ranking puts those last.
        """
        mask, numbers = self.ground.allowed(both(place.where, NOT_FOR_SALE_ANY_MORE))
        rules: dict[str, Rule] = {
            "unavailable": keep_allowed(mask),
            "not for this country": self._for_country(person),
            "hidden": keep_not_hidden,
            "blocked": keep_not_blocked,
            "not wanted": keep_wanted,
            "saved": keep_not_saved,
            "shown": keep_not_shown,
            "seen": keep_unseen,
        }
        personal = self._near_interests(person, place, rules, limit)
        learned = _expected(sources.LEARNED, person.expected)
        near_taste = _expected(sources.TASTE, person.near_taste)
        proposals = [learned, near_taste, personal, *self._others(person, place, numbers, counts, now_ms)]
        found = sources.merge(proposals)
        stages.ended(
            "retrieve",
            len(numbers),
            len(found),
            note=", ".join(f"{each.source} {len(each.numbers)}" for each in proposals),
        )
        screened = screen(found.numbers, person.standing, rules)
        stages.screened(screened.removals)
        kept = found.where(screened.keep)
        for without in ((), ("seen",)):
            if len(kept) > limit:
                break
            left = {name: rule for name, rule in rules.items() if name not in without}
            kept = self._topped_up(kept, numbers, person, left, place)
            stages.ended("retrieve/" + ("seen again" if without else "the rest"), len(numbers), len(kept))
        return kept

    def rules_at_last(self, person: Person) -> dict[str, Rule]:
        """What a finished page is held against once more: what may never be on one."""
        return {
            "unavailable": keep_allowed(self.ground.allowed(NOT_FOR_SALE_ANY_MORE)[0]),
            "not for this country": self._for_country(person),
            "hidden": keep_not_hidden,
            "blocked": keep_not_blocked,
            "not wanted": keep_wanted,
        }

    def _for_country(self, person: Person) -> Rule:
        code = self.catalogue.vocabulary("country").code(person.controls.country)
        return keep_for_country(self.catalogue.codes("country"), -1 if code is None else code)

    def _near_interests(self, person: Person, place: Place, rules: dict[str, Rule], limit: int) -> Proposal:
        """Neighbours of liked items; looks further out where most of the near ones are used up."""
        wanted = self.config.candidates * personal_share(person, person.config)
        quotas = np.maximum(np.ceil(wanted * _parts(person, person.config) / SPACES), LEAST_QUOTA)
        k, most = self.config.neighbours, self.config.max_neighbours
        # A feed that is many pages deep has used up the near ones: begin where there is something left.
        while k < most and len(quotas) and SPACES * np.minimum(quotas, k).sum() < len(place.shown):
            k, quotas = min(WIDER * k, most), WIDER * quotas
        while True:
            within = np.minimum(quotas, k).astype(np.int64)
            # No deeper than the largest quota, and one more: an item finds itself first.
            depth = min(k, int(within.max(initial=0)) + 1)
            found = sources.near_interests(self.sight, person.tasted, within, depth, place.where)
            fit = np.flatnonzero(screen(found.numbers, person.standing, rules).keep)
            fit = fit[: self.config.candidates]
            if k >= most or not len(quotas) or len(fit) >= ENOUGH_PAGES * limit:
                return Proposal(found.source, found.numbers[fit], found.scores[fit], found.evidence[fit])
            k, quotas = min(WIDER * k, most), WIDER * quotas

    def _others(
        self, person: Person, place: Place, numbers: np.ndarray, counts: Counts, now_ms: int
    ) -> list[Proposal]:
        room = self.config.candidates
        chance = int(room * (1.0 - personal_share(person, person.config)))
        return [
            sources.without_evidence(
                sources.POPULAR, counts.numbers[: room // 4], counts.people[: room // 4]
            ),
            sources.without_evidence(sources.FRESH, self.ground.newest(now_ms)[: room // 4]),
            sources.explore(numbers, self.catalogue.codes("category"), chance, place.page_seed),
        ]

    def _topped_up(
        self, kept: Candidates, numbers: np.ndarray, person: Person, rules: dict[str, Rule], place: Place
    ) -> Candidates:
        """The candidates and, by chance, others from the whole catalogue that the rules keep."""
        more = numbers[screen(numbers, person.standing, rules).keep]
        more = more[~holds(np.sort(kept.numbers), more)]
        rng = np.random.default_rng(place.page_seed)
        drawn = rng.permutation(more)[: self.config.candidates]
        code = sources.SOURCE_NAMES.index(sources.EXPLORE)
        return replace(
            kept,
            numbers=np.concatenate([kept.numbers, drawn]),
            scores=np.concatenate([kept.scores, np.zeros(len(drawn), dtype=np.float32)]),
            sources=np.concatenate([kept.sources, np.full(len(drawn), code, dtype=np.int64)]),
            evidence=np.concatenate([kept.evidence, np.full(len(drawn), sources.NONE, dtype=np.int64)]),
        )


def _expected(source: str, expected: Expected) -> Proposal:
    """What a trained model expects, each item with what of the person's led to it."""
    return Proposal(source, expected.numbers, expected.shares, expected.led_by)


def _parts(person: Person, config: FeedConfig) -> np.ndarray:
    """[I] each taste row's part of the personal candidates; sums to 1 over rows that share an interest."""
    asked, row = np.unique(person.tasted.interest_of, return_inverse=True)
    if not len(asked):
        return np.zeros(0)
    shares = interest_shares(person, asked, config) / max(personal_share(person, config), 1e-12)
    parts: np.ndarray = shares[row] / np.bincount(row)[row]
    return parts
