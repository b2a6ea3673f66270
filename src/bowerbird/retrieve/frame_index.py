"""This file is about frames of videos as something to be found: each for itself, the best one for its item.

A frame has a place in the vector indexes that only this file knows; beside them lies which item and which
frame is at each place. Places are given once: what was deleted leaves its place empty, until there are so
many of these that the index is built again.
"""

import threading
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bowerbird.core.arrays import Embeddings, ItemMask, ItemNumbers, Scores
from bowerbird.core.errors import IncompatibleIndexError
from bowerbird.core.filters import Filter
from bowerbird.core.ids import new_id
from bowerbird.encode.frame_vectors import FrameVectors
from bowerbird.retrieve.config import IndexConfig
from bowerbird.retrieve.faiss_index import FaissIndex
from bowerbird.retrieve.frame_places import FramePlaces
from bowerbird.retrieve.types import FilterColumns

SPACES = ("look", "words")
_PLACES = "places.npz"
_WIDER = 4  # times as many frames as items are asked for, and again where they are of few items
_MOST_EMPTY, _FEW_PLACES = 0.5, 1_000


@dataclass(frozen=True, slots=True)
class FrameHits:
    """Items found through their frames, as columns: row i is one item and its best frame, best first.

    Attributes:
        numbers: [C] item numbers, each once.
        scores: [C] of the best frame.
        keys: C keys of the best frames, `<media id>#<index>`.
        at_ms: int64 [C] when the best frame is shown.
    """

    numbers: ItemNumbers
    scores: Scores
    keys: tuple[str, ...]
    at_ms: np.ndarray

    def where(self, rows: np.ndarray) -> "FrameHits":
        """Only these rows."""
        keys = tuple(self.keys[row] for row in rows.tolist())
        return FrameHits(self.numbers[rows], self.scores[rows], keys, self.at_ms[rows])

    def __len__(self) -> int:
        return len(self.numbers)


NO_FRAMES = FrameHits(np.empty(0, np.int64), np.empty(0, np.float32), (), np.empty(0, np.int64))


class FrameIndex:
    """Frames by how they look and by what they show. Safe to share by threads."""

    def __init__(
        self,
        widths: tuple[int, int],
        *,
        stamp_text: str = "",
        columns: FilterColumns | None = None,
        config: IndexConfig | None = None,
        generation: str | None = None,
    ) -> None:
        """An empty one; `columns` are those of items."""
        self._generation = generation or new_id("frames")
        self._places = FramePlaces()
        self._writing = threading.Lock()
        by_frame = None if columns is None else _ColumnsOfFrames(columns, self._places)
        # A snapshot fits one table of places only: both carry the generation.
        self._stamp_text = f"{stamp_text}/{self._generation}"
        self._indexes = tuple(
            FaissIndex(width, stamp_text=self._stamp_text, columns=by_frame, config=config)
            for width in widths
        )
        self._columns = by_frame

    def __len__(self) -> int:
        """How many frames can be found."""
        return len(self._indexes[0])

    @property
    def is_due(self) -> bool:
        """Whether much has changed since it was saved."""
        return any(index.is_due for index in self._indexes)

    def search(
        self, space: str, query: Embeddings, k: int, where: Filter | None = None, effort: float = 0.97
    ) -> FrameHits:
        """At most k items whose frames are nearest to a query [1, D]; `space` is look or words."""
        index = self._indexes[SPACES.index(space)]
        if not len(index):
            return NO_FRAMES
        asked = k
        while True:
            asked = min(asked * _WIDER, len(index))
            hits = index.search(query, max(asked, 1), where, effort)
            places = hits.numbers[0][hits.numbers[0] >= 0]
            numbers, scores = self._places.owners[places], hits.scores[0][: len(places)]
            _, first = np.unique(numbers, return_index=True)  # the first of an item is its best
            if len(first) >= k or len(places) < asked or asked >= len(index):
                break  # enough items, or there are no more frames
        best = np.sort(first)[:k]
        return FrameHits(
            numbers[best],
            scores[best],
            tuple(self._places.keys[place] for place in places[best].tolist()),
            self._places.at_ms[places[best]],
        )

    def vectors_of(self, number: int, space: str) -> Embeddings:
        """[F, D] of one item's frames, in order of time; no row where it has none."""
        index = self._indexes[SPACES.index(space)]
        return index.vectors(self._places.of_item(number))

    def put(self, numbers: ItemNumbers, frames: Iterable[FrameVectors]) -> None:
        """These items have these frames now, and no others."""
        with self._writing:
            for batch in frames:
                fresh = self._places.add(batch.numbers, batch.keys, batch.at_ms)
                for index, vectors in zip(
                    self._indexes, (batch.vectors.look, batch.vectors.words), strict=True
                ):
                    index.upsert(fresh, vectors)
                numbers = np.setdiff1d(numbers, batch.numbers)
                self._forget(self._places.replaced(batch.numbers, fresh))
            self._forget(self._places.replaced(numbers, np.empty(0, np.int64)))

    def delete(self, numbers: ItemNumbers) -> None:
        """Frames of these items are found no more."""
        with self._writing:
            self._forget(self._places.replaced(numbers, np.empty(0, np.int64)))

    def numbers(self) -> ItemNumbers:
        """Numbers of the items that have frames here."""
        return self._places.items()

    def save(self, folder: Path, *, lake_version: int) -> None:
        """Writes places and both indexes; an index without frames leaves nothing behind where nothing was."""
        with self._writing:
            if not len(self._places) and not folder.exists():
                return
            folder.mkdir(parents=True, exist_ok=True)
            # Places first: they only ever grow, so an older snapshot of this generation fits them as well.
            self._places.save(folder / _PLACES, self._generation)
            for name, index in zip(SPACES, self._indexes, strict=True):
                index.save(folder / name, lake_version=lake_version)

    @classmethod
    def load(
        cls,
        folder: Path,
        widths: tuple[int, int],
        *,
        stamp_text: str,
        columns: FilterColumns | None = None,
        config: IndexConfig | None = None,
    ) -> tuple["FrameIndex", int]:
        """The index that `save` wrote, and the lake version it was saved with.

        Raises:
            IncompatibleIndexError: there is none, it is damaged, of another space, or mostly empty places.
        """
        places, generation = FramePlaces.load(folder / _PLACES)
        made = cls(widths, stamp_text=stamp_text, columns=columns, config=config, generation=generation)
        made._places.take_over(places)
        loaded = [
            FaissIndex.load(
                folder / name,
                width=width,
                stamp_text=made._stamp_text,
                columns=made._columns,
                config=config,
            )
            for name, width in zip(SPACES, widths, strict=True)
        ]
        made._indexes = tuple(index for index, _ in loaded)
        for index in made._indexes:
            # Where a crash left an older snapshot beside newer places, it may hold frames that were replaced.
            index.delete(np.setdiff1d(index.numbers(), places.live()))
        if len(places) > _FEW_PLACES and len(made) < (1 - _MOST_EMPTY) * len(places):
            raise IncompatibleIndexError(
                f"the index of frames in {folder} has {len(places):,} places for {len(made):,} frames; "
                "needed are fewer empty ones; it will be built again"
            )
        return made, min(version for _, version in loaded)

    def wait(self) -> None:
        """Return when no background merge is running."""
        for index in self._indexes:
            index.wait()

    def _forget(self, places: np.ndarray) -> None:
        for index in self._indexes:
            index.delete(places)


class _ColumnsOfFrames:
    """Filterable fields of frames: those of their items."""

    def __init__(self, columns: FilterColumns, places: FramePlaces) -> None:
        self._columns = columns
        self._places = places

    @property
    def version(self) -> int:
        """That of the items' columns."""
        return self._columns.version

    def mask(self, where: Filter) -> ItemMask:
        """[P] frames whose items the filter keeps."""
        keep, owners = self._columns.mask(where), self._places.owners
        kept: np.ndarray = np.zeros(len(owners), dtype=bool)
        inside = owners < len(keep)
        kept[inside] = keep[owners[inside]]
        return kept
