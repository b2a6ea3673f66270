"""Worlds whose truth is known: what was done, and how much later, decides what it was done with."""

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "learn"))
from learn_world import DAY_MS, NOW_MS

from bowerbird.core.actions import ACTION_CODES, Action
from bowerbird.learn.config import TrainingConfig
from bowerbird.learn.data import DataConfig, Interactions
from bowerbird.learn.data.cleaning import cleaned
from bowerbird.learn.data.raw import ItemFacts, RawRows, Rejects
from bowerbird.retrieve.generative import GenerativeConfig

SMALL = GenerativeConfig(
    width=32, layers=1, inner=32, dropout=0.2, longest=10, rows=8, tokens=16, offsets_days=(3.0,),
    hidden_gaps=0.3, training=TrainingConfig(epochs=20, learning_rate=0.01, validate_every=20),
)  # fmt: skip
STEPS = {Action.SAVE: 1, Action.CLICK: 3}
"""How far up the ring an item lies that is saved next, or clicked next."""


def outcomes_tell(persons: int, items: int, length: int) -> Interactions:
    """Up the ring a day at a time, by one item to a save and by three to a click; which of both is chance."""
    rng = np.random.default_rng(0)
    names, found, at_ms, actions = [], [], [], []
    for person in range(persons):
        item = int(rng.integers(items))
        for place in range(length):
            action = Action.SAVE if rng.random() < 0.5 else Action.CLICK
            item = (item + STEPS[action]) % items
            names.append(f"p{person}")
            found.append(str(item))
            at_ms.append(NOW_MS - (length - place) * DAY_MS)
            actions.append(ACTION_CODES[action])
    raw = RawRows(
        names, found, np.array(at_ms, dtype=np.int64), np.array(actions, dtype=np.int8),
        np.ones(len(names), dtype=np.float32), None, None, ItemFacts((), (), ()),
        is_closed=False, time="absolute", rejects=Rejects(),
    )  # fmt: skip
    return cleaned(raw, DataConfig(), NOW_MS)[0]
