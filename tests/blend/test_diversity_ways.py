"""The fast forms give what the papers' plain forms give."""

import numpy as np
import pytest

from bowerbird.blend import Determinantal, MarginalRelevance, SlidingSpectrum


def unit_rows(count: int, seed: int, width: int = 6) -> np.ndarray:
    rows = np.random.default_rng(seed).normal(size=(count, width))
    found: np.ndarray = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    return found


@pytest.mark.parametrize("count", [1, 2, 12])
@pytest.mark.parametrize("window", [1, 3, 20])
def test_sliding_spectrum_keeps_what_gram_schmidt_leaves(count: int, window: int) -> None:
    vectors = unit_rows(count, seed=count)
    extended = np.hstack([vectors, np.ones((count, 1))]).astype(np.float64)
    fast = SlidingSpectrum(count, strength=1.0, window=window)
    left, parts = extended.copy(), []

    for row in range(min(count, 6)):
        fast.take(row, vectors @ vectors[row])
        if len(parts) == window:
            left += parts.pop(0)  # the oldest gives its part back
        basis = left[row] / max(np.linalg.norm(left[row]), 1e-3)
        part = np.outer(left @ basis, basis)
        left = left - part
        parts.append(part)
        later = np.arange(count) > row

        plain = np.linalg.norm(left, axis=1) / np.sqrt(2.0)

        np.testing.assert_allclose(fast.gain()[later], plain[later], atol=2e-3)


@pytest.mark.parametrize("window", [1, 3, 20])
def test_determinantal_gain_is_the_growth_of_the_determinant(window: int) -> None:
    vectors = unit_rows(12, seed=5, width=12)
    kernel = (1.0 + vectors @ vectors.T).astype(np.float64) / 2.0
    fast = Determinantal(12, strength=2.0, window=window)

    for row in range(5):
        fast.take(row, vectors @ vectors[row])
        kept = list(range(max(0, row + 1 - window), row + 1))
        before = np.linalg.slogdet(kernel[np.ix_(kept, kept)])[1]

        for candidate in range(5, 12):
            both = [*kept, candidate]
            growth = np.linalg.slogdet(kernel[np.ix_(both, both)])[1] - before
            assert fast.gain()[candidate] == pytest.approx(growth, abs=1e-3)


def test_marginal_relevance_loses_the_largest_similarity_in_the_window() -> None:
    vectors = unit_rows(8, seed=2)
    fast = MarginalRelevance(8, strength=0.5, window=2)

    for row in (0, 1, 2):
        fast.take(row, vectors @ vectors[row])

    lost = -0.5 * np.maximum((vectors @ vectors[[1, 2]].T).max(axis=1), 0.0)
    np.testing.assert_allclose(fast.gain(), lost, atol=1e-6)


@pytest.mark.parametrize("way", [SlidingSpectrum, Determinantal, MarginalRelevance])
def test_copy_of_what_was_taken_adds_least(
    way: type[SlidingSpectrum] | type[Determinantal] | type[MarginalRelevance],
) -> None:
    vectors = unit_rows(6, seed=3)
    vectors[4] = vectors[0]
    follower = way(6, strength=1.0, window=4)

    follower.take(0, vectors @ vectors[0])

    assert int(np.argmin(follower.gain()[1:])) + 1 == 4
