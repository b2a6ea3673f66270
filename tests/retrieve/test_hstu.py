import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

sys.path.insert(0, str(Path(__file__).parents[1] / "learn"))
from learn_world import NOW_MS, histories, interactions_of, ring

from bowerbird.learn.config import TrainingConfig
from bowerbird.learn.data import Histories, Interactions
from bowerbird.learn.evaluate import evaluate
from bowerbird.learn.splits import Split, split
from bowerbird.learn.types import Budget, FitPlan, Retriever, ScoringRetriever
from bowerbird.retrieve.history_times import asked_within, seconds_within
from bowerbird.retrieve.hstu import HstuConfig, ServedHstu
from bowerbird.retrieve.hstu.model import Hstu, HstuBlock, Query
from bowerbird.retrieve.hstu.served import load_hstu
from bowerbird.retrieve.hstu.train import HstuRetriever, batches_of, served

SMALL = HstuConfig(
    width=16, dropout=0.1, longest=10, rows=8, tokens=16,
    training=TrainingConfig(epochs=12, learning_rate=0.02, validate_every=6),
)  # fmt: skip
TIMED = SMALL.model_copy(update={"knows_asked_time": True})
HOUR_MS = 3_600_000


def gaps_tell(persons: int, items: int, length: int) -> Interactions:
    """Up the ring by one after an hour, by two after a hundred: only the time asked for tells which."""
    rng = np.random.default_rng(0)
    rows = []
    for person in range(persons):
        at_ms, item = NOW_MS - 10_000 * HOUR_MS, int(rng.integers(items))
        for is_long in rng.integers(0, 2, length):
            rows.append((f"p{person}", str(item), at_ms))
            at_ms += HOUR_MS * (100 if is_long else 1)
            item = (item + (2 if is_long else 1)) % items
    return interactions_of(rows)[0]


def fit(world: Split, config: HstuConfig, folder: Path) -> ServedHstu:
    return HstuRetriever(config).fit(world.training, world.validation, FitPlan(0, Budget(), folder))


@pytest.fixture(scope="module")
def world() -> Split:
    return split(ring(persons=120, items=30, length=8))


@pytest.fixture(scope="module")
def fitted(world: Split, tmp_path_factory: pytest.TempPathFactory) -> ServedHstu:
    return fit(world, SMALL, tmp_path_factory.mktemp("hstu"))


def test_it_learns_what_follows(world: Split, fitted: ServedHstu) -> None:
    found = evaluate(fitted, world.test, world.training.item_counts()).values()

    assert found["recall@5"] > 0.95
    assert isinstance(HstuRetriever(), Retriever)
    assert isinstance(fitted, ScoringRetriever)


def test_the_time_asked_for_tells_what_is_next_only_to_the_one_that_knows_it(tmp_path: Path) -> None:
    world = split(gaps_tell(persons=120, items=12, length=9))
    training = TrainingConfig(epochs=15, learning_rate=0.02, validate_every=15)
    longer = {"dropout": 0.0, "training": training}
    recalls = {}

    for config in (SMALL.model_copy(update=longer), TIMED.model_copy(update=longer)):
        retriever = HstuRetriever(config)
        (tmp_path / retriever.name).mkdir()
        kept = fit(world, config, tmp_path / retriever.name)
        first = kept.top(world.test.histories, 1).items[:, 0]
        recalls[retriever.name] = float((first == world.test.targets).mean())
        assert kept.facts["knows_asked_time"] == config.knows_asked_time

    assert recalls["hstu-timed"] > 0.9
    assert recalls["hstu"] < 0.75  # one of two, whichever it says


def test_without_the_time_asked_for_its_value_changes_nothing(world: Split, fitted: ServedHstu) -> None:
    known = world.test.histories

    later = replace(known, asked_ms=known.asked_ms + 40 * 86_400_000)

    np.testing.assert_array_equal(fitted.scores(known), fitted.scores(later))


def test_only_gaps_count_and_not_when_it_was(world: Split, fitted: ServedHstu) -> None:
    known = world.test.histories

    moved = replace(known, at_ms=known.at_ms + 86_400_000_000)

    np.testing.assert_array_equal(fitted.scores(known), fitted.scores(moved))


def test_answer_does_not_depend_on_padding_or_neighbours(fitted: ServedHstu) -> None:
    rows = [[3, 4, 5], [7], list(range(12)), [9, 8, 9, 8, 9, 8, 9]]

    together = fitted.scores(histories(rows))
    alone = np.concatenate([fitted.scores(histories([row])) for row in rows])

    np.testing.assert_allclose(together, alone, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("config", [SMALL, TIMED], ids=["plain", "timed"])
def test_exported_graph_gives_what_the_packed_training_code_gives(config: HstuConfig) -> None:
    torch.manual_seed(1)
    known = gaps_tell(persons=20, items=20, length=8).histories()
    model = Hstu(config, 20).eval()

    (batch, *_) = batches_of(known, config, 0, 0)
    tensors = {name: torch.from_numpy(each) for name, each in batch.arrays.items() if name != "targets"}
    with torch.no_grad():
        states = model.states(**tensors).numpy()
    exported = served(model, config)

    segments, arrays = batch.arrays["segments"], batch.arrays
    for row, segment in ((0, 0), (0, 1), (1, 0)):
        inside = np.flatnonzero(segments[row] == segment)
        given = rows_of(arrays["items"][row][inside], arrays["seconds"][row][inside])
        asked_ms = arrays["asked_seconds"][row][inside[-1:]] * 1000
        (query,) = exported.queries(replace(given, asked_ms=asked_ms))
        np.testing.assert_allclose(query, states[row, inside[-1]], rtol=1e-3, atol=1e-5)


def rows_of(items: np.ndarray, seconds: np.ndarray) -> Histories:
    return replace(histories([items.tolist()]), at_ms=seconds * 1000)


def test_attention_is_the_formula_of_the_paper() -> None:
    torch.manual_seed(2)
    config = HstuConfig(width=6, heads=2, dropout=0.0, longest=4)
    block = HstuBlock(config).eval()
    states, buckets = (
        torch.randn(1, 4, 6),
        torch.tensor([[[0, 0, 0, 0], [3, 0, 0, 0], [5, 3, 0, 0], [9, 5, 3, 0]]]),
    )
    place = torch.arange(4)
    back = (place[:, None] - place[None, :]).clamp(min=0)
    with torch.no_grad():
        found = block(states, (place[:, None] >= place[None, :]).float()[None], back, buckets)[0].numpy()
        gate, value, query, key = (
            torch.nn.functional.silu(block.into(block.before(states)))[0].view(4, 4, 2, 3).unbind(1)
        )
        wanted = np.zeros((4, 6))
        for at in range(4):
            seen = torch.zeros(2, 3)
            for before in range(at + 1):
                bias = block.by_place.weight[at - before, 0] + block.by_time.weight[buckets[0, at, before], 0]
                like = (query[at] * key[before]).sum(dim=1) + bias
                seen += (like * torch.sigmoid(like) / 4)[:, None] * value[before]
            mixed = block.after(seen.reshape(6)) * gate[at].reshape(6)
            wanted[at] = (states[0, at] + block.out(mixed)).numpy()

    np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-5)


def test_export_equals_torch_at_every_length(world: Split) -> None:
    model = Hstu(SMALL, world.training.item_count).eval()
    exported = served(model, SMALL)

    for length in (1, 2, 5, 9, 10):
        rows = np.random.default_rng(length).integers(0, 30, (3, length))
        seconds = torch.zeros((3, length), dtype=torch.int64)
        with torch.no_grad():
            wanted = Query(model)(torch.from_numpy(rows), seconds, seconds).numpy()
        given = histories(rows.tolist())
        np.testing.assert_allclose(exported.queries(given), wanted, rtol=1e-3, atol=1e-5)


def test_times_are_of_the_next_entry_or_of_the_entry_itself() -> None:
    known = replace(
        histories([[1, 2, 3], [], [4]]),
        at_ms=np.array([5_000, 9_000, 9_000, 70_000], dtype=np.int64),
        asked_ms=np.array([12_000, -1, -1], dtype=np.int64),
    )

    seconds = seconds_within(known)

    assert seconds.tolist() == [0, 4, 4, 0]
    assert asked_within(known, seconds, knows_asked_time=False).tolist() == [0, 4, 4, 0]
    assert asked_within(known, seconds, knows_asked_time=True).tolist() == [4, 4, 7, 0]


def test_saved_model_answers_alike_in_a_process_without_torch(fitted: ServedHstu, tmp_path: Path) -> None:
    fitted.save(tmp_path)
    script = (
        "import sys; sys.path.insert(0, sys.argv[2]); from pathlib import Path\n"
        "from learn_world import histories\n"
        "from bowerbird.retrieve.hstu.served import load_hstu\n"
        "print(load_hstu(Path(sys.argv[1])).top(histories([[3, 4, 5]]), 5).items.tolist())\n"
        "assert 'torch' not in sys.modules"
    )
    world = str(Path(__file__).parents[1] / "learn")

    told = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path), world], capture_output=True, text=True, check=True
    )

    assert told.stdout.strip() == str(fitted.top(histories([[3, 4, 5]]), 5).items.tolist())
    assert load_hstu(tmp_path).facts == fitted.facts


def test_history_of_nothing_is_answered_too(fitted: ServedHstu) -> None:
    nothing = histories([[]])

    assert (fitted.top(nothing, 3).items >= 0).all()
    assert fitted.top(nothing.rows(0, 0), 3).items.shape == (0, 3)
    np.testing.assert_array_equal(
        fitted.top(histories([[1, 2], []]), 3).items[1:], fitted.top(nothing, 3).items
    )
