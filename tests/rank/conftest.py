"""A small world of drawn pages, and a ranker trained on it once."""

import numpy as np
import pytest
from drawn_pages import CONFIG, drawn_world

from bowerbird.rank.ranker import ItemSide
from bowerbird.rank.ranker.requests import Acts
from bowerbird.rank.ranker.train import Trained, train_ranker


@pytest.fixture(scope="session")
def world() -> tuple[Acts, np.ndarray, ItemSide]:
    return drawn_world()


@pytest.fixture(scope="session")
def trained(world: tuple[Acts, np.ndarray, ItemSide], tmp_path_factory: pytest.TempPathFactory) -> Trained:
    acts, raw, items = world
    folder = tmp_path_factory.mktemp("ranker")
    return train_ranker(acts, raw, items, CONFIG, space="drawn", seed=0, folder=folder)
