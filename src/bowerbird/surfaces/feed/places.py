"""This file is about places: where a person is in one list, as a cursor says it."""

import zlib
from dataclasses import dataclass, field

import numpy as np
import orjson

from bowerbird.blend import CursorSigner, pack_numbers, unpack_numbers
from bowerbird.core.errors import CursorError
from bowerbird.core.filters import Filter, parse_filter, to_json

TAIL = 8
"""How many placements of the page before still space out the next one."""
MAX_FILTER_BYTES = 1_500
_HEAD_BYTES = 4


@dataclass(frozen=True, slots=True)
class Place:
    """A position in one list of one person.

    All that is needed to go on lies in it, so a cursor works after a restart too.

    Attributes:
        list_id: request id of the list's first page.
        page: 0 for the first.
        seed: of all chance in this list.
        where: the filter of the whole list.
        tail: the last placements, in order.
        shown: sorted int64 numbers of everything on the pages before.
    """

    list_id: str
    page: int
    seed: int
    where: Filter | None
    tail: tuple[int, ...] = ()
    shown: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=np.int64))

    def after(self, numbers: np.ndarray) -> "Place":
        """The place after a page with these items."""
        tail = (*self.tail, *numbers.tolist())[-TAIL:]
        return Place(
            self.list_id, self.page + 1, self.seed, self.where, tail, np.union1d(self.shown, numbers)
        )

    @property
    def page_seed(self) -> int:
        """Of the chance on this page."""
        return zlib.crc32(f"{self.seed}:{self.page}".encode())


@dataclass(frozen=True, slots=True)
class Places:
    """Turns places into cursors of one kind of list, and back."""

    signer: CursorSigner
    kind: str

    def begin(self, request_id: str, where: Filter | None) -> Place:
        """The start of a new list; its chance follows from the request id, so a page can be made again."""
        return Place(request_id, 0, zlib.crc32(request_id.encode()), where)

    def write(self, person_id: str, place: Place) -> str:
        """The cursor of a place."""
        where = _as_bytes(place.where)
        kept = where.decode() if len(where) <= MAX_FILTER_BYTES else ""
        head = orjson.dumps([place.list_id, place.page, place.seed, place.tail, zlib.crc32(where), kept])
        body = len(head).to_bytes(_HEAD_BYTES, "big") + head + pack_numbers(place.shown)
        return self.signer.seal(self.kind, person_id, body)

    def read(self, person_id: str, cursor: str, where: Filter | None) -> Place:
        """The place of a cursor.

        Args:
            where: the filter that came with the cursor, or None to go on with the list's own.

        Raises:
            CursorError: not ours, not this person's, or with another filter than the list's.
        """
        body = self.signer.open(self.kind, person_id, cursor)
        end = _HEAD_BYTES + int.from_bytes(body[:_HEAD_BYTES], "big")
        list_id, page, seed, tail, where_hash, kept = orjson.loads(body[_HEAD_BYTES:end])
        return Place(
            list_id, page, seed, _filter(where, where_hash, kept), tuple(tail), unpack_numbers(body[end:])
        )


def _filter(given: Filter | None, where_hash: int, kept: str) -> Filter | None:
    """The list's filter: the kept one, or the given one where it is the same."""
    if given is None and not kept:
        if where_hash == zlib.crc32(b""):
            return None
        raise CursorError(
            "a cursor of a list with a long filter was received without the filter; "
            "needed is the same filter as for the page before; send it along"
        )
    if given is None:
        return parse_filter(orjson.loads(kept))
    if zlib.crc32(_as_bytes(given)) != where_hash:
        raise CursorError(
            "a cursor was received with another filter than its list has; "
            "needed is the same filter as for the page before; ask again without the cursor"
        )
    return given


def _as_bytes(where: Filter | None) -> bytes:
    return b"" if where is None else orjson.dumps(to_json(where), option=orjson.OPT_SORT_KEYS)
