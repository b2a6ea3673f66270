import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
import torch

sys.path.insert(0, str(Path(__file__).parents[1] / "learn"))
from learn_world import DAY_MS, NOW_MS, histories, interactions_of, ring

from bowerbird.core.errors import InputError
from bowerbird.learn.config import TrainingConfig
from bowerbird.learn.data import DataConfig, Interactions
from bowerbird.learn.evaluate import evaluate
from bowerbird.learn.splits import Split, split
from bowerbird.learn.types import Budget, FitPlan, Retriever, ScoringRetriever
from bowerbird.retrieve.history_times import for_ties_of
from bowerbird.retrieve.sasrec import SasrecConfig, ServedSasrec
from bowerbird.retrieve.sasrec.model import Query, Sasrec
from bowerbird.retrieve.sasrec.served import load_sasrec
from bowerbird.retrieve.sasrec.train import SasrecRetriever, batches_of, content_of, served

SMALL = SasrecConfig(
    width=16, inner=32, dropout=0.1, longest=10, rows=8, tokens=16,
    training=TrainingConfig(epochs=15, learning_rate=0.02, patience=3),
)  # fmt: skip


@pytest.fixture(scope="module")
def world() -> Split:
    return split(ring(persons=120, items=30, length=8))


@pytest.fixture(scope="module")
def fitted(world: Split, tmp_path_factory: pytest.TempPathFactory) -> ServedSasrec:
    plan = FitPlan(0, Budget(), tmp_path_factory.mktemp("sasrec"))
    return SasrecRetriever(SMALL).fit(world.training, world.validation, plan)


def test_it_learns_what_follows(world: Split, fitted: ServedSasrec) -> None:
    found = evaluate(fitted, world.test, world.training.item_counts()).values()

    assert found["recall@5"] > 0.95
    assert isinstance(SasrecRetriever(), Retriever)
    assert isinstance(fitted, ScoringRetriever)


def test_answer_does_not_depend_on_padding_or_neighbours(fitted: ServedSasrec) -> None:
    rows = [[3, 4, 5], [7], list(range(12)), [9, 8, 9, 8, 9, 8, 9]]

    together = fitted.scores(histories(rows))
    alone = np.concatenate([fitted.scores(histories([row])) for row in rows])

    np.testing.assert_allclose(together, alone, rtol=1e-4, atol=1e-5)


def test_exported_graph_gives_what_the_packed_training_code_gives(world: Split) -> None:
    torch.manual_seed(1)
    model = Sasrec(SMALL, world.training.item_count).eval()
    known = world.training.histories()

    (batch, *_) = batches_of(known, SMALL, 0, 0)
    tensors = {name: torch.from_numpy(each) for name, each in batch.arrays.items() if name != "targets"}
    with torch.no_grad():
        states = model.states(**tensors).numpy()
    exported = served(model, SMALL)

    segments, items = batch.arrays["segments"], batch.arrays["items"]
    for row, segment in ((0, 0), (0, 1), (1, 0)):
        inside = np.flatnonzero(segments[row] == segment)
        (query,) = exported.queries(histories([items[row][inside].tolist()]))
        np.testing.assert_allclose(query, states[row, inside[-1]], rtol=1e-3, atol=1e-5)


def test_export_equals_torch_at_every_length(world: Split) -> None:
    model = Sasrec(SMALL, world.training.item_count).eval()
    exported = served(model, SMALL)

    for length in (1, 2, 5, 9, 10):
        rows = np.random.default_rng(length).integers(0, 30, (3, length))
        with torch.no_grad():
            wanted = Query(model)(torch.from_numpy(rows)).numpy()
        np.testing.assert_allclose(exported.queries(histories(rows.tolist())), wanted, rtol=1e-3, atol=1e-5)


def test_saved_model_answers_alike_in_a_process_without_torch(fitted: ServedSasrec, tmp_path: Path) -> None:
    fitted.save(tmp_path)
    script = (
        "import sys; sys.path.insert(0, sys.argv[2]); from pathlib import Path\n"
        "from learn_world import histories\n"
        "from bowerbird.retrieve.sasrec.served import load_sasrec\n"
        "print(load_sasrec(Path(sys.argv[1])).top(histories([[3, 4, 5]]), 5).items.tolist())\n"
        "assert 'torch' not in sys.modules"
    )
    world = str(Path(__file__).parents[1] / "learn")

    told = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path), world], capture_output=True, text=True, check=True
    )

    asked = histories([[3, 4, 5]])
    assert told.stdout.strip() == str(fitted.top(asked, 5).items.tolist())
    assert load_sasrec(tmp_path).facts == fitted.facts


def test_same_seed_gives_the_same_model_and_another_one_another(world: Split, tmp_path: Path) -> None:
    short = SMALL.model_copy(update={"training": TrainingConfig(epochs=1)})
    asked = world.test.histories.rows(0, 3)

    plans = [FitPlan(seed, Budget(), tmp_path / str(place)) for place, seed in enumerate((1, 1, 2))]

    fits = [SasrecRetriever(short).fit(world.training, world.validation, plan) for plan in plans]

    found = [fit.scores(asked) for fit in fits]
    np.testing.assert_array_equal(found[0], found[1])
    assert not np.allclose(found[0], found[2])


WITH_CONTENT = SMALL.model_copy(update={"content": "added"})


def turned(rows: Interactions) -> Interactions:
    """Items of like number have like vectors."""
    turns = np.array([int(id_) for id_ in rows.catalogue.ids]) / len(rows.catalogue) * 2 * np.pi
    waves = [wave(turns * times) for times in (1, 2, 3, 4) for wave in (np.cos, np.sin)]
    vectors = np.stack(waves, axis=1).astype(np.float32) / 2
    return replace(rows, catalogue=replace(rows.catalogue, vectors=vectors))


@pytest.fixture(scope="module")
def content_world() -> Split:
    return split(turned(ring(persons=150, items=30, length=8)))


def test_content_is_exported_with_the_items_and_both_forms_answer_alike(content_world: Split) -> None:
    torch.manual_seed(2)
    content = content_of(content_world.training, WITH_CONTENT)
    model = Sasrec(WITH_CONTENT, content_world.training.item_count, content).eval()
    rows = np.random.default_rng(0).integers(0, 30, (4, 6))

    exported = served(model, WITH_CONTENT)

    with torch.no_grad():
        wanted = Query(model)(torch.from_numpy(rows))
        scores = (wanted @ model.item_vectors().T).numpy()
    np.testing.assert_allclose(exported.queries(histories(rows.tolist())), wanted, rtol=1e-3, atol=1e-5)
    np.testing.assert_allclose(exported.scores(histories(rows.tolist())), scores, rtol=1e-3, atol=1e-4)


def test_item_that_nobody_met_is_found_by_its_content(content_world: Split, tmp_path: Path) -> None:
    """Training never meets item 12, and people go from 11 to 13; 12 is what 11 and 13 are like."""
    catalogue = content_world.training.catalogue
    place = {int(id_): number for number, id_ in enumerate(catalogue.ids)}
    known = content_world.training.where(content_world.training.items != place[12])
    asked = histories([[place[9], place[10], place[11]], [place[10], place[11]]])

    plan = FitPlan(0, Budget(), tmp_path)
    with_content = SasrecRetriever(WITH_CONTENT).fit(known, content_world.validation, plan)
    without = SasrecRetriever(SMALL).fit(
        known, content_world.validation, replace_folder(plan, tmp_path / "own")
    )

    found = [
        (fit.scores(asked) >= fit.scores(asked)[:, [place[12]]]).sum(axis=1)
        for fit in (with_content, without)
    ]
    assert (found[0] <= 8).all()  # three of those before it are the history's own
    assert (found[1] > 15).all()


@pytest.mark.parametrize(("ties", "is_redrawn"), [("file", False), ("shuffled", True)])
def test_epochs_redraw_the_order_of_a_moment_only_where_it_was_drawn(
    ties: Literal["file", "shuffled"], is_redrawn: bool
) -> None:
    rows = [(f"p{person}", str(item), NOW_MS - DAY_MS) for person in range(8) for item in range(6)]
    known, _ = interactions_of(rows, DataConfig(time_ties=ties))
    config = for_ties_of(known, SasrecConfig(rows=1, tokens=64))

    for epoch in range(3):
        arrays = batches_of(known.histories(), config, 0, epoch)[0].arrays
        is_told = (arrays["targets"] == arrays["items"] + 1)[arrays["targets"] >= 0]
        assert is_told.all() != is_redrawn


def replace_folder(plan: FitPlan, folder: Path) -> FitPlan:
    folder.mkdir()
    return replace(plan, folder=folder)


def test_item_that_nobody_met_has_its_content_alone(content_world: Split) -> None:
    known = content_world.training.where(content_world.training.items != 3)
    content = content_of(known, WITH_CONTENT)
    assert content is not None
    model = Sasrec(WITH_CONTENT, known.item_count, content)

    loss = model(
        **{
            name: torch.from_numpy(a)
            for name, a in batches_of(known.histories(), SMALL, 0, 0)[0].arrays.items()
        }
    )
    loss.backward()

    assert model.items.weight.grad is not None
    assert not model.items.weight.grad[3].any()
    assert model.items.weight.grad.any(dim=1).sum() > 10
    with torch.no_grad():
        torch.testing.assert_close(model.item_vectors()[3], content.project(content.vectors[3]))


def test_content_is_asked_for_where_there_is_none(world: Split, tmp_path: Path) -> None:
    assert SasrecRetriever(WITH_CONTENT).name == "sasrec-content"
    with pytest.raises(InputError, match="titles"):
        SasrecRetriever(WITH_CONTENT).fit(world.training, world.validation, FitPlan(0, Budget(), tmp_path))
