"""This file is about the embedded vector index: a settled snapshot, a fresh tail, and flags for what is gone.

Readers take one immutable `IndexState` and work on it without locks; writers make the next one.
"""

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from bowerbird.core.arrays import Embeddings, ItemMask, ItemNumbers
from bowerbird.core.filters import Filter
from bowerbird.retrieve.config import IndexConfig
from bowerbird.retrieve.exact_index import kept
from bowerbird.retrieve.fresh_rows import FreshRows
from bowerbird.retrieve.index_state import IndexState, hiding, state_of, still_live
from bowerbird.retrieve.nearest import checked_queries, checked_rows, joined
from bowerbird.retrieve.payload import PayloadColumns
from bowerbird.retrieve.rows import Selection
from bowerbird.retrieve.snapshot import Snapshot, build_snapshot
from bowerbird.retrieve.snapshot_files import load_snapshot, save_snapshot
from bowerbird.retrieve.types import FilterColumns, Hits

log = logging.getLogger(__name__)

_KEPT_SELECTIONS = 16


class FaissIndex:
    """Nearest neighbours in process; a `VectorIndex`. Single-threaded a call, safe to share by threads."""

    def __init__(
        self,
        width: int,
        *,
        stamp_text: str = "",
        columns: FilterColumns | None = None,
        config: IndexConfig | None = None,
    ) -> None:
        self._width = width
        self._stamp_text = stamp_text
        self._own = PayloadColumns()
        self._columns: FilterColumns = self._own if columns is None else columns
        self._config = config or IndexConfig()
        self._lock = threading.Lock()
        self._merge_lock = threading.Lock()
        self._merging: threading.Thread | None = None
        self._selections: OrderedDict[tuple[Filter | None, int, int], Selection] = OrderedDict()
        empty = build_snapshot(np.empty(0, np.int64), np.empty((0, width), np.float32), self._config)
        self._state = state_of(empty, FreshRows.empty(width), 0)

    @classmethod
    def build(
        cls,
        numbers: ItemNumbers,
        vectors: Embeddings,
        *,
        stamp_text: str = "",
        columns: FilterColumns | None = None,
        config: IndexConfig | None = None,
    ) -> "FaissIndex":
        """An index of [N] items with [N, D] vectors, its lists built and calibrated."""
        index = cls(vectors.shape[1], stamp_text=stamp_text, columns=columns, config=config)
        unique, checked = checked_rows(numbers, vectors, width=index.width)
        index._own.put(unique, None)
        index._settle(build_snapshot(unique, checked, index._config))
        return index

    @classmethod
    def load(
        cls,
        folder: Path,
        *,
        width: int,
        stamp_text: str,
        columns: FilterColumns | None = None,
        config: IndexConfig | None = None,
    ) -> tuple["FaissIndex", int]:
        """The index that `save` wrote, memory-mapped, and the lake version it was saved with.

        Raises:
            IncompatibleIndexError: there is none, it is damaged, or of another space.
        """
        index = cls(width, stamp_text=stamp_text, columns=columns, config=config)
        snapshot, lake_version = load_snapshot(folder, width=width, stamp_text=stamp_text)
        index._own.put(snapshot.rows.numbers, None)
        index._settle(snapshot)
        return index, lake_version

    def save(self, folder: Path, *, lake_version: int) -> None:
        """Merge and write everything; replaces what was there at one stroke.

        `lake_version` says which changes of the lake are in; stored beside the rows.
        """
        self.merge()
        save_snapshot(self._state.snapshot, folder, stamp_text=self._stamp_text, lake_version=lake_version)

    @property
    def stamp_text(self) -> str:
        """Which encoder, version and space the vectors come from."""
        return self._stamp_text

    @property
    def width(self) -> int:
        """D, the width of its vectors."""
        return self._width

    @property
    def fresh(self) -> int:
        """How many rows wait in the tail, replaced ones included."""
        return len(self._state.tail.numbers)

    @property
    def hidden(self) -> int:
        """How many rows of the snapshot are deleted or replaced."""
        return self._state.hidden

    @property
    def lists(self) -> int:
        """How many inverted lists there are; 0: everything is scanned."""
        lists = self._state.snapshot.lists
        return 0 if lists is None else len(lists.inverted)

    @property
    def is_due(self) -> bool:
        """Whether the tail, or what is gone from the snapshot, has grown enough to be merged."""
        state = self._state
        limit = self._config.tail_limit(len(state.snapshot))
        return len(state.tail.numbers) > limit or state.hidden > limit

    def numbers(self) -> ItemNumbers:
        """[N] every item number that can be found, in no order."""
        state = self._state
        settled = state.snapshot.rows.numbers
        return np.concatenate([settled[state.is_live[settled]], state.tail.numbers[state.tail.is_live]])

    def __len__(self) -> int:
        state = self._state
        return len(state.snapshot) - state.hidden + len(state.tail)

    def probes(self, effort: float, rank: int = 10) -> int | None:
        """How many lists are searched for this recall at this depth; None: an exact scan."""
        return self._state.snapshot.probes(effort, rank)

    def search(self, queries: Embeddings, k: int, where: Filter | None = None, effort: float = 0.97) -> Hits:
        """The k nearest items of each query.

        Args:
            queries: [Q, D]
            k: at least 1.
            where: only items that the filter keeps.
            effort: recall to aim for at depth k; 1 is exact.

        Raises:
            IncompatibleIndexError: the queries have another width.
            FilterError: the filter names an unknown field.
        """
        checked = checked_queries(queries, k, width=self._width)
        state = self._state
        if where is None:
            live = state.is_live if state.hidden else None
            whole = state.snapshot.search(checked, k, effort, live)
            found = self._among(state, checked, k, effort, None, 0, state.is_live) if whole is None else whole
            fresh = state.tail.search(checked, k) if len(state.tail) else None
        else:
            version = self._columns.version
            mask = self._columns.mask(where)
            found = self._among(state, checked, k, effort, where, version, mask)
            keep = kept(mask, state.tail.numbers)
            fresh = state.tail.search(checked, k, keep) if keep.any() else None
        return found if fresh is None else joined(found, fresh, k)

    def vectors(self, numbers: ItemNumbers) -> Embeddings:
        """[C, D] the stored vectors; a row of zeros where the item is not there."""
        state = self._state
        rows = state.snapshot.rows.rows_of(numbers)
        is_settled = rows >= 0
        if is_settled.all() and state.is_live[numbers].all():  # the common case, copied once
            return np.asarray(state.snapshot.rows.vectors[rows], dtype=np.float32)
        found = np.zeros((len(numbers), self._width), dtype=np.float32)
        settled = np.flatnonzero(is_settled)
        settled = settled[state.is_live[numbers[settled]]]
        found[settled] = state.snapshot.rows.vectors[rows[settled]]
        if len(state.tail):
            fresh = state.tail.rows_of(numbers)
            found[fresh >= 0] = state.tail.vectors[fresh[fresh >= 0]]
        return found

    def upsert(
        self,
        numbers: ItemNumbers,
        vectors: Embeddings,
        payload: Sequence[Mapping[str, Any]] | None = None,
    ) -> None:
        """Add or replace; searchable on return. `payload` is for indexes without a catalogue."""
        unique, checked = checked_rows(numbers, vectors, width=self._width)
        with self._lock:
            self._own.put(numbers, payload)
            state = hiding(self._state, unique)
            self._state = replace(state, tail=state.tail.with_rows(unique, checked))
        self._merge_if_grown()

    def delete(self, numbers: ItemNumbers) -> None:
        """Forget; gone from searches on return."""
        with self._lock:
            state = hiding(self._state, numbers)
            self._state = replace(state, tail=state.tail.without(numbers))
            self._own.forget(numbers)
        self._merge_if_grown()

    def merge(self, *, is_new: bool = False) -> None:
        """Bring the tail into the lists and drop what is gone; searches go on meanwhile.

        Centres are trained again only when the catalogue has doubled or halved since, or with `is_new`.
        """
        with self._merge_lock:
            state = self._state
            if not len(state.tail.numbers) and not state.hidden and not is_new:
                return
            started = time.perf_counter()
            snapshot = self._rebuilt(state, is_new=is_new)
            with self._lock:
                now = self._state
                kept_rows = still_live(state, now, snapshot)
                tail = now.tail.since(len(state.tail.numbers))
                self._state = replace(
                    state_of(snapshot, tail, now.settled_version + 1),
                    is_live=kept_rows,
                    hidden=len(snapshot) - int(np.count_nonzero(kept_rows)),
                )
        seconds = round(time.perf_counter() - started, 3)
        log.info("index merged", extra={"items": len(snapshot), "seconds": seconds})

    def wait(self) -> None:
        """Return when no background merge is running."""
        merging = self._merging
        if merging is not None:
            merging.join()

    def recalibrate(self, queries: Embeddings) -> None:
        """Learn again how many lists an effort needs, from queries [Q, D] as people really ask them."""
        checked = checked_queries(queries, 1, width=self._width)
        with self._merge_lock:
            taught = self._state.snapshot.recalibrated(checked)
            with self._lock:
                self._state = replace(self._state, snapshot=taught)

    def _settle(self, snapshot: Snapshot) -> None:
        with self._lock:
            self._state = state_of(snapshot, FreshRows.empty(self._width), self._state.settled_version + 1)

    def _among(
        self,
        state: IndexState,
        queries: np.ndarray,
        k: int,
        effort: float,
        where: Filter | None,
        version: int,
        mask: ItemMask,
    ) -> Hits:
        few = min(self._config.exact_below_fraction * len(state.snapshot), self._config.exact_below_rows)
        chosen = self._selection(state, where, version, mask)
        return state.snapshot.search_among(queries, k, effort, chosen, exact_below=few)

    def _selection(self, state: IndexState, where: Filter | None, version: int, mask: ItemMask) -> Selection:
        key = (where, version, state.settled_version)
        held = self._selections.get(key)
        if held is None:
            keep = state.is_live.copy()
            shared = min(len(mask), len(keep))
            keep[:shared] &= mask[:shared]
            keep[shared:] = False
            held = state.snapshot.select(keep)
            with self._lock:
                self._selections[key] = held
                while len(self._selections) > _KEPT_SELECTIONS:
                    self._selections.popitem(last=False)
        return held

    def _rebuilt(self, state: IndexState, *, is_new: bool) -> Snapshot:
        rows, tail = state.snapshot.rows, state.tail
        settled = state.is_live[rows.numbers]
        numbers = np.concatenate([rows.numbers[settled], tail.numbers[tail.is_live]])
        vectors = np.concatenate([rows.vectors[settled], tail.vectors[tail.is_live]])
        lists = state.snapshot.lists
        trained_rows = 0 if lists is None else lists.trained_rows
        is_alike = not is_new and trained_rows / 2 <= len(numbers) <= trained_rows * 2
        return build_snapshot(numbers, vectors, self._config, centres=lists if is_alike else None)

    def _merge_if_grown(self) -> None:
        if not self._config.merge_in_background or not self.is_due:
            return
        with self._lock:
            if self._merging is not None and self._merging.is_alive():
                return
            self._merging = threading.Thread(target=self._merge_soon, name="index-merge", daemon=True)
            self._merging.start()

    def _merge_soon(self) -> None:
        try:
            while self.is_due:
                self.merge()
        except Exception:  # outermost frame of the thread; the rows stay findable in the tail
            log.exception("index merge failed")
