"""This file is about the trained taste space of a running server: opened beside requests, swapped whole."""

import logging
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from bowerbird.core.clock import Clock
from bowerbird.core.errors import BowerbirdError, IncompatibleEmbeddingError
from bowerbird.encode.registry import Encoders
from bowerbird.lake.catalogue import Catalogue
from bowerbird.lake.lake import Lake
from bowerbird.learn.registry import ModelRegistry
from bowerbird.retrieve.taste_vectors import TasteVectors
from bowerbird.taste.graph import LiveGraph
from bowerbird.taste.space.keeping import MODEL, taste_folder
from bowerbird.taste.space.lake_columns import columns_to_answer, content_of, encoders_text
from bowerbird.taste.space.served import load_space

log = logging.getLogger(__name__)

REFRESH_MS = 600_000
"""Vectors of all items are worked out anew so often, where people have done something since."""
_NEW_AT_ONCE = 2_048


@dataclass(frozen=True, slots=True)
class _Made:
    """Of what the vectors in use were made: another one of these makes them anew at once."""

    card_id: str
    encoders: str
    forgotten: int


class TasteSpaceNow:
    """The space that the lake's registry names, over the items there are now; one thread follows."""

    def __init__(
        self,
        lake: Lake,
        catalogue: Catalogue,
        encoders: Callable[[], Encoders],
        live: Callable[[], LiveGraph | None],
        clock: Clock,
    ) -> None:
        """`encoders` gives those that answer now; `live` the graph, once it is read."""
        self._lake, self._catalogue, self._encoders = lake, catalogue, encoders
        self._live, self._clock = live, clock
        self._registry = ModelRegistry(taste_folder(lake.path))
        self._current: TasteVectors | None = None
        self._made: _Made | None = None
        self._made_ms, self._made_offset = 0, -1
        self._waiting = np.zeros(0, dtype=np.int64)  # items that were not encoded when they were looked at
        self.problem = ""
        """Why the space that the registry names does not answer here; empty where it does."""

    def __call__(self) -> TasteVectors | None:
        """To be taken once a request."""
        return self._current

    def follow(self) -> None:
        """Goes over to the space that the registry names; takes in new items, and now and then new edges."""
        live = self._live()
        if live is None:
            return
        try:
            active = self._registry.active(MODEL)
            if active is None:
                self._current, self._made, self.problem = None, None, ""
                return
            now_ms = self._clock.now_ms()
            made = _Made(
                active[0].id, encoders_text(self._encoders()), self._lake.records.forgotten.changes()
            )
            is_old = now_ms - self._made_ms >= REFRESH_MS and live.offset != self._made_offset
            if made != self._made or is_old:
                self._open(live, made)
            elif self._current is not None:
                self._take_in(self._current)
        except (BowerbirdError, OSError, ValueError, KeyError) as error:
            if str(error) != self.problem:
                log.warning("taste space not opened", extra={"problem": str(error)})
            self.problem = str(error)

    def _open(self, live: LiveGraph, made: _Made) -> None:
        # Whatever comes of it, it is not tried again until something changes.
        self._made, self._made_ms, self._made_offset = made, self._clock.now_ms(), live.offset
        self._waiting = np.zeros(0, dtype=np.int64)
        active = self._registry.active(MODEL)
        assert active is not None
        card, folder = active
        trained_with = card.data.get("encoders", made.encoders)
        if trained_with != made.encoders:
            self._current = None
            raise IncompatibleEmbeddingError(
                f"taste space {card.id} was trained on vectors of {trained_with}, and this server's are of "
                f"{made.encoders}; needed are the same; train again with `bowerbird taste train`"
            )
        space = load_space(folder)
        columns = columns_to_answer(self._lake, self._encoders(), self._catalogue, live.graph)
        vectors = space.at(columns, self._clock.now_ms() + 1).vectors
        says = np.abs(columns.content).sum(axis=1) > 0
        vectors[~says] = 0.0
        self._current = TasteVectors(card.id, space, np.arange(len(vectors)), vectors)
        self.problem = ""
        log.info("taste space serves", extra={"model": self._current.text, "items": len(self._current)})

    def _take_in(self, current: TasteVectors) -> None:
        fresh = np.arange(current.covered, self._catalogue.size)
        asked = np.concatenate([self._waiting, fresh])[:_NEW_AT_ONCE]
        if not len(asked):
            return
        size = max(current.covered, int(asked[-1]) + 1)
        content = content_of(self._lake, self._encoders(), size, asked)[asked]
        current.add(asked, content, size)
        left_over = np.concatenate([self._waiting, fresh])[_NEW_AT_ONCE:]
        missing = asked[np.abs(content).sum(axis=1) == 0]
        # The first of those that came after `size` are looked at by their numbers next time.
        self._waiting = np.concatenate([left_over[left_over < size], missing])
