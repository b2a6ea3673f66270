import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from bowerbird.retrieve.cutoff import CutoffConfig, cut, word_probabilities

chances = arrays(np.float32, st.integers(0, 40), elements=st.floats(0, 1, width=32))


def calibrated(scores: np.ndarray) -> np.ndarray:
    """A space whose relevant hits score about 0.6 and whose others about 0.3."""
    return (1 / (1 + np.exp(-20 * (scores - 0.45)))).astype(np.float32)


def drawn(rng: np.random.Generator, relevant: int, others: int) -> np.ndarray:
    """[C] scores, best first."""
    scores = np.concatenate([rng.normal(0.6, 0.05, relevant), rng.normal(0.25, 0.04, others)])
    return np.sort(scores)[::-1]


def test_search_for_what_is_there_is_found_and_ends_where_it_ends() -> None:
    rng = np.random.default_rng(1)

    ends = [cut(calibrated(drawn(rng, 12, 88))) for _ in range(50)]

    assert {end.verdict for end in ends} == {"found"}
    assert 11 <= np.mean([end.count for end in ends]) <= 14


def test_search_for_what_is_not_there_says_so_and_keeps_nothing() -> None:
    rng = np.random.default_rng(2)

    ends = [cut(calibrated(drawn(rng, 0, 100))) for _ in range(50)]

    assert sum(end.verdict == "nothing" for end in ends) >= 48
    assert all(end.count == 0 for end in ends if end.verdict == "nothing")


def test_hits_that_are_only_likely_make_it_weak() -> None:
    assert cut(np.array([0.35, 0.1, 0.02], dtype=np.float32)).verdict == "weak"


def test_words_make_found_what_vectors_doubt() -> None:
    by_words = word_probabilities(np.array([True, False]))

    end = cut(np.array([0.1, 0.1], dtype=np.float32), by_words)

    assert end.verdict == "found"
    assert end.keep.tolist() == [True, False]


def test_mended_words_are_weaker_evidence_than_words_as_typed() -> None:
    has_all = np.array([True])

    assert word_probabilities(has_all, 1)[0] < word_probabilities(has_all, 0)[0]


def test_some_of_the_words_alone_are_not_enough() -> None:
    none = np.zeros(3, dtype=np.float32)

    assert cut(none, word_probabilities(np.zeros(3, dtype=bool))).verdict == "nothing"


def test_search_by_picture_keeps_the_nearest_it_is_asked_to() -> None:
    end = cut(np.array([0.4, 0.01, 0.02, 0.0], dtype=np.float32), least=3)

    assert end.keep.tolist() == [True, True, True, False]


def test_nothing_to_cut_is_nothing() -> None:
    assert cut(np.empty(0, dtype=np.float32)).verdict == "nothing"


@given(chances)
def test_kept_hits_are_never_less_probable_than_dropped_ones(by_vector: np.ndarray) -> None:
    end = cut(by_vector)

    if end.count and not end.keep.all():
        assert end.probabilities[end.keep].min() >= end.probabilities[~end.keep].max()
    assert end.count == np.count_nonzero(end.keep)
    assert (end.verdict == "nothing") == (end.count == 0)


@given(chances, st.floats(0, 1, width=32))
def test_more_evidence_never_makes_a_hit_less_probable(by_vector: np.ndarray, more: float) -> None:
    alone = cut(by_vector)

    together = cut(by_vector, np.full(len(by_vector), more, dtype=np.float32))

    assert (together.probabilities >= alone.probabilities - 1e-6).all()


def test_thresholds_outside_their_bounds_are_refused() -> None:
    with pytest.raises(ValueError, match="less than or equal to 1"):
        CutoffConfig(found_from=1.5)
