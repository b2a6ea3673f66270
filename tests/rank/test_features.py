import numpy as np
import pytest

from bowerbird.lake.colours import NAMED_COLOURS
from bowerbird.rank import (
    FEATURES,
    Facts,
    RankConfig,
    Tastes,
    features,
    in_order,
    picture_quality,
    value,
    weights,
)
from bowerbird.retrieve.types import Candidates
from bowerbird.taste import Likeness

DAY_MS = 86_400_000
NOW_MS = 1_700_000_000_000
AXES = np.eye(4, dtype=np.float32)


def facts_of(vectors: np.ndarray, **more: np.ndarray) -> Facts:
    count = len(vectors)
    columns = {
        "created_ms": np.full(count, -1, dtype=np.int64),
        "popularity": np.zeros(count, dtype=np.float32),
        "quality": np.zeros(count, dtype=np.float32),
        "is_seen": np.zeros(count, dtype=bool),
        "expected": np.zeros(count, dtype=np.float32),
    }
    return Facts(vectors, **{**columns, **more})


def tastes_of(liked: list[int], disliked: list[int] = []) -> Tastes:  # noqa: B006
    return Tastes(
        np.array(liked, dtype=np.int64),
        AXES[liked],
        np.linspace(1.0, 0.5, len(liked), dtype=np.float32),
        AXES[disliked],
        np.ones(len(disliked), dtype=np.float32),
    )


def column(name: str, facts: Facts, tastes: Tastes) -> np.ndarray:
    known = features(facts, tastes, Likeness(0.0), RankConfig(), now_ms=NOW_MS, seed=1)
    return known.columns[:, FEATURES.index(name)]


def worth(facts: Facts, tastes: Tastes, **settings: float) -> np.ndarray:
    config = RankConfig(chance=0.0, **settings)  # type: ignore[arg-type]
    known = features(facts, tastes, Likeness(0.0), config, now_ms=NOW_MS, seed=1)
    return value(known.columns, config)


def test_candidate_is_as_close_as_its_nearest_taste() -> None:
    facts, tastes = facts_of(AXES), tastes_of([0, 2])

    known = features(facts, tastes, Likeness(0.0), RankConfig(), now_ms=NOW_MS, seed=1)

    assert known.closeness.tolist() == [1.0, 0.0, 1.0, 0.0]
    assert known.nearest[[0, 2]].tolist() == [0, 1]


def test_mean_of_two_tastes_is_worth_less_than_either() -> None:
    middle = ((AXES[0] + AXES[2]) / np.sqrt(2.0)).astype(np.float32)
    values = worth(facts_of(np.stack([AXES[0], AXES[2], middle])), tastes_of([0, 2]))

    assert values[2] < min(values[0], values[1])


def test_likeness_to_something_disliked_costs() -> None:
    values = worth(facts_of(AXES[:2]), tastes_of([], disliked=[0]))

    assert values[0] == pytest.approx(-1.5)
    assert values[1] == 0.0


def test_freshness_is_halved_every_half_life_and_none_without_a_date() -> None:
    half_life_ms = int(RankConfig().fresh_half_life_days * DAY_MS)
    created_ms = np.array([NOW_MS, NOW_MS - half_life_ms, -1])

    fresh = column("freshness", facts_of(AXES[:3], created_ms=created_ms), tastes_of([]))

    np.testing.assert_allclose(fresh, [1.0, 0.5, 0.0], atol=1e-5)


def test_order_of_candidates_does_not_change_their_worth() -> None:
    rng = np.random.default_rng(0)
    quality = rng.random(4, dtype=np.float32)
    shuffled = rng.permutation(4)

    values = worth(facts_of(AXES, quality=quality), tastes_of([1]))
    other = worth(facts_of(AXES[shuffled], quality=quality[shuffled]), tastes_of([1]))

    np.testing.assert_array_equal(values[shuffled], other)


def test_every_weight_stands_at_its_feature() -> None:
    config = RankConfig(popularity=0.7)

    assert dict(zip(FEATURES, weights(config).tolist(), strict=True))["popularity"] == pytest.approx(0.7)


def test_best_comes_first_and_ties_keep_the_order_of_retrieval() -> None:
    found = Candidates(
        np.array([10, 11, 12]),
        np.zeros(3, dtype=np.float32),
        np.zeros(3, dtype=np.int64),
        ("explore",),
        np.full(3, -1),
    )

    order, ranked = in_order(found, np.array([0.5, 0.9, 0.5], dtype=np.float32))

    assert order.tolist() == [1, 0, 2]
    assert ranked.numbers.tolist() == [11, 10, 12]
    assert ranked.candidates.numbers.tolist() == [11, 10, 12]


def test_no_candidates_have_no_features() -> None:
    assert worth(facts_of(AXES[:0]), tastes_of([0])).shape == (0,)


def shares(**parts: float) -> np.ndarray:
    row = np.zeros((1, len(NAMED_COLOURS)), dtype=np.float32)
    for name, part in parts.items():
        row[0, NAMED_COLOURS.index(name)] = part
    return row


def test_colourful_picture_is_better_than_a_grey_one_and_no_picture_is_worst() -> None:
    rows = np.concatenate([shares(red=0.4, blue=0.3, cream=0.3), shares(grey=1.0), shares()])

    good, grey, none = picture_quality(rows, NAMED_COLOURS)

    assert 1.0 >= good > grey > none == 0.0
