"""Behaviour features: stream and batch give what the definitions say, whatever the order of arrival."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from bowerbird.core.actions import ACTION_CODES, Action
from bowerbird.rank.declared.arrivals import Arrivals, Sides
from bowerbird.rank.declared.batch import Rows, batch
from bowerbird.rank.declared.definitions import (
    FEATURES,
    NAMES,
    NEVER,
    SESSION_GAP_MS,
    Feature,
    Kind,
    Owner,
    version_of,
)
from bowerbird.rank.declared.key_rows import NOBODY, KeyRows
from bowerbird.rank.declared.stream import Stream

BASE_MS = 1_700_000_000_000
DRAWN = (Phase.explicit, Phase.reuse, Phase.generate)  # shrinking forty events takes minutes
MINUTE_MS = 60_000
SIDES = Sides(np.array([0, 0, 1, 1, -1]), np.array([0, 1, 1, 0, -1]))
CODES = list(ACTION_CODES.values())
COMMON = [ACTION_CODES[each] for each in (Action.IMPRESSION, Action.SAVE, Action.CLICK, Action.HIDE)]

# Minutes close together and hours apart, so that sessions meet, end, and are joined by who comes late.
minutes = st.one_of(st.integers(0, 90), st.integers(0, 3_000), st.integers(0, 10).map(lambda n: 20 * n))
event_rows = st.tuples(
    st.integers(0, 2), st.integers(-1, 4), st.one_of(st.sampled_from(COMMON), st.sampled_from(CODES)), minutes
)


def as_arrivals(rows: Sequence[tuple[int, int, int, int]]) -> Arrivals:
    persons, items, actions, at = np.array(rows, np.int64).reshape(-1, 4).T
    return Arrivals(persons, items, actions, BASE_MS + at * MINUTE_MS)


def owners_of(owner: Owner, person: int, item: int) -> tuple[int, ...] | None:
    """Whom an event or a row concerns; None for nobody. Written without any of the product's code."""
    category, holder = ([0, 0, 1, 1, -1][item], [0, 1, 1, 0, -1][item]) if item >= 0 else (-1, -1)
    found = {
        Owner.PERSON: (person,),
        Owner.ITEM: (item,),
        Owner.PERSON_CATEGORY: (person, category),
        Owner.PERSON_OWNER: (person, holder),
        Owner.PERSON_ITEM: (person, item),
    }[owner]
    return None if -1 in found else found


def said(feature: Feature, events: Arrivals, person: int, item: int, t_ms: int) -> float:
    """The definition, one event after the other."""
    owner = owners_of(feature.tally.owner, person, item)
    if owner is None:
        return NEVER if feature.kind is Kind.SINCE else 0.0
    theirs = sorted(
        (at, action in [ACTION_CODES[each] for each in feature.tally.actions])
        for who, what, action, at in zip(
            events.persons.tolist(), events.items.tolist(), events.actions.tolist(), events.at_ms.tolist(),
            strict=True,
        )
        if at < t_ms and owners_of(feature.tally.owner, who, what) == owner
    )  # fmt: skip
    counting = [at for at, counts in theirs if counts]
    if feature.kind is Kind.SINCE:
        return (t_ms - counting[-1]) / 1_000 if counting else NEVER
    if feature.kind is Kind.DECAYED:
        return sum(0.5 ** ((t_ms - at) / feature.half_life_ms) for at in counting)
    count, after_ms = 0, t_ms
    for at, counts in reversed(theirs):
        if after_ms - at > SESSION_GAP_MS:
            break
        count, after_ms = count + counts, at
    return count


def streamed(events: Arrivals, person: int, items: np.ndarray, t_ms: int, *, at_once: int) -> np.ndarray:
    stream = Stream()
    for start in range(0, len(events), at_once):
        stream.add(events.rows(slice(start, start + at_once)), SIDES)
    return stream.read(person, items, SIDES, t_ms)


@settings(max_examples=25, deadline=None, phases=DRAWN)
@given(st.lists(event_rows, max_size=40), st.sampled_from([1, 3, 100]), st.integers(1, 5_000))
def test_both_paths_give_what_the_definitions_say_in_any_order(
    rows: list[tuple[int, int, int, int]], at_once: int, after_minutes: int
) -> None:
    events = as_arrivals(rows)
    t_ms = int(events.at_ms.max(initial=BASE_MS)) + after_minutes * MINUTE_MS // 10
    items = np.array([-1, 0, 1, 2, 3, 4])

    for person in (-1, 0, 1):
        expected = [[said(each, events, person, item, t_ms) for each in FEATURES] for item in items.tolist()]
        asked = Rows(np.full(len(items), person), items, np.full(len(items), t_ms))

        np.testing.assert_allclose(batch(events, asked, SIDES), expected, rtol=1e-9, atol=1e-12)
        by_stream = streamed(events, person, items, t_ms, at_once=at_once)
        np.testing.assert_allclose(by_stream, expected, rtol=1e-9, atol=1e-12)


@settings(max_examples=25, deadline=None, phases=DRAWN)
@given(st.lists(event_rows, min_size=1, max_size=30), st.data())
def test_batch_counts_only_what_happened_before_and_had_arrived(
    rows: list[tuple[int, int, int, int]], data: st.DataObject
) -> None:
    events = as_arrivals(rows)
    count = 6
    persons = np.array(data.draw(st.lists(st.integers(-1, 2), min_size=count, max_size=count)))
    items = np.array(data.draw(st.lists(st.integers(-1, 4), min_size=count, max_size=count)))
    at = np.array(data.draw(st.lists(minutes, min_size=count, max_size=count)))
    arrived = np.array(data.draw(st.lists(st.integers(0, len(rows)), min_size=count, max_size=count)))
    at_ms = BASE_MS + at * MINUTE_MS

    found = batch(events, Rows(persons, items, at_ms, arrived), SIDES)

    expected = [
        [
            said(
                each,
                events.rows(slice(0, int(arrived[row]))),
                int(persons[row]),
                int(items[row]),
                int(at_ms[row]),
            )
            for each in FEATURES
        ]
        for row in range(count)
    ]
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12)


@settings(max_examples=30, deadline=None, phases=DRAWN)
@given(st.lists(event_rows, min_size=2, max_size=40), st.randoms(use_true_random=False))
def test_order_of_arrival_changes_nothing(rows: list[tuple[int, int, int, int]], random) -> None:  # type: ignore[no-untyped-def]
    shuffled = list(rows)
    random.shuffle(shuffled)
    t_ms = BASE_MS + 4_000 * MINUTE_MS
    items = np.arange(5)

    there = streamed(as_arrivals(rows), 0, items, t_ms, at_once=5)
    again = streamed(as_arrivals(shuffled), 0, items, t_ms, at_once=7)

    np.testing.assert_allclose(again, there, rtol=1e-9, atol=1e-12)


def test_a_late_event_joins_two_sessions_to_one() -> None:
    save, shown = ACTION_CODES[Action.SAVE], ACTION_CODES[Action.IMPRESSION]
    apart = [(0, 0, shown, 0), (0, 0, save, 50)]

    column = NAMES.index("person_acted_in_session"), NAMES.index("person_shown_in_session")
    read = [
        streamed(as_arrivals(rows), 0, np.array([0]), BASE_MS + 55 * MINUTE_MS, at_once=1)[0, column].tolist()
        for rows in (apart, [*apart, (0, 1, shown, 25)])
    ]

    assert read == [[1, 0], [1, 2]]


def test_count_halves_after_its_half_life_and_a_second_one_adds_to_what_is_left() -> None:
    save = ACTION_CODES[Action.SAVE]
    rows = [(0, 0, save, 0), (0, 1, save, 60)]

    found = streamed(as_arrivals(rows), 0, np.array([0]), BASE_MS + 120 * MINUTE_MS, at_once=1)

    assert found[0, NAMES.index("person_saved_1h")] == pytest.approx(0.25 + 0.5)
    assert found[0, NAMES.index("person_item_acted_seconds_ago")] == 7_200


@settings(max_examples=25, deadline=None, phases=DRAWN)
@given(st.lists(st.lists(st.integers(-1, 2**62), max_size=30), max_size=6))
def test_each_key_keeps_one_row_and_unknown_ones_are_nobodys(parts: list[list[int]]) -> None:
    rows, known = KeyRows(), dict[int, int]()

    for part in parts:
        for key, row in zip(part, rows.rows_of(np.array(part, np.int64)).tolist(), strict=True):
            assert (row == NOBODY) == (key == -1)
            assert known.setdefault(key, row) == row

    assert len(set(known.values())) == len(known)
    again = KeyRows(rows.keys)
    keys = np.array(sorted(known), np.int64)
    assert again.find(keys).tolist() == rows.find(keys).tolist()
    assert rows.find(np.array([2**62 + 1])).tolist() == [NOBODY]


def test_stranger_without_an_item_is_nobody() -> None:
    alone = streamed(as_arrivals([(0, 0, 0, 0)]), -1, np.array([-1]), BASE_MS, at_once=1)[0]

    expected = [NEVER if each.kind is Kind.SINCE else 0.0 for each in FEATURES]
    assert alone.tolist() == expected


def test_names_are_unique_and_any_change_is_another_version() -> None:
    assert len(set(NAMES)) == len(NAMES)
    assert all(each.meaning for each in FEATURES)
    assert version_of(FEATURES) == version_of(tuple(FEATURES)) != version_of(FEATURES[:-1])
    longer = Feature(*(getattr(FEATURES[0], name) for name in ("name", "meaning", "tally", "kind")), 7)
    assert version_of((longer, *FEATURES[1:])) != version_of(FEATURES)
