"""This file is about marks: what the log said of one pair of nodes at one moment, in growing columns.

Marks may come late and in any order; edges are read out of them, so that the order in which they came makes
no difference.
"""

from collections.abc import Sequence

import numpy as np

from bowerbird.taste.graph.types import NEVER, EdgeKind, Edges

MARK = np.dtype(
    [
        ("source", np.int32),
        ("target", np.int32),
        ("at_ms", np.int64),
        ("weight", np.float32),
        ("action", np.int8),
        ("ends", np.bool_),
    ]
)
"""22 bytes a mark; `ends` says that the pair was parted at that moment."""

_LEAST_ROOM = 1024
_RESORT_SHARE = 0.25


class Marks:
    """All marks of one kind of edge. One thread at a time writes; what was read stays as it was."""

    def __init__(self, rows: np.ndarray | None = None) -> None:
        self._rows = np.zeros(0, MARK) if rows is None else rows
        self._count = len(self._rows)
        self._by: dict[str, tuple[np.ndarray, np.ndarray]] = {}  # rows in order of a node, and its number

    def __len__(self) -> int:
        return self._count

    @property
    def rows(self) -> np.ndarray:
        """`MARK` [M] in the order in which they came."""
        return self._rows[: self._count]

    @property
    def size_bytes(self) -> int:
        """Of the columns, room for more and the orders by node."""
        return self._rows.nbytes + sum(part.nbytes for pair in self._by.values() for part in pair)

    def append(self, rows: Sequence[tuple[int, int, int, float, int, bool]] | np.ndarray) -> None:
        """More of them."""
        more = np.asarray(rows, MARK)
        needed = self._count + len(more)
        if needed > len(self._rows):
            grown = np.zeros(max(needed, len(self._rows) * 3 // 2, _LEAST_ROOM), MARK)
            grown[: self._count] = self.rows
            self._rows = grown
        self._rows[self._count : needed] = more
        self._count = needed

    def of(self, end: str, number: int) -> np.ndarray:
        """`MARK` [m] all marks with this node at one end, in the order in which they came.

        Args:
            end: `source` or `target`.
        """
        column = self.rows[end]
        order, numbers = self._by.get(end, (np.zeros(0, np.int64), np.zeros(0, np.int32)))
        if self._count - len(order) > _RESORT_SHARE * max(self._count, _LEAST_ROOM):
            order = np.argsort(column, kind="stable")
            numbers = column[order]
            self._by[end] = order, numbers
        first, last = np.searchsorted(numbers, np.array([number, number + 1], np.int32))
        newer = len(order) + np.flatnonzero(column[len(order) :] == number)
        found: np.ndarray = self.rows[np.concatenate([order[first:last], newer])]
        return found

    def drop(self, end: str, number: int) -> int:
        """No mark with this node at that end is left; gives how many there were."""
        keep = self.rows[end] != number
        gone = int(self._count - keep.sum())
        if gone:
            self._rows = self.rows[keep]
            self._count = len(self._rows)
            self._by.clear()
        return gone


def edges_of(kind: EdgeKind, marks: np.ndarray) -> Edges:
    """Edges out of marks: a pair is joined from a mark that joins it to the next one that ends it.

    A second mark that joins what is joined already changes nothing; one that ends what is not joined neither.
    At one and the same moment the end comes last.

    Args:
        marks: `MARK` [M] in any order.
    """
    columns = ("weight", "action", "ends", "at_ms", "target", "source")
    marks = marks[np.lexsort([marks[name] for name in columns])]
    is_same_pair = np.zeros(len(marks), bool)
    is_same_pair[1:] = (np.diff(marks["source"]) == 0) & (np.diff(marks["target"]) == 0)
    was_joined = np.zeros(len(marks), bool)
    was_joined[1:] = is_same_pair[1:] & ~marks["ends"][:-1]
    changes = marks["ends"] == was_joined  # joins what is parted, or ends what is joined
    marks, is_same_pair = marks[changes], is_same_pair[changes]
    joins = np.flatnonzero(~marks["ends"])
    until_ms = np.full(len(joins), NEVER)
    after = np.minimum(joins + 1, len(marks) - 1)
    # Among what changes anything, joins and ends of a pair take turns.
    has_end = marks["ends"][after]
    until_ms[has_end] = marks["at_ms"][after[has_end]]
    return _sorted(kind, marks[joins], until_ms)


def every_one(kind: EdgeKind, marks: np.ndarray) -> Edges:
    """Each mark as an edge of its own, for kinds that are never taken back."""
    return _sorted(kind, marks, np.full(len(marks), NEVER))


def _sorted(kind: EdgeKind, marks: np.ndarray, until_ms: np.ndarray) -> Edges:
    order = np.lexsort((marks["action"], marks["target"], marks["source"], marks["at_ms"]))
    marks = marks[order]
    return Edges(
        kind,
        marks["source"].astype(np.int64),
        marks["target"].astype(np.int64),
        marks["at_ms"].copy(),
        until_ms[order],
        marks["weight"].copy(),
        marks["action"].copy(),
    )
