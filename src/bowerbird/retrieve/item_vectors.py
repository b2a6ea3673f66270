"""This file is about what the indexes ask for: vectors of items."""

from collections.abc import Iterator
from typing import Protocol, runtime_checkable

from bowerbird.core.arrays import ItemNumbers
from bowerbird.encode.frame_vectors import FrameVectors
from bowerbird.encode.types import ItemVectors


@runtime_checkable
class VectorSource(Protocol):
    """Vectors of items, by number."""

    @property
    def stamp_text(self) -> str:
        """Which encoders and space the vectors come from."""
        ...

    @property
    def widths(self) -> tuple[int, int]:
        """Widths of look vectors and of words vectors."""
        ...

    def complete(self, numbers: ItemNumbers | None = None) -> None:
        """Encode what is not yet encoded: of these items, or of all in the lake."""
        ...

    def vectors(self, numbers: ItemNumbers | None = None) -> Iterator[tuple[ItemNumbers, ItemVectors]]:
        """Batches of item numbers and their vectors; items that cannot be encoded are left out.

        A row of zeros stands for what an item lacks. None: all live items.
        """
        ...


@runtime_checkable
class FrameSource(Protocol):
    """Vectors of the frames of items' videos; what a `VectorSource` may be as well."""

    def frames(self, numbers: ItemNumbers | None = None) -> Iterator[FrameVectors]:
        """Batches of frames of these items, or of all live ones; all frames of an item in one batch."""
        ...
