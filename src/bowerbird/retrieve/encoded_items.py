"""This file is about where index vectors come from: encoded items, brought into the joint space."""

from collections.abc import Iterator
from dataclasses import dataclass

from bowerbird.core.arrays import ItemNumbers
from bowerbird.encode.few import encode_items
from bowerbird.encode.frame_vectors import FrameVectors, frame_vectors
from bowerbird.encode.job import encode_missing, item_vectors
from bowerbird.encode.registry import Encoders
from bowerbird.encode.types import ItemVectors, JointSpace
from bowerbird.lake.lake import Lake


@dataclass(frozen=True, slots=True)
class EncodedItems:
    """The lake's items through its encoders and its joint space."""

    lake: Lake
    encoders: Encoders
    space: JointSpace

    @property
    def stamp_text(self) -> str:
        """Which encoders and space the vectors come from."""
        return self.space.stamp_text

    @property
    def widths(self) -> tuple[int, int]:
        """Widths of look vectors and of words vectors."""
        return self.space.look_width, self.space.words_width

    def complete(self, numbers: ItemNumbers | None = None) -> None:
        """Encode what is not yet encoded: of these items, or of all in the lake."""
        if numbers is None:
            encode_missing(self.lake, self.encoders)
        else:
            encode_items(self.lake, self.encoders, numbers)

    def vectors(self, numbers: ItemNumbers | None = None) -> Iterator[tuple[ItemNumbers, ItemVectors]]:
        """Batches of item numbers and their vectors."""
        return item_vectors(self.lake, self.encoders, self.space, numbers)

    def frames(self, numbers: ItemNumbers | None = None) -> Iterator[FrameVectors]:
        """Batches of frames of these items, or of all."""
        return frame_vectors(self.lake, self.encoders, self.space, numbers)
