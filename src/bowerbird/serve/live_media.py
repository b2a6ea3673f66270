"""This file is about which pictures may be shown: those of live items, and no others."""

import threading

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from bowerbird.lake.lake import Lake

_HEX_DIGITS = 16


class LiveMedia:
    """The pictures of all live items, as 8 bytes each; a deleted item's picture is gone at once.

    Two pictures share their first 64 bits of sha256 once in 10^7 catalogues of a million; then one of
    them would still be shown after it was deleted.
    """

    def __init__(self, lake: Lake) -> None:
        self._lake = lake
        self._keys = np.empty(0, dtype=np.uint64)  # sorted, one for each item that shows the picture
        self._gone: set[int] = set()
        self._added: set[int] = set()
        self._loading = threading.Lock()

    def load(self) -> int:
        """Read all live items anew; how many pictures they show."""
        with self._loading:
            before = set(self._gone), set(self._added)
            parts = [_keys_of(batch.column(0)) for batch in self._lake.items.scan(["media_ids"])]
            keys = np.sort(np.concatenate(parts)) if parts else np.empty(0, dtype=np.uint64)
            # What came while we read stays noted; what was known before is in the table by now.
            self._keys, self._gone, self._added = keys, self._gone - before[0], self._added - before[1]
        return len(keys)

    def holds(self, sha: str) -> bool:
        """Whether a live item shows the picture."""
        key = int(sha[:_HEX_DIGITS], 16)
        return key in self._added or (self._count(key) > 0 and key not in self._gone)

    def add(self, sha: str) -> None:
        """A live item shows this picture now."""
        key = int(sha[:_HEX_DIGITS], 16)
        self._gone.discard(key)
        self._added.add(key)

    def drop(self, sha: str) -> None:
        """One item that showed this picture is gone; the others keep it."""
        key = int(sha[:_HEX_DIGITS], 16)
        if self._count(key) <= 1:
            self._added.discard(key)
            self._gone.add(key)

    def _count(self, key: int) -> int:
        keys, wanted = self._keys, np.uint64(key)
        return int(np.searchsorted(keys, wanted, "right") - np.searchsorted(keys, wanted, "left"))


def _keys_of(media_ids: pa.Array) -> np.ndarray:
    """[n] uint64 first eight bytes of each sha in a column of lists."""
    shas = pc.utf8_slice_codeunits(pc.list_flatten(media_ids), 0, _HEX_DIGITS)
    return np.frombuffer(bytes.fromhex("".join(shas.to_pylist())), dtype=">u8").astype(np.uint64)
