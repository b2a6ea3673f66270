import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "learn"))
from learn_world import histories, ring

from bowerbird.core.errors import InputError
from bowerbird.learn.evaluate import EvaluationConfig, evaluate
from bowerbird.learn.splits import Split, split
from bowerbird.learn.types import Budget, FitPlan, FittedRetriever, Found, Retriever
from bowerbird.retrieve.counting import COUNTING_KINDS, TunedRetriever
from bowerbird.retrieve.merged import MergedRetriever, ServedMerged, Way
from bowerbird.retrieve.merged.fitting import first_targets, told_of_sources
from bowerbird.retrieve.merged.fusing import Fusion, Quotas
from bowerbird.retrieve.merged.proposals import joined, proposals_of
from bowerbird.retrieve.merged.served import best_of, load_merged

WORDS = ("popularity", "transitions", "bm25")


def parts(*names: str) -> list[Retriever]:
    return [TunedRetriever(COUNTING_KINDS[name]) for name in names]


def lists(*rows: list[list[int]]) -> list[Found]:
    """One list of each part for each row; scores fall by one from place to place."""
    found = []
    for part in rows:
        items = np.array(part, dtype=np.int32)
        scores = np.where(items >= 0, -np.arange(items.shape[1], dtype=np.float32), -np.inf)
        found.append(Found(items, scores.astype(np.float32)))
    return found


@pytest.fixture(scope="module")
def world() -> Split:
    """Everyone walks up a ring; titles tell nothing of it."""
    rows = ring(persons=150, items=40, length=7)
    titles = tuple(f"word{int(id_) % 7}" for id_ in rows.catalogue.ids)
    return split(replace(rows, catalogue=replace(rows.catalogue, titles=titles)))


@pytest.fixture(scope="module", params=["fused", "quotas"])
def way(request: pytest.FixtureRequest) -> Way:
    return request.param  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def fitted(world: Split, way: Way, tmp_path_factory: pytest.TempPathFactory) -> ServedMerged:
    plan = FitPlan(0, Budget(), tmp_path_factory.mktemp("merged"))
    return MergedRetriever("merged", parts(*WORDS), way=way).fit(world.training, world.validation, plan)


def test_source_that_is_right_wins_over_those_that_are_not(world: Split, fitted: ServedMerged) -> None:
    found = evaluate(fitted, world.test, world.training.item_counts()).values()
    told = fitted.facts["sources"]

    assert found["recall@5"] > 0.95
    assert isinstance(fitted, FittedRetriever)
    assert isinstance(MergedRetriever("merged", parts(*WORDS)), Retriever)
    assert told["transitions"]["share_of_hits"] > 0.95
    assert told["transitions"]["share_of_hits"] >= told["bm25"]["share_of_hits"]


def test_lists_hold_each_item_once_best_first_and_nothing_excluded(
    world: Split, fitted: ServedMerged
) -> None:
    asked = world.test.histories

    found = fitted.top(asked, 20, asked)

    for row, (items, scores) in enumerate(zip(found.items, found.scores, strict=True)):
        there = items[items >= 0]
        assert len(set(there.tolist())) == len(there)
        assert not set(there.tolist()) & set(asked.rows(row, row + 1).items.tolist())
        assert (np.diff(scores[: len(there)]) <= 0).all()


def test_asking_for_more_items_changes_nothing_about_the_first_ones(fitted: ServedMerged) -> None:
    asked = histories([[3, 4, 5], [7], [1, 9]])

    few, many = fitted.top(asked, 5), fitted.top(asked, 30)

    np.testing.assert_array_equal(few.items, many.items[:, :5])
    np.testing.assert_allclose(few.scores, many.scores[:, :5], rtol=1e-6)


def test_answer_does_not_depend_on_neighbours_in_the_batch(fitted: ServedMerged) -> None:
    rows = [[3, 4, 5], [7], [9, 8, 9]]

    together = fitted.top(histories(rows), 10)
    alone = [fitted.top(histories([row]), 10) for row in rows]

    np.testing.assert_array_equal(together.items, np.concatenate([each.items for each in alone]))
    np.testing.assert_array_equal(together.proposed, np.concatenate([each.proposed for each in alone]))


def test_every_item_was_proposed_by_the_sources_that_say_so(fitted: ServedMerged, world: Split) -> None:
    asked = world.test.histories.rows(0, 20)
    own = {name: part.top(asked, 60, asked) for name, part in fitted._parts.items()}

    found = fitted.top(asked, 15, asked)

    for row in range(len(asked)):
        for place, item in enumerate(found.items[row].tolist()):
            says = {
                name for name, is_in in zip(found.sources, found.proposed[row, place], strict=True) if is_in
            }
            assert says == ({name for name in own if item in own[name].items[row]} if item >= 0 else set())


def test_saved_and_loaded_it_answers_alike(fitted: ServedMerged, world: Split, tmp_path: Path) -> None:
    fitted.save(tmp_path)

    again = load_merged(tmp_path)

    asked = world.test.histories
    np.testing.assert_array_equal(again.top(asked, 10).items, fitted.top(asked, 10).items)
    assert again.facts == fitted.facts


def test_parts_are_fitted_once(world: Split, tmp_path: Path) -> None:
    told: list[str] = []
    plan = FitPlan(0, Budget(trials=2), tmp_path, told.append)
    merged = MergedRetriever("merged", parts("transitions", "popularity"))

    first = merged.fit(world.training, world.validation, plan)
    told.clear()
    second = merged.fit(world.training, world.validation, plan)

    assert sum("taken from an earlier run" in sentence for sentence in told) == 2
    assert not any("setting" in sentence for sentence in told)
    assert second.facts == first.facts


def test_part_that_needs_vectors_is_left_out_without_them_and_that_is_told(
    world: Split, tmp_path: Path
) -> None:
    plan = FitPlan(0, Budget(trials=2), tmp_path)
    merged = MergedRetriever("merged", parts("transitions", "content"), needs_vectors=["content"])

    found = merged.fit(world.training, world.validation, plan)

    assert found.facts["left_out"] == ["content"]
    assert list(found.facts["parts"]) == ["transitions"]
    with pytest.raises(InputError, match="titles"):
        MergedRetriever("merged", parts("content"), needs_vectors=["content"]).fit(
            world.training, world.validation, plan
        )


def test_parts_are_named_once_and_there_is_one() -> None:
    for names in ((), ("bm25", "bm25")):
        with pytest.raises(InputError, match="each once"):
            MergedRetriever("merged", parts(*names))


def test_shares_of_the_places_are_kept_where_lists_do_not_overlap() -> None:
    ten = list(range(10))
    proposals = proposals_of(lists([ten], [[item + 10 for item in ten]]), 10)

    found = best_of(proposals, Quotas(shares=(3.0, 1.0)), 12, ("often", "seldom"))

    for places in (4, 8, 12):
        assert found.proposed[0, :places].sum(axis=0).tolist() == [places * 3 // 4, places // 4]
    assert found.items[0, :3].tolist() == [0, 1, 10]


def test_joined_batches_are_what_one_batch_gives() -> None:
    rows = np.random.default_rng(0).permuted(np.tile(np.arange(30, dtype=np.int32), (8, 1)), axis=1)
    first, second = (rows[:, :9].tolist(), rows[:, 5:14].tolist())
    whole = proposals_of(lists(first, second), 9)

    halves = joined(
        [proposals_of(lists(first[:3], second[:3]), 9), proposals_of(lists(first[3:], second[3:]), 9)]
    )

    for name in ("rows", "items", "bounds", "ranks", "standing", "above"):
        np.testing.assert_array_equal(getattr(halves, name), getattr(whole, name))


def test_weights_have_the_steepest_slope_of_nothing_left() -> None:
    """At the best weights the likelihood falls whichever weight is moved."""
    rng = np.random.default_rng(1)
    rows = rng.permuted(np.tile(np.arange(40, dtype=np.int32), (200, 1)), axis=1)
    proposals = proposals_of(lists(rows[:, :10].tolist(), rows[:, 6:16].tolist()), 10)
    wanted = np.where(rng.random(200) < 0.7, rows[:, 1], rows[:, 7])
    targets = proposals.places_of(wanted)
    assert (targets >= 0).all()

    fitted = Fusion(sights=("reciprocal", "standing"), constant=3.0).fitted(proposals, targets, ridge=1e-6)

    def likelihood(weights: np.ndarray) -> float:
        scores = fitted.features(proposals) @ weights
        return sum(
            scores[target] - np.log(np.exp(scores[start:stop]).sum())
            for target, start, stop in zip(targets, proposals.bounds[:-1], proposals.bounds[1:], strict=True)
        )

    weights = np.array(fitted.weights).ravel()
    best = likelihood(weights)
    for place in range(len(weights)):
        for step in (-0.3, 0.3):
            moved = weights.copy()
            moved[place] += step
            assert likelihood(moved) < best


def test_shares_of_hits_are_counted_by_hand() -> None:
    cases = split(ring(persons=2, items=12, length=3)).test
    first, second = first_targets(cases).tolist()
    other = next(item for item in range(12) if item not in (first, second))
    proposals = proposals_of(lists([[first, other], [other, second]], [[first, -1], [-1, -1]]), 2)
    found = best_of(proposals, Fusion(), 2, ("both", "one"))

    told = told_of_sources(found, cases)

    assert told["both"] == {"share_of_places": 1.0, "share_of_hits": 1.0, "share_of_hits_only_here": 0.5}
    assert told["one"] == {"share_of_places": 0.25, "share_of_hits": 0.5, "share_of_hits_only_here": 0.0}


def test_what_validation_says_of_the_kept_order_is_what_the_protocol_says(
    world: Split, tmp_path: Path
) -> None:
    """With quotas nothing is fitted to halves, so that both have to agree exactly."""
    plan = FitPlan(0, Budget(), tmp_path)
    found = MergedRetriever("merged", parts(*WORDS), way="quotas").fit(world.training, world.validation, plan)

    config = EvaluationConfig(cutoffs=(10,))
    judged = evaluate(found, world.validation, world.training.item_counts(), config).values()

    assert found.facts["best_validation"] == pytest.approx(judged["ndcg@10"], abs=1e-6)
