import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parent))
from learn_world import interactions_of, ring

from bowerbird.core.errors import InputError
from bowerbird.learn.splits import SplitConfig, split


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 50), length=st.integers(3, 6))
def test_leave_one_out_holds_out_the_last_two_and_trains_on_the_rest(seed: int, length: int) -> None:
    rows = ring(persons=7, items=9, length=length, seed=seed)

    found = split(rows)

    whole = rows.histories()
    for place, person in enumerate(found.test.histories.persons.tolist()):
        history = whole.rows(person, person + 1).items.tolist()
        assert found.test.histories.rows(place, place + 1).items.tolist() == history[:-1]
        assert found.validation.histories.rows(place, place + 1).items.tolist() == history[:-2]
        assert [found.validation.targets[place], found.test.targets[place]] == history[-2:]
        assert found.training.items[found.training.persons == person].tolist() == history[:-2]


def test_split_by_time_trains_on_nothing_from_after_the_cut() -> None:
    rng = np.random.default_rng(3)
    rows = interactions_of(
        [(f"p{rng.integers(20)}", f"i{rng.integers(30)}", int(rng.integers(1_000))) for _ in range(600)]
    )[0]

    found = split(rows, SplitConfig(kind="time"))

    first, second = found.facts["validation_from_ms"], found.facts["test_from_ms"]
    assert found.training.at_ms.max() < first <= found.validation.at_ms.min()
    assert found.validation.at_ms.max() < second <= found.test.at_ms.min()
    assert found.validation.histories.at_ms.max() < first
    assert found.test.histories.at_ms.max() < second
    assert (np.diff(found.test.bounds) > 0).all()
    assert (found.test.histories.lengths > 0).all()


def test_hash_is_the_same_for_the_same_rows_and_another_for_any_change() -> None:
    rows = ring(persons=5, items=6, length=4)
    turned = np.arange(len(rows))
    turned[[0, 1]] = turned[[1, 0]]

    hashes = {
        split(rows).sha256,
        split(rows.where(np.arange(len(rows)))).sha256,
        split(rows.where(turned)).sha256,
        split(replace(rows, person_ids=(*rows.person_ids[:-1], "other"))).sha256,
        split(rows, SplitConfig(kind="time")).sha256,
    }

    assert split(rows).sha256 == split(ring(persons=5, items=6, length=4)).sha256
    assert len(hashes) == 4


def test_item_met_twice_after_the_cut_is_one_target() -> None:
    rows = interactions_of(
        [("a", str(n), n) for n in range(8)] + [("b", "1", 0), ("b", "2", 8), ("b", "2", 9), ("b", "3", 10)]
    )[0]

    found = split(rows, SplitConfig(kind="time", validation_from=0.5, test_from=0.7))

    (row,) = np.flatnonzero(found.test.histories.persons == rows.person_ids.index("b"))
    assert found.test.rows(int(row), int(row) + 1).targets.tolist() == [2, 3]


def test_too_little_to_split_says_what_is_needed() -> None:
    with pytest.raises(InputError, match="needed is one of each"):
        split(interactions_of([("a", "1", 1), ("a", "2", 2)])[0])


def test_split_by_time_of_a_source_without_times_says_what_to_do() -> None:
    rows = replace(ring(persons=4, items=5, length=4), time="order")

    with pytest.raises(InputError, match="split it with `loo`"):
        split(rows, SplitConfig(kind="time"))
