import numpy as np
import pytest

from bowerbird.core.errors import InputError
from bowerbird.learn.evaluate import Evaluation, difference, draws, summary


def run(values: np.ndarray) -> Evaluation:
    """One metric, and one tail target for each person."""
    ones = np.ones((len(values), 1), dtype=np.float32)
    column = values[:, None].astype(np.float32)
    names = ("recall@10", "tail_recall@10")
    return Evaluation(names, np.hstack([column, column]), np.hstack([ones, ones]), {}, 0.0)


def test_interval_of_a_share_is_that_of_the_textbook() -> None:
    values = (np.random.default_rng(0).random(4_000) < 0.1).astype(np.float32)

    found = summary(draws([run(values)]))["recall@10"]

    wide = 1.96 * values.std() / np.sqrt(len(values))
    assert found.interval is not None
    assert found.interval.high - found.mean == pytest.approx(wide, rel=0.15)
    assert found.mean - found.interval.low == pytest.approx(wide, rel=0.15)


def test_interval_over_seeds_is_wider_than_over_persons_alone() -> None:
    rng = np.random.default_rng(1)
    runs = [run((rng.random(4_000) < share).astype(np.float32)) for share in (0.08, 0.10, 0.12)]

    one, three = summary(draws(runs[1:2]))["recall@10"], summary(draws(runs))["recall@10"]

    assert one.interval is not None
    assert three.interval is not None
    assert three.interval.high - three.interval.low > 1.5 * (one.interval.high - one.interval.low)
    assert three.seed_sd == pytest.approx(0.02, rel=0.3)


def test_paired_difference_sees_what_two_intervals_cannot() -> None:
    hard = np.random.default_rng(2).random(2_000)
    worse, better = run(hard), run(hard + 0.01)

    found = difference(draws([better], stream=1), draws([worse], stream=2))["recall@10"]

    assert found.interval is not None
    assert found.mean == pytest.approx(0.01, abs=1e-4)
    assert found.interval.low > 0.0099
    assert found.interval.excludes_zero


def test_difference_of_equals_holds_zero_in_95_of_100() -> None:
    rng = np.random.default_rng(3)
    hits = 0
    for _ in range(100):
        first, second = rng.random((2, 400))
        one, other = (draws([run(values)], resamples=300) for values in (first, second))
        found = difference(one, other)["recall@10"]
        assert found.interval is not None
        hits += not found.interval.excludes_zero

    assert 88 <= hits <= 100


def test_models_judged_on_different_cases_are_not_compared() -> None:
    with pytest.raises(InputError, match="different cases"):
        difference(draws([run(np.ones(5))]), draws([run(np.ones(6))]))
