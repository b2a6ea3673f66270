from collections.abc import Sequence
from dataclasses import astuple
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bowerbird.core.actions import ACTION_CODES, Action
from bowerbird.lake.types import Event
from bowerbird.taste.graph import EdgeKind, Edges, NodeKind, Shelves, TasteGraph, health_of
from bowerbird.taste.graph.belongings import Belongings
from bowerbird.taste.graph.health import degrees
from bowerbird.taste.graph.marks import MARK, Marks
from bowerbird.taste.graph.snapshot import Kept, load, save

ITEMS = 6
LOOKED_AT = (EdgeKind.ACTED, EdgeKind.SAVED_TO, EdgeKind.KEEPS, EdgeKind.ASKED, EdgeKind.FOUND)
MINUTE_MS = 60_000


def numbers_of(ids: Sequence[str]) -> np.ndarray:
    return np.array([int(id_[1:]) if id_ and int(id_[1:]) < ITEMS else -1 for id_ in ids], np.int64)


def event(
    action: Action,
    at_ms: int,
    *,
    person: str = "ann",
    item: str = "",
    board: str = "",
    query: str = "",
    **more: object,
) -> Event:
    id_ = f"{action}-{at_ms}-{person}-{item}-{board}-{query}"
    return Event.model_validate(
        {"event_id": id_, "action": action, "at_ms": at_ms, "person_id": person, "item_id": item,
         "board_id": board, "query": query, **more}
    )  # fmt: skip


def graph_of(events: Sequence[Event]) -> TasteGraph:
    graph = TasteGraph()
    graph.apply(events, numbers_of)
    return graph


def named(graph: TasteGraph, edges: Edges) -> list[tuple[object, ...]]:
    """Edges by outside names, so that graphs that numbered their nodes differently can be compared."""
    rows = []
    for row in zip(*astuple(edges)[1:], strict=True):
        source, target, *rest = (each.item() for each in row)
        kinds = {
            EdgeKind.ACTED: (NodeKind.PERSON, None), EdgeKind.SAVED_TO: (None, NodeKind.BOARD),
            EdgeKind.KEEPS: (NodeKind.PERSON, NodeKind.BOARD),
            EdgeKind.ASKED: (NodeKind.PERSON, NodeKind.QUERY), EdgeKind.FOUND: (NodeKind.QUERY, None),
        }[edges.kind]  # fmt: skip
        ends = [
            str(number) if kind is None else graph.names[kind].id_of(number)
            for kind, number in zip(kinds, (source, target), strict=True)
        ]
        rows.append((*ends, *rest))
    return sorted(rows, key=str)


def drawn_events() -> st.SearchStrategy[list[Event]]:
    actions = st.sampled_from(
        [
            Action.SAVE,
            Action.UNSAVE,
            Action.MOVE,
            Action.CLICK,
            Action.SEARCH,
            Action.BOARD_DELETE,
            Action.HIDE,
        ]
    )

    def made(
        action: Action, at: int, person: str, item: int, board: str, query: str, has_left: bool
    ) -> Event:
        is_search = action is Action.SEARCH
        facts = {"has_left": True} if has_left and action is Action.MOVE else {}
        return event(
            action, at * MINUTE_MS, person=person, item="" if is_search else f"i{item}",
            board="" if is_search else board, query=query if is_search else "", facts=facts,
        )  # fmt: skip

    one = st.builds(
        made, actions, st.integers(0, 40), st.sampled_from(["ann", "bob"]), st.integers(0, ITEMS),
        st.sampled_from(["", "b1", "b2"]), st.sampled_from(["red", "blue "]), st.booleans(),
    )  # fmt: skip
    return st.lists(one, max_size=25, unique_by=lambda each: each.event_id)


@given(events=drawn_events(), seed=st.integers(0, 99), t=st.integers(0, 42))
@settings(max_examples=150, deadline=None)
def test_graph_as_of_t_is_the_graph_of_the_events_before_t_in_any_order(
    events: list[Event], seed: int, t: int
) -> None:
    t_ms = t * MINUTE_MS
    rng = np.random.default_rng(seed)
    late = [events[place] for place in rng.permutation(len(events))]
    whole, before = TasteGraph(), graph_of([each for each in events if each.at_ms < t_ms])
    for part in np.array_split(np.arange(len(late)), 3):
        whole.apply([late[place] for place in part], numbers_of)

    for kind in LOOKED_AT:
        assert named(whole, whole.as_of(kind, t_ms)) == named(before, before.as_of(kind, None)), kind
        assert named(whole, whole.edges(kind)) == named(graph_of(events), graph_of(events).edges(kind)), kind


@given(events=drawn_events())
@settings(max_examples=60, deadline=None)
def test_pairs_are_joined_exactly_when_the_newest_word_on_them_says_so(events: list[Event]) -> None:
    graph = graph_of(events)
    word: dict[tuple[str, str], tuple[int, bool]] = {}
    deleted: dict[str, int] = {}
    for each in events:
        if each.action is Action.BOARD_DELETE and each.board_id:
            deleted[each.board_id] = max(deleted.get(each.board_id, -1), each.at_ms)
        is_known = each.item_id and int(each.item_id[1:]) < ITEMS
        if each.board_id and is_known and each.action in (Action.SAVE, Action.UNSAVE, Action.MOVE):
            ends = each.action is Action.UNSAVE or "has_left" in each.facts
            key = (each.item_id[1:], each.board_id)
            word[key] = max(word.get(key, (-1, False)), (each.at_ms, ends))
    wanted = {key for key, (_, ends) in word.items() if not ends and key[1] not in deleted}

    held = {(source, target) for source, target, *_ in named(graph, graph.as_of(EdgeKind.SAVED_TO, None))}

    # Whether a deleted board was used again is the one thing that these plain words do not say.
    assert {key for key in held if key[1] not in deleted} == wanted


@given(
    events=drawn_events(),
    parts=st.integers(1, 4),
    asked=st.lists(st.integers(0, 42), min_size=1, max_size=4),
    has_copies=st.booleans(),
    forgets=st.booleans(),
)
@settings(max_examples=80, deadline=None)
def test_what_all_liked_before_t_is_the_plain_sum_whenever_it_was_asked_before(
    events: list[Event], parts: int, asked: list[int], has_copies: bool, forgets: bool
) -> None:
    graph = TasteGraph()
    for part in np.array_split(np.arange(len(events)), parts):
        graph.apply([events[place] for place in part], numbers_of)
        graph.liked_before(asked[0] * MINUTE_MS)
    if has_copies:
        graph.follow_copies(np.array([0, 0, 2, 2, 4, 5]))
    if forgets:
        graph.forget(NodeKind.PERSON, "ann")

    for t in [*asked, 99]:
        found = graph.liked_before(t * MINUTE_MS)

        acted = graph.as_of(EdgeKind.ACTED, t * MINUTE_MS)
        plain = np.bincount(acted.targets, acted.weights, minlength=ITEMS)
        np.testing.assert_allclose(np.pad(found, (0, ITEMS - len(found))), plain)


def test_belongings_are_edges_of_their_own_and_copies_of_one_owner_are_one() -> None:
    graph = TasteGraph()
    graph.follow_belongings(
        EdgeKind.OWNED_BY,
        Belongings(np.array([0, 1, 3]), np.array([1, 1, 2]), np.array([5, 7, 9]), ("", "shop", "studio")),
    )
    graph.follow_copies(np.array([0, 0, 2, 2]))

    owned = graph.edges(EdgeKind.OWNED_BY)

    assert list(zip(owned.sources.tolist(), owned.targets.tolist(), owned.at_ms.tolist(), strict=True)) == [
        (0, 1, 5), (2, 2, 9)
    ]  # fmt: skip
    assert graph.names[NodeKind.OWNER].id_of(2) == "studio"
    assert len(graph.as_of(EdgeKind.OWNED_BY, 9)) == 1
    assert not len(graph.edges(EdgeKind.ABOUT))
    assert health_of(graph, now_ms=10).components == 0


def test_what_was_found_belongs_to_the_newest_query_within_ten_minutes() -> None:
    events = [
        event(Action.SEARCH, 0, query="Red  Vase"), event(Action.SEARCH, 2 * MINUTE_MS, query="blue"),
        event(Action.CLICK, MINUTE_MS, item="i1"), event(Action.SAVE, 3 * MINUTE_MS, item="i2"),
        event(Action.SAVE, 30 * MINUTE_MS, item="i3"), event(Action.HIDE, MINUTE_MS, item="i4"),
        event(Action.CLICK, MINUTE_MS, item="i5", person="bob"),
    ]  # fmt: skip

    graph = graph_of(events)

    found = [row[:2] for row in named(graph, graph.edges(EdgeKind.FOUND))]
    assert found == [("blue", "2"), ("red vase", "1")]


def test_copies_of_a_picture_are_one_node() -> None:
    graph = graph_of([
        event(Action.SAVE, 1, item="i1", board="b1"), event(Action.SAVE, 2, item="i3", board="b1"),
        event(Action.SAVE, 3, item="i3", board="b2"),
    ])  # fmt: skip

    graph.follow_copies(np.array([0, 1, 2, 1]))

    saved = graph.as_of(EdgeKind.SAVED_TO, None)
    assert named(graph, saved) == named(graph, saved.where(saved.sources == 1))
    assert len(saved) == 2
    assert set(graph.edges(EdgeKind.ACTED).targets.tolist()) == {1}


def test_events_without_consent_and_mere_impressions_leave_nothing() -> None:
    graph = graph_of([
        event(Action.SAVE, 1, item="i1", consent=False), event(Action.IMPRESSION, 2, item="i1"),
        event(Action.SAVE, 3, item="i99"),
    ])  # fmt: skip

    assert all(not len(graph.edges(kind)) for kind in LOOKED_AT)


def test_clock_ahead_of_ours_counts_as_the_arrival() -> None:
    graph = graph_of([event(Action.SAVE, 90_000_000, item="i1", received_ms=5)])

    assert graph.edges(EdgeKind.ACTED).at_ms.tolist() == [5]


def test_forgotten_person_board_and_item_are_in_no_edge() -> None:
    events = [
        event(Action.SAVE, at, person=person, item=f"i{at % 3}", board=f"b{person}")
        for at, person in enumerate(["ann", "bob"] * 6)
    ]
    graph = graph_of(events)

    assert graph.forget(NodeKind.PERSON, "ann") == 12
    assert graph.forget(NodeKind.BOARD, "bbob") == 12
    assert graph.forget_item(2) > 0

    acted = graph.edges(EdgeKind.ACTED)
    assert {graph.names[NodeKind.PERSON].id_of(number) for number in acted.sources.tolist()} == {"bob"}
    assert 2 not in acted.targets
    assert {row[1] for row in named(graph, graph.edges(EdgeKind.SAVED_TO))} == {"bann"}
    assert graph.forget(NodeKind.PERSON, "ann") == 0


@given(
    keys=st.lists(st.integers(0, 5), max_size=60),
    parts=st.integers(1, 6),
    end=st.sampled_from(["source", "target"]),
)
@settings(max_examples=60, deadline=None)
def test_marks_of_a_node_are_those_that_a_plain_look_at_all_finds(
    keys: list[int], parts: int, end: str
) -> None:
    marks, rows = Marks(), [(key, 5 - key, at, 1.0, 0, False) for at, key in enumerate(keys)]
    for part in np.array_split(np.arange(len(rows)), parts):
        marks.append([rows[place] for place in part])
        marks.of(end, 3)
    plain = np.array(rows, MARK)

    for number in range(6):
        assert marks.of(end, number)["at_ms"].tolist() == plain[plain[end] == number]["at_ms"].tolist()


def test_graph_is_kept_over_a_restart_and_made_again_when_something_was_forgotten(tmp_path: Path) -> None:
    path = tmp_path / "graph.zip"
    graph = graph_of([event(Action.SAVE, 1, item="i1", board="b1"), event(Action.SEARCH, 2, query="red")])

    save(Kept(graph, 17, 3), path)

    kept = load(path, forgotten=3)
    assert kept is not None
    assert kept.offset == 17
    for kind in LOOKED_AT:
        assert named(kept.graph, kept.graph.edges(kind)) == named(graph, graph.edges(kind))
    assert load(path, forgotten=4) is None
    path.write_bytes(path.read_bytes()[:100])
    assert load(path, forgotten=3) is None
    assert load(tmp_path / "none.zip", forgotten=3) is None


def test_together_prefers_what_shares_small_boards_over_what_is_everywhere() -> None:
    rows = [(0, "small"), (1, "small"), (0, "large"), (2, "large"), *((2, f"x{n}") for n in range(20))]
    graph = graph_of([
        event(Action.SAVE, at, item=f"i{item}", board=board) for at, (item, board) in enumerate(rows)
    ])  # fmt: skip

    shelves = Shelves(graph.as_of(EdgeKind.SAVED_TO, None))
    found = shelves.together_with(0, 5)

    assert found.items.tolist() == [1, 2]
    assert found.boards.tolist() == [1, 1]
    assert len(shelves.shared(0, 1)) == 1
    assert not len(shelves.together_with(5, 5))


def test_board_of_fifty_thousand_items_is_read_by_its_newest() -> None:
    count = 50_000
    numbers = np.arange(count, dtype=np.int64)
    saved = Edges(
        EdgeKind.SAVED_TO, numbers, np.zeros(count, np.int64), numbers, np.full(count, 2**62),
        np.ones(count, np.float32), np.zeros(count, np.int8),
    )  # fmt: skip

    found = Shelves(saved).together_with(count - 1, 20)

    assert len(found) == 20
    assert found.items.min() >= count - 1_000


def test_health_tells_degrees_hubs_components_and_what_was_taken_back() -> None:
    graph = graph_of([
        event(Action.SAVE, 1, item="i1", board="b1"), event(Action.SAVE, 2, item="i2", board="b1"),
        event(Action.UNSAVE, 3, item="i2", board="b1"),
        event(Action.CLICK, 4, person="bob", item="i3"), event(Action.CLICK, 5, person="bob", item="i3"),
    ])  # fmt: skip

    health = health_of(graph, now_ms=10)

    assert health.components == 2
    assert health.kinds["saved_to"].edges == 1
    assert health.kinds["saved_to"].taken_back == 1
    assert health.kinds["acted"].target.most == 1
    assert health.kinds["acted"].last_hour == 5
    assert health_of(TasteGraph(), now_ms=10).components == 0


def test_degrees_count_a_pair_once() -> None:
    found = degrees(np.array([7, 7, 7, 2]), np.array([1, 1, 3, 1]))

    assert (found.nodes, found.most, found.hubs) == (2, 2, ((7, 2), (2, 1)))


@pytest.mark.parametrize("action", [Action.SAVE, Action.CLICK])
def test_person_who_likes_everything_has_each_once_an_action(action: Action) -> None:
    graph = graph_of([event(action, at, item=f"i{at % ITEMS}") for at in range(3_000)])

    acted = graph.edges(EdgeKind.ACTED)

    assert len(acted) == 3_000
    assert set(acted.actions.tolist()) == {ACTION_CODES[action]}
    assert health_of(graph, 0).kinds["acted"].source.most == ITEMS
