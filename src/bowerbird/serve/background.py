"""This file is about what the server does beside answering: follow the lake, make display sizes, measure."""

import logging
import threading
import time
from collections.abc import Callable, Iterable

import numpy as np

from bowerbird.core.clock import Clock
from bowerbird.lake.catalogue import Catalogue
from bowerbird.lake.lake import Lake
from bowerbird.rank.declared import LiveBehaviour
from bowerbird.serve.behaviour import BehaviourWatch, follower_of
from bowerbird.serve.controls import ControlsFollowed
from bowerbird.serve.copies import Copies
from bowerbird.serve.effects import Effects
from bowerbird.serve.encoder_admin import EncoderAdmin
from bowerbird.serve.fallback import NewestItems
from bowerbird.serve.forgetting import CLEAN_EVERY_S, Forgetting
from bowerbird.serve.generations import LiveGeneration
from bowerbird.serve.learned import LearnedNow
from bowerbird.serve.live_media import LiveMedia
from bowerbird.serve.maintenance import DebtWatch
from bowerbird.serve.metrics import Reading
from bowerbird.serve.pictures import Pictures
from bowerbird.serve.ranking import RankerFollowed
from bowerbird.serve.settings import ServeSettings
from bowerbird.serve.skew import SkewWatch
from bowerbird.serve.sources import Sources
from bowerbird.serve.taste_space import TasteSpaceNow
from bowerbird.serve.tasting import TasteNow
from bowerbird.serve.workers import Repeater

log = logging.getLogger(__name__)

_COMMIT_EVERY_S = 5.0
_FOLLOW_EVERY_S = 1.0
_FOLLOW_TASTE_EVERY_S = 2.0
_TEND_EVERY_S = 5.0
_MEDIA_EVERY_S = 600.0
_DEBT_EVERY_S = 30.0
_SKEW_EVERY_S = 300.0
_LOOK_FOR_DISPLAYS_S = 1.0
_FOLLOW_COPIES_EVERY_S = 5.0
_IDLE_S = 0.5
_LOOK_FOR_SOURCES_S = 10.0


class Sync:
    """Brings what changed in the lake into the catalogue, the indexes and what depends on them."""

    def __init__(
        self,
        lake: Lake,
        catalogue: Catalogue,
        generations: LiveGeneration,
        media: LiveMedia,
        pictures: Pictures,
        newest: NewestItems,
    ) -> None:
        self._lake = lake
        self._catalogue = catalogue
        self._generations = generations
        self._media = media
        self._pictures = pictures
        self._newest = newest
        self._media_version = lake.items.version
        self._lock = threading.Lock()
        self._done_s = time.monotonic()

    @property
    def age_s(self) -> float:
        """Seconds since the indexes last agreed with the lake."""
        return time.monotonic() - self._done_s

    def __call__(self) -> None:
        """Everything written before the call is searchable, or gone, on return."""
        self._follow_media()
        self._generations.current.indexes.sync()
        self._newest.refresh()
        self._done_s = time.monotonic()

    def include(self, number: int) -> None:
        """This item can be found on return, also while a sync of many others is running."""
        self._follow_media()
        self._generations.include(lambda indexes: indexes.include(np.array([number], dtype=np.int64)))
        self._newest.refresh()

    def exclude_deleted(self) -> None:
        """What was deleted is on no page on return; the indexes let go of it at the next sync.

        Every surface asks the catalogue what is live, so nobody has to wait for the indexes.
        """
        self._follow_media()
        self._catalogue.refresh()
        self._newest.refresh()

    def _follow_media(self) -> None:
        with self._lock:
            version = self._lake.items.version
            if version == self._media_version:
                return
            for batch in self._lake.items.changes(self._media_version, ["number", "media_ids", "deleted_ms"]):
                for row in batch.to_pylist():
                    self._follow(row["number"], row["media_ids"] or [], is_gone=row["deleted_ms"] is not None)
            self._media_version = version

    def _follow(self, number: int, shas: list[str], *, is_gone: bool) -> None:
        if not is_gone:
            for sha in shas:
                self._media.add(sha)
                self._pictures.want(sha)
        else:
            # A tombstone names no pictures any more; the catalogue still knows the main one.
            main = self._catalogue.picture_of(number)
            if main is not None:
                self._media.drop(main)


class Background:
    """The loops of one server."""

    def __init__(
        self,
        settings: ServeSettings,
        clock: Clock,
        generations: LiveGeneration,
        sync: Sync,
        sources: Sources,
        forgetting: Forgetting,
        learned: LearnedNow,
        taste: TasteNow,
        taste_space: TasteSpaceNow,
        ranker: RankerFollowed,
        controls: ControlsFollowed,
        debt: DebtWatch,
        skew: SkewWatch,
        behaviour: LiveBehaviour,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._generations = generations
        self._sync = sync
        self._sources = sources
        self._source_loop: Repeater | None = None
        self._forgetting = forgetting
        self._learned = learned
        self._taste = taste
        self._taste_space = taste_space
        self._ranker = ranker
        self._controls = controls
        self._debt = debt
        self.skew = skew
        self._behaviour = behaviour
        self.behaviour_watch = BehaviourWatch(behaviour)
        self._loops: list[Repeater] = []
        self._stopping = threading.Event()

    def start(
        self,
        effects: Effects,
        media: LiveMedia,
        pictures: Pictures,
        encoders: EncoderAdmin,
        copies: Copies,
        refresh: Callable[[], object],
        is_busy: Callable[[], bool],
    ) -> None:
        """Begin all loops.

        Args:
            refresh: brings what many requests share up to date.
            is_busy: whether somebody waits for an answer; display sizes are made when nobody does.
        """
        settings = self._settings
        self._loop("sync", self._sync, every_s=settings.sync_every_ms / 1000)
        self._loop("effects", effects.commit, every_s=_COMMIT_EVERY_S)
        behaviour = self._begun(follower_of(self._behaviour))
        effects.tell(behaviour.poke)
        behaviour.poke()
        self._loop("behaviour-check", self.behaviour_watch.look, every_s=_SKEW_EVERY_S, niceness=19)
        self._loop("refresh", refresh, every_s=60.0)
        self._loop("media", media.load, every_s=_MEDIA_EVERY_S).poke()
        if settings.upkeep_every_s:
            self._loop(
                "upkeep",
                lambda: self._generations.current.indexes.maintain(),
                every_s=float(settings.upkeep_every_s),
            )
        self._loop("copies", copies.follow, every_s=_FOLLOW_COPIES_EVERY_S, niceness=19)
        self._loop("generations", self._generations.follow, every_s=_FOLLOW_EVERY_S)
        self._loop("learned", self._learned.follow, every_s=_FOLLOW_EVERY_S)
        self._loop("taste", self._taste.follow, every_s=_FOLLOW_TASTE_EVERY_S, niceness=19).poke()
        self._loop("controls", self._controls.follow, every_s=_FOLLOW_EVERY_S)
        self._loop("ranker", self._ranker.follow, every_s=_FOLLOW_EVERY_S)
        self._loop("taste-space", self._taste_space.follow, every_s=_FOLLOW_TASTE_EVERY_S, niceness=19)
        if settings.run_sources:
            self._source_loop = self._loop("sources", self._sources.run_due, every_s=_LOOK_FOR_SOURCES_S)
        self._loop("encoders", encoders.tend, every_s=_TEND_EVERY_S).poke()
        self._loop("forgotten", self._forgetting.follow, every_s=_FOLLOW_EVERY_S)
        self._loop("skew", self.skew.look, every_s=_SKEW_EVERY_S, niceness=19)
        self._loop("debt", self._debt.look, every_s=_DEBT_EVERY_S).poke()
        self._loop("clean", self._forgetting.clean, every_s=CLEAN_EVERY_S)
        if settings.background_displays:
            self._loop(
                "displays",
                lambda: self._make_displays(pictures, is_busy),
                every_s=_LOOK_FOR_DISPLAYS_S,
                niceness=19,
            )

    def look_for_sources(self) -> None:
        """A source is due: it need not wait until somebody looks."""
        if self._source_loop is not None:
            self._source_loop.poke()

    def readings(self) -> Iterable[Reading]:
        """What to show in the metrics."""
        yield from self._debt.readings()
        yield from self.skew.readings()
        yield from self.behaviour_watch.readings()
        yield (
            "bowerbird_learned_serving",
            "1 where a trained model proposes candidates for the feed",
            {},
            float(self._learned() is not None),
        )
        yield (
            "bowerbird_ranker_serving",
            "1 where a trained ranker orders the feed",
            {},
            float(self._ranker.current is not None),
        )
        yield (
            "bowerbird_taste_space_serving",
            "1 where a trained taste space proposes candidates for the feed",
            {},
            float(self._taste_space() is not None),
        )
        yield (
            "bowerbird_sync_age_seconds",
            "Since the indexes last agreed with the lake",
            {},
            self._sync.age_s,
        )
        for name, report in self._generations.current.indexes.report().items():
            labels = {"index": name}
            yield "bowerbird_index_items", "Items that can be found", labels, float(report.items)
            yield "bowerbird_index_fresh_items", "Items not in the lists yet", labels, float(report.fresh)
            yield "bowerbird_index_hidden_items", "Deleted rows of the lists", labels, float(report.hidden)
            if report.recall.checked:
                yield "bowerbird_index_recall", "Mean recall@10 lately", labels, report.recall.recall

    def stop(self) -> None:
        """End after what is being done."""
        self._stopping.set()
        for loop in self._loops:
            loop.ask_to_stop()
        for loop in self._loops:
            loop.stop()

    def _loop(self, name: str, work: Callable[[], object], *, every_s: float, niceness: int = 5) -> Repeater:
        return self._begun(Repeater(name, work, every_s=every_s, niceness=niceness))

    def _begun(self, loop: Repeater) -> Repeater:
        self._loops.append(loop)
        loop.start()
        return loop

    def _make_displays(self, pictures: Pictures, is_busy: Callable[[], bool]) -> None:
        while not self._stopping.is_set():
            if is_busy():
                self._stopping.wait(_IDLE_S)
            elif not pictures.make_ahead():
                return
