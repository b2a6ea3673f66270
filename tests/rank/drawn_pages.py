"""Pages of people with one taste each, drawn, for everything that learns to rank."""

import numpy as np

from bowerbird.core.actions import ACTION_CODES, Action
from bowerbird.learn.config import TrainingConfig
from bowerbird.rank.ranker import ItemSide, RankerConfig
from bowerbird.rank.ranker.heads import IMPRESSION_CODE
from bowerbird.rank.ranker.requests import Acts

ITEMS, TASTES, WIDTH, PAGES, PAGE = 90, 3, 12, 900, 6
SAVE, HIDE = ACTION_CODES[Action.SAVE], ACTION_CODES[Action.HIDE]
CONFIG = RankerConfig(
    basis=8, width=16, inner=16, recent=6, long=12, left=6, cross_rank=4, slots=PAGE, held_out=0.3,
    training=TrainingConfig(epochs=6, learning_rate=0.01, patience=3),
)  # fmt: skip


def drawn_world() -> tuple[Acts, np.ndarray, ItemSide]:
    """People of one taste each save of it with .5, of others with .04; lower places are looked at less."""
    rng = np.random.default_rng(0)
    middles = rng.normal(size=(TASTES, WIDTH))
    raw = (middles[np.arange(ITEMS) % TASTES] + 0.4 * rng.normal(size=(ITEMS, WIDTH))).astype(np.float32)
    rows = []
    for page in range(PAGES):
        person, at_ms = page % 45, page * 600_000
        for place, item in enumerate(rng.permutation(ITEMS)[:PAGE]):
            rows.append((person, item, IMPRESSION_CODE, at_ms + place, place, page))
            chance = (0.5 if item % TASTES == person % TASTES else 0.04) * 0.8**place
            if rng.random() < chance:
                rows.append((person, item, SAVE, at_ms + 1_000 + place, -1, -1))
            elif item % TASTES != person % TASTES and rng.random() < 0.05:
                rows.append((person, item, HIDE, at_ms + 1_000 + place, -1, -1))
    acts = Acts.of(*np.array(rows).T)
    unknown = np.full(ITEMS, -1)
    return acts, raw, ItemSide(np.zeros((ITEMS, 0), np.float32), unknown, unknown, unknown)
