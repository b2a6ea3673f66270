"""This file is about what the feed asks others to fill."""

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol, TypeAlias, runtime_checkable

import numpy as np

from bowerbird.blend import Placement
from bowerbird.core.request import FeedRequest
from bowerbird.retrieve.frame_index import FrameIndex
from bowerbird.retrieve.types import VectorIndex

SavedNumbers: TypeAlias = Callable[[str], np.ndarray]
"""person id → sorted int64 numbers of the items on the person's own boards."""

SaversSince: TypeAlias = Callable[[int], Sequence[tuple[str, int]]]
"""since_ms → (item id, how many people saved it since), secret boards left out, most people first."""


AdsNow: TypeAlias = Callable[[FeedRequest, int, int], Mapping[int, Placement]]
"""A request, which of its pages from 0, how many slots that has → slot → the ad that stands there."""


FramesNow: TypeAlias = Callable[[], FrameIndex]
"""The frames of videos, as they can be found now; asked for at every request, like the indexes."""


@runtime_checkable
class Sight(Protocol):
    """The two indexes of item vectors; asked for at every request, so that they can be swapped whole."""

    @property
    def look(self) -> VectorIndex:
        """How items look."""
        ...

    @property
    def words(self) -> VectorIndex:
        """What items are."""
        ...


def stamp_of(sight: Sight) -> str:
    """Where the vectors of both indexes come from."""
    return f"{sight.look.stamp_text}+{sight.words.stamp_text}"
