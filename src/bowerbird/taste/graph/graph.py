"""This file is about the Taste Graph: who acted on what, what was put together, who asked for what, and when.

It is a fold over the event log: the same events in another order, late or twice over a restart give the same
graph, and a graph as of t is the graph of the events before t.
"""

from collections.abc import Callable, Sequence

import numpy as np

from bowerbird.core.actions import ACTION_CODES, INTEREST_WEIGHTS, Action
from bowerbird.lake.types import Event
from bowerbird.taste.graph.belongings import Belongings
from bowerbird.taste.graph.liked import LikedByAll
from bowerbird.taste.graph.marks import MARK, Marks, edges_of, every_one
from bowerbird.taste.graph.names import Names, query_key
from bowerbird.taste.graph.types import ENDS, NEVER, EdgeKind, Edges, NodeKind

MARKED = (EdgeKind.ACTED, EdgeKind.SAVED_TO, EdgeKind.KEEPS, EdgeKind.ASKED)
"""Kinds that the log tells of; the others are read out of these or out of the catalogue."""
NAMED = (NodeKind.PERSON, NodeKind.BOARD, NodeKind.QUERY)
FOUND_WITHIN_MS = 600_000
"""So long after a query an action counts as what it was asked for."""
_CLOCK_AHEAD_MS = 5_000
_SAYS_NOTHING = frozenset({Action.IMPRESSION, Action.DWELL, Action.SCREENSHOT})
"""Seen, not chosen: too many for a graph, and no sign of taste."""

_Row = tuple[int, int, int, float, int, bool]


class TasteGraph:
    """Marks by kind of edge, names by kind of node. One thread writes; edges that were read stay the same.

    Items go by the catalogue's numbers; `item_node` says which of them stands for the picture.
    """

    def __init__(
        self, names: dict[NodeKind, Names] | None = None, marks: dict[EdgeKind, Marks] | None = None
    ) -> None:
        self.names = names or {kind: Names() for kind in NAMED}
        self.marks = marks or {kind: Marks() for kind in MARKED}
        self.item_node = np.zeros(0, np.int64)
        self._belongings: dict[EdgeKind, Belongings] = {}
        self._liked = LikedByAll()
        self._version = 0
        self._kept: dict[EdgeKind, tuple[int, Edges]] = {}

    def apply(self, events: Sequence[Event], numbers_of: Callable[[list[str]], np.ndarray]) -> int:
        """What these events say is in the graph; gives how many marks that made.

        Events without consent, of unknown items, and mere impressions say nothing.

        Args:
            numbers_of: the catalogue's numbers of item ids, -1 for unknown ones.
        """
        told = [event for event in events if event.consent and event.action not in _SAYS_NOTHING]
        items = numbers_of([event.item_id for event in told]).tolist()
        rows: dict[EdgeKind, list[_Row]] = {kind: [] for kind in MARKED}
        for event, item in zip(told, items, strict=True):
            self._read(event, item, rows)
        for kind, more in rows.items():
            if more:
                self.marks[kind].append(np.array(more, MARK))
        self._version += 1
        return sum(len(more) for more in rows.values())

    def _read(self, event: Event, item: int, rows: dict[EdgeKind, list[_Row]]) -> None:
        at_ms = event.at_ms
        if 0 < event.received_ms < at_ms - _CLOCK_AHEAD_MS:
            at_ms = event.received_ms  # a clock ahead of ours
        action, code = event.action, ACTION_CODES[event.action]
        person = self.names[NodeKind.PERSON].number_of(event.person_id)
        weight = INTEREST_WEIGHTS.get(action, 0.0)
        if action in (Action.SEARCH, Action.VISUAL_SEARCH) and not event.item_id:
            if query := query_key(event.query):
                asked = self.names[NodeKind.QUERY].number_of(query)
                rows[EdgeKind.ASKED].append((person, asked, at_ms, 1.0, code, False))
            return
        if item >= 0:
            rows[EdgeKind.ACTED].append((person, item, at_ms, weight, code, False))
        if not event.board_id:
            return
        board = self.names[NodeKind.BOARD].number_of(event.board_id)
        is_public = 0.0 if event.facts.get("is_secret") else 1.0
        rows[EdgeKind.KEEPS].append((person, board, at_ms, is_public, code, action is Action.BOARD_DELETE))
        if item >= 0 and action in (Action.SAVE, Action.UNSAVE, Action.MOVE):
            is_end = action is Action.UNSAVE or event.facts.get("has_left") is True
            rows[EdgeKind.SAVED_TO].append((item, board, at_ms, 1.0, code, is_end))

    def edges(self, kind: EdgeKind) -> Edges:
        """All edges of a kind that there ever were, those taken back among them, items as pictures."""
        version, kept = self._kept.get(kind, (-1, Edges.none(kind)))
        if version != self._version:
            kept = self._made(kind)
            self._kept[kind] = (self._version, kept)
        return kept

    def as_of(self, kind: EdgeKind, t_ms: int | None) -> Edges:
        """Edges that held at t, of what was known before it; now where t is None."""
        edges = self.edges(kind)
        return edges.held() if t_ms is None else edges.as_of(t_ms)

    def secret_boards(self) -> np.ndarray:
        """bool [boards] what the newest event on each said of it."""
        marks = self.marks[EdgeKind.KEEPS].rows
        newest_last = marks[np.lexsort((-marks["weight"], marks["at_ms"]))]
        is_secret = np.zeros(len(self.names[NodeKind.BOARD]), bool)
        is_secret[newest_last["target"]] = newest_last["weight"] == 0  # the last one of several counts
        return is_secret

    def follow_copies(self, item_node: np.ndarray) -> None:
        """From now on items are these pictures: int64 [N] the item whose picture each one shows."""
        if not np.array_equal(item_node, self.item_node):
            self.item_node = item_node
            self._liked.begin_anew()
            self._version += 1

    def follow_belongings(self, kind: EdgeKind, belongings: Belongings) -> None:
        """From now on the edges of a kind are these, and nodes at their far end have these names."""
        self._belongings[kind] = belongings
        self.names[ENDS[kind][1]] = Names(belongings.names)
        self._version += 1

    def liked_before(self, t_ms: int) -> np.ndarray:
        """float64 [pictures] how much all people together liked each one before t."""
        return self._liked.before(self.marks[EdgeKind.ACTED], t_ms, self.nodes_of)

    def nodes_of(self, items: np.ndarray) -> np.ndarray:
        """int64 the picture of each item; an item beyond what is known of copies stands for itself."""
        if not len(self.item_node):
            return items
        known = self.item_node[np.minimum(items, len(self.item_node) - 1)]
        nodes: np.ndarray = np.where(items < len(self.item_node), known, items)
        return nodes

    def forget(self, kind: NodeKind, name: str) -> int:
        """A person, board or query is in no mark any more; gives how many marks there were."""
        number = self.names[kind].forget(name)
        return self._drop(kind, number) if number >= 0 else 0

    def forget_item(self, item: int) -> int:
        """An item is in no mark any more; gives how many there were."""
        return self._drop(NodeKind.ITEM, item)

    @property
    def size_bytes(self) -> int:
        """Of the marks in memory; names and edges that were read come on top."""
        return sum(each.size_bytes for each in self.marks.values())

    def _drop(self, node: NodeKind, number: int) -> int:
        gone = 0
        for kind, marks in self.marks.items():
            for end, wanted in zip(("source", "target"), ENDS[kind], strict=True):
                if wanted is node:
                    gone += marks.drop(end, number)
        self._liked.begin_anew()
        self._version += 1
        return gone

    def _made(self, kind: EdgeKind) -> Edges:
        if kind is EdgeKind.FOUND:
            return found_after(self.edges(EdgeKind.ASKED), self.edges(EdgeKind.ACTED))
        if kind not in MARKED:
            told = self._belongings.get(kind)
            return Edges.none(kind) if told is None else edges_of(kind, self._of_pictures(kind, told.marks()))
        marks = self.marks[kind].rows
        if kind in (EdgeKind.ACTED, EdgeKind.ASKED):
            return self._as_pictures(every_one(kind, marks))
        edges = self._as_pictures(edges_of(kind, self._of_pictures(kind, marks)))
        return self._until_boards_end(edges) if kind is EdgeKind.SAVED_TO else edges

    def _of_pictures(self, kind: EdgeKind, marks: np.ndarray) -> np.ndarray:
        """Copies are one node before pairs are read, so that two of them on a board are one edge."""
        if ENDS[kind][0] is not NodeKind.ITEM or not len(self.item_node):
            return marks
        alike = marks.copy()
        alike["source"] = self.nodes_of(marks["source"].astype(np.int64))
        return alike

    def _as_pictures(self, edges: Edges) -> Edges:
        sources, targets = (
            self.nodes_of(numbers) if node is NodeKind.ITEM else numbers
            for node, numbers in zip(ENDS[edges.kind], (edges.sources, edges.targets), strict=True)
        )
        return Edges(edges.kind, sources, targets, edges.at_ms, edges.until_ms, edges.weights, edges.actions)

    def _until_boards_end(self, edges: Edges) -> Edges:
        """What is on a board is so no longer than there is the board."""
        kept = self.edges(EdgeKind.KEEPS)
        ends_ms = np.full(len(self.names[NodeKind.BOARD]), NEVER)
        ended = kept.until_ms < NEVER
        np.minimum.at(ends_ms, kept.targets[ended], kept.until_ms[ended])
        until_ms = np.minimum(edges.until_ms, np.maximum(ends_ms[edges.targets], edges.at_ms))
        return Edges(
            edges.kind, edges.sources, edges.targets, edges.at_ms, until_ms, edges.weights, edges.actions
        )


def found_after(asked: Edges, acted: Edges) -> Edges:
    """Query → item for what its person liked within ten minutes, of the newest query before."""
    liked = acted.where(acted.weights > 0)
    if not len(asked) or not len(liked):
        return Edges.none(EdgeKind.FOUND)
    by_person = np.lexsort((asked.at_ms, asked.sources))
    # One axis for person and time: queries of a person lie together, oldest first.
    persons, times = asked.sources[by_person], asked.at_ms[by_person]
    place = _last_before(persons, times, liked.sources, liked.at_ms)
    safe = np.maximum(place, 0)
    is_soon = (place >= 0) & (persons[safe] == liked.sources)
    is_soon &= liked.at_ms - times[safe] <= FOUND_WITHIN_MS
    found = liked.where(is_soon)
    queries = asked.targets[by_person][safe[is_soon]]
    return Edges(
        EdgeKind.FOUND, queries, found.targets, found.at_ms, found.until_ms, found.weights, found.actions
    )


def _last_before(
    persons: np.ndarray, times: np.ndarray, of_persons: np.ndarray, of_times: np.ndarray
) -> np.ndarray:
    """int64 for each (person, time) asked: the last row of the sorted ones that is not after it; -1: none."""
    every = np.concatenate([persons, of_persons]), np.concatenate([times, of_times])
    is_asked = np.repeat([False, True], [len(persons), len(of_persons)])
    order = np.lexsort((is_asked, every[1], every[0]))
    rows_so_far = np.cumsum(~is_asked[order]) - 1
    found = np.empty(len(order), np.int64)
    found[order] = rows_so_far
    last: np.ndarray = found[len(persons) :]
    return last
