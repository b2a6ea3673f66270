"""This file is about the graph of one lake: kept up with the event log, saved now and then."""

import threading
from collections.abc import Sequence

import numpy as np

from bowerbird.lake.catalogue import Catalogue
from bowerbird.lake.lake import TASTE_GRAPH, Lake
from bowerbird.lake.look_alikes import linked_media
from bowerbird.taste.graph.belongings import about, owned
from bowerbird.taste.graph.graph import TasteGraph
from bowerbird.taste.graph.snapshot import Kept, load, save
from bowerbird.taste.graph.types import EdgeKind, Edges, NodeKind

EVENTS_AT_ONCE = 10_000
SAVE_AFTER_EVENTS = 50_000


class LiveGraph:
    """The Taste Graph of a lake. One thread at a time follows; anybody reads."""

    def __init__(self, lake: Lake, catalogue: Catalogue) -> None:
        """Takes what was kept, and reads the log from there."""
        self._lake, self._catalogue = lake, catalogue
        self._lock = threading.Lock()
        self._copies_seen = (-1, -1)
        self._catalogue_seen = -1
        self._interests: tuple[Sequence[str], np.ndarray] = (), np.zeros(0, np.int64)
        self._kept = self._begin()
        self._saved_offset = self._kept.offset
        self.follow()

    @property
    def graph(self) -> TasteGraph:
        """As far as the log was followed."""
        return self._kept.graph

    @property
    def offset(self) -> int:
        """Of the last event that is in it."""
        return self._kept.offset

    def follow(self) -> int:
        """Reads what the log has more; gives how many events that were. Begins anew after a forgetting."""
        with self._lock:
            if self._kept.forgotten != self._lake.records.forgotten.changes():
                self._kept = self._begin()
            count = 0
            while found := self._lake.events.after(self._kept.offset, EVENTS_AT_ONCE):
                self._kept.graph.apply([event for _, event in found], self._catalogue.numbers_of)
                self._kept = Kept(self._kept.graph, found[-1][0], self._kept.forgotten)
                count += len(found)
            self._follow_copies()
            self._follow_belongings()
            if self._kept.offset - self._saved_offset >= SAVE_AFTER_EVENTS:
                self._save()
        return count

    def follow_interests(self, ids: Sequence[str], leaf_of: np.ndarray) -> None:
        """From now on items are about these interests.

        Args:
            leaf_of: int64 [N] by item number a place in `ids`; -1 for none.
        """
        with self._lock:
            self._interests = tuple(ids), leaf_of
            self._catalogue_seen = -1
            self._follow_belongings()

    def public_saves(self, t_ms: int | None = None) -> Edges:
        """Which picture was on which board at t (None: now), boards left out that are secret."""
        is_secret = self.graph.secret_boards()
        boards = self.graph.names[NodeKind.BOARD]
        for id_, is_one in self._lake.records.boards.secrecy().items():
            if (number := boards.find(id_)) >= 0:
                is_secret[number] = is_one
        saved = self.graph.as_of(EdgeKind.SAVED_TO, t_ms)
        return saved.where(~is_secret[saved.targets])

    def id_of(self, node: NodeKind, number: int) -> str:
        """The outside id of a node."""
        if node is NodeKind.ITEM:
            return self._catalogue.ids_of([number])[0]
        return self.graph.names[node].id_of(number)

    def save(self) -> None:
        """Keeps it for the next start."""
        with self._lock:
            self._save()

    def _save(self) -> None:
        # What was forgotten since must not come back to the disk; the next following begins anew.
        is_current = self._kept.forgotten == self._lake.records.forgotten.changes()
        if is_current and self._kept.offset != self._saved_offset:
            save(self._kept, self._lake.path / TASTE_GRAPH)
            self._saved_offset = self._kept.offset

    def _begin(self) -> Kept:
        path, forgotten = self._lake.path / TASTE_GRAPH, self._lake.records.forgotten.changes()
        kept = load(path, forgotten=forgotten)
        if kept is None:
            path.unlink(missing_ok=True)
            self._saved_offset = 0
            kept = Kept(TasteGraph(), 0, forgotten)
        self._copies_seen = (-1, -1)
        self._catalogue_seen = -1
        return kept

    def _follow_copies(self) -> None:
        seen = (self._lake.look_alikes.version, self._catalogue.size)
        if seen != self._copies_seen:
            self._copies_seen = seen
            self._kept.graph.follow_copies(item_nodes(self._lake, self._catalogue))

    def _follow_belongings(self) -> None:
        seen = self._catalogue.version
        if seen != self._catalogue_seen:
            self._catalogue_seen = seen
            self._kept.graph.follow_belongings(EdgeKind.OWNED_BY, owned(self._catalogue))
            self._kept.graph.follow_belongings(EdgeKind.ABOUT, about(self._catalogue, *self._interests))


def item_nodes(lake: Lake, catalogue: Catalogue) -> np.ndarray:
    """int64 [N] for each item the first one that shows the same picture, or a copy of it."""
    groups = linked_media(lake)
    first: dict[str, int] = {}
    nodes = np.arange(catalogue.size)
    for number in range(catalogue.size):
        sha = catalogue.picture_of(number)
        if sha is not None:
            nodes[number] = first.setdefault(groups.get(sha, sha), number)
    return nodes
