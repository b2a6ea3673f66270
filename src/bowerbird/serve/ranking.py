"""This file is about the trained rankers that the feed asks: opened beside requests, swapped in one step.

Each comes with the pre-ranker that was trained with it, or with none; nobody can ask one of each.

A challenger may serve a share of the people beside the champion: always the same ones, by a hash of who they
are, so that nobody goes back and forth.
"""

import logging

from bowerbird.core.errors import BowerbirdError
from bowerbird.learn.registry import ModelRegistry
from bowerbird.rank.prerank import Funnel, load_funnel
from bowerbird.rank.ranker.keeping import MODEL
from bowerbird.rank.ranker.trials import (
    Canary,
    Shadow,
    ShadowSeen,
    canary_of,
    is_canary,
    shadow_of,
    tell_shadow,
)
from bowerbird.serve.shadowing import ShadowLane
from bowerbird.surfaces.feed.shadows import Shadowed

log = logging.getLogger(__name__)


class RankerFollowed:
    """The rankers in use now; follows what the registry says."""

    def __init__(self, registry: ModelRegistry) -> None:
        self._registry = registry
        self._champion: Funnel | None = None
        self._challenger: Funnel | None = None
        self._canary = Canary()
        self._shadow: tuple[Shadowed, ShadowLane] | None = None
        self._seen: tuple[str, Canary, Shadow] = ("", Canary(), Shadow())
        self.problem = ""
        """Why what the registry names does not answer here; empty where it does."""

    @property
    def current(self) -> Funnel | None:
        """The champion, or None."""
        return self._champion

    def __call__(self, person_id: str) -> Funnel | None:
        """To be taken once a request."""
        challenger = self._challenger
        if challenger is not None and is_canary(person_id, self._canary):
            return challenger
        return self._champion

    def shadow(self) -> Shadowed | None:
        """The challenger in the shadow, or None."""
        shadow = self._shadow
        return None if shadow is None else shadow[0]

    def follow(self) -> None:
        """Goes over to what the registry names now; the one before answers until it is open."""
        try:
            if self._shadow is not None:
                self._shadow[1].tell()
            active = self._registry.active(MODEL)
            wanted = "" if active is None else active[0].id
            canary, shadow = canary_of(self._registry), shadow_of(self._registry)
            if (wanted, canary, shadow) == self._seen:
                return
            # Whatever comes of it, it is not tried again until another is named.
            self._seen = (wanted, canary, shadow)
            champion = None if active is None else self._opened(wanted)
            challenger = self._opened(canary.id) if canary.id else None
            self._champion, self._challenger, self._canary = champion, challenger, canary
            self._open_shadow(shadow)
            self.problem = ""
            log.info("rankers serve", extra={"champion": wanted, "canary": canary.id, "share": canary.share})
        except (BowerbirdError, OSError, ValueError, KeyError) as error:
            if str(error) != self.problem:
                log.warning("trained ranker not opened", extra={"problem": str(error)})
            self.problem = str(error)

    def _open_shadow(self, shadow: Shadow) -> None:
        if self._shadow is not None:
            self._shadow[1].close()
            self._shadow = None
        if not shadow.id:
            return
        try:
            ranker = self._opened(shadow.id).ranker
        except (BowerbirdError, OSError, ValueError, KeyError) as error:
            # It failed before its first page, and the loop is to know: what serves goes on.
            tell_shadow(self._registry, ShadowSeen(shadow.id, pages=1, failed=1, problem=str(error)))
            log.warning("challenger not opened", extra={"ranker": shadow.id, "problem": str(error)})
            return
        lane = ShadowLane(self._registry, shadow.id)
        self._shadow = Shadowed(ranker, lane.offer), lane

    def _opened(self, id_: str) -> Funnel:
        for card in self._registry.cards(MODEL):
            if card.id == id_:
                return load_funnel(self._registry.folder_of(MODEL, id_), id_)
        raise ValueError(f"ranker {id_} is not there; train again with `bowerbird rank train`")
