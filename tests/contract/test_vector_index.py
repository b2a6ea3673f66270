"""One suite for every vector index; a new one joins by one line in `INDEXES`."""

import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from bowerbird.adapters.qdrant import QdrantEdgeIndex, QdrantIndex
from bowerbird.core.errors import FilterError, IncompatibleIndexError, InputError
from bowerbird.core.filters import And, Eq, Filter, HasAny, In, Not, Or, Range
from bowerbird.retrieve.config import IndexConfig
from bowerbird.retrieve.exact_index import ExactIndex
from bowerbird.retrieve.faiss_index import FaissIndex
from bowerbird.retrieve.types import VectorIndex

WIDTH = 32
ROWS = 2_000
BRANDS = ("Oak", "Ash", "Elm", "Yew", "Fir")

Build = Callable[[int], VectorIndex]


def faiss_with_lists(width: int) -> VectorIndex:
    return FaissIndex(width, config=IndexConfig(flat_below_items=0, tail_rows=64, exact_below_rows=40))


def qdrant_server_api(width: int) -> VectorIndex:
    return QdrantIndex(":memory:", "items", width)


def qdrant_edge(width: int) -> VectorIndex:
    return QdrantEdgeIndex(Path(tempfile.mkdtemp(prefix="bowerbird-edge-")), width)


INDEXES: dict[str, Build] = {
    "exact": ExactIndex,
    "faiss": FaissIndex,
    "faiss-lists": faiss_with_lists,
    "qdrant-local": qdrant_server_api,
    "qdrant-edge": qdrant_edge,
}


@pytest.fixture(params=list(INDEXES.values()), ids=list(INDEXES))
def build(request: pytest.FixtureRequest) -> Build:
    return request.param


@pytest.fixture
def index(build: Build) -> VectorIndex:
    return build(WIDTH)


def clustered(rows: int, seed: int) -> np.ndarray:
    """[rows, WIDTH] unit vectors around 40 centres that do not depend on the seed."""
    centres = np.random.default_rng(1).normal(size=(40, WIDTH))
    rng = np.random.default_rng(seed)
    drawn = centres[rng.integers(0, 40, rows)] + 0.5 * rng.normal(size=(rows, WIDTH))
    return (drawn / np.linalg.norm(drawn, axis=1, keepdims=True)).astype(np.float32)


def payload_of(number: int) -> dict[str, object]:
    return {
        "brand": BRANDS[number % 5],
        "price": number / 2,
        "stock": number % 3 if number % 7 else None,
        "tags": [f"t{number % 4}", f"u{number % 6}"],
        "is_new": number % 2 == 0,
    }


VECTORS = clustered(ROWS, 2)
QUERIES = clustered(40, 3)
NUMBERS = np.arange(ROWS, dtype=np.int64) * 2 + 1  # with holes, as after deletes
PAYLOAD = [payload_of(number) for number in NUMBERS.tolist()]


@pytest.fixture(scope="module", params=list(INDEXES.values()), ids=list(INDEXES))
def filled(request: pytest.FixtureRequest) -> VectorIndex:
    """An index of `VECTORS`; the tests that use it only search."""
    index: VectorIndex = request.param(WIDTH)
    fill(index)
    return index


def fill(index: VectorIndex) -> None:
    for start in range(0, ROWS, 500):
        rows = slice(start, start + 500)
        index.upsert(NUMBERS[rows], VECTORS[rows], PAYLOAD[rows])
    settle(index)


def settle(index: VectorIndex) -> None:
    if isinstance(index, FaissIndex):
        index.wait()
        index.merge()


def truth(queries: np.ndarray, k: int, keep: np.ndarray | None = None) -> list[set[int]]:
    scores = queries @ VECTORS.T
    if keep is not None:
        scores[:, ~keep] = -np.inf
    order = np.argsort(-scores, axis=1, kind="stable")[:, :k]
    return [{int(NUMBERS[c]) for c in row if scores[q, c] > -np.inf} for q, row in enumerate(order)]


def recall(found: np.ndarray, right: list[set[int]]) -> float:
    return float(
        np.mean([len(set(f.tolist()) & r) / max(1, len(r)) for f, r in zip(found, right, strict=True)])
    )


def test_search_finds_what_comparing_everything_finds(filled: VectorIndex) -> None:
    hits = filled.search(QUERIES, 10)

    assert recall(hits.numbers, truth(QUERIES, 10)) >= 0.97
    assert hits.numbers.shape == hits.scores.shape == (len(QUERIES), 10)


def test_search_with_full_effort_is_exact(filled: VectorIndex) -> None:
    hits = filled.search(QUERIES, 10, effort=1.0)

    assert recall(hits.numbers, truth(QUERIES, 10)) == 1.0


def test_scores_are_inner_products_best_first(filled: VectorIndex) -> None:
    hits = filled.search(QUERIES, 20)

    assert (np.diff(hits.scores, axis=1) <= 0).all()
    rows = (hits.numbers - 1) // 2
    np.testing.assert_allclose(hits.scores, np.einsum("qd,qkd->qk", QUERIES, VECTORS[rows]), atol=2e-3)


def test_found_numbers_are_unique(filled: VectorIndex) -> None:
    hits = filled.search(QUERIES, 50)

    assert all(len(set(row.tolist())) == 50 for row in hits.numbers)


WHOLE: list[tuple[Filter, Callable[[dict[str, object]], bool]]] = [
    (Eq("brand", "Oak"), lambda p: p["brand"] == "Oak"),
    (Eq("brand", "nobody"), lambda p: False),
    (Eq("stock", 1), lambda p: p["stock"] == 1),
    (Eq("tags", "t1"), lambda p: "t1" in p["tags"]),
    (Eq("is_new", True), lambda p: p["is_new"] is True),
    (In("brand", ("Ash", "Elm")), lambda p: p["brand"] in ("Ash", "Elm")),
    (In("brand", ()), lambda p: False),
    (In("stock", (0, 2)), lambda p: p["stock"] in (0, 2)),
    (Range("price", gte=100, lt=120.5), lambda p: 100 <= p["price"] < 120.5),
    (Range("price", gte=1900), lambda p: p["price"] >= 1900),
    (Range("price", lt=40), lambda p: p["price"] < 40),
    (Range("stock"), lambda p: p["stock"] is not None),
    (HasAny("tags", ("t0", "u5")), lambda p: bool({"t0", "u5"} & set(p["tags"]))),
    (HasAny("tags", ()), lambda p: False),
    (And(()), lambda p: True),
    (Or(()), lambda p: False),
    (And((Eq("brand", "Oak"), Range("price", lt=500))), lambda p: p["brand"] == "Oak" and p["price"] < 500),
    (Or((Eq("brand", "Oak"), Eq("stock", 2))), lambda p: p["brand"] == "Oak" or p["stock"] == 2),
    (Not(Eq("brand", "Oak")), lambda p: p["brand"] != "Oak"),
    (Not(Eq("stock", 1)), lambda p: p["stock"] != 1),
    (Not(Range("stock", gte=0)), lambda p: p["stock"] is None),
    (Not(And(())), lambda p: False),
    (
        Not(Or((HasAny("tags", ("t1",)), Eq("is_new", True)))),
        lambda p: "t1" not in p["tags"] and not p["is_new"],
    ),
]


@pytest.mark.parametrize(("where", "is_kept"), WHOLE, ids=[str(where) for where, _ in WHOLE])
def test_filtered_search_finds_the_nearest_of_what_is_kept(
    filled: VectorIndex, where: Filter, is_kept: Callable[[dict[str, object]], bool]
) -> None:
    keep = np.array([is_kept(payload) for payload in PAYLOAD])

    hits = filled.search(QUERIES, 10, where)

    right = truth(QUERIES, 10, keep)
    assert recall(hits.numbers, right) >= 0.97 or not keep.any()
    assert set(hits.numbers.ravel().tolist()) - {-1} <= set(NUMBERS[keep].tolist())
    assert ((hits.numbers >= 0).sum(axis=1) == min(10, keep.sum())).all()


def test_filter_on_an_unknown_field_is_refused(filled: VectorIndex) -> None:
    with pytest.raises(FilterError, match="colour_of_lid"):
        filled.search(QUERIES, 3, And((Eq("brand", "Oak"), Eq("colour_of_lid", "red"))))


def test_batch_finds_what_its_queries_find_alone(filled: VectorIndex) -> None:
    together = filled.search(QUERIES[:8], 10, effort=1.0)

    alone = [filled.search(query[None], 10, effort=1.0) for query in QUERIES[:8]]

    np.testing.assert_array_equal(together.numbers, np.concatenate([hits.numbers for hits in alone]))


def test_k_above_the_number_of_items_finds_all_of_them(index: VectorIndex) -> None:
    index.upsert(NUMBERS[:5], VECTORS[:5])

    hits = index.search(QUERIES[:2], 9)

    assert [set(row.tolist()) for row in hits.numbers[:, :5]] == [set(NUMBERS[:5].tolist())] * 2
    assert (hits.numbers[:, 5:] == -1).all()
    assert np.isneginf(hits.scores[:, 5:]).all()


def test_empty_index_finds_nothing(index: VectorIndex) -> None:
    hits = index.search(QUERIES[:2], 3)

    assert len(index) == 0
    assert (hits.numbers == -1).all()
    assert np.isneginf(hits.scores).all()


def test_no_queries_find_no_rows(filled: VectorIndex) -> None:
    hits = filled.search(QUERIES[:0], 3)

    assert hits.numbers.shape == (0, 3)


def test_stored_vectors_come_back_and_zeros_for_unknown_numbers(filled: VectorIndex) -> None:
    held = filled.vectors(np.array([NUMBERS[3], 0, NUMBERS[0], 999_999], dtype=np.int64))

    np.testing.assert_allclose(held[[0, 2]], VECTORS[[3, 0]], atol=1e-3)
    assert (held[[1, 3]] == 0).all()


def test_upserted_item_is_found_at_once(index: VectorIndex) -> None:
    fill(index)
    fresh = -QUERIES[:1]

    index.upsert(np.array([0]), fresh, [{"brand": "Oak"}])

    assert index.search(fresh, 1).numbers[0, 0] == 0
    assert index.search(fresh, 1, Eq("brand", "Oak")).numbers[0, 0] == 0
    assert len(index) == ROWS + 1


def test_upsert_of_a_known_number_replaces_vector_and_fields(index: VectorIndex) -> None:
    fill(index)
    moved = int(NUMBERS[10])

    index.upsert(np.array([moved]), -VECTORS[10:11], [{"brand": "Box"}])

    assert len(index) == ROWS
    assert index.search(VECTORS[10:11], 5).numbers[0, 0] != moved
    assert index.search(-VECTORS[10:11], 1).numbers[0, 0] == moved
    assert index.search(VECTORS[10:11], 3, Eq("brand", "Box")).numbers.tolist() == [[moved, -1, -1]]
    np.testing.assert_allclose(index.vectors(np.array([moved])), -VECTORS[10:11], atol=1e-3)


def test_number_given_twice_in_one_upsert_keeps_the_last(index: VectorIndex) -> None:
    index.upsert(np.array([4, 4]), VECTORS[:2], [{"brand": "Oak"}, {"brand": "Ash"}])

    assert len(index) == 1
    np.testing.assert_allclose(index.vectors(np.array([4])), VECTORS[1:2], atol=1e-3)
    assert index.search(VECTORS[1:2], 2, Eq("brand", "Oak")).numbers.tolist() == [[-1, -1]]


def test_deleted_items_are_gone_at_once(index: VectorIndex) -> None:
    fill(index)
    nearest = index.search(QUERIES[:1], 40, effort=1.0).numbers[0]

    index.delete(np.concatenate([nearest[:20], [999_999]]))

    hits = index.search(QUERIES[:1], 20)
    assert not set(hits.numbers[0].tolist()) & set(nearest[:20].tolist())
    assert len(set(hits.numbers[0].tolist()) & set(nearest[20:].tolist())) >= 19
    assert len(index) == ROWS - 20
    assert (index.vectors(nearest[:20]) == 0).all()
    assert (index.search(QUERIES[:1], 10, In("brand", BRANDS)).numbers >= 0).all()


def test_deleted_item_that_comes_back_is_found(index: VectorIndex) -> None:
    index.upsert(NUMBERS[:9], VECTORS[:9])
    index.delete(NUMBERS[:3])

    index.upsert(NUMBERS[1:2], VECTORS[1:2])

    assert index.search(VECTORS[1:2], 1).numbers[0, 0] == NUMBERS[1]
    assert len(index) == 7


def test_index_emptied_by_deletes_finds_nothing(index: VectorIndex) -> None:
    fill(index)

    index.delete(NUMBERS)

    assert len(index) == 0
    assert (index.search(QUERIES[:1], 3).numbers == -1).all()


def test_vectors_of_another_width_are_refused(index: VectorIndex) -> None:
    wide = np.zeros((1, WIDTH + 1), dtype=np.float32)

    with pytest.raises(IncompatibleIndexError, match="wide"):
        index.search(wide, 1)
    with pytest.raises(IncompatibleIndexError, match="wide"):
        index.upsert(np.array([1]), wide)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_vectors_that_are_not_finite_are_refused(index: VectorIndex, bad: float) -> None:
    vector = np.zeros((1, WIDTH), dtype=np.float32)
    vector[0, 7] = bad

    with pytest.raises(InputError, match="finite"):
        index.search(vector, 1)
    with pytest.raises(InputError, match="finite"):
        index.upsert(np.array([1]), vector)
    assert len(index) == 0


def test_numbers_that_do_not_pair_with_vectors_are_refused(index: VectorIndex) -> None:
    with pytest.raises(InputError, match="as many"):
        index.upsert(np.array([1, 2]), VECTORS[:1])


def test_negative_numbers_and_k_below_one_are_refused(index: VectorIndex) -> None:
    with pytest.raises(InputError, match="from 0"):
        index.upsert(np.array([-4]), VECTORS[:1])
    with pytest.raises(InputError, match="at least 1"):
        index.search(QUERIES[:1], 0)


def test_equal_vectors_come_in_order_of_their_numbers(index: VectorIndex) -> None:
    same = np.repeat(VECTORS[:1], 6, axis=0)
    index.upsert(np.array([9, 3, 12, 1, 7, 5]), same)

    hits = index.search(VECTORS[:1], 6)

    assert hits.numbers[0].tolist() == [1, 3, 5, 7, 9, 12]


def test_zero_vectors_can_be_stored_and_searched_with(index: VectorIndex) -> None:
    nothing = np.zeros((3, WIDTH), dtype=np.float32)
    index.upsert(np.array([2, 0, 1]), nothing)
    index.upsert(np.array([5]), VECTORS[:1])

    assert index.search(nothing[:1], 4).numbers[0].tolist() == [0, 1, 2, 5]
    assert index.search(VECTORS[:1], 1).numbers[0, 0] == 5


def test_index_of_one_vector_many_times_still_answers(index: VectorIndex) -> None:
    index.upsert(np.arange(300), np.repeat(VECTORS[:1], 300, axis=0))
    settle(index)

    hits = index.search(VECTORS[:1], 5)

    assert len(set(hits.numbers[0].tolist())) == 5
    np.testing.assert_allclose(hits.scores, 1.0, atol=2e-3)
