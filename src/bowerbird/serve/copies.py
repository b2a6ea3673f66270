"""This file is about items that show the same picture: linked while the server runs, found by item."""

import logging

import numpy as np

from bowerbird.lake.catalogue import Catalogue
from bowerbird.lake.lake import Lake
from bowerbird.lake.linking import link_look_alikes
from bowerbird.lake.look_alikes import linked_media

log = logging.getLogger(__name__)

_LOOKED_AT = 2_000


class Copies:
    """Which live items show the same picture. Reading needs no lock: what is known is replaced as a whole."""

    def __init__(self, lake: Lake, catalogue: Catalogue) -> None:
        self._lake = lake
        self._catalogue = catalogue
        self._compared_version = -1
        self._known_version = -1
        self._groups: dict[str, tuple[str, ...]] = {}
        self._signatures: dict[str, int] = {}

    def follow(self) -> None:
        """What came into the lake is compared and known on return, unless somebody else is comparing."""
        version = self._lake.media.version
        if version != self._compared_version and not link_look_alikes(self._lake).is_elsewhere:
            self._compared_version = version
        version = self._lake.look_alikes.version
        if version != self._known_version:
            self._load()
            self._known_version = version

    def of(self, number: int, most: int) -> list[int]:
        """Numbers of other live items that show the item's main picture or a copy of it."""
        sha = self._catalogue.picture_of(number)
        if sha is None:
            return []
        alike = self._groups.get(sha, (sha,))
        own = int(self._catalogue.signature[number])
        signatures = np.array([self._signatures.get(each, own) for each in alike], np.int64)
        # The catalogue knows each item's signature, which few items share; the picture itself decides.
        live = self._catalogue.live
        found = np.flatnonzero(np.isin(self._catalogue.signature[: len(live)], signatures) & live)
        shown: list[int] = []
        for other in found[:_LOOKED_AT].tolist():
            if len(shown) == most:
                break
            if other != number and self._catalogue.picture_of(other) in alike:
                shown.append(other)
        return shown

    def _load(self) -> None:
        members: dict[str, list[str]] = {}
        for sha, group_id in linked_media(self._lake).items():
            members.setdefault(group_id, [group_id]).append(sha)
        shas = [sha for group in members.values() for sha in group]
        known = self._lake.media.take(shas, ["id", "signature"])
        self._signatures = dict(zip(known["id"].to_pylist(), known["signature"].to_pylist(), strict=True))
        self._groups = {sha: tuple(group) for group in members.values() for sha in group}
        log.info("copies loaded", extra={"groups": len(members), "media": len(shas)})
