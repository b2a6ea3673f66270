"""This file is about the indexes as one: built from the lake, saved, loaded, and kept up with it.

The lake says what is true. An index knows the version of the item table that it has taken in; everything
after that comes from the table's changes, and taking a change in twice does no harm.
"""

import logging
import threading
import time
from pathlib import Path

import numpy as np

from bowerbird.core.arrays import ItemNumbers
from bowerbird.core.errors import IncompatibleIndexError
from bowerbird.encode.generations import serving_folder
from bowerbird.encode.registry import Encoders
from bowerbird.encode.types import JointSpace
from bowerbird.lake.catalogue import Catalogue
from bowerbird.lake.lake import Lake
from bowerbird.retrieve.config import IndexConfig
from bowerbird.retrieve.encoded_items import EncodedItems
from bowerbird.retrieve.faiss_index import FaissIndex
from bowerbird.retrieve.frame_index import FrameIndex
from bowerbird.retrieve.index_making import FRAMES, LOOK, WORDS, IndexMaker, IndexSet
from bowerbird.retrieve.index_reports import IndexReport, SyncReport
from bowerbird.retrieve.item_vectors import FrameSource, VectorSource
from bowerbird.retrieve.lexical import LanceLexicalIndex
from bowerbird.retrieve.recall_monitor import RecallMonitor, WatchedIndex

log = logging.getLogger(__name__)

_MISSED_RECALL = 0.955
_ENOUGH_QUERIES = 64
_ITEMS_A_PART, _MOST_PARTS = 512, 16


class Indexes:
    """Look, words and lexical index over one lake."""

    def __init__(
        self,
        lake: Lake,
        catalogue: Catalogue,
        source: VectorSource,
        config: IndexConfig,
        folder: Path | None = None,
    ) -> None:
        """Use `Indexes.open`, or `Indexes.over` for vectors from elsewhere."""
        self._lake = lake
        self.folder = (folder or serving_folder(lake.path)) / "index"
        """Where they are saved; derived, can be deleted."""
        self._catalogue = catalogue
        self._source = source
        self._syncing = threading.Lock()
        self._maintaining = threading.Lock()
        self._version = 0
        self._saved_version = -1
        self.monitors = {LOOK: RecallMonitor(), WORDS: RecallMonitor()}
        self.lexical = LanceLexicalIndex(lake.items, catalogue)
        self._maker = IndexMaker(self.folder, catalogue, source, config)
        self._pair = self._maker.empty()

    @classmethod
    def open(
        cls,
        lake: Lake,
        catalogue: Catalogue,
        encoders: Encoders,
        space: JointSpace,
        config: IndexConfig | None = None,
        *,
        is_new: bool = False,
        folder: Path | None = None,
    ) -> "Indexes":
        """Ready indexes: those saved, caught up with the lake; or new ones, where none fit, saved.

        `is_new` builds them in any case. They are of the generation in `folder`, or of the one that serves.
        """
        source = EncodedItems(lake, encoders, space)
        return cls.over(lake, catalogue, source, config, is_new=is_new, folder=folder)

    @classmethod
    def over(
        cls,
        lake: Lake,
        catalogue: Catalogue,
        source: VectorSource,
        config: IndexConfig | None = None,
        *,
        is_new: bool = False,
        folder: Path | None = None,
    ) -> "Indexes":
        """The same, with vectors from any source."""
        indexes = cls(lake, catalogue, source, config or IndexConfig(), folder)
        if not is_new:
            try:
                indexes.load()
            except IncompatibleIndexError as error:
                log.info("index not usable, building a new one", extra={"reason": str(error)})
            else:
                return indexes
        indexes.build()
        indexes.save()
        indexes.load()
        return indexes

    @property
    def look(self) -> WatchedIndex:
        """How items look; answers pictures and parts of pictures."""
        return WatchedIndex(self._pair.look, self.monitors[LOOK])

    @property
    def words(self) -> WatchedIndex:
        """What items are; answers words."""
        return WatchedIndex(self._pair.words, self.monitors[WORDS])

    @property
    def frames(self) -> FrameIndex:
        """Frames of videos and animations; finds their items by the best of them."""
        return self._pair.frames

    @property
    def version(self) -> int:
        """Version of the item table that the vector indexes reflect."""
        return self._version

    @property
    def stamp_text(self) -> str:
        """Which encoders and space the vectors come from."""
        return self._source.stamp_text

    def numbers(self) -> ItemNumbers:
        """[N] sorted numbers of every item that either index finds."""
        return np.union1d(*(index.numbers() for index in self._pair.both))

    def build(self) -> None:
        """New vector indexes of everything in the lake, from nothing."""
        with self._syncing:
            version = self._lake.items.version
            self._source.complete()
            self._catalogue.refresh()
            self._pair = self._maker.built()
            self._version = version
            self._saved_version = -1

    def save(self) -> None:
        """Write both to the lake's folder; searches and syncs go on."""
        with self._maintaining:
            pair, version = self._pair, self._version
            for name, index in zip((LOOK, WORDS), pair.both, strict=True):
                index.save(self.folder / name, lake_version=version)
            pair.frames.save(self.folder / FRAMES, lake_version=version)
            self._saved_version = version

    def load(self) -> None:
        """Take the saved ones, memory-mapped, and catch up with the lake.

        Raises:
            IncompatibleIndexError: there are none, or they are damaged or of another space.
        """
        pair, saved_version = self._maker.saved()
        if saved_version > self._lake.items.version:
            raise IncompatibleIndexError(
                f"the index in {self.folder} reflects version {saved_version}, the item table is at "
                f"{self._lake.items.version}; needed is an index of this lake; it will be built again"
            )
        with self._syncing:
            self._catch_up(pair, saved_version)
            self._drop_strangers(pair)
            self._pair, self._saved_version = pair, saved_version

    def sync(self) -> SyncReport:
        """Take in what changed in the lake since the last time, whoever wrote it.

        Deleted items leave first; new ones are encoded if nobody did, and can be found on return. Cheap when
        nothing changed: call it about once a second.
        """
        if self._version == self._lake.items.version:
            return SyncReport(0, 0, self._version, 0.0)
        with self._syncing:
            return self._catch_up(self._pair, self._version)

    def include(self, numbers: ItemNumbers) -> None:
        """Make these items searchable now, not waiting for a sync of many others that may be running."""
        self._catalogue.refresh()
        self._source.complete(numbers)
        self._put(self._pair, numbers)

    def exclude(self, numbers: ItemNumbers) -> None:
        """Make sure that these items are not found any more, not waiting for a sync that may be running."""
        for index in (*self._pair.both, self._pair.frames):
            index.delete(numbers)

    def maintain(self) -> None:
        """Off the request path, about once a minute: check recall, and save when much has changed.

        What was merged is saved and then read back memory-mapped, so that memory goes back to the system.
        """
        for name, index in zip((LOOK, WORDS), self._pair.both, strict=True):
            self._check_recall(self.monitors[name], index)
        behind = self._version != self._saved_version
        if behind and any(index.is_due for index in (*self._pair.both, self._pair.frames)):
            self.save()
            self.load()

    def renew(self) -> None:
        """Nothing of deleted items is left, not even in the centres of lists, in memory or where it is saved.

        Searches go on meanwhile; what changes in the lake waits.
        """
        with self._syncing:
            for index in self._pair.both:
                index.merge(is_new=True)
            self._pair = IndexSet(*self._pair.both, self._maker.built_frames())
        for monitor in self.monitors.values():
            monitor.forget()
        self.save()
        self.load()

    def report(self) -> dict[str, IndexReport]:
        """The state of each vector index, by name."""
        return {
            name: IndexReport(
                len(index), index.fresh, index.hidden, index.lists, self.monitors[name].report()
            )
            for name, index in zip((LOOK, WORDS), self._pair.both, strict=True)
        }

    def close(self) -> None:
        """Wait for work in the background; save what a restart would have to do again."""
        for index in (*self._pair.both, self._pair.frames):
            index.wait()
        if self._version != self._saved_version:
            self.save()

    def _catch_up(self, pair: IndexSet, since: int) -> SyncReport:
        started = time.perf_counter()
        version = self._lake.items.version
        changed, gone = self._changes(since) if version != since else (np.empty(0, np.int64),) * 2
        self._catalogue.refresh()
        for index in (*pair.both, pair.frames):
            index.delete(gone)
        # In parts, the newest first: what came in last is asked for first.
        parts = max(1, min(_MOST_PARTS, -(-len(changed) // _ITEMS_A_PART)))
        for part in np.array_split(np.sort(changed)[::-1], parts) if len(changed) else ():
            self._source.complete(part)
            self._put(pair, part)
        self._version = version
        seconds = round(time.perf_counter() - started, 3)
        if len(changed) or len(gone):
            facts = {"upserted": len(changed), "deleted": len(gone), "version": version, "seconds": seconds}
            log.info("index synced", extra=facts)
        return SyncReport(len(changed), len(gone), version, seconds)

    def _changes(self, since: int) -> tuple[np.ndarray, np.ndarray]:
        changed, gone = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
        for batch in self._lake.items.changes(since, ["number", "deleted_ms"]):
            numbers = batch.column("number").to_numpy(zero_copy_only=False).astype(np.int64)
            is_gone = batch.column("deleted_ms").is_valid().to_numpy(zero_copy_only=False)
            changed.append(numbers[~is_gone])
            gone.append(numbers[is_gone])
        return np.concatenate(changed), np.concatenate(gone)

    def _put(self, pair: IndexSet, numbers: ItemNumbers) -> None:
        seen = [np.empty(0, np.int64)]
        for batch, vectors in self._source.vectors(numbers):
            for index, rows in zip(pair.both, (vectors.look, vectors.words), strict=True):
                says_something = rows.any(axis=1)
                index.upsert(batch[says_something], rows[says_something])
                index.delete(batch[~says_something])
            seen.append(batch)
        # What can no longer be encoded must not be found by what it was before.
        without = np.setdiff1d(numbers, np.concatenate(seen))
        for index in pair.both:
            index.delete(without)
        if isinstance(self._source, FrameSource):
            pair.frames.put(numbers, self._source.frames(numbers))

    def _drop_strangers(self, pair: IndexSet) -> None:
        # A tombstone may have been purged since the index was saved: then no change tells of the delete.
        live = self._catalogue.live
        for index in (*pair.both, pair.frames):
            held = index.numbers()
            inside = held[held < len(live)]
            strangers = np.concatenate([held[held >= len(live)], inside[~live[inside]]])
            if len(strangers):
                index.delete(strangers)

    def _check_recall(self, monitor: RecallMonitor, index: FaissIndex) -> None:
        monitor.check(index)
        report = monitor.report()
        if report.checked >= _ENOUGH_QUERIES and report.recall < _MISSED_RECALL:
            # People ask otherwise than the items that the lists were calibrated with.
            index.recalibrate(monitor.recent_queries())
            monitor.forget()
            log.warning("index recalibrated", extra={"recall": report.recall, "queries": report.checked})
