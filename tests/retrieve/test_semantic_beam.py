import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1] / "learn"))
from learn_world import histories
from semantic_world import Table, random_ids

from bowerbird.learn.evaluate import top_of_scores
from bowerbird.learn.types import Found
from bowerbird.retrieve.semantic.beam import Spelling, beam_search
from bowerbird.retrieve.semantic.codebooks import Codebooks
from bowerbird.retrieve.semantic.ids import told_apart
from bowerbird.retrieve.semantic.neighbours import filled_up
from bowerbird.retrieve.semantic.trie import trie_of

WORLDS = (st.integers(1, 40), st.integers(1, 3), st.integers(2, 5), st.integers(0, 1000))


@settings(max_examples=60, deadline=None)
@given(*WORLDS, st.booleans())
def test_a_beam_as_wide_as_the_trie_finds_what_brute_force_finds(
    items: int, levels: int, codes: int, seed: int, has_ties: bool
) -> None:
    rng = np.random.default_rng(seed)
    ids = random_ids(rng, items, levels, codes)
    trie = trie_of(ids)
    table = Table(trie, 3, seed, steps=2.0 if has_ties else None)
    seen = [rng.permutation(items)[: rng.integers(0, items + 1)].tolist() for _ in range(3)]

    found = beam_search(trie, table, 3, items, histories(seen))

    assert isinstance(table, Spelling)
    for person in range(3):
        scores = table.of_items(person, ids)
        assert np.exp(scores.astype(np.float64)).sum() == pytest.approx(1, abs=1e-5)
        scores[seen[person]] = -np.inf
        left = items - len(seen[person])
        got, values = found.items[person][:left], found.scores[person][:left]
        assert sorted(got.tolist()) == np.flatnonzero(scores > -np.inf).tolist()
        assert (found.items[person][left:] == -1).all()
        np.testing.assert_allclose(values, scores[got], rtol=1e-5, atol=1e-5)
        codes = np.maximum(ids.codes[got], 0).tolist()
        assert list(zip(-values, codes, strict=True)) == sorted(zip(-values, codes, strict=True))


@settings(max_examples=60, deadline=None)
@given(*WORLDS, st.integers(1, 12))
def test_a_beam_of_any_width_gives_real_unseen_items_once_and_as_many_as_there_are(
    items: int, levels: int, codes: int, seed: int, width: int
) -> None:
    rng = np.random.default_rng(seed)
    ids = random_ids(rng, items, levels, codes)
    trie = trie_of(ids)
    table = Table(trie, 2, seed)
    seen = [rng.permutation(items)[: rng.integers(0, items + 1)].tolist() for _ in range(2)]

    found = beam_search(trie, table, 2, width, histories(seen))

    for person in range(2):
        got = found.items[person][found.items[person] >= 0].tolist()
        assert len(set(got)) == len(got) == min(width, items - len(seen[person]))
        assert set(got) <= set(range(items)) - set(seen[person])
        kept = found.scores[person][: len(got)]
        np.testing.assert_allclose(kept, table.of_items(person, ids)[got], rtol=1e-5, atol=1e-5)
        assert (np.diff(kept) <= 0).all()
        assert (found.scores[person][len(got) :] == -np.inf).all()


@settings(max_examples=20, deadline=None)
@given(st.integers(5, 40), st.integers(1, 3), st.integers(0, 1000), st.integers(1, 8))
def test_a_person_gets_the_same_alone_and_among_others(
    items: int, levels: int, seed: int, width: int
) -> None:
    trie = trie_of(random_ids(np.random.default_rng(seed), items, levels, 3))
    seen = [[0, 1], [], [2]]

    together = beam_search(trie, Table(trie, 3, seed), 3, width, histories(seen))

    for person in range(3):
        table = Table(trie, 1, seed, first_person=person)
        alone = beam_search(trie, table, 1, width, histories(seen[person : person + 1]))
        found = alone.items.shape[1]
        assert alone.items[0].tolist() == together.items[person][:found].tolist()
        assert (together.items[person][found:] == -1).all()
        np.testing.assert_array_equal(alone.scores[0], together.scores[person][:found])


def test_what_only_seen_items_lie_under_takes_no_place_in_the_beam() -> None:
    ids = told_apart(np.array([[0, 0], [0, 1], [1, 0], [1, 1]], dtype=np.int32))

    class Prefers(Table):
        def of(self, person: int, prefix: tuple[int, ...]) -> np.ndarray:
            return np.array([0.0, -9.0], dtype=np.float32)

    trie = trie_of(ids)
    found = beam_search(trie, Prefers(trie, 1, 0), 1, 1, histories([[0, 1]]))

    assert found.items.tolist() == [[2]]
    assert found.scores[0, 0] == pytest.approx(-9.0, abs=0.01)


def test_filling_up_brings_the_nearest_that_were_neither_found_nor_seen() -> None:
    centres = np.array([[[0.0], [10.0]], [[0.0], [1.0]]], dtype=np.float32)
    ids = told_apart(
        np.array([[0, 0], [0, 1], [1, 0], [1, 1], [1, 1]], dtype=np.int32)
    )  # at 0, 1, 10, 11, 11
    beam = Found(
        np.array([[3, -1], [0, 1]], dtype=np.int32), np.array([[-1, -np.inf], [-2, -3]], dtype=np.float32)
    )

    found = filled_up(beam, 4, Codebooks(centres), ids, histories([[2], []]))

    assert found.items.tolist() == [[3, 4, 1, 0], [0, 1, 2, 3]]
    assert (np.diff(found.scores, axis=1) < 0).all()
    np.testing.assert_array_equal(filled_up(beam, 1, Codebooks(centres), ids, None).items, [[3], [0]])


def test_filling_up_leaves_a_person_without_anything_left_empty() -> None:
    codebooks = Codebooks(np.array([[[0.0], [1.0]]], dtype=np.float32))
    ids = told_apart(np.array([[0], [1]], dtype=np.int32))
    empty = top_of_scores(np.full((1, 2), -np.inf, dtype=np.float32), 2)

    found = filled_up(empty, 3, codebooks, ids, histories([[0, 1]]))

    assert found.items.tolist() == [[-1, -1, -1]]
