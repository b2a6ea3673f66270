"""This file is about making the indexes of a lake: empty, of every vector there is, or as they were saved."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bowerbird.core.arrays import ItemNumbers
from bowerbird.core.errors import IncompatibleIndexError
from bowerbird.lake.catalogue import Catalogue
from bowerbird.retrieve.config import IndexConfig
from bowerbird.retrieve.faiss_index import FaissIndex
from bowerbird.retrieve.frame_index import FrameIndex
from bowerbird.retrieve.item_vectors import FrameSource, VectorSource

LOOK, WORDS, FRAMES = "look", "words", "frames"


@dataclass(frozen=True, slots=True)
class IndexSet:
    """The vector indexes that belong together."""

    look: FaissIndex
    words: FaissIndex
    frames: FrameIndex

    @property
    def both(self) -> tuple[FaissIndex, FaissIndex]:
        """Those that hold one vector an item."""
        return self.look, self.words


class IndexMaker:
    """Makes index sets over one source of vectors; `folder` is where they are saved."""

    def __init__(self, folder: Path, catalogue: Catalogue, source: VectorSource, config: IndexConfig) -> None:
        self._folder = folder
        self._catalogue = catalogue
        self._source = source
        self._config = config

    def empty(self) -> IndexSet:
        """Of nothing."""
        look_width, words_width = self._source.widths
        return IndexSet(self._index(look_width), self._index(words_width), self._no_frames())

    def built(self) -> IndexSet:
        """Of every vector of the source."""
        empty = np.empty(0, np.int64)
        numbers: list[np.ndarray] = [empty]
        look: list[np.ndarray] = [np.empty((0, self._source.widths[0]), np.float32)]
        words: list[np.ndarray] = [np.empty((0, self._source.widths[1]), np.float32)]
        for batch, vectors in self._source.vectors():
            numbers.append(batch)
            look.append(vectors.look)
            words.append(vectors.words)
        named = np.concatenate(numbers)
        return IndexSet(self._of(named, look), self._of(named, words), self.built_frames())

    def built_frames(self) -> FrameIndex:
        """Of every frame of the source, which may have none."""
        made = self._no_frames()
        if isinstance(self._source, FrameSource):
            made.put(np.empty(0, np.int64), self._source.frames())
        return made

    def saved(self) -> tuple[IndexSet, int]:
        """Those saved, memory-mapped, and the version of the item table that they all reflect.

        Raises:
            IncompatibleIndexError: there are none, or they are damaged or of another space.
        """
        look_width, words_width = self._source.widths
        look, look_version = self._loaded(LOOK, look_width)
        words, words_version = self._loaded(WORDS, words_width)
        frames, frames_version = self._loaded_frames(min(look_version, words_version))
        return IndexSet(look, words, frames), min(look_version, words_version, frames_version)

    def _index(self, width: int) -> FaissIndex:
        return FaissIndex(
            width, stamp_text=self._source.stamp_text, columns=self._catalogue, config=self._config
        )

    def _no_frames(self) -> FrameIndex:
        return FrameIndex(
            self._source.widths,
            stamp_text=self._source.stamp_text,
            columns=self._catalogue,
            config=self._config,
        )

    def _of(self, numbers: ItemNumbers, parts: list[np.ndarray]) -> FaissIndex:
        vectors = np.concatenate(parts)
        parts.clear()
        says_something = vectors.any(axis=1)
        return FaissIndex.build(
            numbers[says_something],
            vectors[says_something],
            stamp_text=self._source.stamp_text,
            columns=self._catalogue,
            config=self._config,
        )

    def _loaded(self, name: str, width: int) -> tuple[FaissIndex, int]:
        return FaissIndex.load(
            self._folder / name,
            width=width,
            stamp_text=self._source.stamp_text,
            columns=self._catalogue,
            config=self._config,
        )

    def _loaded_frames(self, version: int) -> tuple[FrameIndex, int]:
        """Those saved; where there are none, which takes no time without videos, new ones."""
        try:
            return FrameIndex.load(
                self._folder / FRAMES,
                self._source.widths,
                stamp_text=self._source.stamp_text,
                columns=self._catalogue,
                config=self._config,
            )
        except IncompatibleIndexError:
            return self.built_frames(), version
