from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bowerbird.blend import BlendConfig, Pool, fill_slate

WAYS = ["sliding_spectrum", "determinantal", "marginal_relevance"]
PLAIN = BlendConfig(strength=0.0, category_spacing=0.0, owner_spacing=0.0, share_strength=0.0)


def unit(vectors: np.ndarray) -> np.ndarray:
    rows: np.ndarray = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
    return rows.astype(np.float32)


def pool_of(count: int, seed: int = 0, width: int = 8, **more: object) -> Pool:
    rng = np.random.default_rng(seed)
    columns = {
        "values": rng.random(count, dtype=np.float32),
        "vectors": unit(rng.normal(size=(count, width))),
        "categories": np.full(count, -1, dtype=np.int32),
        "owners": np.full(count, -1, dtype=np.int32),
        "signatures": np.zeros(count, dtype=np.int64),
        "streams": np.zeros(count, dtype=np.int64),
        "shares": np.ones(1, dtype=np.float32),
        "is_last": np.zeros(count, dtype=bool),
        "is_fresh": np.zeros(count, dtype=bool),
    }
    return Pool(**{**columns, **more})  # type: ignore[arg-type]


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@given(count=st.integers(0, 40), limit=st.integers(1, 50), seed=st.integers(0, 99), way=st.sampled_from(WAYS))
@settings(max_examples=60, deadline=None)
def test_slate_is_as_long_as_it_can_be_and_repeats_nothing(
    count: int, limit: int, seed: int, way: str
) -> None:
    rows = fill_slate(pool_of(count, seed), limit, BlendConfig(diversity=way))  # type: ignore[arg-type]

    assert len(rows) == min(count, limit)
    assert len(set(rows.tolist())) == len(rows)


def test_without_any_wish_for_variety_the_order_is_that_of_value(way: str) -> None:
    pool = pool_of(30)

    rows = fill_slate(pool, 10, replace_way(PLAIN, way))

    assert rows.tolist() == np.argsort(-pool.values, kind="stable")[:10].tolist()


@given(seed=st.integers(0, 99), way=st.sampled_from(WAYS))
@settings(max_examples=40, deadline=None)
def test_order_of_the_candidates_does_not_change_the_slate(seed: int, way: str) -> None:
    pool = pool_of(20, seed)
    shuffled = np.random.default_rng(seed + 1).permutation(20)
    other = replace(pool, values=pool.values[shuffled], vectors=pool.vectors[shuffled])
    config = BlendConfig(diversity=way)  # type: ignore[arg-type]

    rows, rows_of_other = fill_slate(pool, 8, config), fill_slate(other, 8, config)

    assert shuffled[rows_of_other].tolist() == rows.tolist()


def replace_way(config: BlendConfig, way: str, **more: float) -> BlendConfig:
    return config.model_copy(update={"diversity": way, **more})


def alike(pool: Pool, rows: np.ndarray) -> float:
    cosines = pool.vectors[rows] @ pool.vectors[rows].T
    return float(np.square(np.maximum(cosines[np.triu_indices(len(rows), 1)], 0.0)).mean())


def test_more_strength_gives_more_variety_for_less_value(way: str) -> None:
    pools = [pool_of(200, seed, width=32) for seed in range(8)]
    likeness, worth = [], []
    for strength in (0.0, 0.2, 1.0):
        slates = [fill_slate(pool, 20, replace_way(PLAIN, way, strength=strength)) for pool in pools]
        likeness.append(np.mean([alike(pool, rows) for pool, rows in zip(pools, slates, strict=True)]))
        worth.append(np.mean([pool.values[rows].mean() for pool, rows in zip(pools, slates, strict=True)]))

    assert likeness[0] > likeness[1] > likeness[2]
    assert worth[0] > worth[1] > worth[2]


def test_second_slot_goes_to_the_other_of_two_groups_of_nearly_equal_worth(way: str) -> None:
    rng = np.random.default_rng(0)
    middles = np.repeat(np.eye(8)[:2], 20, axis=0)
    vectors = unit(middles + 0.2 * rng.normal(size=(40, 8)))
    values = np.where(np.arange(40) < 20, 1.0, 0.95).astype(np.float32)
    pool = pool_of(40, vectors=vectors, values=values)

    rows = fill_slate(pool, 10, replace_way(PLAIN, way, strength=0.3))

    assert sorted(rows[:2] < 20) == [False, True]


def test_near_copies_are_never_on_one_page(way: str) -> None:
    pool = pool_of(10)
    vectors = pool.vectors.copy()
    vectors[1] = vectors[0]

    rows = fill_slate(replace(pool, vectors=vectors), 10, replace_way(PLAIN, way))

    assert len(rows) == 9
    assert len({0, 1} & set(rows.tolist())) == 1


def test_same_signature_counts_as_a_copy_only_where_the_look_agrees() -> None:
    pool = pool_of(6, signatures=np.full(6, 77, dtype=np.int64))
    close = pool.vectors.copy()
    close[1] = unit((close[0] + 0.2 * close[2])[None])[0]

    assert len(fill_slate(pool, 6, PLAIN)) == 6
    assert len(fill_slate(replace(pool, vectors=close), 6, PLAIN)) == 5


def test_category_is_spaced_softly() -> None:
    values = np.linspace(1.0, 0.9, 12, dtype=np.float32)
    categories = np.repeat(np.array([0, 1, 2], dtype=np.int32), 4)
    pool = pool_of(12, values=values, categories=categories)

    crowded = fill_slate(pool, 6, PLAIN)
    spaced = fill_slate(pool, 6, PLAIN.model_copy(update={"category_spacing": 0.1}))

    assert categories[crowded].tolist() == [0, 0, 0, 0, 1, 1]
    assert (np.diff(categories[spaced]) != 0).all()


def test_owner_never_has_more_than_the_most() -> None:
    pool = pool_of(10, owners=np.array([0] * 8 + [1] * 2, dtype=np.int32))

    rows = fill_slate(pool, 10, PLAIN.model_copy(update={"max_per_owner": 3}))

    assert len(rows) == 5
    assert (pool.owners[rows] == 0).sum() == 3


def test_streams_come_near_their_shares() -> None:
    values = np.where(np.arange(60) < 30, 0.6, 0.3).astype(np.float32)
    streams = np.repeat(np.array([0, 1]), 30)
    pool = pool_of(60, values=values, streams=streams, shares=np.array([0.6, 0.4], dtype=np.float32))

    rows = fill_slate(pool, 20, PLAIN.model_copy(update={"share_strength": 0.5}))

    assert 10 <= (streams[rows] == 0).sum() <= 13


def test_last_rows_come_after_all_others_whatever_their_value() -> None:
    is_last = np.arange(10) < 5
    pool = pool_of(10, values=np.where(is_last, 1.0, 0.1).astype(np.float32), is_last=is_last)

    rows = fill_slate(pool, 8, BlendConfig())

    assert set(rows[:5].tolist()) == {5, 6, 7, 8, 9}


def test_rows_of_the_page_before_are_not_chosen_but_shade_their_like(way: str) -> None:
    vectors = unit(np.repeat(np.eye(8)[:2], 5, axis=0) + 0.1 * np.random.default_rng(0).normal(size=(10, 8)))
    pool = pool_of(10, vectors=vectors, values=np.full(10, 0.5, dtype=np.float32), already=3)

    rows = fill_slate(pool, 3, replace_way(PLAIN, way, strength=0.5))

    assert not set(rows.tolist()) & {0, 1, 2}
    assert rows[0] >= 5


def test_items_without_a_vector_are_placed_like_any_other(way: str) -> None:
    pool = pool_of(6, vectors=np.zeros((6, 8), dtype=np.float32))

    assert sorted(fill_slate(pool, 6, BlendConfig(diversity=way)).tolist()) == list(range(6))  # type: ignore[arg-type]


@given(
    seed=st.integers(0, 99), count=st.integers(1, 60), limit=st.integers(1, 30), least=st.floats(0, 1),
    most=st.floats(0, 1), fresh=st.floats(0, 1),
)  # fmt: skip
@settings(max_examples=150, deadline=None)
def test_fresh_share_stays_within_its_bounds_as_far_as_the_candidates_go(
    seed: int, count: int, limit: int, least: float, most: float, fresh: float
) -> None:
    least, most = min(least, most), max(least, most)
    is_fresh = np.random.default_rng(seed).random(count) < fresh
    rows = fill_slate(
        pool_of(count, seed, is_fresh=is_fresh), limit, BlendConfig(least_fresh=least, most_fresh=most)
    )

    there, others, placed = int(is_fresh.sum()), int((~is_fresh).sum()), int(is_fresh[rows].sum())
    assert len(rows) == min(count, limit)
    assert placed >= min(int(least * limit), there)
    # More than the most only where nothing else was left.
    assert placed <= max(int(np.ceil(most * limit)), len(rows) - others)


def test_bounds_of_the_fresh_repeat_nothing_that_was_seen() -> None:
    is_fresh, is_seen = np.arange(20) < 10, np.arange(20) >= 12
    rows = fill_slate(
        pool_of(20, is_fresh=is_fresh, is_last=is_seen), 12, BlendConfig(least_fresh=0.0, most_fresh=0.1)
    )

    assert sorted(rows.tolist()) == list(range(12))


@given(seed=st.integers(0, 99), slots=st.sets(st.integers(0, 14), max_size=4), way=st.sampled_from(WAYS))
@settings(max_examples=60, deadline=None)
def test_rows_with_a_slot_of_their_own_stand_there_and_nowhere_else(
    seed: int, slots: set[int], way: str
) -> None:
    pool = pool_of(40, seed)
    row_at = dict(zip(sorted(slots), np.argsort(pool.values).tolist(), strict=False))  # the least worth
    rows = fill_slate(pool, 15, replace_way(PLAIN, way), row_at)

    assert len(set(rows.tolist())) == 15
    assert {slot: int(rows[slot]) for slot in slots} == row_at


def test_copy_of_what_stands_there_is_not_forced_onto_the_page() -> None:
    pool = pool_of(6)
    pool.vectors[5] = pool.vectors[int(np.argmax(pool.values))]
    rows = fill_slate(pool, 5, PLAIN, {3: 5})

    assert 5 not in rows
    assert len(rows) == 5
