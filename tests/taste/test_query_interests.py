"""Which interests a query is about: by its words, by what it led to, and when nobody can say."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bowerbird.core.actions import ACTION_CODES, Action
from bowerbird.lake.types import Event
from bowerbird.taste.graph import EdgeKind, Edges, TasteGraph
from bowerbird.taste.interest_tree import InterestTree, TreeConfig, found_by, query_interests
from bowerbird.taste.interest_tree.queries import QueryInterests

DAY_MS = 86_400_000
LOOK, WIDTH, ITEMS = 3, 8, 400
CONFIG = TreeConfig()
# Two at the top with two leaves each; item n is of leaf n % 4.
PARENTS = np.array([-1, -1, 0, 0, 1, 1])
LEAVES = np.array([2, 3, 4, 5])
MIDDLES = np.random.default_rng(0).normal(size=(4, WIDTH))


def vectors_of(leaves: np.ndarray, noise: float, seed: int) -> np.ndarray:
    drawn = MIDDLES[leaves] + noise * np.random.default_rng(seed).normal(size=(len(leaves), WIDTH))
    return (drawn / np.linalg.norm(drawn, axis=1, keepdims=True)).astype(np.float32)


def meaning_of(texts: Sequence[str]) -> np.ndarray:
    """A text names its item; its meaning lies near that of the item's leaf."""
    numbers = np.array([int(text.split()[-1]) for text in texts])
    return np.stack([vectors_of(np.array([number % 4]), 0.8, int(number))[0] for number in numbers])


@pytest.fixture(scope="module")
def queries() -> QueryInterests:
    centres = np.zeros((6, LOOK + WIDTH), np.float32)
    centres[LEAVES, LOOK:] = MIDDLES / np.linalg.norm(MIDDLES, axis=1, keepdims=True)
    tree = InterestTree(
        tuple("abcdef"), ("top", "other", "one", "two", "three", "four"), PARENTS,
        LEAVES[np.arange(ITEMS) % 4], centres,
    )  # fmt: skip
    return query_interests(tree, [f"thing {number}" for number in range(ITEMS)], meaning_of, LOOK)


def found(items: Sequence[int], days_ago: float = 0.0, *, now_ms: int = 10**12) -> Edges:
    count = len(items)
    at_ms = np.full(count, now_ms - int(days_ago * DAY_MS) - 1)
    save = np.full(count, ACTION_CODES[Action.SAVE], np.int8)
    never = np.full(count, np.iinfo(np.int64).max)
    return Edges(
        EdgeKind.FOUND, np.zeros(count, np.int64), np.array(items, np.int64), at_ms, never,
        np.ones(count, np.float32), save,
    )  # fmt: skip


def test_words_alone_name_the_interest_and_their_chances_are_true(queries: QueryInterests) -> None:
    told = queries.of(meaning_of(["thing 2"])[0], Edges.none(EdgeKind.FOUND), 10**12, CONFIG)

    assert LEAVES[np.argmax(told.chances[LEAVES])] == LEAVES[2]
    assert told.is_sure
    assert told.found == 0
    assert queries.calibration.items >= 100
    assert queries.calibration.ece < 0.08
    assert queries.calibration.hit_rate > 0.7


@given(st.integers(0, ITEMS - 1), st.lists(st.integers(0, ITEMS - 1), max_size=20), st.floats(0, 400))
def test_parents_have_what_their_children_have_and_the_top_adds_up(
    queries: QueryInterests, asked: int, led_to: list[int], days_ago: float
) -> None:
    told = queries.of(meaning_of([f"thing {asked}"])[0], found(led_to, days_ago), 10**12, CONFIG)

    assert told.chances[PARENTS < 0].sum() == pytest.approx(1.0)
    for top in (0, 1):
        assert told.chances[top] == pytest.approx(told.chances[top == PARENTS].sum())


def test_what_people_liked_after_asking_counts_more_the_more_and_the_fresher_it_is(
    queries: QueryInterests,
) -> None:
    meaning, other = meaning_of(["thing 0"])[0], LEAVES[3]
    chance = [
        queries.of(meaning, found([3] * count, days), 10**12, CONFIG).chances[other]
        for count, days in ((0, 0), (1, 300), (1, 0), (10, 0))
    ]

    assert chance == sorted(chance)
    assert chance[-1] > 0.7 > chance[0]


def test_what_came_later_was_taken_back_or_is_in_no_interest_says_nothing(queries: QueryInterests) -> None:
    meaning = meaning_of(["thing 0"])[0]
    alone = queries.of(meaning, found([]), 10**12, CONFIG).chances
    later = found([3], now_ms=10**12 + DAY_MS)
    back = found([3])
    back.until_ms[:] = 10**12 - 1
    for edges in (later, back, found([ITEMS + 5])):
        assert np.array_equal(queries.of(meaning, edges, 10**12, CONFIG).chances, alone)


def test_words_that_say_nothing_are_told_as_such(queries: QueryInterests) -> None:
    told = queries.of(np.zeros(WIDTH, np.float32), found([]), 10**12, CONFIG)
    assert not told.is_sure
    assert not told.chances.any()

    told = queries.of(np.zeros(WIDTH, np.float32), found([3, 3]), 10**12, CONFIG)
    assert told.is_sure
    assert told.chances[LEAVES[3]] == pytest.approx(1.0)


def test_words_that_are_like_nothing_here_name_no_interest_surely(queries: QueryInterests) -> None:
    away = np.random.default_rng(5).normal(size=WIDTH)
    basis, _ = np.linalg.qr(MIDDLES.T)
    away -= basis @ (basis.T @ away)  # at right angles to all interests

    told = queries.of((away / np.linalg.norm(away)).astype(np.float32), found([]), 10**12, CONFIG)

    assert not told.is_sure
    np.testing.assert_allclose(told.chances[LEAVES], 0.25, atol=0.01)  # as often as items are of each


def test_query_is_found_in_any_spelling_of_case_and_space() -> None:
    graph = TasteGraph()
    save = Event(event_id="2", person_id="p", action=Action.SAVE, item_id="i7", at_ms=2_000)
    asked = Event(event_id="1", person_id="p", action=Action.SEARCH, query="Red  LAMP ", at_ms=1_000)
    graph.apply([asked, save], lambda ids: np.array([7 if id_ == "i7" else -1 for id_ in ids]))

    assert found_by(graph, " red lamp").targets.tolist() == [7]
    assert not len(found_by(graph, "blue lamp"))
