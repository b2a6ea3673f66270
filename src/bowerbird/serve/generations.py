"""This file is about what belongs to one generation, opened; and about going over to another one in one step.

Encoders, space, indexes and the surfaces made of them are one frozen object. A request takes it once and
keeps it to its end, so no answer mixes two; memory of pages, people and groups of looks lies inside the
surfaces and goes with them.
"""

import gc
import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bowerbird.core.arrays import Embeddings
from bowerbird.core.errors import BowerbirdError
from bowerbird.encode.generations import Generation, folder_of, read_generations
from bowerbird.encode.registry import Encoders
from bowerbird.encode.types import JointSpace
from bowerbird.lake.memory import give_back
from bowerbird.retrieve.indexes import Indexes
from bowerbird.surfaces.feed import HomeFeed, Onboarding, RelatedItems
from bowerbird.surfaces.search import Search

log = logging.getLogger(__name__)

_TRY_AGAIN_S = 300.0


@dataclass(frozen=True, slots=True)
class OpenGeneration:
    """One generation, ready to answer."""

    generation: Generation
    encoders: Encoders
    space: JointSpace
    indexes: Indexes
    feed: HomeFeed
    related: RelatedItems
    onboarding: Onboarding
    search: Search

    def meaning_of(self, texts: Sequence[str]) -> Embeddings:
        """float32 [T, W] vectors of queries in words, in the space of the words index."""
        return self.space.words_of(self.encoders.words.encode_words(texts), texts)

    def refresh(self, now_ms: int) -> None:
        """Bring up to date what many requests share."""
        self.feed.refresh(now_ms)
        self.related.refresh()
        self.search.refresh()


class LiveGeneration:
    """The generation that answers now; follows what the lake says."""

    def __init__(
        self,
        first: OpenGeneration,
        lake_path: Path,
        opened: Callable[[Generation, Path], OpenGeneration],
        warm: Callable[[OpenGeneration], object],
    ) -> None:
        """`opened` opens a generation that lies in a folder; `warm` makes its first pages."""
        self._current = first
        self._lake_path = lake_path
        self._opened = opened
        self._warm = warm
        self._following = threading.Lock()
        self._failed: tuple[str, float] | None = None
        self.problem = ""
        """Why the generation that the lake names cannot be served here; empty where it is."""
        self.switches = 0
        """How often this server has gone over to another one."""

    @property
    def current(self) -> OpenGeneration:
        """To be taken once a request."""
        return self._current

    def follow(self) -> bool:
        """Goes over to the generation that the lake names, if it is another one; whether it did.

        The one before answers until the other is open, caught up and warm.
        """
        with self._following:
            kept = read_generations(self._lake_path)
            if kept is None or kept.active.id == self._current.generation.id:
                self._failed, self.problem = None, ""
                return False
            id_, until_s = self._failed or ("", 0.0)
            if id_ == kept.active.id and time.monotonic() < until_s:
                return False
            return self._go_over(kept.active)

    def include(self, include: Callable[[Indexes], None]) -> None:
        """Runs `include` on the indexes that answer, also where they change while it runs."""
        while True:
            served = self._current
            include(served.indexes)
            if served is self._current:
                return

    def _go_over(self, generation: Generation) -> bool:
        started = time.monotonic()
        try:
            other = self._opened(generation, folder_of(self._lake_path, generation))
            self._warm(other)
            other.indexes.sync()
        except (BowerbirdError, ImportError) as error:
            self.problem = str(error)
            self._failed = (generation.id, time.monotonic() + _TRY_AGAIN_S)
            log.exception("generation not opened", extra={"encoder": generation.encoder})
            return False
        self._current = other  # the one step
        self._failed, self.problem = None, ""
        self.switches += 1
        seconds = round(time.monotonic() - started, 2)
        log.info("generation serves", extra={"encoder": generation.encoder, "seconds": seconds})
        # What was open before was frozen with everything else; let the collector look at it once.
        gc.unfreeze()
        gc.collect()
        give_back()
        gc.freeze()
        return True
