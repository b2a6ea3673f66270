"""A training that begins from a kept ranker: it knows at once what that one knew, and says where it began."""

from pathlib import Path

import numpy as np
import pytest
from drawn_pages import CONFIG

from bowerbird.rank.ranker import ItemSide, RankerConfig
from bowerbird.rank.ranker.requests import Acts
from bowerbird.rank.ranker.starting import save_weights, start_of
from bowerbird.rank.ranker.train import Trained, train_ranker

ONE = CONFIG.model_copy(update={"training": CONFIG.training.model_copy(update={"epochs": 1})})


@pytest.fixture(scope="module")
def kept(trained: Trained, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("kept")
    trained.ranker.save(folder)
    save_weights(trained.weights, folder)
    return folder


def test_one_epoch_from_a_kept_ranker_is_ahead_of_one_from_nothing(
    kept: Path, trained: Trained, world: tuple[Acts, np.ndarray, ItemSide], tmp_path: Path
) -> None:
    acts, raw, items = world
    start = start_of(kept, ONE, "drawn", raw.shape[1])
    assert start is not None

    warm = train_ranker(acts, raw, items, ONE, space="drawn", seed=1, folder=tmp_path / "warm", start=start)
    cold = train_ranker(acts, raw, items, ONE, space="drawn", seed=1, folder=tmp_path / "cold")

    assert warm.ranker.facts["started_from"] == trained.ranker.version
    assert cold.ranker.facts["started_from"] == ""
    auc = [each.report["save"]["auc"]["mean"] for each in (warm, cold, trained)]
    assert auc[0] > auc[1] + 0.02
    assert auc[0] > auc[2] - 0.03
    np.testing.assert_array_equal(warm.ranker.content(raw), trained.ranker.content(raw))


@pytest.mark.parametrize(
    ("space", "width", "config"),
    [
        ("other", 0, CONFIG),
        ("drawn", 1, CONFIG),
        ("drawn", 0, CONFIG.model_copy(update={"width": 2 * CONFIG.width})),
    ],
)
def test_from_another_space_width_or_model_nothing_is_begun(
    kept: Path, world: tuple[Acts, np.ndarray, ItemSide], space: str, width: int, config: RankerConfig
) -> None:
    assert start_of(kept, config, space, world[1].shape[1] + width) is None


def test_ranker_that_was_kept_without_weights_starts_nothing(trained: Trained, tmp_path: Path) -> None:
    trained.ranker.save(tmp_path)

    assert start_of(tmp_path, CONFIG, "drawn", 8) is None
