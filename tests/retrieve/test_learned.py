"""A model from the registry proposes items for what a person did lately."""

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "learn"))
sys.path.insert(0, str(Path(__file__).parents[1] / "serve"))
from learn_world import DAY_MS, NOW_MS, interactions_of
from serve_lake import put

from bowerbird.cli.retrievers import MODELS
from bowerbird.core.actions import ACTION_CODES, Action
from bowerbird.core.errors import MissingModelError
from bowerbird.lake.catalogue import Catalogue
from bowerbird.lake.items import delete_items
from bowerbird.lake.lake import Lake
from bowerbird.lake.online import RecentActions
from bowerbird.learn.data import Reading
from bowerbird.learn.data.raw import Rejects
from bowerbird.learn.registry import ModelRegistry, models_folder
from bowerbird.learn.splits import split
from bowerbird.retrieve.counting import COUNTING_KINDS, TunedRetriever
from bowerbird.retrieve.learned import LearnedModel, load_fitted, loadable, open_serving
from bowerbird.surfaces.measure.single import train_one

NAMES = [f"n{number:02}" for number in range(12)]


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    """Items that people meet in one order, and a model of what comes next that was told to serve."""
    with Lake.open(tmp_path_factory.mktemp("learned") / "lake", create=True) as lake:
        put(lake, "unmet", *NAMES)
        registry = ModelRegistry(models_folder(lake.path))
        rows = [
            (f"p{person}", NAMES[(person + step) % 12], NOW_MS - (9 - step) * DAY_MS)
            for person in range(60)
            for step in range(8)
        ]
        known, report = interactions_of(rows)
        reading = Reading(known, "lake", "lake", "items@1,events@1", report, Rejects())
        retriever = TunedRetriever(COUNTING_KINDS["transitions"])
        card = train_one(retriever, reading, split(known), 0, registry, registry_work(lake), lambda _: None)
        registry.activate(card.name, card.id)
        yield lake


def registry_work(lake: Lake) -> Path:
    return lake.path / "models" / "work"


@pytest.fixture
def model(lake: Lake) -> LearnedModel:
    model = open_serving(ModelRegistry(models_folder(lake.path)), Catalogue.open(lake))
    assert model is not None
    return model


def recent(lake: Lake, *names: str, action: Action = Action.SAVE) -> RecentActions:
    """Newest first."""
    numbers = Catalogue.open(lake).numbers_of(names)
    count = len(numbers)
    return RecentActions(
        numbers.astype(np.int64),
        np.full(count, ACTION_CODES[action], dtype=np.int8),
        NOW_MS - np.arange(count, dtype=np.int64),
    )


def test_what_follows_is_expected_first_and_nothing_that_was_met(lake: Lake, model: LearnedModel) -> None:
    expected = model.expect(recent(lake, "n05", "n04"), 5, NOW_MS)

    ids = Catalogue.open(lake).ids_of(expected.numbers.tolist())
    assert ids[0] == "n06"
    assert not {"n04", "n05"} & set(ids)
    assert expected.model == model.text
    assert Catalogue.open(lake).ids_of(np.unique(expected.led_by)) == ["n05"]
    assert expected.shares.tolist() == sorted(expected.shares.tolist(), reverse=True)
    assert expected.shares[0] == 1.0


def test_order_of_the_history_counts(lake: Lake, model: LearnedModel) -> None:
    assert model.expect(recent(lake, "n02", "n08"), 1, NOW_MS).numbers.tolist() == [
        int(Catalogue.open(lake).numbers_of(["n03"])[0])
    ]
    assert model.expect(recent(lake, "n08", "n02"), 1, NOW_MS).numbers.tolist() == [
        int(Catalogue.open(lake).numbers_of(["n09"])[0])
    ]


def test_shares_are_found_by_item_in_any_order(lake: Lake, model: LearnedModel) -> None:
    expected = model.expect(recent(lake, "n05"), 4, NOW_MS)
    asked = np.concatenate([expected.numbers[::-1], [10_000, 0]])

    assert expected.share_of(asked).tolist() == [*expected.shares[::-1].tolist(), 0.0, 0.0]


def test_nothing_is_expected_of_someone_who_did_nothing_that_counts(lake: Lake, model: LearnedModel) -> None:
    nobody = RecentActions(np.zeros(0, np.int64), np.zeros(0, np.int8), np.zeros(0, np.int64))

    assert len(model.expect(nobody, 5, NOW_MS).numbers) == 0
    assert len(model.expect(recent(lake, "n05", action=Action.HIDE), 5, NOW_MS).numbers) == 0
    unknown = RecentActions(np.array([9_999]), recent(lake, "n05").actions, np.array([NOW_MS]))
    assert len(model.expect(unknown, 5, NOW_MS).numbers) == 0


def test_item_that_is_gone_is_not_proposed(lake: Lake) -> None:
    delete_items(lake, ["n11"])

    model = open_serving(ModelRegistry(models_folder(lake.path)), Catalogue.open(lake))

    assert model is not None
    numbers = model.expect(recent(lake, "n10"), 5, NOW_MS).numbers
    assert "n11" not in Catalogue.open(lake).ids_of(numbers.tolist())


def test_every_model_that_can_be_trained_can_serve() -> None:
    assert set(loadable()) == set(MODELS)


def test_model_that_cannot_be_opened_is_said(lake: Lake, tmp_path: Path) -> None:
    with pytest.raises(MissingModelError, match="one of"):
        load_fitted("nonsense", tmp_path)
    registry = ModelRegistry(models_folder(lake.path))
    serving = registry.serving()
    assert serving is not None
    items = serving[1] / "items.json"
    kept = items.read_bytes()
    items.unlink()
    with pytest.raises(MissingModelError, match="train it again"):
        open_serving(registry, Catalogue.open(lake))
    items.write_bytes(kept)


def test_no_model_serves_after_it_was_retired(lake: Lake) -> None:
    registry = ModelRegistry(models_folder(lake.path))

    registry.retire()

    assert open_serving(registry, Catalogue.open(lake)) is None
    assert registry.active("transitions") is not None
