import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

sys.path.insert(0, str(Path(__file__).parents[1] / "learn"))
from learn_world import histories, ring

from bowerbird.learn.config import TrainingConfig
from bowerbird.learn.data import Interactions
from bowerbird.learn.evaluate import evaluate
from bowerbird.learn.splits import Split, split
from bowerbird.learn.types import Budget, FitPlan, Retriever, ScoringRetriever
from bowerbird.retrieve.two_tower import ServedTwoTower, TwoTowerConfig
from bowerbird.retrieve.two_tower.model import Query, TwoTower
from bowerbird.retrieve.two_tower.served import load_two_tower
from bowerbird.retrieve.two_tower.train import TwoTowerRetriever, batches_of, chances_of, served, untrained

SMALL = TwoTowerConfig(
    width=16, inner=32, dropout=0.1, longest=6, batch_rows=128,
    training=TrainingConfig(epochs=15, learning_rate=0.02, patience=3),
)  # fmt: skip


def turned(rows: Interactions) -> Interactions:
    """Items of like number have like vectors."""
    turns = np.array([int(id_) for id_ in rows.catalogue.ids]) / len(rows.catalogue) * 2 * np.pi
    waves = [wave(turns * times) for times in (1, 2, 3, 4) for wave in (np.cos, np.sin)]
    vectors = np.stack(waves, axis=1).astype(np.float32) / 2
    return replace(rows, catalogue=replace(rows.catalogue, vectors=vectors))


@pytest.fixture(scope="module")
def world() -> Split:
    return split(turned(ring(persons=150, items=30, length=8)))


@pytest.fixture(scope="module")
def fitted(world: Split, tmp_path_factory: pytest.TempPathFactory) -> ServedTwoTower:
    plan = FitPlan(0, Budget(), tmp_path_factory.mktemp("two_tower"))
    return TwoTowerRetriever(SMALL).fit(world.training, world.validation, plan)


def test_it_learns_what_follows(world: Split, fitted: ServedTwoTower) -> None:
    found = evaluate(fitted, world.test, world.training.item_counts()).values()

    assert found["recall@5"] > 0.95
    assert isinstance(TwoTowerRetriever(), Retriever)
    assert isinstance(fitted, ScoringRetriever)


def test_vectors_of_both_towers_have_length_one(fitted: ServedTwoTower) -> None:
    np.testing.assert_allclose(np.linalg.norm(fitted.items, axis=1), 1, rtol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(fitted.queries(histories([[3, 4], [5]])), axis=1), 1, rtol=1e-5)


def test_answer_does_not_depend_on_padding_or_neighbours(fitted: ServedTwoTower) -> None:
    rows = [[3, 4, 5], [7], list(range(12)), [9, 8, 9, 8, 9, 8, 9]]

    together = fitted.scores(histories(rows))
    alone = np.concatenate([fitted.scores(histories([row])) for row in rows])

    np.testing.assert_allclose(together, alone, rtol=1e-4, atol=1e-5)


def test_export_equals_torch_at_every_length(world: Split) -> None:
    torch.manual_seed(3)
    model = untrained(world.training, SMALL).eval()
    exported = served(model, SMALL)

    for length in range(1, 7):
        rows = np.random.default_rng(length).integers(0, 30, (3, length))
        with torch.no_grad():
            wanted = Query(model)(torch.from_numpy(rows)).numpy()
        np.testing.assert_allclose(exported.queries(histories(rows.tolist())), wanted, rtol=1e-3, atol=1e-5)


def test_each_entry_with_one_before_it_is_a_target_once_behind_its_own_history(world: Split) -> None:
    known = world.training.histories()
    config = SMALL.model_copy(update={"redraws_ties": False})
    wanted = sorted(
        (tuple(row[max(place - 6, 0) : place].tolist()), int(row[place]))
        for person in range(len(known))
        for row in [known.rows(person, person + 1).items]
        for place in range(1, len(row))
    )

    given = [
        (tuple(items[items >= 0].tolist()), int(target))
        for batch in batches_of(known, world.training.item_counts(), config, 0, 0)
        for items, target in zip(batch.arrays["items"], batch.arrays["targets"], strict=True)
        if target >= 0
    ]

    assert sorted(given) == wanted


def test_loss_is_the_corrected_softmax_over_targets_and_negatives() -> None:
    """Against a plain loop: own target once, doubles of it and rows without a target left out."""
    torch.manual_seed(4)
    chances = chances_of(np.array([5, 1, 3, 2, 9, 4]))
    model = TwoTower(SMALL, np.log(chances)).eval()
    items = torch.tensor([[-1, 0, 1], [2, 3, 4], [-1, -1, 5], [0, 0, 0]])
    targets, negatives = torch.tensor([2, 5, 2, -1]), torch.tensor([4, 2, 1, 0])

    with torch.no_grad():
        loss = float(model(items, targets, negatives))
        vectors = model.item_vectors()
        logits = (model.person_vectors(items, vectors) @ vectors.T / SMALL.temperature).numpy() - np.log(
            chances
        )

    wanted = 0.0
    for row, own in enumerate([2, 5, 2]):
        others = [item for item in (2, 5, 2, 4, 2, 1, 0) if item != own]
        wanted -= logits[row, own] - np.log(np.exp(logits[row, [own, *others]]).sum())
    assert loss == pytest.approx(wanted, rel=1e-4)


def test_chances_are_half_by_popularity_and_half_even_over_what_was_met() -> None:
    chances = chances_of(np.array([6, 2, 0]))

    np.testing.assert_allclose(chances[:2], [0.5 * 0.75 + 0.25, 0.5 * 0.25 + 0.25])
    assert 0 < chances[2] < 1e-6


def test_catalogue_without_content_is_learned_from_numbers_alone(world: Split, tmp_path: Path) -> None:
    bare = replace(world.training, catalogue=replace(world.training.catalogue, vectors=None))

    found = TwoTowerRetriever(SMALL).fit(bare, world.validation, FitPlan(0, Budget(), tmp_path))

    assert evaluate(found, world.test, bare.item_counts()).values()["recall@5"] > 0.9


def test_item_that_nobody_met_is_found_by_its_content(world: Split, tmp_path: Path) -> None:
    """Training never meets item 12, and people go from 11 to 13; 12 is what 11 and 13 are like."""
    place = {int(id_): number for number, id_ in enumerate(world.training.catalogue.ids)}
    known = world.training.where(world.training.items != place[12])
    asked = histories([[place[9], place[10], place[11]], [place[10], place[11]]])

    found = TwoTowerRetriever(SMALL).fit(known, world.validation, FitPlan(0, Budget(), tmp_path))

    scores = found.scores(asked)
    assert ((scores > scores[:, [place[12]]]).sum(axis=1) <= 8).all()


def test_saved_model_answers_alike_in_a_process_without_torch(fitted: ServedTwoTower, tmp_path: Path) -> None:
    fitted.save(tmp_path)
    script = (
        "import sys; sys.path.insert(0, sys.argv[2]); from pathlib import Path\n"
        "from learn_world import histories\n"
        "from bowerbird.retrieve.two_tower.served import load_two_tower\n"
        "print(load_two_tower(Path(sys.argv[1])).top(histories([[3, 4, 5]]), 5).items.tolist())\n"
        "assert 'torch' not in sys.modules"
    )
    world = str(Path(__file__).parents[1] / "learn")

    told = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path), world], capture_output=True, text=True, check=True
    )

    assert told.stdout.strip() == str(fitted.top(histories([[3, 4, 5]]), 5).items.tolist())
    assert load_two_tower(tmp_path).facts == fitted.facts
