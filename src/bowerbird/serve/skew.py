"""This file is about skew while serving: looked for now and then, with a metric a feature and an alarm."""

import logging
from collections.abc import Iterator

from bowerbird.lake.catalogue import Catalogue
from bowerbird.lake.lake import Lake
from bowerbird.rank.skew import FieldSkew, SkewReport
from bowerbird.serve.generations import LiveGeneration
from bowerbird.serve.metrics import Reading
from bowerbird.surfaces.feed import FeaturesAgain, FeedConfig
from bowerbird.surfaces.feed.making_again import SETTLED_MS
from bowerbird.taste.interest_tree.wanted import WantedNow

log = logging.getLogger(__name__)

MOST_RATE = 0.01
LEAST_COMPARED = 200
REQUESTS_A_LOOK = 40
_OLDEST_MS = 3_600_000


class SkewWatch:
    """What the last look at the newest requests found."""

    def __init__(
        self,
        lake: Lake,
        catalogue: Catalogue,
        generations: LiveGeneration,
        config: FeedConfig,
        wanted_now: WantedNow,
    ) -> None:
        self._lake = lake
        self._catalogue = catalogue
        self._generations = generations
        self._config = config
        self._wanted_now = wanted_now
        self.settled_ms = SETTLED_MS
        self._report: SkewReport | None = None
        self._alarms: tuple[FieldSkew, ...] = ()

    def look(self) -> SkewReport | None:
        """Makes the features of the newest requests again; None where nothing was logged lately."""
        after_ms = self._lake.clock.now_ms() - _OLDEST_MS
        records = [each for each in self._lake.requests.newest(REQUESTS_A_LOOK) if each.at_ms > after_ms]
        if not records:
            return None
        served = self._generations.current
        again = FeaturesAgain(
            self._catalogue,
            served.indexes,
            served.feed.ground,
            self._lake.events.of_people,
            self._config,
            self._wanted_now,
            self.settled_ms,
            self._lake.records.controls.history_of,
        )
        self._report = again(records)
        before = {each.name for each in self._alarms}
        self._alarms = self._report.alarms(most_rate=MOST_RATE, least_compared=LEAST_COMPARED)
        for each in self._alarms:
            if each.name not in before:
                facts = {"feature": each.name, "rate": round(each.rate, 4), "largest": each.largest}
                log.error("served features differ", extra={**facts, "next": "bowerbird rank skew"})
        return self._report

    def readings(self) -> Iterator[Reading]:
        """What to show in the metrics."""
        alarmed = {each.name for each in self._alarms}
        for field in () if self._report is None else self._report.fields:
            if not field.compared:
                continue
            labels = {"feature": field.name}
            yield "bowerbird_feature_skew_rate", "Share of served values that differ", labels, field.rate
            text = "1 where so many served values differ that a ranker is asked what it never learnt"
            yield "bowerbird_feature_skew_alarm", text, labels, float(field.name in alarmed)
        if self._report is not None:
            text = "Requests of the last look for skew, by whether they were compared"
            yield (
                "bowerbird_feature_skew_requests",
                text,
                {"outcome": "compared"},
                float(self._report.requests),
            )
            for why, count in self._report.passed_over.items():
                yield "bowerbird_feature_skew_requests", text, {"outcome": why}, float(count)
