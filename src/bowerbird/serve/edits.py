"""This file is about changing the catalogue over HTTP: one item in, one item out, both true when answered."""

import hashlib

from bowerbird.core.errors import ConflictError, NotFoundError, PictureError
from bowerbird.lake.catalogue import Catalogue
from bowerbird.lake.decoding import DecodePool
from bowerbird.lake.importing.batch import Batch, ReadyRow, row_hash_of, store
from bowerbird.lake.items import delete_items
from bowerbird.lake.lake import Lake
from bowerbird.lake.types import ItemFields
from bowerbird.lake.video.formats import START_BYTES, video_kind
from bowerbird.serve.background import Sync

SOURCE = "api"


class Edits:
    """Adds and deletes items the way an import does, one at a time."""

    def __init__(
        self, lake: Lake, catalogue: Catalogue, decode: DecodePool, videos: DecodePool, sync: Sync
    ) -> None:
        """Pictures are decoded by one pool and videos by another: a video takes long."""
        self._lake = lake
        self._catalogue = catalogue
        self._decode = decode
        self._videos = videos
        self._sync = sync

    def add(self, fields: ItemFields, content: bytes) -> bytes:
        """The new item's card; it can be searched for on return. Under a known id, the item is changed.

        Raises:
            PictureError: the picture or video cannot be used.
            OverloadedError: too many files wait to be decoded.
        """
        sha = hashlib.sha256(content).hexdigest()
        pool = self._decode if video_kind(content[:START_BYTES]) is None else self._videos
        picture = pool.decode(content, wait=False)
        row = ReadyRow(0, "upload", fields, f"{row_hash_of(fields, [])[:24]}{sha[:8]}", (sha,))
        stored = store(self._lake, Batch([row], {sha: content}, {sha: picture}), SOURCE)
        for reject in stored.rejects:
            if reject.code == "forgotten":
                raise ConflictError(
                    f"item {fields.id[:80]!r} was forgotten, and was sent again; needed is another id; "
                    "if it may come back, import it with `--take-back`"
                )
            raise PictureError(reject.received, code=reject.code, hint=reject.hint)
        number = int(self._lake.records.numbers.find([fields.id])[0])
        self._sync.include(number)
        return self._catalogue.card(number)

    def delete(self, item_id: str) -> None:
        """The item is on no page any more.

        Raises:
            NotFoundError: there is no such item.
        """
        if delete_items(self._lake, [item_id]) == 0:
            raise NotFoundError(
                f"there is no item {item_id[:80]!r}; it was never here, or was deleted before"
            )
        self._sync.exclude_deleted()
