import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

sys.path.insert(0, str(Path(__file__).parent))
from generative_world import SMALL, STEPS, outcomes_tell
from learn_world import histories, ring

from bowerbird.core.actions import Action
from bowerbird.core.errors import InputError
from bowerbird.learn.config import TrainingConfig
from bowerbird.learn.evaluate import evaluate
from bowerbird.learn.int8 import int8_bytes
from bowerbird.learn.splits import Split, split
from bowerbird.learn.training import as_int8_if_as_good
from bowerbird.learn.types import Budget, FitPlan, FittedRetriever, Retriever
from bowerbird.retrieve import ExactIndex
from bowerbird.retrieve.generative import ServedGenerative, VectorPlan
from bowerbird.retrieve.generative.lookup import IndexLookup
from bowerbird.retrieve.generative.model import Generative
from bowerbird.retrieve.generative.served import load_generative
from bowerbird.retrieve.generative.train import (
    GenerativeRetriever,
    batches_of,
    outcomes_of,
    plans_to_try,
    served,
)

ITEMS = 20


@pytest.fixture(scope="module")
def world() -> Split:
    return split(outcomes_tell(persons=150, items=ITEMS, length=9))


@pytest.fixture(scope="module")
def fitted(world: Split, tmp_path_factory: pytest.TempPathFactory) -> ServedGenerative:
    plan = FitPlan(0, Budget(), tmp_path_factory.mktemp("generative"))
    return GenerativeRetriever(SMALL).fit(world.training, world.validation, plan)


def first_of(fitted: ServedGenerative, world: Split, plan: VectorPlan) -> np.ndarray:
    """How far up the ring from the newest item the best proposal lies."""
    known = world.test.histories
    newest = known.items[known.bounds[1:] - 1]
    return (fitted.with_plan(plan).top(known, 1).items[:, 0] - newest) % ITEMS


def test_each_outcome_gets_the_items_that_it_is_done_with(world: Split, fitted: ServedGenerative) -> None:
    for action, steps in STEPS.items():
        ahead = first_of(fitted, world, VectorPlan(outcomes={action.value: 1.0}))

        assert (ahead == steps).mean() > 0.9
    left_open = first_of(fitted, world, VectorPlan())
    assert np.isin(left_open, list(STEPS.values())).mean() > 0.9


def test_budget_of_two_outcomes_is_spent_on_both(world: Split, fitted: ServedGenerative) -> None:
    plan = VectorPlan(outcomes={"save": 0.5, "click": 0.5}, merge_above=1.0)
    known = world.test.histories
    newest = known.items[known.bounds[1:] - 1]

    pairs = fitted.with_plan(plan).top(known, 2).items

    ahead = {tuple(sorted(row)) for row in ((pairs - newest[:, None]) % ITEMS).tolist()}
    both = tuple(sorted(STEPS.values()))
    assert both in ahead
    assert (
        np.mean([tuple(sorted(row)) == both for row in ((pairs - newest[:, None]) % ITEMS).tolist()]) > 0.85
    )


def test_offset_in_time_asks_for_what_is_met_later(tmp_path: Path) -> None:
    world = split(ring(persons=150, items=ITEMS, length=9))  # one up the ring a day
    config = SMALL.model_copy(update={"offset_weight": 1.0})
    fitted = GenerativeRetriever(config).fit(world.training, world.validation, FitPlan(0, Budget(), tmp_path))

    following = first_of(fitted, world, VectorPlan())
    in_three_days = first_of(fitted, world, VectorPlan(offsets=(0.0, 1.0)))

    assert (following == 1).mean() > 0.9
    assert (in_three_days == 3).mean() > 0.9


def test_generated_vector_stands_for_the_item_that_it_means(world: Split, fitted: ServedGenerative) -> None:
    chain = VectorPlan(outcomes={"save": 1.0}, steps=(0.0, 1.0))

    two_saves_ahead = first_of(fitted, world, chain)

    assert (two_saves_ahead == 2 * STEPS[Action.SAVE]).mean() > 0.8


def test_step_of_generation_equals_reading_the_history_again(world: Split) -> None:
    torch.manual_seed(4)
    model = Generative(SMALL, ITEMS, 2).eval()
    exported = served(model, SMALL, ("save", "click")).with_plan(
        VectorPlan(outcomes={"click": 1.0}, steps=(0.5, 0.5), merge_above=1.0)
    )
    known = histories([[3, 4, 5], [7]])

    found = exported.generate(known).vectors

    vectors = model.item_vectors().detach()
    for row, items in enumerate(([3, 4, 5], [7])):
        tokens = vectors[torch.tensor(items)]
        codes = [2] * len(items)  # what was done is not among the outcomes
        gaps = [0] + [1] * (len(items) - 1)
        for step in (0, 1):
            size = torch.arange(len(codes))[None]
            with torch.no_grad():
                states = model.states(
                    tokens[None], torch.tensor([codes]), torch.tensor([gaps]), size, size * 0
                )
                query = model.queries(states[:, -1], torch.tensor([1]), torch.tensor([0]))
            np.testing.assert_allclose(found[row, step], query[0].numpy(), rtol=1e-3, atol=1e-5)
            tokens = torch.cat([tokens, query])
            codes, gaps = [*codes, 1], [*gaps, 0]


def test_exported_graph_gives_what_the_packed_training_code_gives(world: Split) -> None:
    torch.manual_seed(1)
    config = SMALL.model_copy(update={"hidden_gaps": 0.0, "redraws_ties": False})
    outcomes = outcomes_of(world.training)
    model = Generative(config, ITEMS, len(outcomes)).eval()
    known, counts = world.training.histories(), world.training.item_counts()

    (batch, *_) = batches_of(known, counts, outcomes, config, 0, 0)
    arrays = {name: torch.from_numpy(each) for name, each in batch.arrays.items()}
    order = np.random.default_rng((0, 0)).permutation(len(known))
    with torch.no_grad():
        vectors = torch.nn.functional.embedding(arrays["items"].clamp(min=0), model.item_vectors())
        states = model.states(
            vectors, arrays["actions"], arrays["gaps"], arrays["places"], arrays["segments"]
        )
        wanted = model.queries(states, torch.tensor(0), torch.tensor(1)).numpy()
    plan = VectorPlan(outcomes={outcomes[0]: 1.0}, offsets=(0.0, 1.0))
    exported = served(model, config, outcomes).with_plan(plan)

    first = known.take(order[:1])
    length = int(first.lengths[0]) - 1
    shown = type(first)(
        first.persons, np.array([0, length]), first.items[:length], first.at_ms[:length],
        first.actions[:length], first.weights[:length], first.asked_ms,
    )  # fmt: skip
    found = exported.generate(shown).vectors[0, 0]
    np.testing.assert_allclose(found, wanted[0, length - 1], rtol=1e-3, atol=1e-5)


def test_answer_does_not_depend_on_padding_or_neighbours(fitted: ServedGenerative) -> None:
    rows = [[3, 4, 5], [7], list(range(12)), [9, 8, 9, 8, 9, 8, 9]]

    together = fitted.generate(histories(rows)).vectors
    alone = np.concatenate([fitted.generate(histories([row])).vectors for row in rows])

    np.testing.assert_allclose(together, alone, rtol=1e-4, atol=1e-5)


def test_sampled_softmax_learns_what_follows_too(tmp_path: Path) -> None:
    world = split(ring(persons=120, items=30, length=8))
    config = SMALL.model_copy(update={"is_sampled": True, "negatives": 20})

    fitted = GenerativeRetriever(config).fit(world.training, world.validation, FitPlan(0, Budget(), tmp_path))
    found = evaluate(fitted, world.test, world.training.item_counts()).values()

    assert found["recall@5"] > 0.95


def test_sampled_loss_with_every_item_drawn_is_the_full_one() -> None:
    torch.manual_seed(0)
    model = Generative(SMALL, ITEMS, 2, log_chances=np.zeros(ITEMS, np.float32)).eval()
    table, goal = model.item_vectors(), torch.tensor([3, 4, 4])
    found, weight = torch.randn(3, SMALL.width), torch.tensor([1.0, 0.5, 0.0])

    full = torch.nn.functional.cross_entropy(found @ table.t(), goal, reduction="none") @ weight
    sampled = model._sampled_loss(found, table, goal, weight, torch.arange(ITEMS))

    torch.testing.assert_close(sampled, full)


def test_only_with_logq_the_sampled_loss_ends_at_the_true_chances() -> None:
    """Negatives are drawn by popularity, so that without a correction popular items end too low."""
    rng = np.random.default_rng(0)
    true = np.array([0.4, 0.3, *([0.3 / 8] * 8)])
    far = {}
    for name, chances in (("corrected", np.log(true)), ("plain", np.zeros(10))):
        model = Generative(SMALL, 10, 1, log_chances=chances.astype(np.float32))
        logits = torch.zeros(10, requires_grad=True)
        optimizer = torch.optim.Adam([logits], lr=0.05)
        for step in range(300):
            optimizer.param_groups[0]["lr"] = 0.05 * (1 - step / 300) + 1e-4
            goal = torch.from_numpy(rng.choice(10, 256, p=true))
            drawn = torch.from_numpy(rng.choice(10, 4, p=true))
            found, weight = logits.expand(256, 10), torch.full((256,), 1 / 256)
            optimizer.zero_grad()
            model._sampled_loss(found, torch.eye(10), goal, weight, drawn).backward()
            optimizer.step()
        far[name] = float(np.abs(torch.softmax(logits.detach(), 0).numpy() - true).sum() / 2)

    assert far["corrected"] < 0.1
    assert far["plain"] > 0.25


def test_plans_keep_to_the_budget_and_a_step_asks_an_outcome_only_where_there_are_several(
    world: Split,
) -> None:
    for budget in (Budget(vectors=1), Budget(vectors=4, trials=5), Budget()):
        plans = plans_to_try(world.training, SMALL, budget)

        assert 1 <= len(plans) <= budget.trials
        assert max(len(plan.vectors()) for plan in plans) <= budget.vectors
        assert len(plans[0].vectors()) == 1
    one = split(ring(persons=20, items=10, length=6)).training
    assert {name for plan in plans_to_try(one, SMALL, Budget()) for name in plan.outcomes} == {"any"}


def test_vectors_of_a_request_fetch_no_more_than_was_asked_for(
    world: Split, fitted: ServedGenerative
) -> None:
    fetched = []

    class Counting:
        def __init__(self) -> None:
            index = ExactIndex(SMALL.width)
            index.upsert(np.arange(ITEMS, dtype=np.int64), fitted.items)
            self._inner = IndexLookup(index, effort=1.0)

        def nearest(self, vectors: np.ndarray, k: int, exclude: object) -> np.ndarray:
            fetched.append(len(vectors))
            return self._inner.nearest(vectors, k, exclude)  # type: ignore[arg-type]

    plan = VectorPlan(outcomes={"save": 0.5, "click": 0.3, "any": 0.2}, offsets=(0.8, 0.2))
    known = world.test.histories.rows(0, 10)

    by_array = fitted.with_plan(plan).top(known, 8, known)
    by_index = fitted.with_plan(plan).with_lookup(Counting()).top(known, 8, known)

    np.testing.assert_array_equal(by_array.items, by_index.items)
    assert fetched[0] <= 10 * len(plan.vectors())
    kept = [set(row[row >= 0].tolist()) for row in by_array.items]
    assert all(len(row) == (items >= 0).sum() for row, items in zip(kept, by_array.items, strict=True))
    assert not any(row & set(known.rows(at, at + 1).items.tolist()) for at, row in enumerate(kept))


def test_unknown_outcome_is_refused_with_those_that_are_known(fitted: ServedGenerative) -> None:
    with pytest.raises(InputError, match="save"):
        fitted.with_plan(VectorPlan(outcomes={"purchase": 1.0}))


def test_saved_model_answers_alike_in_a_process_without_torch(
    fitted: ServedGenerative, tmp_path: Path
) -> None:
    fitted.save(tmp_path)
    script = (
        "import sys; sys.path.insert(0, sys.argv[2]); from pathlib import Path\n"
        "from learn_world import histories\n"
        "from bowerbird.retrieve.generative.served import load_generative\n"
        "print(load_generative(Path(sys.argv[1])).top(histories([[3, 4, 5]]), 5).items.tolist())\n"
        "assert 'torch' not in sys.modules"
    )
    place = str(Path(__file__).parents[1] / "learn")

    told = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path), place], capture_output=True, text=True, check=True
    )

    assert told.stdout.strip() == str(fitted.top(histories([[3, 4, 5]]), 5).items.tolist())
    assert load_generative(tmp_path).facts == fitted.facts
    assert isinstance(GenerativeRetriever(), Retriever)
    assert isinstance(fitted, FittedRetriever)


def test_it_answers_in_8_bits_only_where_that_is_as_good(world: Split, fitted: ServedGenerative) -> None:
    counts, known, exact = world.training.item_counts(), world.validation, fitted
    small = exact.in_int8(int8_bytes)
    ruined = exact.in_int8(lambda _: served(Generative(SMALL, ITEMS, 2), SMALL, ("save", "click"))._graph)

    kept, refused = (as_int8_if_as_good(exact, each, known, counts) for each in (small, ruined))

    cosines = (small.generate(known.histories).vectors * exact.generate(known.histories).vectors).sum(axis=2)
    assert cosines.min() > 0.98
    assert small.facts["size_bytes"] < exact.facts["size_bytes"]
    assert "is_int8" not in exact.facts
    assert kept.facts.get("is_int8", False) == (kept is small)
    assert refused is exact


def test_a_single_outcome_and_none_are_the_same(tmp_path: Path) -> None:
    world = split(ring(persons=20, items=10, length=6))
    short = SMALL.model_copy(update={"training": TrainingConfig(epochs=1)})

    fitted = GenerativeRetriever(short).fit(world.training, world.validation, FitPlan(0, Budget(), tmp_path))

    known = world.test.histories
    by_name = fitted.with_plan(VectorPlan(outcomes={"save": 1.0})).generate(known).vectors
    left_open = fitted.with_plan(VectorPlan()).generate(known).vectors
    np.testing.assert_array_equal(by_name, left_open)
    assert fitted.facts["outcomes"] == ["save"]


def test_history_of_nothing_is_answered_too(fitted: ServedGenerative) -> None:
    nothing = histories([[]])

    assert (fitted.top(nothing, 3).items >= 0).all()
    assert fitted.top(nothing.rows(0, 0), 3).items.shape == (0, 3)
    np.testing.assert_array_equal(
        fitted.top(histories([[1, 2], []]), 3).items[1:], fitted.top(nothing, 3).items
    )
