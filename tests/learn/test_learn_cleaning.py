import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parent))
from learn_world import DAY_MS, NOW_MS, interactions_of, raw_rows

from bowerbird.core.errors import InputError
from bowerbird.learn.data import DataConfig
from bowerbird.learn.data.cleaning import cleaned

ROWS = st.lists(
    st.tuples(st.sampled_from("abc"), st.sampled_from("123"), st.integers(0, 5)), min_size=1, max_size=40
)


@settings(deadline=None)
@given(rows=ROWS, repeats=st.sampled_from(["keep", "first", "last"]))
def test_every_row_is_kept_or_counted_as_left_out(rows: list[tuple[str, str, int]], repeats: str) -> None:
    found, report = interactions_of(rows, DataConfig.model_validate({"repeats": repeats}))

    left_out = report.unknown_items + report.low_ratings + report.future + report.duplicates
    left_out += report.repeats + report.machines + report.too_old
    assert report.rows == len(rows) == report.kept + left_out
    assert len(found) == report.kept


@settings(deadline=None)
@given(rows=ROWS)
def test_rows_are_sorted_by_person_and_time_and_ties_keep_the_sources_order(
    rows: list[tuple[str, str, int]],
) -> None:
    found, _ = interactions_of(rows)

    got = [
        (found.person_ids[person], at, found.catalogue.ids[item])
        for person, at, item in zip(found.persons, found.at_ms, found.items, strict=True)
    ]
    first = dict.fromkeys(row[0] for row in rows)
    wanted = [
        (person, at, item)
        for person in first
        for owner, item, at in sorted(dict.fromkeys(rows), key=lambda row: row[2])
        if owner == person
    ]
    assert got == wanted


def test_shuffled_ties_move_only_within_one_moment_and_are_drawn_by_the_seed() -> None:
    rows = [("a", str(item), NOW_MS - DAY_MS * (item // 5)) for item in range(20, 0, -1)]

    drawn = [interactions_of(rows, DataConfig(time_ties="shuffled", ties_seed=seed))[0] for seed in (0, 0, 1)]

    ids = [[int(each.catalogue.ids[item]) for item in each.items] for each in drawn]
    assert ids[0] == ids[1] != ids[2]
    assert (
        [id_ // 5 for id_ in ids[0]]
        == [id_ // 5 for id_ in ids[2]]
        == sorted((i // 5 for i in ids[0]), reverse=True)
    )


def test_item_that_a_closed_catalogue_does_not_hold_is_left_out_in_mid_sequence() -> None:
    rows = [("a", "1", 1), ("a", "gone", 2), ("a", "2", 3)]

    found, report = cleaned(raw_rows(rows, listed=["1", "2"], is_closed=True), DataConfig(), NOW_MS)

    assert found.items.tolist() == [0, 1]
    assert report.unknown_items == 1


def test_machine_with_ten_thousand_actions_in_an_hour_is_left_out_whole() -> None:
    machine = [("bot", str(place % 7), NOW_MS - 3_600_000 + place * 300) for place in range(10_000)]
    human = [("human", str(place % 7), NOW_MS - place * DAY_MS) for place in range(100)]

    found, report = interactions_of([*machine, *human])

    assert {found.person_ids[person] for person in found.persons} == {"human"}
    assert (report.machines, report.machine_persons) == (10_000, 1)


def test_person_with_a_hundred_thousand_actions_keeps_the_newest() -> None:
    rows = [("a", str(place % 50), place * 60_000) for place in range(100_000)]

    found, report = interactions_of(rows, DataConfig(most_actions=1_000))

    assert len(found) == 1_000
    assert found.at_ms.min() == 99_000 * 60_000
    assert report.too_old == 99_000


def test_clock_that_runs_ahead_is_set_to_the_arrival_where_that_is_known() -> None:
    raw = raw_rows([("a", "1", NOW_MS + DAY_MS), ("a", "2", NOW_MS - DAY_MS)])
    raw.received_ms = np.array([NOW_MS - 10, NOW_MS - 5])

    found, report = cleaned(raw, DataConfig(), NOW_MS)

    assert found.at_ms.tolist() == [NOW_MS - DAY_MS, NOW_MS - 10]
    assert (report.clocks_corrected, report.future) == (1, 0)


def test_time_ahead_of_now_is_left_out_where_the_arrival_is_not_known() -> None:
    found, report = interactions_of([("a", "1", NOW_MS + DAY_MS), ("a", "2", NOW_MS)])

    assert (len(found), report.future) == (1, 1)


def test_same_event_again_counts_once() -> None:
    found, report = interactions_of([("a", "1", 5), ("a", "1", 5), ("a", "1", 6)])

    assert (len(found), report.duplicates) == (2, 1)


def test_empty_catalogue_says_what_is_needed() -> None:
    with pytest.raises(InputError, match="catalogue is empty; needed is at least one item"):
        cleaned(raw_rows([], is_closed=True), DataConfig(), NOW_MS)
