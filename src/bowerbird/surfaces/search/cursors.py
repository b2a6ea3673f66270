"""This file is about a search's cursor: enough of the search to answer it again, and how far one is."""

import zlib
from dataclasses import dataclass

import numpy as np
import orjson

from bowerbird.blend import CursorSigner
from bowerbird.core.errors import CursorError
from bowerbird.core.filters import Filter, parse_filter, to_json
from bowerbird.core.request import Region, SearchRequest
from bowerbird.surfaces.search.types import Query

KIND = "search"
MAX_FILTER_BYTES = 1_500
_HEAD_BYTES = 4


@dataclass(frozen=True, slots=True)
class Bookmark:
    """Where a person is in one list of hits.

    Attributes:
        list_id: request id of the first page.
        offset: hits shown so far.
        look: float32 [1, look_width] of an upload or a part, which cannot be read again; else None.
    """

    list_id: str
    offset: int
    words: str
    item_number: int | None
    region: Region | None
    where: Filter | None
    look: np.ndarray | None

    def request(self, asked: SearchRequest) -> SearchRequest:
        """The first page's request, as far as it is still needed."""
        return SearchRequest(
            asked.person_id,
            asked.limit,
            asked.now_ms,
            words=self.words,
            item_number=self.item_number,
            region=self.region,
            where=self.where,
            request_id=asked.request_id,
        )


def bookmark(list_id: str, query: Query, offset: int) -> Bookmark:
    """The place after `offset` hits."""
    look = None if query.is_item_itself else query.look
    return Bookmark(list_id, offset, query.words, query.item_number, query.region, query.where, look)


def write(signer: CursorSigner, person_id: str, place: Bookmark, stamp_text: str) -> str | None:
    """The cursor; None where the filter is too long for one, and the list ends with its first page.

    `stamp_text` says which space `place.look` is of.
    """
    region = place.region
    head = orjson.dumps(
        [
            place.list_id,
            place.offset,
            place.words,
            place.item_number,
            None if region is None else [region.x, region.y, region.width, region.height],
            None if place.where is None else to_json(place.where),
            _tag(stamp_text),
        ]
    )
    packed = zlib.compress(head)
    if len(packed) > MAX_FILTER_BYTES:
        return None
    # Half precision: the order of hits is the same but for ties, at half the length.
    look = b"" if place.look is None else place.look[0].astype("<f2").tobytes()
    return signer.seal(KIND, person_id, len(packed).to_bytes(_HEAD_BYTES, "big") + packed + look)


def read(signer: CursorSigner, person_id: str, cursor: str, stamp_text: str) -> Bookmark:
    """The place of a cursor, for a search in the space `stamp_text`.

    Words and items are looked up again in whatever space serves now; the vector of an upload cannot be.

    Raises:
        CursorError: not ours, not this person's, or of an upload before the encoder was changed.
    """
    body = signer.open(KIND, person_id, cursor)
    end = _HEAD_BYTES + int.from_bytes(body[:_HEAD_BYTES], "big")
    head = orjson.loads(zlib.decompress(body[_HEAD_BYTES:end]))
    list_id, offset, words, item_number, region, where, *tag = head
    look = np.frombuffer(body[end:], dtype="<f2").astype(np.float32)
    if len(look) and tag != [_tag(stamp_text)]:
        raise CursorError(
            "a cursor of an older encoder was received; its picture cannot be compared any more; "
            "search again with the picture"
        )
    return Bookmark(
        list_id,
        offset,
        words,
        item_number,
        None if region is None else Region(*region),
        None if where is None else parse_filter(where),
        look[None] if len(look) else None,
    )


def _tag(stamp_text: str) -> int:
    """A space in few digits."""
    return zlib.crc32(stamp_text.encode())
