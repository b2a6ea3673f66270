import itertools
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parent))
from learn_world import histories

from bowerbird.learn.data.histories import bounds_of
from bowerbird.learn.evaluate import EvaluationConfig, evaluate, top_of_scores
from bowerbird.learn.evaluate.metrics import first_place
from bowerbird.learn.splits import Cases
from bowerbird.learn.types import Found


class Told:
    """Gives the scores it was told, whatever the history."""

    def __init__(self, scores: np.ndarray) -> None:
        self.given = scores
        self.facts: dict[str, object] = {}

    def scores(self, asked: object) -> np.ndarray:
        return np.tile(self.given, (len(asked), 1)).astype(np.float32)  # type: ignore[arg-type]

    def top(self, asked: object, k: int, exclude: object = None) -> Found:
        return top_of_scores(self.scores(asked), k, exclude)  # type: ignore[arg-type]

    def save(self, folder: Path) -> None: ...


class Listed:
    """Only lists; cannot score."""

    def __init__(self, told: Told) -> None:
        self._told = told
        self.facts: dict[str, object] = {}

    def top(self, asked: object, k: int, exclude: object = None) -> Found:
        return self._told.top(asked, k, exclude)

    def save(self, folder: Path) -> None: ...


def cases_of(history: list[int], targets: list[int]) -> Cases:
    known = histories([history])
    return Cases(
        known,
        bounds_of(np.array([len(targets)])),
        np.array(targets, dtype=np.int32),
        np.zeros(len(targets), np.int8),
        np.zeros(len(targets), np.int64),
    )


def by_brute_force(scores: list[int], history: list[int], targets: set[int], k: int) -> dict[str, float]:
    """The mean of every metric over every order that the scores allow."""
    candidates = [item for item in range(len(scores)) if item not in history]
    levels = [
        list(itertools.permutations([item for item in candidates if scores[item] == score]))
        for score in sorted({scores[item] for item in candidates}, reverse=True)
    ]
    told: dict[str, list[float]] = {"recall": [], "ndcg": [], "hit": [], "mrr": []}
    for parts in itertools.product(*levels):
        order = [item for part in parts for item in part][:k]
        ranks = [rank for rank, item in enumerate(order, start=1) if item in targets]
        best = sum(1 / np.log2(rank + 1) for rank in range(1, min(len(targets), k) + 1))
        told["recall"].append(len(ranks) / len(targets))
        told["ndcg"].append(sum(1 / np.log2(rank + 1) for rank in ranks) / best)
        told["hit"].append(float(bool(ranks)))
        told["mrr"].append(1 / ranks[0] if ranks else 0.0)
    return {name: float(np.mean(values)) for name, values in told.items()}


@settings(deadline=None, max_examples=60)
@given(
    scores=st.lists(st.integers(0, 2), min_size=3, max_size=7),
    data=st.data(),
    k=st.integers(1, 5),
)
def test_expected_metrics_are_the_mean_over_every_order_of_equal_scores(
    scores: list[int], data: st.DataObject, k: int
) -> None:
    history = data.draw(st.lists(st.integers(0, len(scores) - 1), min_size=1, max_size=2, unique=True))
    free = [item for item in range(len(scores)) if item not in history]
    targets = data.draw(st.lists(st.sampled_from(free), min_size=1, max_size=3, unique=True))
    config = EvaluationConfig(cutoffs=(k,), list_length=1)

    got = evaluate(
        Told(np.array(scores)), cases_of(history, targets), np.ones(len(scores), np.int64), config
    ).values()

    wanted = by_brute_force(scores, history, set(targets), k)
    assert {name: got[f"{name}@{k}"] for name in wanted} == pytest.approx(wanted, abs=1e-6)


@settings(deadline=None, max_examples=40)
@given(seed=st.integers(0, 10_000), levels=st.integers(2, 20))
def test_catalogue_rule_and_a_retriever_that_only_lists_agree(seed: int, levels: int) -> None:
    rng = np.random.default_rng(seed)
    told = Told(rng.integers(0, levels, 30))
    cases = cases_of([3, 4], [int(item) for item in rng.permutation(np.arange(5, 30))[:4]])
    config = EvaluationConfig(score_ties="catalogue")

    scored = evaluate(told, cases, np.arange(30), config).values()
    listed = evaluate(Listed(told), cases, np.arange(30), config).values()

    assert scored == pytest.approx(listed)


@settings(deadline=None)
@given(level=st.integers(1, 40), targets=st.integers(1, 40))
def test_chances_of_the_first_place_add_up_to_one(level: int, targets: int) -> None:
    targets = min(level, targets)

    assert first_place(level, targets).sum() == pytest.approx(1.0)


def test_scores_that_are_all_equal_give_what_chance_gives() -> None:
    found = evaluate(Told(np.zeros(100)), cases_of([0], [57]), np.ones(100, np.int64)).values()

    assert found["recall@10"] == pytest.approx(10 / 99)


def test_nan_scores_are_refused() -> None:
    with pytest.raises(Exception, match="NaN were received"):
        evaluate(Told(np.full(5, np.nan)), cases_of([0], [1]), np.ones(5, np.int64))


def test_item_that_is_never_proposed_is_never_found() -> None:
    scores = np.zeros(20)
    scores[7] = -np.inf

    assert evaluate(Told(scores), cases_of([0], [7]), np.ones(20, np.int64)).values()["recall@50"] == 0


def test_targets_of_the_own_history_count_only_when_history_is_kept() -> None:
    scores, cases = np.arange(10.0)[::-1].copy(), cases_of([0, 1], [0, 5])

    taken_out = evaluate(Told(scores), cases, np.ones(10, np.int64), EvaluationConfig(cutoffs=(1,))).values()
    kept = evaluate(
        Told(scores), cases, np.ones(10, np.int64), EvaluationConfig(cutoffs=(1,), keeps_history=True)
    ).values()

    assert (taken_out["recall@1"], kept["recall@1"]) == (0.0, 0.5)


def test_catalogue_of_one_item_and_one_person_is_judged() -> None:
    kept = EvaluationConfig(keeps_history=True)
    found = evaluate(Told(np.zeros(1)), cases_of([0], [0]), np.ones(1, np.int64), kept).values()

    assert found["recall@5"] == 1.0


def test_tail_cold_and_new_items_are_counted_apart() -> None:
    counts = np.array([50, 20, 10, 5, 4, 3, 2, 1, 0, 0])
    scores = np.array([0, 0, 0, 0, 0, 9.0, 0, 0, 8.0, 0])

    found = evaluate(
        Told(scores), cases_of([0], [1, 5, 8, 9]), counts, EvaluationConfig(cutoffs=(2,))
    ).values()

    assert found["recall@2"] == pytest.approx(2 / 4)
    assert found["tail_recall@2"] == pytest.approx(2 / 3)
    assert found["new_recall@2"] == pytest.approx(1 / 2)


def test_diversity_of_equal_vectors_is_nothing_and_of_right_angles_is_all() -> None:
    told, cases = Told(np.arange(6.0)), cases_of([0], [1])

    same = evaluate(told, cases, np.ones(6, np.int64), vectors=np.ones((6, 3), np.float32)).values()
    apart = evaluate(told, cases, np.ones(6, np.int64), vectors=np.eye(6, dtype=np.float32)).values()

    assert same["diversity@10"] == pytest.approx(0.0, abs=1e-6)
    assert apart["diversity@10"] == pytest.approx(1.0)


def test_novelty_and_coverage_of_a_list_by_hand() -> None:
    counts = np.array([0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1])
    found = evaluate(
        Told(np.arange(12.0)), cases_of([11], [3]), counts, EvaluationConfig(list_length=1)
    ).values()

    assert found["novelty@1"] == pytest.approx(-np.log2(2 / 23))
    assert found["coverage@1"] == pytest.approx(1 / 12)


@settings(deadline=None)
@given(seed=st.integers(0, 1000), k=st.integers(1, 12))
def test_top_of_scores_is_a_stable_sort(seed: int, k: int) -> None:
    scores = np.random.default_rng(seed).integers(0, 4, (5, 9)).astype(np.float32)

    found = top_of_scores(scores.copy(), k)

    wanted = np.argsort(-scores, axis=1, kind="stable")[:, :k]
    assert (found.items[:, : wanted.shape[1]] == wanted).all()
    assert (found.items[:, 9:] == -1).all()
