"""This file is about what is said in videos: all of it for an item's page, the right moment for a search."""

import threading
from collections.abc import Iterable

from bowerbird.lake.catalogue import Catalogue
from bowerbird.lake.lake import Lake
from bowerbird.lake.video.stored import spoken_media, transcripts_of
from bowerbird.lake.video.transcripts import Cue, Transcript, cue_of
from bowerbird.retrieve.query_words import query_words


class Spoken:
    """Reads transcripts. Costs nothing where no video has one."""

    def __init__(self, lake: Lake, catalogue: Catalogue) -> None:
        self._lake = lake
        self._catalogue = catalogue
        self._media: frozenset[str] = frozenset()
        self._version = -1
        self._reading = threading.Lock()

    def of(self, media_id: str) -> Transcript | None:
        """All that is said in a video, or None."""
        return transcripts_of(self._lake, [media_id]).get(media_id) if media_id in self._known() else None

    def moments(self, words: str, numbers: Iterable[int]) -> dict[int, Cue]:
        """Where in their videos items say most of what was typed, by item number."""
        known = self._known()
        if not known or not words:
            return {}
        shown = {number: self._catalogue.picture_of(number) for number in numbers}
        media = {number: sha for number, sha in shown.items() if sha in known and sha is not None}
        said = transcripts_of(self._lake, sorted(set(media.values()))) if media else {}
        found = {
            number: cue_of(said[sha], query_words(words)) for number, sha in media.items() if sha in said
        }
        return {number: cue for number, cue in found.items() if cue is not None}

    def _known(self) -> frozenset[str]:
        """Media ids that have a transcript; read anew when the table of videos has changed."""
        version = self._lake.videos.version
        if version != self._version:
            with self._reading:
                self._media, self._version = spoken_media(self._lake), version
        return self._media
