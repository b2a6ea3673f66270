"""What every retriever of `--models` does with data at the edge: each of them, also those yet to come."""

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pydantic import BaseModel

sys.path.insert(0, str(Path(__file__).parents[1] / "learn"))
from learn_world import DAY_MS, NOW_MS, histories, interactions_of, raw_rows, ring

from bowerbird.cli import retrievers
from bowerbird.cli.retrievers import MODELS, retrievers_of
from bowerbird.learn.data import DataConfig, Interactions
from bowerbird.learn.data.cleaning import cleaned
from bowerbird.learn.evaluate import evaluate
from bowerbird.learn.splits import Split, split
from bowerbird.learn.types import Budget, FitPlan, FittedRetriever, Found, Retriever, ScoringRetriever


def seen_by_eye(interactions: Interactions, vectors: np.ndarray) -> Interactions:
    return replace(interactions, catalogue=interactions.catalogue.with_vectors(vectors))


def one_item() -> Interactions:
    rows = [(person, "1", NOW_MS - DAY_MS * day) for person in "abcd" for day in range(1, 5)]
    return seen_by_eye(interactions_of(rows)[0], np.ones((1, 8)))


def all_alike() -> Interactions:
    """Content says nothing: one vector for all."""
    return seen_by_eye(ring(12, 10, 6), np.ones((10, 8)))


def everything_at_once() -> Interactions:
    """A long history, a machine, a clock ahead, doubles, items gone or never met, broken vectors."""
    rows = [(person, str(n % 7), NOW_MS - DAY_MS * (9 - n)) for person in "abcdef" for n in range(8)]
    rows += [("long", str(n % 9), NOW_MS - 60_000 * (100_000 - n)) for n in range(100_000)]
    rows += [("machine", str(n % 9), NOW_MS - 3_600_000 + n * 300) for n in range(10_000)]
    rows += [("a", "3", NOW_MS + 400 * DAY_MS), ("b", "gone", NOW_MS - DAY_MS * 5), *rows[:8]]
    raw = raw_rows(rows, listed=[str(n) for n in range(14)], is_closed=True)
    interactions, report = cleaned(raw, DataConfig(), NOW_MS)
    facts = report.facts()
    assert facts["machines"] == 10_000
    assert facts["too_old"] == 90_000
    assert (facts["future"], facts["unknown_items"], facts["duplicates"]) == (1, 1, 8)
    vectors = np.random.default_rng(0).normal(size=(14, 8))
    vectors[2], vectors[5], vectors[6] = np.nan, np.inf, 0
    return seen_by_eye(interactions, vectors)


WORLDS: dict[str, Callable[[], Interactions]] = {
    "one item": one_item,
    "all alike": all_alike,
    "everything at once": everything_at_once,
}


@pytest.fixture(scope="module")
def splits() -> dict[str, Split]:
    return {name: split(made()) for name, made in WORLDS.items()}


def in_one_epoch(config: BaseModel) -> BaseModel:
    """The settings, with every trainer in them stopped after its first epoch."""
    found: dict[str, object] = {}
    for name in type(config).model_fields:
        value = getattr(config, name)
        if isinstance(value, BaseModel):
            found[name] = in_one_epoch(value)
        elif name == "epochs":
            found[name] = 1
    return config.model_copy(update=found)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Retriever]:
    whole = retrievers._learned

    def learned(name: str) -> Retriever:
        made = whole(name)
        return type(made)(in_one_epoch(made.config))  # type: ignore[call-arg]  # all take their settings

    monkeypatch.setattr(retrievers, "_learned", learned)
    return lambda name: retrievers_of(name)[0]


def check(found: Found, persons: int, items: int, own: list[set[int]] | None) -> None:
    assert len(found.items) == persons
    assert not np.isnan(found.scores).any()
    assert np.array_equal(np.isneginf(found.scores), found.items < 0)
    for row, row_items in enumerate(found.items.tolist()):
        real = [item for item in row_items if item >= 0]
        assert len(set(real)) == len(real)
        assert all(item < items for item in real)
        assert own is None or not own[row] & set(real)


@pytest.mark.parametrize("world", WORLDS)
@pytest.mark.parametrize("name", MODELS)
def test_data_at_the_edge_is_learned_from_and_answered(
    name: str, world: str, splits: dict[str, Split], quick: Callable[[str], Retriever], tmp_path: Path
) -> None:
    made, items = splits[world], splits[world].training.item_count
    asked = made.test.histories

    fitted = quick(name).fit(made.training, made.validation, FitPlan(0, Budget(trials=2), tmp_path))

    assert isinstance(fitted, FittedRetriever)
    own = [set(asked.rows(row, row + 1).items.tolist()) for row in range(len(asked))]
    check(fitted.top(asked, 5), len(asked), items, None)
    check(fitted.top(asked, items + 7, exclude=asked), len(asked), items, own)
    check(fitted.top(histories([]), 3), 0, items, None)
    if isinstance(fitted, ScoringRetriever):
        assert not np.isnan(fitted.scores(asked)).any()
    metrics = evaluate(
        fitted, made.test, made.training.item_counts(), vectors=made.training.catalogue.vectors
    )
    assert np.isfinite(list(metrics.values().values())).all()
    (tmp_path / "kept").mkdir()
    fitted.save(tmp_path / "kept")
    assert list((tmp_path / "kept").iterdir())
