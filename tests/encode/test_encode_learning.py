"""The parts that learn: kernel ridge, odds, phrases, quantisation."""

import numpy as np
import pytest

from bowerbird.encode.geometry import axes_of_spread, unit
from bowerbird.encode.kernel import RIDGE, fit_kernel, mean_log_rank, similarity
from bowerbird.encode.phrases import names_none_of, phrases_of
from bowerbird.encode.relevance import WORDED_ODDS, Searches, fit_odds, probability


def clusters(rng: np.random.Generator, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Pictures and words that go together: eight kinds, each a direction in both spaces."""
    kind = np.arange(count) % 8
    looks, words = rng.normal(size=(8, 20)), rng.normal(size=(8, 12))
    features = unit(looks[kind] + 0.3 * rng.normal(size=(count, 20)))
    targets = unit(words[kind] + 0.3 * rng.normal(size=(count, 12)))
    return features, targets


def test_left_out_predictions_equal_those_of_a_fit_without_the_pair() -> None:
    rng = np.random.default_rng(2)
    features, targets = clusters(rng, 24)
    gram = similarity(features, features)
    inverse = np.linalg.inv(gram + RIDGE * np.eye(24))
    short = targets - (inverse @ targets) / np.diag(inverse)[:, None]

    keep = np.arange(24) != 5
    slow = similarity(features[5:6], features[keep]) @ np.linalg.solve(
        gram[np.ix_(keep, keep)] + RIDGE * np.eye(23), targets[keep]
    )

    np.testing.assert_allclose(short[5], slow[0], atol=1e-8)


def test_pairs_that_go_together_are_used() -> None:
    features, targets = clusters(np.random.default_rng(4), 80)
    nothing_known = np.zeros_like(targets)

    fitted = fit_kernel(features, targets, nothing_known)

    assert len(fitted.weights) == 80


def test_shuffled_pairs_are_not_used() -> None:
    rng = np.random.default_rng(4)
    features, targets = clusters(rng, 80)
    good_prior = unit(targets + 0.1 * rng.normal(size=targets.shape))

    fitted = fit_kernel(features[rng.permutation(80)], targets, good_prior)

    assert fitted.prior_share == 1
    assert not len(fitted.weights)


def test_equal_targets_share_their_rank() -> None:
    same = np.tile([[1.0, 0.0]], (10, 1))

    assert mean_log_rank(same, same) == pytest.approx(np.log(5.5))


def test_odds_tell_present_from_absent() -> None:
    rng = np.random.default_rng(6)
    facts = np.concatenate([rng.normal(0.6, 0.1, (200, 3)), rng.normal(0.3, 0.1, (200, 3))])
    is_present = np.arange(400) < 200

    odds = fit_odds(Searches(facts, is_present), WORDED_ODDS)
    chance = probability(facts, odds)

    assert ((chance > 0.5) == is_present).mean() > 0.95


def test_odds_without_searches_are_the_default() -> None:
    nothing = Searches(np.zeros((0, 3)), np.zeros(0, dtype=bool))

    np.testing.assert_array_equal(fit_odds(nothing, WORDED_ODDS), WORDED_ODDS)


def test_phrases_do_not_depend_on_the_order_of_texts() -> None:
    texts = ["red leather shoes\nfootwear", "a tin of soup", "the sea at night"]

    assert phrases_of(texts, limit=6) == phrases_of(texts[::-1], limit=6)


def test_phrases_start_and_end_with_telling_words() -> None:
    found = phrases_of(["the cup of tea"], limit=100).texts

    assert set(found) == {"cup", "tea", "cup of tea"}


def test_plural_and_singular_name_the_same_thing() -> None:
    words = phrases_of(["berries and boxes"], limit=10).words

    assert not names_none_of("a berry", words)
    assert not names_none_of("box", words)
    assert names_none_of("a submarine", words)


def test_axes_have_settled_signs_and_fall_in_spread() -> None:
    rng = np.random.default_rng(8)
    rows = rng.normal(size=(100, 6)) * np.arange(6, 0, -1)

    values, axes = axes_of_spread(rows.T @ rows)

    assert (np.diff(values) <= 0).all()
    assert (axes[np.abs(axes).argmax(axis=0), np.arange(6)] > 0).all()
