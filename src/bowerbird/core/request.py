"""This file is about requests: one person asking for one page."""

from dataclasses import dataclass, field

from bowerbird.core.filters import Filter
from bowerbird.core.ids import new_id


def _request_id() -> str:
    return new_id("req")


@dataclass(frozen=True, slots=True)
class FeedRequest:
    """A person asks for the next page of the feed; `more_to` names actions that should count more."""

    person_id: str
    limit: int
    now_ms: int
    where: Filter | None = None
    cursor: str | None = None
    more_to: str = ""
    request_id: str = field(default_factory=_request_id)


@dataclass(frozen=True, slots=True)
class RelatedRequest:
    """A person asks for more like one item."""

    person_id: str
    item_number: int
    limit: int
    now_ms: int
    where: Filter | None = None
    cursor: str | None = None
    request_id: str = field(default_factory=_request_id)


@dataclass(frozen=True, slots=True)
class Region:
    """A part of a picture, as fractions: 0 <= x, y and x + width, y + height <= 1."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class SearchRequest:
    """A person asks by words, by a picture, by a part of one, or by words and picture.

    At least one of `words`, `picture` and `item_number` is given; `region` cuts out a part, and `frame` says
    which frame of the item's video is meant instead of its poster.
    `picture` holds the bytes as uploaded, not yet trusted.
    """

    person_id: str
    limit: int
    now_ms: int
    words: str = ""
    picture: bytes | None = None
    item_number: int | None = None
    frame: int | None = None
    region: Region | None = None
    where: Filter | None = None
    cursor: str | None = None
    request_id: str = field(default_factory=_request_id)
