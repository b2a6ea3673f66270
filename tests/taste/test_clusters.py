import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from bowerbird.taste.clusters import group, medoid_rows


def unit(rows: np.ndarray) -> np.ndarray:
    found: np.ndarray = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    return found


def around(axes: list[int], seed: int = 0, noise: float = 0.05) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return unit(np.eye(8)[axes] + noise * rng.normal(size=(len(axes), 8)))


def test_rows_around_two_axes_are_two_groups_in_order_of_appearance() -> None:
    groups = group(around([3, 5, 3, 5, 5]), least_similarity=0.5)

    assert groups.tolist() == [0, 1, 0, 1, 1]


def test_chain_of_neighbours_is_not_one_group() -> None:
    angles = np.linspace(0.0, np.pi / 2, 10)
    rows = unit(np.stack([np.cos(angles), np.sin(angles)], axis=1))

    groups = group(rows, least_similarity=0.85)

    assert groups[0] != groups[-1]


@given(count=st.integers(0, 25), seed=st.integers(0, 50), least=st.floats(-1.0, 1.0))
@settings(max_examples=50, deadline=None)
def test_groups_are_numbered_densely_and_the_first_row_is_in_the_first(
    count: int, seed: int, least: float
) -> None:
    rows = (
        unit(np.random.default_rng(seed).normal(size=(count, 4))) if count else np.zeros((0, 4), np.float32)
    )

    groups = group(rows, least_similarity=least)

    assert len(groups) == count
    assert sorted(set(groups.tolist())) == list(range(len(set(groups.tolist()))))
    assert count == 0 or groups[0] == 0


@given(count=st.integers(2, 12), seed=st.integers(0, 50))
@settings(max_examples=40, deadline=None)
def test_merging_equals_the_plain_average_linkage(count: int, seed: int) -> None:
    rows = unit(np.random.default_rng(seed).normal(size=(count, 3)))

    groups = group(rows, least_similarity=0.2)

    assert partition(groups) == plain_average_linkage(rows, 0.2)


def partition(groups: np.ndarray) -> set[frozenset[int]]:
    return {frozenset(np.flatnonzero(groups == one).tolist()) for one in set(groups.tolist())}


def plain_average_linkage(rows: np.ndarray, least: float) -> set[frozenset[int]]:
    cosines = (rows @ rows.T).astype(np.float64)
    groups = [frozenset([row]) for row in range(len(rows))]
    while len(groups) > 1:
        pairs = [(a, b) for a in range(len(groups)) for b in range(a + 1, len(groups))]
        means = [np.mean([cosines[i, j] for i in groups[a] for j in groups[b]]) for a, b in pairs]
        best = int(np.argmax(means))
        if means[best] < least:
            break
        a, b = pairs[best]
        joined = groups[a] | groups[b]
        groups = [*(one for place, one in enumerate(groups) if place not in (a, b)), joined]
    return set(groups)


def test_medoid_is_the_middle_member() -> None:
    angles = np.deg2rad([0.0, 10.0, 20.0])
    rows = unit(np.stack([np.cos(angles), np.sin(angles)], axis=1))

    assert medoid_rows(rows, np.ones(3, np.float32), np.zeros(3, np.int64)).tolist() == [1]


def test_weight_pulls_the_medoid() -> None:
    angles = np.deg2rad([0.0, 10.0, 20.0])
    rows = unit(np.stack([np.cos(angles), np.sin(angles)], axis=1))

    assert medoid_rows(rows, np.array([9.0, 0.1, 0.1], np.float32), np.zeros(3, np.int64)).tolist() == [0]


def test_nothing_has_no_medoids() -> None:
    empty = np.zeros((0, 3), np.float32)

    assert len(medoid_rows(empty, np.zeros(0, np.float32), np.zeros(0, np.int64))) == 0


def test_of_a_pair_the_newer_stands_for_it_however_far_its_weights_have_faded() -> None:
    rng = np.random.default_rng(4)
    for _ in range(300):
        pair = unit(rng.normal(size=(2, 64)))
        for faded in (1.0, 0.99907, 0.731, 1e-4):
            weights = np.full(2, faded, dtype=np.float32)
            assert medoid_rows(pair, weights, np.zeros(2, np.int64)).tolist() == [0]
