"""What a ranker learns from: labels come after a page, everything else before it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bowerbird.core.actions import ACTION_CODES, Action
from bowerbird.rank.ranker.heads import HEADS, IMPRESSION_CODE, LABEL_WITHIN_MS
from bowerbird.rank.ranker.requests import Acts, Pasts, Popularity, requests_of
from bowerbird.rank.ranker.sides import ItemSide, features_of, likes_among

SAVE, CLICK, HIDE = (ACTION_CODES[action] for action in (Action.SAVE, Action.CLICK, Action.HIDE))
ITEMS = 8
DAY_MS = 86_400_000

rows = st.lists(
    st.tuples(
        st.integers(0, 3), st.integers(-1, ITEMS - 1), st.sampled_from([IMPRESSION_CODE, SAVE, CLICK, HIDE]),
        st.integers(0, 3 * DAY_MS), st.integers(-1, 5), st.integers(-1, 6),
    ),
    max_size=60,
)  # fmt: skip


def acts_of(drawn: list[tuple[int, ...]]) -> Acts:
    table = np.array(drawn, dtype=np.int64).reshape(-1, 6)
    return Acts.of(*table.T)


@given(rows)
def test_labels_are_what_followed_the_newest_showing_within_a_day(drawn: list[tuple[int, ...]]) -> None:
    acts = acts_of(drawn)
    requests = requests_of(acts)

    wanted = 0
    for person, item, action, at_ms in zip(acts.persons, acts.items, acts.actions, acts.at_ms, strict=True):
        if action == IMPRESSION_CODE:
            continue
        before = (acts.actions == IMPRESSION_CODE) & (acts.persons == person) & (acts.items == item)
        times = acts.at_ms[before & (acts.at_ms <= at_ms)]
        wanted += bool(len(times)) and at_ms - times.max() <= LABEL_WITHIN_MS
    # Several of one kind on one showing are one label.
    assert requests.labels.sum() <= wanted
    assert requests.labels.any() == bool(wanted)
    assert len(requests.items) == np.count_nonzero(acts.actions == IMPRESSION_CODE)
    assert (np.diff(requests.at_ms) >= 0).all()


@given(rows)
def test_pages_are_of_one_person_and_begin_before_everything_on_them(drawn: list[tuple[int, ...]]) -> None:
    acts = acts_of(drawn)
    requests = requests_of(acts)
    shown = acts.actions == IMPRESSION_CODE
    for page in range(len(requests)):
        inside = slice(requests.bounds[page], requests.bounds[page + 1])
        for item in requests.items[inside]:
            times = acts.at_ms[shown & (acts.items == item) & (acts.persons == requests.persons[page])]
            assert (times > requests.at_ms[page]).any()


@given(rows, st.integers(0, 3), st.integers(0, 3 * DAY_MS))
def test_past_of_a_person_is_what_they_did_strictly_before(
    drawn: list[tuple[int, ...]], person: int, at_ms: int
) -> None:
    acts = acts_of(drawn)
    side = Pasts(acts).of(person, at_ms)

    before = (acts.persons == person) & (acts.at_ms < at_ms)
    assert side.likes.tolist() == acts.items[before & likes_among(acts.actions)].tolist()
    assert (side.likes_ms < at_ms).all()
    did = set(acts.items[before & (acts.actions != IMPRESSION_CODE)].tolist())
    seen = set(acts.items[before & (acts.actions == IMPRESSION_CODE)].tolist())
    assert set(side.left.tolist()) == seen - did
    assert set(side.seen.tolist()) == seen


def test_later_events_change_nothing_that_a_page_knows() -> None:
    rng = np.random.default_rng(0)
    count = 400
    columns = (
        rng.integers(0, 4, count), rng.integers(0, ITEMS, count),
        rng.choice([IMPRESSION_CODE, SAVE, CLICK, HIDE], count), rng.integers(0, 9 * DAY_MS, count),
        rng.integers(0, 20, count), np.full(count, -1),
    )  # fmt: skip
    whole = Acts.of(*columns)
    cut = 5 * DAY_MS
    known = Acts.of(*(each[columns[3] < cut] for each in columns))
    every = np.arange(ITEMS)
    items = ItemSide(np.zeros((ITEMS, 0), np.float32), DAY_MS * every, every % 3, every % 2)
    for person in range(4):
        told = [
            features_of(
                Pasts(acts).of(person, cut), every, items, Popularity(acts, ITEMS, SAVE).at(cut), cut, 7.0
            )
            for acts in (whole, known)
        ]
        np.testing.assert_array_equal(*told)


def test_actions_on_one_showing_are_one_row_with_several_labels() -> None:
    acts = acts_of(
        [(0, 3, IMPRESSION_CODE, 1_000, 2, 5), (0, 3, CLICK, 2_000, -1, -1), (0, 3, SAVE, 3_000, -1, -1)]
    )
    requests = requests_of(acts)
    assert requests.labels.tolist() == [[head in (Action.SAVE, Action.CLICK) for head in HEADS]]
    assert requests.positions.tolist() == [2]


def test_popularity_knows_nothing_of_its_own_day() -> None:
    acts = acts_of([(person, 1, SAVE, DAY_MS + 5, -1, -1) for person in range(3)])
    popular = Popularity(acts, ITEMS, SAVE)
    assert not popular.at(DAY_MS + 10).any()
    assert popular.at(2 * DAY_MS)[1] == pytest.approx(1.0)
    assert not popular.at(12 * DAY_MS).any()
    assert Popularity(acts, ITEMS, SAVE, days=30).at(12 * DAY_MS)[1] == pytest.approx(1.0)
