"""This file is about reading a search: what was typed and shown becomes vectors."""

from dataclasses import dataclass

import numpy as np

from bowerbird.core.arrays import Embeddings, Pixels
from bowerbird.core.errors import InputError, NotFoundError
from bowerbird.core.request import Region, SearchRequest
from bowerbird.encode.colour_words import split_words
from bowerbird.lake.catalogue import Catalogue
from bowerbird.lake.colours import colour_shares
from bowerbird.surfaces.search.config import SearchConfig
from bowerbird.surfaces.search.types import (
    Decode,
    EncoderPair,
    FrameOf,
    PictureOf,
    Query,
    QuerySpace,
    SearchIndexes,
)


@dataclass(frozen=True, slots=True)
class QueryReader:
    """Reads searches."""

    catalogue: Catalogue
    indexes: SearchIndexes
    encoders: EncoderPair
    space: QuerySpace
    decode: Decode
    picture_of: PictureOf
    config: SearchConfig
    frame_of: FrameOf | None = None

    def read(self, request: SearchRequest) -> Query:
        """The search as vectors.

        Raises:
            InputError: there is nothing to search for, two pictures, or a part of no picture.
            NotFoundError: there is no such item, or it has no picture.
            PictureError: the upload cannot be used.
        """
        words = self._checked_words(request)
        look = self._look(request)
        return self.with_look(words, look, request)

    def with_look(self, words: str, look: np.ndarray | None, request: SearchRequest) -> Query:
        """The query of these words and this look vector, where the picture itself is not needed any more."""
        split = split_words(words)
        meaning = self._meaning(words) if words else None
        sought, look_share = look, 1.0 if meaning is None else 0.0
        if look is not None and meaning is not None:
            sought, meaning, look_share, _ = self.space.compose(look, meaning, words)
        return Query(
            words,
            split.rest,
            split.colours,
            split.refused,
            look,
            sought,
            meaning,
            look_share,
            request.item_number,
            request.frame,
            request.region,
            request.where,
        )

    def _checked_words(self, request: SearchRequest) -> str:
        words = " ".join(request.words.split())
        has_picture = request.picture is not None or request.item_number is not None
        if request.picture is not None and request.item_number is not None:
            raise InputError("a picture and an item were received; needed is one of them; leave one out")
        if not words and not has_picture:
            raise InputError("an empty search was received; needed are words, a picture or an item; give one")
        if request.region is not None and not has_picture:
            raise InputError("a part was marked without a picture; needed is a picture or an item; give one")
        if len(words) > self.config.max_words_chars:
            raise InputError(
                f"words of {len(words):,} characters were received; needed are at most "
                f"{self.config.max_words_chars:,}; shorten them"
            )
        return words

    def _look(self, request: SearchRequest) -> np.ndarray | None:
        region = None if request.region is None else with_context(request.region, self.config)
        if request.picture is not None:
            return self._look_of(self.decode(request.picture, region))
        number = request.item_number
        if number is None:
            return None
        if not 0 <= number < self.catalogue.size or not self.catalogue.live[number]:
            raise NotFoundError(f"there is no item number {number}; it may have been deleted; choose another")
        if request.frame is not None and self.frame_of is not None:
            return self._look_of(self.decode(self.frame_of(number, request.frame), region))
        if region is not None:
            return self._look_of(self.decode(self.picture_of(number), region))
        look = self.indexes.look.vectors(np.array([number], dtype=np.int64))
        # A new item can be shown before it is in the index; its picture says the same.
        return look if look.any() else self._look_of(self.decode(self.picture_of(number), None))

    def _look_of(self, pixels: Pixels) -> Embeddings:
        raw = self.encoders.pictures.encode_pictures([pixels])
        return self.space.look_of(raw, colour_shares(pixels)[None])

    def _meaning(self, words: str) -> Embeddings:
        return self.space.words_of(self.encoders.words.encode_words([words]), [words])


def with_context(region: Region, config: SearchConfig) -> Region:
    """The part with a little around it, which encoders need to tell what it is.

    Raises:
        InputError: it does not lie in the picture, or is too small to see anything.
    """
    ends = (region.x + region.width, region.y + region.height)
    is_inside = min(region.x, region.y) >= 0.0 and max(ends) <= 1.0 + 1e-6
    if not is_inside or min(region.width, region.height) < config.least_part:
        raise InputError(
            f"part {region.x:g},{region.y:g},{region.width:g},{region.height:g} was received; needed is x, "
            f"y, width and height from 0 to 1, inside the picture, each side at least {config.least_part:g}; "
            "mark a larger part"
        )
    aside, above = region.width * config.context_share, region.height * config.context_share
    x, y = max(0.0, region.x - aside), max(0.0, region.y - above)
    return Region(x, y, min(1.0, ends[0] + aside) - x, min(1.0, ends[1] + above) - y)
