"""This file is about the trained ranker that the feed asks: opened beside requests, swapped in one step."""

import logging

from bowerbird.core.errors import BowerbirdError
from bowerbird.learn.registry import ModelRegistry
from bowerbird.rank.ranker import ServedRanker, load_ranker
from bowerbird.rank.ranker.keeping import MODEL

log = logging.getLogger(__name__)


class RankerFollowed:
    """The ranker in use now; follows what the registry says."""

    def __init__(self, registry: ModelRegistry) -> None:
        self._registry = registry
        self._current: ServedRanker | None = None
        self._seen = ""
        self.problem = ""
        """Why the ranker that the registry names does not answer here; empty where it does."""

    def __call__(self) -> ServedRanker | None:
        """To be taken once a request."""
        return self._current

    def follow(self) -> None:
        """Goes over to the ranker that the registry names now; the one before answers until it is open."""
        try:
            active = self._registry.active(MODEL)
            wanted = "" if active is None else active[0].id
            if wanted == self._seen:
                return
            self._seen = wanted  # whatever comes of it, it is not tried again until another is named
            if active is None:
                self._current, self.problem = None, ""
                log.info("no trained ranker serves")
                return
            ranker = load_ranker(active[1])
            ranker.id = wanted
            self._current, self.problem = ranker, ""
            log.info("trained ranker serves", extra={"model": ranker.text})
        except (BowerbirdError, OSError, ValueError, KeyError) as error:
            if str(error) != self.problem:
                log.warning("trained ranker not opened", extra={"problem": str(error)})
            self.problem = str(error)
