"""This file is about memos: the newest few results kept, so that no question is worked out twice."""

import threading
from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Memo(Generic[K, V]):
    """At most `size` results by key; the longest unused goes first. Safe to share between threads."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._kept: OrderedDict[K, V] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: K) -> V | None:
        """What was kept under this key."""
        with self._lock:
            if key not in self._kept:
                return None
            self._kept.move_to_end(key)
            return self._kept[key]

    def keep(self, key: K, value: V) -> V:
        """`value`, from now on kept under this key in place of what was there."""
        with self._lock:
            self._kept[key] = value
            self._kept.move_to_end(key)
            self._shrink()
        return value

    def keep_first(self, key: K, value: V) -> V:
        """What is kept under this key: `value`, unless another thread came first."""
        with self._lock:
            kept = self._kept.setdefault(key, value)
            self._kept.move_to_end(key)
            self._shrink()
        return kept

    def drop(self, key: K) -> None:
        """Forget this key."""
        with self._lock:
            self._kept.pop(key, None)

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._kept.clear()

    def __len__(self) -> int:
        return len(self._kept)

    def _shrink(self) -> None:
        while len(self._kept) > self._size:
            self._kept.popitem(last=False)
