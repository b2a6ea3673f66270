"""This file is about the trained model that the feed asks: opened beside requests, swapped in one step."""

import logging

from bowerbird.core.errors import BowerbirdError
from bowerbird.lake.catalogue import Catalogue
from bowerbird.learn.registry import ModelRegistry
from bowerbird.retrieve.learned import LearnedModel, open_serving

log = logging.getLogger(__name__)


class LearnedNow:
    """The model in use now; follows what the registry says."""

    def __init__(self, registry: ModelRegistry, catalogue: Catalogue) -> None:
        self._registry = registry
        self._catalogue = catalogue
        self._current: LearnedModel | None = None
        self._failed: str | None = None
        self.problem = ""
        """Why the model that the registry names does not answer here; empty where it does."""

    def __call__(self) -> LearnedModel | None:
        """To be taken once a request."""
        return self._current

    def follow(self) -> None:
        """Goes over to the model that the registry names now; the one before answers until it is open."""
        try:
            serving = self._registry.serving()
            wanted = "" if serving is None else f"{serving[0].name} {serving[0].id}"
            current = self._current.text if self._current is not None else ""
            if wanted in (current, self._failed):
                return
            self._failed = wanted  # until it is open
            self._current = open_serving(self._registry, self._catalogue)
        except BowerbirdError as error:
            if str(error) != self.problem:
                log.warning("trained model not opened", extra={"problem": str(error)})
            self.problem = str(error)
            return
        self._failed, self.problem = None, ""
        log.info("trained model serves" if wanted else "no trained model serves", extra={"model": wanted})
