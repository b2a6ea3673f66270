import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bowerbird.core.errors import InputError
from bowerbird.learn.data import Histories
from bowerbird.learn.data.histories import bounds_of
from bowerbird.retrieve import ExactIndex, FaissIndex, VectorIndex
from bowerbird.retrieve.generative.lookup import ExactLookup, IndexLookup, interleaved
from bowerbird.retrieve.generative.targets import drawn_offsets, entries_after
from bowerbird.retrieve.generative.vector_plan import VectorPlan, merged_shares, quotas
from bowerbird.retrieve.history_times import ties_redrawn

DAY_MS = 86_400_000


def unit(rng: np.random.Generator, *shape: int) -> np.ndarray:
    vectors = rng.normal(size=shape).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


def at_days(rows: list[list[float]]) -> Histories:
    flat = np.array([day for row in rows for day in row])
    return Histories(
        np.arange(len(rows), dtype=np.int32),
        bounds_of(np.array([len(row) for row in rows], dtype=np.int64)),
        np.arange(len(flat), dtype=np.int32),
        (flat * DAY_MS).astype(np.int64),
        np.zeros(len(flat), dtype=np.int8),
        np.ones(len(flat), dtype=np.float32),
        np.full(len(rows), -1, dtype=np.int64),
    )


@settings(deadline=None)
@given(
    shares=st.lists(st.floats(min_value=0.0, max_value=1.0), min_size=1, max_size=8),
    total=st.integers(min_value=1, max_value=200),
)
def test_quotas_add_up_and_none_goes_to_a_vector_without_a_share(shares: list[float], total: int) -> None:
    given_shares = np.array(shares) if sum(shares) > 0.01 else np.ones(len(shares))
    whole = given_shares[None] / given_shares.sum()

    found = quotas(whole, total)

    assert found.sum() == total
    assert (found[whole == 0] == 0).all()
    assert (np.abs(found - whole * total) < 1 + 1e-6).all()


def test_merging_keeps_the_whole_budget_and_leaves_no_two_vectors_alike() -> None:
    rng = np.random.default_rng(0)
    vectors = unit(rng, 40, 6, 3)  # so narrow that many are alike
    shares = np.array([0.3, 0.25, 0.2, 0.15, 0.07, 0.03])

    left = merged_shares(vectors, shares.tolist(), 0.7)

    np.testing.assert_allclose(left.sum(axis=1), 1.0)
    assert (left == 0).any()
    for row in range(len(vectors)):
        kept = vectors[row][left[row] > 0]
        cosines = kept @ kept.T - 2 * np.eye(len(kept))
        assert cosines.max(initial=-1) <= 0.7 + 1e-6
        for gone in np.flatnonzero(left[row] == 0):
            assert (kept @ vectors[row, gone]).max() > 0.7


def test_a_vector_gives_its_share_to_the_nearest_of_those_that_stay() -> None:
    first, near, other = [1.0, 0.0], [0.98, 0.199], [0.0, 1.0]

    left = merged_shares(np.array([[first, other, near]], dtype=np.float32), [0.5, 0.3, 0.2], 0.95)

    np.testing.assert_allclose(left, [[0.7, 0.3, 0.0]])


def test_equal_vectors_become_one_only_above_the_threshold() -> None:
    same = np.tile(np.array([1.0, 0.0], dtype=np.float32), (1, 3, 1))

    np.testing.assert_allclose(merged_shares(same, [0.5, 0.3, 0.2], 0.9), [[1.0, 0.0, 0.0]])
    np.testing.assert_allclose(merged_shares(same, [0.5, 0.3, 0.2], 1.0), [[0.5, 0.3, 0.2]])


def test_plan_splits_the_budget_over_outcomes_offsets_and_steps() -> None:
    plan = VectorPlan(outcomes={"save": 3, "click": 1, "share": 0}, offsets=(0.5, 0.5), steps=(0.8, 0.2))

    found = {(each.outcome, each.offset, each.step): each.share for each in plan.vectors()}

    # Later steps ask only what is next: 0.8 * (0.5 + 0.5) + 0.2 of each outcome.
    assert found == pytest.approx({
        ("save", 0, 0): 0.3, ("save", 1, 0): 0.3, ("save", 0, 1): 0.15,
        ("click", 0, 0): 0.1, ("click", 1, 0): 0.1, ("click", 0, 1): 0.05,
    })  # fmt: skip


def test_plan_without_a_vector_is_refused() -> None:
    with pytest.raises(InputError, match="without a single vector"):
        VectorPlan(outcomes={"save": 0.0}).vectors()


def test_items_of_all_vectors_come_in_turn_and_each_once() -> None:
    found = np.array([[[1, 2, 3, 4], [5, 1, 6, 7]]], dtype=np.int32)

    items, early = interleaved(found, np.array([[2, 2]]))
    alone, _ = interleaved(found, np.array([[4, 0]]))
    uneven, _ = interleaved(found, np.array([[3, 1]]))

    assert items.tolist() == [[1, 5, 2, 6]]  # the second vector passes over what the first has taken
    assert alone.tolist() == [[1, 2, 3, 4]]
    assert uneven.tolist() == [[1, 2, 5, 3]]
    assert (np.diff(early[0]) <= 0).all()
    assert ((early > 0) & (early < 1)).all()


def test_vectors_with_too_few_items_leave_places_empty_at_the_end() -> None:
    found = np.array([[[1, 2, -1, -1], [2, -1, -1, -1]]], dtype=np.int32)

    items, early = interleaved(found, np.array([[2, 2]]))

    assert items.tolist() == [[1, 2, -1, -1]]
    assert early[0, 2:].tolist() == [-np.inf, -np.inf]


@settings(deadline=None)
@given(st.integers(0, 10_000))
def test_shared_list_holds_each_item_once_and_no_vector_takes_more_than_its_quota(seed: int) -> None:
    rng = np.random.default_rng(seed)
    vectors, k = int(rng.integers(1, 5)), int(rng.integers(1, 9))
    found = np.stack([rng.permutation(12)[:k] for _ in range(vectors)])[None].astype(np.int32)
    quota = rng.multinomial(k, np.ones(vectors) / vectors)[None]

    (items,), (early,) = interleaved(found, quota)

    kept = items[items >= 0]
    assert len(set(kept.tolist())) == len(kept)
    assert (items[len(kept) :] == -1).all()
    assert (np.diff(early[: len(kept)]) <= 0).all()
    for place in range(vectors):
        others = set(np.delete(found[0], place, axis=0).ravel().tolist())
        alone = set(found[0, place].tolist()) - others
        assert len(alone & set(kept.tolist())) <= quota[0, place]


@pytest.mark.parametrize("kind", [ExactIndex, FaissIndex])
def test_any_vector_index_finds_what_comparing_all_items_finds(kind: type[VectorIndex]) -> None:
    rng = np.random.default_rng(1)
    items, vectors = unit(rng, 300, 8), unit(rng, 7, 8)
    index = kind(8)  # type: ignore[call-arg]
    index.upsert(np.arange(300, dtype=np.int64), items)
    without = at_days([[0.0, 1.0], [], [2.0], [], [], [], [3.0]])

    exact = ExactLookup(items).nearest(vectors, 20, without)
    found = IndexLookup(index, effort=1.0).nearest(vectors, 20, without)

    np.testing.assert_array_equal(found, exact)
    assert not set(exact[0].tolist()) & set(without.rows(0, 1).items.tolist())


def test_index_with_numbers_of_its_own_answers_in_the_items_of_the_model() -> None:
    rng = np.random.default_rng(2)
    items, vectors = unit(rng, 50, 8), unit(rng, 5, 8)
    numbers = np.sort(rng.permutation(400)[:50]).astype(np.int64)
    index = ExactIndex(8)
    index.upsert(numbers, items)
    index.upsert(np.array([999], dtype=np.int64), vectors[:1])  # nearest of all, and unknown to the model
    nothing = at_days([[]] * 5)

    found = IndexLookup(index, numbers, effort=1.0).nearest(vectors, 10, nothing)

    exact = ExactLookup(items).nearest(vectors, 10, nothing)
    assert found[0].tolist() == [*exact[0, :9].tolist(), -1]
    for row, wanted in zip(found.tolist(), exact.tolist(), strict=True):
        kept = [item for item in row if item >= 0]
        assert kept == wanted[: len(kept)]
        assert len(kept) >= 9


def test_target_after_a_time_is_the_first_entry_at_least_so_much_later() -> None:
    known = at_days([[0, 0, 1, 6, 8], [3], [], [0, 20]])

    assert entries_after(known, 1.0).tolist() == [2, 2, 3, 4, -1, -1, 7, -1]
    assert entries_after(known, 7.0).tolist() == [4, 4, 4, -1, -1, -1, 7, -1]
    assert entries_after(known, 30.0).tolist() == [-1] * 8


def test_drawn_offset_is_always_one_that_has_a_target() -> None:
    after = np.array([[1, 2, -1], [2, -1, -1]])

    seen = [drawn_offsets(np.array([0, 1, 2, -1]), after, np.random.default_rng(seed)) for seed in range(20)]

    for offsets, targets in seen:
        assert targets[1:].tolist() == [2, -1, -1]
        assert offsets[1] == 0
        assert targets[0] == after[offsets[0], 0]
    assert {int(offsets[0]) for offsets, _ in seen} == {0, 1}


def test_redrawn_ties_change_only_the_order_within_a_moment() -> None:
    known = at_days([[0, 0, 0, 1], [0, 0, 2, 2]])

    orders = {tuple(ties_redrawn(known, np.random.default_rng(seed)).items.tolist()) for seed in range(60)}

    assert {tuple(sorted(order[:3])) + order[3:4] for order in orders} == {(0, 1, 2, 3)}
    assert {tuple(sorted(order[4:6])) + tuple(sorted(order[6:])) for order in orders} == {(4, 5, 6, 7)}
    assert len(orders) > 10
