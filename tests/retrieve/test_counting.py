import os
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "learn"))
from learn_world import histories, ring

from bowerbird.core.errors import InputError
from bowerbird.learn.data import DataConfig, Interactions, read
from bowerbird.learn.evaluate import EvaluationConfig, evaluate
from bowerbird.learn.splits import split
from bowerbird.learn.types import Budget, FitPlan, FittedRetriever, ScoringRetriever
from bowerbird.retrieve.counting import COUNTING_KINDS, TunedRetriever
from bowerbird.retrieve.counting.content import ContentConfig, load_content
from bowerbird.retrieve.counting.item_knn import load_item_knn
from bowerbird.retrieve.counting.item_words import load_item_words
from bowerbird.retrieve.counting.popularity import PopularityConfig, load_popularity
from bowerbird.retrieve.counting.transitions import TransitionsConfig, load_transitions
from bowerbird.retrieve.counting.walk import Drawn, load_walk

LOADS: dict[str, Callable[[Path], FittedRetriever]] = {
    "popularity": load_popularity,
    "transitions": load_transitions,
    "item-knn": load_item_knn,
    "walk": load_walk,
    "bm25": load_item_words,
    "content": load_content,
}

SHARED = Path(
    os.environ.get("BOWERBIRD_SHARED_DATA", Path(__file__).resolve().parents[3] / "shared" / "data")
)


@pytest.fixture(params=list(COUNTING_KINDS))
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def plan(folder: Path) -> FitPlan:
    return FitPlan(0, Budget(trials=3), folder)


def words_of(rows: Interactions) -> Interactions:
    """Items of like number share a word, and their vectors lie close."""
    ids = [int(id_) for id_ in rows.catalogue.ids]
    turns = np.array(ids) / len(ids) * 2 * np.pi
    vectors = np.stack([np.cos(turns), np.sin(turns)], axis=1).astype(np.float32)
    titles = tuple(f"shade{id_ // 4} item{id_}" for id_ in ids)
    return replace(rows, catalogue=replace(rows.catalogue, titles=titles).with_vectors(vectors))


def test_scores_are_finite_or_never_proposed_and_top_gives_them_best_first(kind: str, tmp_path: Path) -> None:
    found = split(words_of(ring(persons=40, items=30, length=6)))
    fitted = TunedRetriever(COUNTING_KINDS[kind]).fit(found.training, found.validation, plan(tmp_path))
    asked = found.test.histories

    assert isinstance(fitted, ScoringRetriever)
    scores = fitted.scores(asked)
    best = fitted.top(asked, 10, asked)

    assert scores.shape == (40, 30)
    assert scores.dtype == np.float32
    assert not np.isnan(scores).any()
    assert (np.diff(np.where(best.items >= 0, best.scores, -1e9), axis=1) <= 0).all()
    for row in range(len(asked)):
        assert not set(best.items[row].tolist()) & set(asked.rows(row, row + 1).items.tolist())


def test_one_item_and_one_person_are_enough(kind: str, tmp_path: Path) -> None:
    rows = words_of(ring(persons=1, items=1, length=4))
    found = split(rows)

    fitted = TunedRetriever(COUNTING_KINDS[kind]).fit(found.training, found.validation, plan(tmp_path))

    assert fitted.top(found.test.histories, 5).items.shape == (1, 5)


def test_saved_and_loaded_it_answers_alike(kind: str, tmp_path: Path) -> None:
    found = split(words_of(ring(persons=40, items=30, length=6)))
    fitted = TunedRetriever(COUNTING_KINDS[kind]).fit(found.training, found.validation, plan(tmp_path))
    assert isinstance(fitted, ScoringRetriever)

    fitted.save(tmp_path)
    again = LOADS[kind](tmp_path)

    assert isinstance(again, ScoringRetriever)
    np.testing.assert_array_equal(again.scores(found.test.histories), fitted.scores(found.test.histories))


def test_answer_does_not_depend_on_neighbours_in_the_batch(kind: str, tmp_path: Path) -> None:
    found = split(words_of(ring(persons=40, items=30, length=6)))
    fitted = TunedRetriever(COUNTING_KINDS[kind]).fit(found.training, found.validation, plan(tmp_path))
    assert isinstance(fitted, ScoringRetriever)
    asked = found.test.histories

    together = fitted.scores(asked)
    alone = np.concatenate([fitted.scores(asked.rows(row, row + 1)) for row in range(len(asked))])

    np.testing.assert_allclose(together, alone, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", ["item-knn", "walk", "bm25", "content"])
def test_near_items_come_before_far_ones(name: str, tmp_path: Path) -> None:
    rows = words_of(ring(persons=300, items=40, length=6))
    found = split(rows)
    fitted = TunedRetriever(COUNTING_KINDS[name]).fit(found.training, found.validation, plan(tmp_path))
    assert isinstance(fitted, ScoringRetriever)
    place = rows.catalogue.ids.index("22")
    near, far = (rows.catalogue.ids.index(id_) for id_ in ("23", "3"))

    scores = fitted.scores(histories([[place]]))[0]

    assert scores[near] > scores[far]


def test_walks_of_another_seed_are_other_walks(tmp_path: Path) -> None:
    rows = ring(persons=60, items=40, length=6)
    kind = COUNTING_KINDS["walk"]

    one, same, other = (kind.fit_one(rows, kind.settings(rows)[0], seed) for seed in (1, 1, 2))

    asked = histories([[3, 4, 5]])
    assert isinstance(one, ScoringRetriever)
    assert isinstance(same, ScoringRetriever)
    assert isinstance(other, ScoringRetriever)
    np.testing.assert_array_equal(one.scores(asked), same.scores(asked))
    assert (one.scores(asked) != other.scores(asked)).any()


def test_hash_of_walks_is_even() -> None:
    keys = np.zeros(200_000, dtype=np.uint64)
    drawn = Drawn(7, keys, np.arange(200_000))

    first, second = drawn.uniform(), drawn.uniform()

    for numbers in (first, second):
        counts = np.bincount((numbers * 50).astype(np.int64), minlength=50)
        assert np.abs(counts / 4_000 - 1).max() < 0.08
    assert abs(np.corrcoef(first, second)[0, 1]) < 0.01


def test_equal_or_unusable_vectors_leave_everything_to_the_prior(tmp_path: Path) -> None:
    rows = ring(persons=30, items=20, length=6)
    count = rows.item_count
    for vectors in (np.ones((count, 4)), np.full((count, 4), np.nan)):
        given = replace(rows, catalogue=rows.catalogue.with_vectors(vectors.astype(np.float32)))
        fitted = COUNTING_KINDS["content"].fit_one(given, ContentConfig(prior=0), 0)
        assert isinstance(fitted, ScoringRetriever)

        scores = fitted.scores(histories([[1, 2]]))

        assert np.isfinite(scores).all()
        assert np.ptp(scores) < 1e-6


def test_content_without_words_or_vectors_says_what_is_needed() -> None:
    with pytest.raises(InputError, match="leave `content` out"):
        COUNTING_KINDS["content"].fit_one(ring(persons=5, items=5, length=4), ContentConfig(), 0)


def test_transitions_learn_a_ring(tmp_path: Path) -> None:
    found = split(ring(persons=200, items=40, length=8))
    fitted = TunedRetriever(COUNTING_KINDS["transitions"]).fit(
        found.training, found.validation, plan(tmp_path)
    )

    values = evaluate(fitted, found.test, found.training.item_counts()).values()

    assert values["recall@5"] == 1.0


def test_transitions_count_the_newest_item_most(tmp_path: Path) -> None:
    rows = ring(persons=50, items=20, length=6)
    setting = TransitionsConfig(decay=0.5, prior=0)
    fitted = COUNTING_KINDS["transitions"].fit_one(rows, setting, 0)

    first, last = (fitted.top(histories([[a, b]]), 1).items[0, 0] for a, b in ((3, 9), (9, 3)))

    ids = rows.catalogue.ids
    assert (ids[first], ids[last]) == (str(int(ids[9]) + 1), str(int(ids[3]) + 1))


@pytest.mark.shared_data
@pytest.mark.skipif(not SHARED.is_dir(), reason="needs the shared data")
def test_floors_of_the_beauty_readme_are_what_we_measure() -> None:
    found = split(read(SHARED / "amazon-beauty", DataConfig()).interactions)
    counts = found.training.item_counts()
    config = EvaluationConfig(cutoffs=(5, 10), score_ties="catalogue")

    def measured(name: str, setting: PopularityConfig | TransitionsConfig) -> dict[str, float]:
        fitted = COUNTING_KINDS[name].fit_one(found.training, setting, 0)
        return {k: round(v, 4) for k, v in evaluate(fitted, found.test, counts, config).values().items()}

    popular, steps = measured("popularity", PopularityConfig()), measured("transitions", TransitionsConfig())

    assert found.sha256.startswith("5cc808e2cb1a")
    assert (popular["recall@10"], popular["ndcg@10"]) == (0.0115, 0.0055)
    # The README does not say how it weighs a history; this is within 0.0004 of its four numbers.
    assert [steps[name] for name in ("recall@5", "ndcg@5", "recall@10", "ndcg@10")] == pytest.approx(
        [0.0554, 0.0407, 0.0755, 0.0472], abs=4.5e-4
    )
