"""Search by words, by picture, by a part of one, by words and picture."""

from bowerbird.surfaces.search.config import SearchConfig
from bowerbird.surfaces.search.search import Search
from bowerbird.surfaces.search.types import (
    Decode,
    EncoderPair,
    PictureOf,
    QueryShown,
    QuerySpace,
    SearchIndexes,
    SearchPage,
    Suggestion,
)

__all__ = [
    "Decode",
    "EncoderPair",
    "PictureOf",
    "QueryShown",
    "QuerySpace",
    "Search",
    "SearchConfig",
    "SearchIndexes",
    "SearchPage",
    "Suggestion",
]
