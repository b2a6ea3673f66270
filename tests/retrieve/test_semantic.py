import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1] / "learn"))
from learn_world import histories, ring

from bowerbird.core.errors import InputError
from bowerbird.learn.config import TrainingConfig
from bowerbird.learn.data import Interactions
from bowerbird.learn.evaluate import evaluate
from bowerbird.learn.splits import Split, split
from bowerbird.learn.types import Budget, FitPlan, FittedRetriever, Retriever
from bowerbird.retrieve.rqvae import RqvaeConfig
from bowerbird.retrieve.semantic import SemanticConfig, ServedSemantic
from bowerbird.retrieve.semantic.beam import beam_search
from bowerbird.retrieve.semantic.model import Semantic
from bowerbird.retrieve.semantic.served import load_semantic
from bowerbird.retrieve.semantic.train import Catalogue, SemanticRetriever, batches_of, catalogue_of, served
from bowerbird.retrieve.semantic.trie import trie_of

SMALL = SemanticConfig(
    levels=2, codes=5, width=16, inner=32, layers=1, dropout=0.0, decoder_dropout=0.0, longest=10, rows=8,
    tokens=16, beam=10, most_beam=20,
    training=TrainingConfig(epochs=12, learning_rate=0.02, validate_every=4),
)  # fmt: skip
ITEMS = 30


def with_places(rows: Interactions) -> Interactions:
    """The ring as a content vector of each item: neighbours on it are neighbours in content."""
    turn = 2 * np.pi * np.array([int(id_) for id_ in rows.catalogue.ids]) / ITEMS
    vectors = np.column_stack([np.cos(turn), np.sin(turn)]).astype(np.float32)
    return replace(rows, catalogue=rows.catalogue.with_vectors(vectors))


@pytest.fixture(scope="module")
def world() -> Split:
    return split(with_places(ring(persons=120, items=ITEMS, length=8)))


@pytest.fixture(scope="module")
def fitted(world: Split, tmp_path_factory: pytest.TempPathFactory) -> ServedSemantic:
    plan = FitPlan(0, Budget(), tmp_path_factory.mktemp("semantic"))
    return SemanticRetriever(SMALL).fit(world.training, world.validation, plan)


def untrained(world: Split, config: SemanticConfig, folder: Path) -> tuple[Semantic, Catalogue]:
    """With weights far from zero, so that every code differs."""
    torch.manual_seed(1)
    catalogue = catalogue_of(world.training, config, FitPlan(0, Budget(), folder))
    model = Semantic(config, catalogue.ids, catalogue.sizes).eval()
    with torch.no_grad():
        for each in model.parameters():
            each.add_(torch.randn_like(each) * 0.2)
    return model, catalogue


def chances_of_items(model: Semantic, row: list[int]) -> np.ndarray:
    """float32 [N] by the training code, every id spelt out, nothing cached."""
    with torch.no_grad():
        found: np.ndarray = model.log_chances(
            state_of(model, row).expand(ITEMS, -1), torch.arange(ITEMS)
        ).numpy()
    return found


def state_of(model: Semantic, row: list[int]) -> torch.Tensor:
    items, places = torch.tensor([row]), torch.arange(len(row))[None]
    with torch.no_grad():
        return model.states(items, model.ids[items], places, torch.zeros_like(items))[:, -1]


def test_it_learns_what_follows(world: Split, fitted: ServedSemantic) -> None:
    found = evaluate(fitted, world.test, world.training.item_counts()).values()

    assert found["recall@5"] > 0.95
    assert isinstance(SemanticRetriever(), Retriever)
    assert isinstance(fitted, FittedRetriever)
    assert fitted.facts["ids_from"] == "both"
    assert fitted.facts["ids"]["neighbour_share"][0] > fitted.facts["ids"]["chance_share"][0]


@pytest.mark.parametrize(("layers", "prefix_width"), [(1, 0), (2, 3)])
def test_served_beam_with_its_cache_finds_what_training_code_scores_best(
    world: Split, tmp_path: Path, layers: int, prefix_width: int
) -> None:
    sizes = {"decoder_layers": layers, "beam": ITEMS, "layers": layers, "prefix_width": prefix_width}
    config = SMALL.model_copy(update=sizes)
    model, catalogue = untrained(world, config, tmp_path)
    answers = served(model, config, catalogue)
    rows = [[3, 4, 5], [7], list(range(12)), [9, 8, 9, 8, 9, 8, 9]]

    found = answers.top(histories(rows), ITEMS)

    for place, row in enumerate(rows):
        scores = chances_of_items(model, row[-config.longest :])
        np.testing.assert_allclose(found.scores[place], np.sort(scores)[::-1], rtol=1e-3, atol=1e-4)
        np.testing.assert_allclose(scores[found.items[place]], found.scores[place], rtol=1e-3, atol=1e-4)
        assert sorted(found.items[place].tolist()) == list(range(ITEMS))


def test_beam_is_the_same_with_and_without_a_cache(world: Split, tmp_path: Path) -> None:
    config = SMALL.model_copy(update={"beam": 4})
    model, catalogue = untrained(world, config, tmp_path)
    row = [3, 4, 5, 17]

    class Recomputed:
        """`Spelling` that spells every prefix from the start."""

        def __init__(self) -> None:
            self.state, self.prefixes = state_of(model, row), np.zeros((1, 0), dtype=np.int64)

        def append(self, level: int, parents: np.ndarray, codes: np.ndarray) -> None:
            self.prefixes = np.column_stack([self.prefixes[parents[0]], codes[0]])

        def fits(self, level: int, rows: np.ndarray, children: np.ndarray) -> np.ndarray:
            padded = np.zeros((len(self.prefixes), model.levels - 1), dtype=np.int64)
            padded[:, :level] = self.prefixes
            with torch.no_grad():
                said = model.spelling(self.state.expand(len(padded), -1), torch.from_numpy(padded))
                return model.fits(said[rows, level], level, torch.from_numpy(children)[:, None])[:, 0].numpy()

    wanted = beam_search(trie_of(catalogue.ids), Recomputed(), 1, 4)
    found = served(model, config, catalogue).top(histories([row]), 4)

    assert found.items.tolist() == wanted.items.tolist()
    np.testing.assert_allclose(found.scores, wanted.scores, rtol=1e-4, atol=1e-5)


def test_packed_training_loss_is_the_chance_of_each_next_id(world: Split, tmp_path: Path) -> None:
    model, _ = untrained(world, SMALL, tmp_path)
    known = world.training.histories().rows(0, 3)

    (batch,) = batches_of(known, SMALL, 0, 0)
    with torch.no_grad():
        loss = float(model(**{name: torch.from_numpy(each) for name, each in batch.arrays.items()}))
    wanted = sum(
        -chances_of_items(model, row[:end])[row[end]]
        for row in map(np.ndarray.tolist, np.split(known.items, known.bounds[1:-1]))
        for end in range(1, len(row))
    )

    assert loss == pytest.approx(wanted, rel=1e-4)
    assert batch.weight == len(known.items) - 3


def test_chances_of_all_items_add_up_to_one(world: Split, tmp_path: Path) -> None:
    model, _ = untrained(world, SMALL, tmp_path)

    assert np.exp(chances_of_items(model, [3, 4])).sum() == pytest.approx(1.0, abs=1e-4)


def test_what_was_seen_never_comes_back_and_the_rest_is_filled_up(fitted: ServedSemantic) -> None:
    rows = [[3, 4, 5], list(range(25)), list(range(ITEMS))]

    found = fitted.top(histories(rows), ITEMS, histories(rows))

    for items, row in zip(found.items, rows, strict=True):
        got = items[items >= 0].tolist()
        assert sorted(got) == sorted(set(range(ITEMS)) - set(row))


def test_answer_does_not_depend_on_padding_or_neighbours(fitted: ServedSemantic) -> None:
    rows = [[3, 4, 5], [7], list(range(12)), [9, 8, 9, 8, 9, 8, 9]]

    together = fitted.top(histories(rows * 20), 5)

    for place, row in enumerate(rows):
        alone = fitted.top(histories([row]), 5)
        assert together.items[place :: len(rows)].tolist() == alone.items.tolist() * 20
        np.testing.assert_allclose(together.scores[place], alone.scores[0], rtol=1e-4, atol=1e-4)


def test_new_items_are_proposed_and_heard_without_training(world: Split, fitted: ServedSemantic) -> None:
    vectors, numbers = world.training.catalogue.vectors, world.training.catalogue.ids.index
    assert vectors is not None
    is_proposed, is_heard = np.zeros(ITEMS, bool), np.zeros(ITEMS, bool)

    for twin in range(ITEMS):
        before, same, after = (numbers(str((twin + step) % ITEMS)) for step in (-1, 0, 1))
        grown = fitted.with_new_items(vectors[same][None])
        is_proposed[twin] = ITEMS in grown.top(histories([[before]]), 10).items[0]
        is_heard[twin] = after in grown.top(histories([[ITEMS]]), 5).items[0]
        np.testing.assert_array_equal(grown.ids.codes[:ITEMS, :-1], fitted.ids.codes[:, :-1])

    # By chance a third and a sixth: codes are shared with neighbours, so that not every single one is found.
    assert is_proposed.mean() > 0.6
    assert is_heard.mean() > 0.4


def test_saved_model_answers_alike_in_a_process_without_torch(fitted: ServedSemantic, tmp_path: Path) -> None:
    fitted.save(tmp_path)
    script = (
        "import sys; sys.path.insert(0, sys.argv[2]); from pathlib import Path\n"
        "from learn_world import histories\n"
        "from bowerbird.retrieve.semantic.served import load_semantic\n"
        "print(load_semantic(Path(sys.argv[1])).top(histories([[3, 4, 5]]), 5).items.tolist())\n"
        "assert 'torch' not in sys.modules"
    )
    world = str(Path(__file__).parents[1] / "learn")

    told = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path), world], capture_output=True, text=True, check=True
    )

    asked = histories([[3, 4, 5]])
    assert told.stdout.strip() == str(fitted.top(asked, 5).items.tolist())
    assert load_semantic(tmp_path).facts == fitted.facts


def test_same_seed_gives_the_same_model_and_another_one_another(world: Split, tmp_path: Path) -> None:
    short = SMALL.model_copy(update={"training": TrainingConfig(epochs=1)})
    asked = world.test.histories.rows(0, 3)

    plans = [FitPlan(seed, Budget(), tmp_path / str(place)) for place, seed in enumerate((1, 1, 2))]

    fits = [SemanticRetriever(short).fit(world.training, world.validation, plan) for plan in plans]

    found = [fit.top(asked, 10).scores for fit in fits]
    np.testing.assert_array_equal(found[0], found[1])
    assert not np.allclose(found[0], found[2])


def test_without_content_ids_are_made_from_what_is_met_together(tmp_path: Path) -> None:
    world = split(ring(persons=60, items=ITEMS, length=8))
    told: list[str] = []

    catalogue = catalogue_of(world.training, SMALL, FitPlan(0, Budget(), tmp_path, told.append))

    assert catalogue.facts["ids_from"] == "together"
    near = catalogue.facts["ids"]
    assert near["neighbour_share"][0] > near["chance_share"][0]
    assert told[0].startswith("ids: ")
    model = Semantic(SMALL, catalogue.ids, catalogue.sizes)
    with pytest.raises(InputError, match="needed are interactions"):
        served(model, SMALL, catalogue).with_new_items(np.ones((1, 2), dtype=np.float32))


def test_ids_by_an_autoencoder_learn_what_follows_and_serve_new_items(world: Split, tmp_path: Path) -> None:
    short = TrainingConfig(epochs=10, learning_rate=0.01, validate_every=5)
    rqvae = RqvaeConfig(width=4, inner=(16,), rows=32, training=short)
    config = SMALL.model_copy(update={"tokeniser": "rqvae", "rqvae": rqvae, "ids_from": "content"})
    plan = FitPlan(0, Budget(), tmp_path)
    retriever = SemanticRetriever(config)

    fitted = retriever.fit(world.training, world.validation, plan)
    found = evaluate(fitted, world.test, world.training.item_counts()).values()
    vectors = world.training.catalogue.vectors
    assert vectors is not None
    grown = fitted.with_new_items(vectors[:1])

    assert retriever.name == "semantic-rqvae"
    assert found["recall@5"] > 0.9
    assert grown.ids.codes[ITEMS, :-1].tolist() == fitted.ids.codes[0, :-1].tolist()


def test_vectors_of_prefixes_stay_with_their_prefixes_when_items_come(world: Split, tmp_path: Path) -> None:
    config = SMALL.model_copy(update={"beam": ITEMS + 10, "most_beam": ITEMS + 10})
    model, catalogue = untrained(world, config, tmp_path)
    answers = served(model, config, catalogue)
    vectors = world.training.catalogue.vectors
    assert vectors is not None

    grown = answers.with_new_items(-vectors[:7])
    before, after = (each.top(histories([[3, 4]]), ITEMS + 7) for each in (answers, grown))

    def groups(items: np.ndarray, scores: np.ndarray) -> dict[tuple[int, ...], float]:
        """Chances of first codes: new items may take from what stands below, the sum stays."""
        summed: dict[tuple[int, ...], float] = {}
        for item, score in zip(items.tolist(), scores.tolist(), strict=True):
            if item >= 0:
                key = tuple(grown.ids.codes[item, :1].tolist())
                summed[key] = summed.get(key, 0.0) + float(np.exp(score))
        return summed

    assert groups(after.items[0], after.scores[0]) == pytest.approx(
        groups(before.items[0], before.scores[0]), rel=1e-3
    )
