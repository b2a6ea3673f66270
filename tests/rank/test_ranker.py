"""A ranker trained on drawn pages: it orders, its chances are true, and it answers alike however asked."""

from pathlib import Path

import numpy as np
import pytest
from drawn_pages import CONFIG, ITEMS, PAGE, SAVE, TASTES
from hypothesis import given
from hypothesis import strategies as st

from bowerbird.core.actions import Action
from bowerbird.core.errors import IncompatibleEmbeddingError, InputError
from bowerbird.learn.config import TrainingConfig
from bowerbird.learn.loop import LoopConfig
from bowerbird.rank.ranker import HEADS, ItemSide, PersonSide, ServedRanker, load_ranker
from bowerbird.rank.ranker.calibration import trueness
from bowerbird.rank.ranker.fitting import fitted
from bowerbird.rank.ranker.heads import IMPRESSION_CODE
from bowerbird.rank.ranker.inputs import as_vectors, person_arrays
from bowerbird.rank.ranker.judging import auc_of_pages, ndcg_of_pages
from bowerbird.rank.ranker.looping import FuturePages, Turning, turn
from bowerbird.rank.ranker.requests import Acts, Requests, requests_of
from bowerbird.rank.ranker.train import Trained, future_pages, train_ranker
from bowerbird.rank.utility import MORE_TO, UtilityConfig, on_scale, utility, weights_of


def someone(taste: int, likes: int, seen: int = 0) -> PersonSide:
    items = np.arange(likes) * TASTES + taste
    left = np.arange(seen)
    return PersonSide(
        items, np.full(likes, SAVE, np.int8), 1_000 * np.arange(likes), left, 1_000 * left, left
    )


def test_it_tells_what_people_will_save_and_its_chances_are_true(trained: Trained) -> None:
    save, hide = trained.report["save"], trained.report["hide"]
    assert save["auc"]["low"] > 0.7
    assert hide["auc"]["mean"] > 0.55
    assert save["calibration"]["all"]["ece"] < 0.05
    assert 0.75 < save["calibration"]["all"]["ratio"] < 1.3
    # What each place draws was learned apart.
    places = trained.ranker.places[:PAGE, HEADS.index(Action.SAVE)]
    assert places[0] > places[PAGE - 1]


def test_more_likes_of_a_taste_raise_its_chances_and_nobody_has_a_chance_too(
    trained: Trained, world: tuple[Acts, np.ndarray, ItemSide]
) -> None:
    ranker, vectors = trained.ranker, trained.ranker.content(world[1])
    features = np.zeros((ITEMS, 8), np.float32)
    lean = []
    for likes in (0, 1, 8):
        chances = ranker.chances(someone(1, likes), vectors, vectors, features, 10_000)
        assert chances.shape == (ITEMS, len(HEADS))
        assert ((chances > 0) & (chances < 1)).all()
        own = np.arange(ITEMS) % TASTES == 1
        lean.append(chances[own, 0].mean() - chances[~own, 0].mean())
    assert lean[0] < lean[1]
    assert lean[2] > 0.1


@given(st.integers(0, 12), st.integers(0, 20), st.integers(1, 40), st.integers(0, 1_000))
def test_candidates_are_judged_alike_together_apart_and_beside_other_people(
    trained: Trained, likes: int, seen: int, count: int, seed: int
) -> None:
    ranker = trained.ranker
    rng = np.random.default_rng(seed)
    vectors = rng.normal(size=(ITEMS, CONFIG.basis)).astype(np.float32)
    features = rng.random((count, 8), dtype=np.float32)
    numbers = rng.integers(0, ITEMS, count)
    person = someone(2, likes, seen)
    together = ranker.chances(person, vectors, vectors[numbers], features, 10**6)
    one = count // 2
    alone = ranker.chances(person, vectors, vectors[numbers[[one]]], features[[one]], 10**6)
    np.testing.assert_allclose(alone[0], together[one], atol=2e-5)
    both = as_vectors(person_arrays([someone(0, 3), person], [10**6] * 2, CONFIG), vectors)
    beside = ranker.logits(both, vectors[numbers][None].repeat(2, 0), features[None].repeat(2, 0))
    np.testing.assert_allclose(ranker.calibrated.chances(beside[1]), together, atol=2e-5)


def test_kept_ranker_answers_the_same_and_other_content_is_refused(trained: Trained, tmp_path: Path) -> None:
    trained.ranker.save(tmp_path)
    loaded: ServedRanker = load_ranker(tmp_path)
    assert loaded.version == trained.ranker.version
    vectors = np.eye(5, CONFIG.basis, dtype=np.float32)
    features = np.zeros((5, 8), np.float32)
    given_ = (someone(0, 1), vectors, vectors, features, 10**6)
    np.testing.assert_array_equal(loaded.chances(*given_), trained.ranker.chances(*given_))
    with pytest.raises(IncompatibleEmbeddingError, match="needed are rows of 12"):
        loaded.content(np.zeros((3, 5), np.float32))


def test_too_little_to_learn_from_is_told(world: tuple[Acts, np.ndarray, ItemSide], tmp_path: Path) -> None:
    acts, raw, items = world
    few = Acts(*(getattr(acts, name)[:40] for name in Acts.__slots__))
    with pytest.raises(InputError, match="needed are at least 50 pages"):
        train_ranker(few, raw, items, CONFIG, space="drawn", seed=0, folder=tmp_path)


def test_pages_made_by_others_are_those_that_are_learned_from(
    world: tuple[Acts, np.ndarray, ItemSide], tmp_path: Path
) -> None:
    acts, raw, items = world
    with pytest.raises(InputError, match="40 pages"):
        train_ranker(
            acts, raw, items, CONFIG, space="drawn", seed=0, folder=tmp_path,
            pages=requests_of(acts).rows(0, 40),
        )  # fmt: skip


def test_without_a_sequence_only_features_tell_people_apart(
    world: tuple[Acts, np.ndarray, ItemSide], tmp_path: Path
) -> None:
    acts, raw, items = world
    nothing = {"recent": 0, "long": 0, "left": 0, "layers": 0, "next_action": 0.0}
    config = CONFIG.model_copy(update=nothing | {"training": TrainingConfig(epochs=1, learning_rate=0.01)})
    ranker = train_ranker(
        acts, raw, items, config, space="drawn", seed=0, folder=tmp_path,
        pages=requests_of(acts).rows(0, 200),
    ).ranker  # fmt: skip
    vectors, features = ranker.content(raw), np.zeros((ITEMS, 8), np.float32)
    several = [ranker.chances(someone(1, likes, 4), vectors, vectors, features, 10_000) for likes in (0, 8)]
    np.testing.assert_array_equal(*several)
    fresh = ranker.chances(someone(1, 8), vectors, vectors, features + 1, 10_000)
    assert not np.allclose(fresh, several[1])


@given(st.floats(0.3, 3), st.floats(-3, 1), st.integers(0, 100))
def test_stretched_and_moved_chances_become_true(slope: float, shift: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    logits = rng.normal(-2, 1.2, size=(6_000, 1))
    labels = rng.random(logits.shape) < 1 / (1 + np.exp(-(slope * logits + shift)))
    told = trueness(fitted(logits, labels).chances(logits)[:, 0], labels[:, 0])
    assert told.ece < 0.03
    assert abs(told.said - told.was) < 0.01


@given(st.lists(st.tuples(st.integers(0, 3), st.booleans()), min_size=1, max_size=30))
def test_order_within_pages_is_counted_pair_by_pair(rows: list[tuple[int, bool]]) -> None:
    scores, labels = np.array([row[0] for row in rows], float), np.array([row[1] for row in rows])
    table = [(0, item, IMPRESSION_CODE, 1_000 + item, item, 0) for item in range(len(rows))]
    requests = requests_of(Acts.of(*np.array(table).T))
    found, pages = auc_of_pages(scores, labels, requests)
    pairs = [(good > bad) + 0.5 * (good == bad) for good in scores[labels] for bad in scores[~labels]]
    assert len(pages) == bool(pairs)
    if pairs:
        assert found[0] == pytest.approx(np.mean(pairs))
    best, some = ndcg_of_pages(labels.astype(float), labels.astype(float), requests)
    assert len(some) == labels.any()
    assert best == pytest.approx(1.0)


def test_worth_follows_the_weights_and_keeps_its_order_on_the_scale() -> None:
    rng = np.random.default_rng(1)
    chances = rng.random((50, len(HEADS)), dtype=np.float32)
    for more_to in ("", *MORE_TO):
        worth = utility(chances, weights_of(UtilityConfig(), more_to))
        scaled = on_scale(worth)
        inside = np.abs(scaled) < 2
        assert (np.argsort(scaled[inside]) == np.argsort(worth[inside])).all()
    shop = weights_of(UtilityConfig(), "shop")
    assert shop[HEADS.index(Action.PURCHASE)] > weights_of(UtilityConfig())[HEADS.index(Action.PURCHASE)]
    assert utility(np.eye(6, dtype=np.float32), shop)[HEADS.index(Action.HIDE)] < 0
    with pytest.raises(InputError, match="more_to 'fun' was received"):
        weights_of(UtilityConfig(), "fun")


def test_a_turn_learns_from_its_window_and_knows_people_from_before_it(
    world: tuple[Acts, np.ndarray, ItemSide], tmp_path: Path
) -> None:
    acts, raw, items = world
    config = CONFIG.model_copy(update={"training": TrainingConfig(epochs=1, learning_rate=0.01)})
    learned: list[tuple[int, Requests]] = []

    def learn(before: Acts, from_ms: int) -> ServedRanker:
        pages = requests_of(before).since(from_ms)
        learned.append((int(before.at_ms[0]), pages))
        return train_ranker(
            before, raw, items, config, space="drawn", seed=0, folder=tmp_path, pages=pages
        ).ranker

    def judge(ranker: ServedRanker, known: Acts, cut_ms: int) -> FuturePages:
        assert known is acts
        return future_pages(ranker, known, raw, items, cut_ms)

    found = turn(acts, None, None, Turning(LoopConfig(window_days=3), learn, judge), lambda _: None)
    ((earliest_ms, pages),) = learned
    assert earliest_ms < found.from_ms <= pages.at_ms[0] <= pages.at_ms[-1] < found.cut_ms
    assert found.decision is not None
    assert found.decision.pages == len(requests_of(acts).since(found.cut_ms))
