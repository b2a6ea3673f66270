"""This file is about making the features of a logged page again, from what is stored: events and items.

The person is read from the event log as it was when the request came, through an online store of their own
that has seen nothing else. What depends on more than that is not made again and left NaN: `popularity` (of
the minute), `expected` (of a model that may be gone) and `chance`.
"""

import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from bowerbird.core.actions import ACTION_CODES
from bowerbird.eligible import holds
from bowerbird.lake.catalogue import Catalogue
from bowerbird.lake.config import LakeConfig
from bowerbird.lake.online import OnlineStore
from bowerbird.lake.records import Controls
from bowerbird.lake.request_log import RequestRecord
from bowerbird.lake.request_log.types import hash_of
from bowerbird.lake.types import Event
from bowerbird.rank import FEATURES, Facts, features, picture_quality
from bowerbird.rank.skew import SkewReport, compared
from bowerbird.surfaces.feed.config import FeedConfig
from bowerbird.surfaces.feed.ground import Ground
from bowerbird.surfaces.feed.person import People, Person
from bowerbird.surfaces.feed.recorded import FEATURE_SET
from bowerbird.surfaces.feed.types import Sight
from bowerbird.taste.interest_tree.wanted import WantedNow

NOT_MADE_AGAIN = ("popularity", "chance", "expected")
SETTLED_MS = 250
"""An event that arrived so shortly before or after a request may have been known to it, or not."""
TOLERANCE = 0.005
"""Features lie between 0 and 1. Weights are read once an hour, and fade by less than this meanwhile."""
_CLOCK_SKEW_MS = 5_000


class FeaturesAgain:
    """Compares logged features with those that the stored data give."""

    def __init__(
        self,
        catalogue: Catalogue,
        sight: Sight,
        ground: Ground,
        events_of: Callable[[Sequence[str]], Sequence[Event]],
        config: FeedConfig,
        wanted_now: WantedNow = lambda _person, _now_ms: None,
        settled_ms: int = SETTLED_MS,
        history_of: Callable[[str], tuple[int, int]] = lambda _person: (0, 0),
    ) -> None:
        """`events_of` gives every stored event of these people, in order of arrival.

        Where nobody acts while a request is answered, `settled_ms` may be 0. `history_of` gives from when a
        person's history counts, and when they last changed that or another control.
        """
        self._history_of = history_of
        self._settled_ms = settled_ms
        self._catalogue = catalogue
        self._sight = sight
        self._ground = ground
        self._events_of = events_of
        self._config = config
        self._wanted_now = wanted_now

    def __call__(self, records: Sequence[RequestRecord]) -> SkewReport:
        """How far features of these requests differ; those that cannot be judged are counted, and why."""
        passed_over: Counter[str] = Counter()
        events: dict[str, list[Event]] = defaultdict(list)
        for event in self._events_of(sorted({record.person_id for record in records})):
            if event.consent and event.item_id:
                events[event.person_id].append(event)
        served, again = [np.zeros((0, len(FEATURES)), np.float32)], [np.zeros((0, len(FEATURES)), np.float32)]
        for record in records:
            if why := self._passed_over(record, events[record.person_id]):
                passed_over[why] += 1
                continue
            known = [each for each in events[record.person_id] if each.received_ms <= record.at_ms]
            served.append(record.features)
            again.append(self._made(record, known))
        fields = compared(FEATURES, np.concatenate(served), np.concatenate(again), TOLERANCE)
        return SkewReport(len(served) - 1, dict(passed_over), fields)

    def _passed_over(self, record: RequestRecord, events: Sequence[Event]) -> str:
        if record.surface != "feed" or not len(record.features):
            return "no features"
        if (record.feature_set, record.feature_names) != (FEATURE_SET, FEATURES):
            return "another definition"
        if record.features_hash not in (0, hash_of(record.features)):
            return "damaged"
        vectors = {"look": self._sight.look.stamp_text, "words": self._sight.words.stamp_text}
        if any(record.models.get(name) != stamp for name, stamp in vectors.items()):
            return "other vectors"
        if self._wanted_now(record.person_id, record.at_ms) is not None:
            return "wishes"
        if self._history_of(record.person_id)[1] > record.at_ms - self._settled_ms:
            return "controls"
        begin_ms, end_ms = record.at_ms - self._settled_ms, record.at_ms + self._settled_ms
        if any(begin_ms < each.received_ms <= end_ms for each in events):
            return "not settled"
        return ""

    def _made(self, record: RequestRecord, events: Sequence[Event]) -> np.ndarray:
        """float32 [C, F] of the record's candidates."""
        numbers = record.numbers
        look, words = self._ground.look_and_words(numbers)
        person = self._person(record, events)
        unknown = np.zeros(len(numbers), dtype=np.float32)
        facts = Facts(
            self._ground.joined(look, words),
            self._catalogue.created_ms[numbers],
            unknown,
            picture_quality(self._catalogue.colours[numbers], self._catalogue.colour_names),
            holds(person.standing.seen, numbers),
            unknown,
        )
        likeness = self._ground.scales().taste
        tastes, config = person.tasted.tastes, self._config.rank
        columns = features(facts, tastes, likeness, config, now_ms=record.at_ms, seed=0).columns
        columns[:, [FEATURES.index(name) for name in NOT_MADE_AGAIN]] = np.nan
        return columns

    def _person(self, record: RequestRecord, events: Sequence[Event]) -> Person:
        item_numbers = self._catalogue.numbers_of([each.item_id for each in events])
        actions = np.array([ACTION_CODES[each.action] for each in events], dtype=np.int64)
        at_ms = [min(each.at_ms, each.received_ms + _CLOCK_SKEW_MS) for each in events]
        with tempfile.TemporaryDirectory() as folder:
            online = OnlineStore(Path(folder) / "online.sqlite", LakeConfig())
            try:
                if (item_numbers >= 0).any():
                    online.push(record.person_id, item_numbers, actions, np.array(at_ms, dtype=np.int64))
                if from_ms := self._history_of(record.person_id)[0]:
                    online.count_from(record.person_id, from_ms)
                people = People(
                    online,
                    lambda _: np.zeros(0, dtype=np.int64),
                    self._ground,
                    self._config,
                    lambda: None,
                    lambda _person, _now_ms: None,
                    lambda: None,
                    lambda _person: Controls(),
                    self._ground.owned_by,
                )
                shown = np.zeros(0, dtype=np.int64)
                return people.of(record.person_id, now_ms=record.at_ms, shown=shown)
            finally:
                online.close()
