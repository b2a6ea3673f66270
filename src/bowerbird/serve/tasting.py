"""This file is about the Taste Graph and the interests of a running server: followed beside requests."""

import hashlib
import logging
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from bowerbird.core.clock import Clock
from bowerbird.core.errors import NotFoundError, StageUnavailableError
from bowerbird.core.memo import Memo
from bowerbird.lake.catalogue import Catalogue
from bowerbird.lake.lake import INTEREST_NAMES, Lake
from bowerbird.lake.records import WishRow
from bowerbird.retrieve.indexes import Indexes
from bowerbird.taste.config import DAY_MS
from bowerbird.taste.graph import EdgeKind, LiveGraph, NodeKind, Shelves, health_of
from bowerbird.taste.graph.health import GraphHealth
from bowerbird.taste.interest_tree import (
    InterestTree,
    Leaning,
    Profile,
    ProfileReader,
    Said,
    TreeConfig,
    Wish,
    load_tree,
    refreshed_tree,
    said_by,
    wishes_at,
)
from bowerbird.taste.interest_tree.queries import (
    MeaningOf,
    QueryInterests,
    QueryTold,
    found_by,
    query_interests,
)
from bowerbird.taste.interest_tree.wanted import Wanted

log = logging.getLogger(__name__)

_GROWN = 1.2
_LEAST_ITEMS = 24
_PEOPLE_KEPT = 5_000
_HEALTH_REST = 20.0
_HALF = np.float32(0.5**0.5)


class TasteNow:
    """What is known of tastes now. Reading waits for nobody; one thread follows."""

    def __init__(
        self,
        lake: Lake,
        catalogue: Catalogue,
        indexes: Callable[[], Indexes],
        clock: Clock,
        meaning_of: MeaningOf,
    ) -> None:
        """`meaning_of` gives vectors of queries, in the space of the words index."""
        self._lake, self._catalogue, self._indexes, self._clock = lake, catalogue, indexes, clock
        self._config = TreeConfig()
        self._meaning_of = meaning_of
        self._queries: QueryInterests | None = None
        self._live: LiveGraph | None = None
        self._shelves: tuple[int, Shelves] | None = None
        self._tree: InterestTree | None = None
        self._tree_seen = (0, 0)
        self._leaning = Leaning(self._config.prior)
        self._leaning_of = 0  # marks that it was fitted on
        self._made_of = (0, 0)  # live items, and those with vectors
        self._said: Memo[str, tuple[tuple[int, int], tuple[Said, ...]]] = Memo(_PEOPLE_KEPT)
        self._said_newest = (0, 0)
        self._health: tuple[GraphHealth, float] | None = None
        self._following = threading.Lock()

    def follow(self) -> None:
        """Reads what the log has more; makes the tree where there is none, or the catalogue has grown."""
        with self._following:
            if self._live is None:
                self._live = LiveGraph(self._lake, self._catalogue)
            self._live.follow()
            self._follow_tree(self._live)
            self._said_newest = self._lake.records.wishes.newest()  # another process may have stored some
            if self._shelves is None or self._shelves[0] != self._live.offset:
                self._shelves = (self._live.offset, Shelves(self._live.public_saves()))

    @property
    def tree(self) -> InterestTree | None:
        """The interests there are; None until they are made."""
        return self._tree

    @property
    def live(self) -> LiveGraph | None:
        """The graph, once it is read."""
        return self._live

    def save(self) -> None:
        """Keeps the graph for the next start."""
        if self._live is not None:
            self._live.save()

    def wanted(self, person_id: str, now_ms: int) -> Wanted | None:
        """What a person wants of their interests now; None for who said nothing."""
        tree, said = self._tree, self._said_of(person_id)
        if tree is None or not said:
            return None
        wishes = wishes_at(tree, said, now_ms + 1)
        text = f"{tree.ids}{wishes.factors.tobytes()!r}{wishes.forgotten_ms.tobytes()!r}"
        return Wanted(tree, wishes, hashlib.sha256(text.encode()).hexdigest()[:16])

    def profile(self, person_id: str, t_ms: int) -> tuple[InterestTree, Profile, ProfileReader]:
        """The person's interests as of t.

        Raises:
            StageUnavailableError: the tree is not made yet.
        """
        tree, live = self._tree, self._live
        if tree is None or live is None:
            raise _no_tree()
        live.follow()
        reader = ProfileReader(self._lake, live.graph, tree, self._vectors_of, self._config, self._leaning)
        return tree, reader.of(person_id, t_ms), reader

    def query(self, text: str) -> tuple[QueryInterests, QueryTold]:
        """What a query is about, as of now.

        Raises:
            StageUnavailableError: the tree is not made yet.
        """
        queries, live = self._queries, self._live
        if queries is None or live is None:
            raise _no_tree()
        live.follow()
        found, now_ms = found_by(live.graph, text), self._clock.now_ms()
        return queries, queries.of(self._meaning_of([text])[0], found, now_ms + 1, self._config)

    def wish(self, person_id: str, interest_id: str, wish: Wish, *, days: int) -> tuple[WishRow, str]:
        """Notes it; gives it with the wish it replaces, empty where there was none. `days` counts for a mute.

        Raises:
            NotFoundError: there is no such interest.
        """
        tree = self._tree
        if tree is None or tree.place_of(interest_id) < 0:
            raise NotFoundError(
                f"there is no interest {interest_id[:80]!r}; `GET /v1/taste/me` names those there are"
            )
        now_ms = self._clock.now_ms()
        held = wishes_at(tree, self._said_of(person_id), now_ms + 1).holding.get(interest_id)
        until_ms = now_ms + days * DAY_MS if wish is Wish.MUTE else -1
        row = self._lake.records.wishes.add(person_id, interest_id, wish, until_ms=until_ms)
        self._said.drop(person_id)
        return row, "" if held is None else str(held.wish)

    def together(self, number: int, k: int) -> list[tuple[int, float, int]]:
        """(item, score, shared boards) of what people put together with an item, best first, only live."""
        if self._live is None or self._shelves is None:
            return []
        (node,) = self._live.graph.nodes_of(np.array([number]))
        found = self._shelves[1].together_with(int(node), 2 * k)
        live = self._catalogue.live[found.items]
        rows = zip(
            found.items[live].tolist(), found.scores[live].tolist(), found.boards[live].tolist(), strict=True
        )
        return list(rows)[:k]

    def health(self) -> tuple[GraphHealth, Callable[[NodeKind, int], str]]:
        """How the graph is doing, and what names its nodes; all edges are read for it.

        So it is told again as it was for twenty times as long as it took to find out: at once on a small
        graph, minutes on one of millions, and never more than a twentieth of a core goes into it.

        Raises:
            StageUnavailableError: it is not read yet.
        """
        if self._live is None:
            raise StageUnavailableError(
                "the graph was asked for while it is being read; needed is a moment; ask again"
            )
        self._live.follow()
        health, until_s = self._health or (None, 0.0)
        if health is None or time.monotonic() > until_s:
            began_s = time.monotonic()
            health = health_of(self._live.graph, self._clock.now_ms())
            ended_s = time.monotonic()
            self._health = (health, ended_s + _HEALTH_REST * (ended_s - began_s))
        return health, self._live.id_of

    def near(self, number: int, k: int) -> list[int]:
        """Items that look most like one, best first, live ones only; none where it cannot be looked at."""
        look = self._indexes().look
        vector = look.vectors(np.array([number]))
        if not vector.any():
            return []
        found = look.search(vector, k + 1).numbers[0]
        live = found[(found >= 0) & (found != number)]
        return [int(each) for each in live[self._catalogue.live[live]]][:k]

    def _said_of(self, person_id: str) -> tuple[Said, ...]:
        kept, newest = self._said.get(person_id), self._said_newest
        if kept is None or kept[0] != newest:
            said = said_by(self._lake.records.wishes.of(person_id))
            kept = self._said.keep(person_id, (newest, said))
        return kept[1]

    def _follow_tree(self, live: LiveGraph) -> None:
        before = self._tree
        seen = _seen(self._lake.path / INTEREST_NAMES)
        if seen != self._tree_seen:  # made here before, or by a command
            self._tree, self._tree_seen = load_tree(self._lake.path), seen
            self._made_of = (0, 0) if self._tree is None else _made_of(self._tree)
        there = self._catalogue.count(), len(self._indexes().look)
        # Beside what it was made of then, not beside what it placed: some items are never placed.
        has_grown = any(now > _GROWN * then for now, then in zip(there, self._made_of, strict=True))
        if there[0] >= _LEAST_ITEMS and (self._tree is None or has_grown):
            every = self._vectors_of(np.arange(self._catalogue.size))
            self._tree, told = refreshed_tree(self._lake, self._catalogue, every, self._config)
            self._tree_seen, self._made_of = _seen(self._lake.path / INTEREST_NAMES), there
            log.info("interests made", extra={"interests": len(self._tree), "ece": told.ece})
        if self._tree is not None and self._tree is not before:
            live.follow_interests(self._tree.ids, self._tree.leaf_of)
            live_titles = [
                self._catalogue.title(number) if is_live else ""
                for number, is_live in enumerate(self._catalogue.live.tolist())
            ]
            width = self._indexes().look.width
            self._queries = query_interests(self._tree, live_titles, self._meaning_of, width)
            self._leaning_of = 0
        marks = len(live.graph.marks[EdgeKind.ACTED])
        if self._tree is not None and marks > _GROWN * self._leaning_of:
            fitted = ProfileReader.fitted(self._lake, live.graph, self._tree, self._vectors_of, self._config)
            self._leaning, self._leaning_of = fitted.leaning, marks

    def _vectors_of(self, numbers: np.ndarray) -> np.ndarray:
        indexes = self._indexes()
        look, words = indexes.look.vectors(numbers), indexes.words.vectors(numbers)
        return np.concatenate([look, words], axis=1) * _HALF


def _made_of(tree: InterestTree) -> tuple[int, int]:
    """What a tree from the disk was made of at least."""
    return len(tree.leaf_of), int(np.count_nonzero(tree.leaf_of >= 0))


def _seen(path: Path) -> tuple[int, int]:
    """What tells that a file was put in place anew."""
    try:
        stat = path.stat()
    except FileNotFoundError:
        return (0, 0)
    return (stat.st_mtime_ns, stat.st_ino)


def _no_tree() -> StageUnavailableError:
    return StageUnavailableError(
        "interests were asked for; needed is a tree, which is made from the catalogue within seconds "
        "of the start, where it has items enough; ask again, or run `bowerbird taste interests`"
    )
