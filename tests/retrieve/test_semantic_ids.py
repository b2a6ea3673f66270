import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parent))
from semantic_world import random_ids

from bowerbird.core.errors import InputError
from bowerbird.retrieve.semantic.codebooks import Codebooks, Tokeniser, load_codebooks
from bowerbird.retrieve.semantic.health import health_of, told_in_words
from bowerbird.retrieve.semantic.ids import ALONE, ids_of, told_apart
from bowerbird.retrieve.semantic.residual_kmeans import residual_kmeans
from bowerbird.retrieve.semantic.trie import trie_of


def clusters(items: int, *, seed: int = 0) -> np.ndarray:
    """Four far corners, four near corners in each: two levels of four codes tell everything but noise."""
    rng = np.random.default_rng(seed)
    corners = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], dtype=np.float32)
    far, near = rng.integers(0, 4, items), rng.integers(0, 4, items)
    noise = rng.normal(0, 0.001, (items, 2))
    return (10 * corners[far] + corners[near] + noise).astype(np.float32)


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 40), st.integers(1, 3), st.integers(2, 4), st.integers(0, 1000))
def test_every_item_has_an_id_of_its_own(items: int, levels: int, codes: int, seed: int) -> None:
    ids = random_ids(np.random.default_rng(seed), items, levels, codes)

    prefixes, counts = np.unique(ids.codes[:, :-1], axis=0, return_counts=True)

    assert len(np.unique(ids.codes, axis=0)) == items
    for prefix, count in zip(prefixes, counts, strict=True):
        last = ids.codes[(ids.codes[:, :-1] == prefix).all(axis=1), -1]
        assert last.tolist() == ([ALONE] if count == 1 else list(range(count)))


def test_ids_of_old_items_stay_when_new_ones_come() -> None:
    vectors = clusters(60)
    codebooks = residual_kmeans(vectors[:40], 2, 4, 0)

    before = ids_of(codebooks, vectors[:40], 40)
    after = ids_of(codebooks, vectors[40:], 40, before)

    np.testing.assert_array_equal(after.codes[:40, :-1], before.codes[:, :-1])
    assert ((after.codes[:40, -1] == before.codes[:, -1]) | (before.codes[:, -1] == ALONE)).all()
    assert len(np.unique(after.codes, axis=0)) == 60
    np.testing.assert_array_equal(after.codes, ids_of(codebooks, vectors, 40).codes)


def test_new_items_that_find_their_codes_full_take_the_next_nearest() -> None:
    codebooks = Codebooks(np.array([[[0.0], [10.0]], [[-1.0], [1.0]]], dtype=np.float32))
    before = ids_of(codebooks, np.array([[0.9], [1.1]], dtype=np.float32), most_last_codes=2)

    after = ids_of(codebooks, np.full((1, 1), 0.8, dtype=np.float32), 2, before)

    assert after.codes.tolist() == [[0, 1, 0], [0, 1, 1], [0, 0, ALONE]]


def test_items_of_which_only_the_first_numbers_are_known_are_coded_by_those() -> None:
    vectors = clusters(200)
    both = np.hstack([vectors, 0.1 * np.random.default_rng(3).normal(size=(200, 2)).astype(np.float32)])
    codebooks = residual_kmeans(both, 1, 4, 0)

    known, whole = codebooks.codes(vectors), codebooks.codes(both)

    assert (known == whole).mean() > 0.95


def test_items_too_many_for_their_codes_take_the_next_nearest_and_are_refused_when_none_is_left() -> None:
    codebooks = Codebooks(np.array([[[0.0], [10.0]], [[-1.0], [1.0]]], dtype=np.float32))
    alike = np.full((4, 1), 0.9, dtype=np.float32)

    ids = ids_of(codebooks, alike, most_last_codes=2)

    assert ids.codes.tolist() == [[0, 1, 0], [0, 1, 1], [0, 0, 0], [0, 0, 1]]
    with pytest.raises(InputError, match="1 items found no free id"):
        ids_of(codebooks, np.full((5, 1), 0.9, dtype=np.float32), most_last_codes=2)


def test_residual_kmeans_finds_clusters_within_clusters() -> None:
    vectors = clusters(400)

    codebooks = residual_kmeans(vectors, 2, 4, 0)

    assert isinstance(residual_kmeans, Tokeniser)
    np.testing.assert_allclose(codebooks.rebuilt(codebooks.codes(vectors)), vectors, atol=0.2)


def test_residual_kmeans_leaves_less_at_each_level_and_is_the_same_twice() -> None:
    vectors = np.random.default_rng(1).normal(size=(300, 6)).astype(np.float32)

    twice = [residual_kmeans(vectors, 3, 8, 5) for _ in range(2)]

    np.testing.assert_array_equal(twice[0].centres, twice[1].centres)
    codes, left = twice[0].codes(vectors), []
    for level in range(1, 4):
        some = Codebooks(twice[0].centres[:level])
        left.append(float(np.square(vectors - some.rebuilt(codes[:, :level])).sum()))
    assert np.square(vectors).sum() > left[0] > left[1] > left[2]


def test_more_codes_than_items_and_saving(tmp_path: Path) -> None:
    vectors = clusters(3)

    codebooks = residual_kmeans(vectors, 2, 256, 0)
    codebooks.save(tmp_path)

    assert codebooks.size == 3
    np.testing.assert_array_equal(load_codebooks(tmp_path).codes(vectors), codebooks.codes(vectors))


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 40), st.integers(1, 3), st.integers(2, 5), st.integers(0, 1000))
def test_trie_holds_the_ids_and_nothing_else(items: int, levels: int, codes: int, seed: int) -> None:
    ids = random_ids(np.random.default_rng(seed), items, levels, codes)
    trie = trie_of(ids)

    paths: list[tuple[int, list[int]]] = [(0, [])]
    for level in range(trie.depth):
        starts = trie.starts[level]
        paths = [
            (child, [*path, int(trie.codes[level][child])])
            for node, path in paths
            for child in range(starts[node], starts[node + 1])
        ]
        assert [trie.parents[level][node] for node, _ in paths] == [
            node for node in range(len(starts) - 1) for _ in range(starts[node], starts[node + 1])
        ]
        assert trie.leaves[level + 1].sum() == items
    spelt = {int(trie.items[node]): path for node, path in paths}

    assert [spelt[item] for item in range(items)] == np.maximum(ids.codes, 0).tolist()
    assert trie.items[trie.nodes[-1]].tolist() == list(range(items))


def test_health_counts_collisions_dead_codes_and_neighbours_under_one_prefix() -> None:
    vectors = np.array([[0.0], [0.1], [0.2], [9.0], [9.1], [9.2]] * 4, dtype=np.float32)
    codes = np.where(vectors[:, :1] < 5, 0, 1).astype(np.int32)

    health = health_of(told_apart(codes), vectors, size=3)

    assert health["colliding_share"] == 1.0
    assert health["largest_group"] == 12
    assert health["perplexity"] == pytest.approx([2.0])
    assert health["dead_codes"] == [1]
    assert health["neighbour_share"] == [1.0]
    assert health["chance_share"] == pytest.approx([11 / 23])
    assert "100.0% of items collide" in told_in_words(health)


def test_health_of_ids_drawn_at_random_is_no_better_than_chance() -> None:
    rng = np.random.default_rng(2)
    vectors = rng.normal(size=(3_000, 4)).astype(np.float32)

    health = health_of(random_ids(rng, 3_000, 2, 16), vectors, size=16)

    assert health["neighbour_share"] == pytest.approx(health["chance_share"], abs=0.01)
    assert health["perplexity"] == pytest.approx([16, 16], rel=0.02)
