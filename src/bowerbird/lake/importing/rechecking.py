"""This file is about pictures behind addresses that stay the same: asked for again, as they may be others."""

import hashlib
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import replace

from bowerbird.lake.fetching.fetcher import Fetcher
from bowerbird.lake.fetching.types import Fetched, FetchError, Stamp
from bowerbird.lake.importing.reading import FoundRow
from bowerbird.lake.importing.remote_base import is_address
from bowerbird.lake.importing.types import PictureRef, RowError
from bowerbird.lake.lake import Lake

_WRITTEN_AT_ONCE = 500


class FetchMemory:
    """Remembers what servers said of pictures. Safe for threads."""

    def __init__(self, lake: Lake) -> None:
        self._lake = lake
        self._waiting: dict[str, tuple[str, str]] = {}
        self._lock = threading.Lock()

    def note(self, address: str, fetched: Fetched) -> None:
        """The picture of this address was fetched."""
        if fetched.stamp == Stamp():
            return
        with self._lock:
            self._waiting[address] = (fetched.stamp.etag, fetched.stamp.last_modified)
            if len(self._waiting) < _WRITTEN_AT_ONCE:
                return
            waiting, self._waiting = self._waiting, {}
        self._lake.records.fetches.put_many(waiting)

    def stamps_of(self, addresses: Sequence[str]) -> dict[str, Stamp]:
        """What is remembered of these addresses."""
        return {
            address: Stamp(*said) for address, said in self._lake.records.fetches.get_many(addresses).items()
        }

    def close(self) -> None:
        """Everything noted is stored."""
        with self._lock:
            waiting, self._waiting = self._waiting, {}
        self._lake.records.fetches.put_many(waiting)


class Rechecker:
    """Finds rows that are known and whose pictures are others by now."""

    def __init__(self, lake: Lake, fetcher: Fetcher, memory: FetchMemory, threads: Executor) -> None:
        self._lake = lake
        self._fetcher = fetcher
        self._memory = memory
        self._threads = threads
        self.failed: Counter[str] = Counter()

    def changed(self, rows: Sequence[FoundRow]) -> Iterator[FoundRow]:
        """Those of a few rows whose pictures changed, with the new pictures; the others stay as they are."""
        refs = [ref for row in rows for ref in row.refs if isinstance(ref, PictureRef) and _is_asked_for(ref)]
        stamps = self._memory.stamps_of([ref.name for ref in refs])
        fetched = self._threads.map(lambda ref: self._asked(ref, stamps.get(ref.name, Stamp())), refs)
        contents = dict(zip([ref.name for ref in refs], fetched, strict=True))
        stored = self._lake.items.take([row.id for row in rows], ["id", "media_ids"]).to_pylist()
        media = {row["id"]: set(row["media_ids"] or ()) for row in stored}
        for row in rows:
            found = tuple(_with_content(ref, contents, media.get(row.id, set())) for ref in row.refs)
            if found != row.refs:
                yield replace(row, refs=found)

    def _asked(self, ref: PictureRef, stamp: Stamp) -> bytes | None:
        try:
            fetched = self._fetcher.fetch_changed(ref.name, stamp)
        except FetchError as error:
            self.failed[f"not-rechecked-{error.code}"] += 1
            return None
        if fetched is None:
            return None
        self._memory.note(ref.name, fetched)
        return fetched.content


def _is_asked_for(ref: PictureRef) -> bool:
    return ref.content is None and is_address(ref.name)


def _with_content(
    ref: PictureRef | RowError, contents: dict[str, bytes | None], known: set[str]
) -> PictureRef | RowError:
    content = contents.get(ref.name) if isinstance(ref, PictureRef) else None
    if content is None or hashlib.sha256(content).hexdigest() in known:
        return ref
    assert isinstance(ref, PictureRef)
    return replace(ref, content=content, size_bytes=len(content))
