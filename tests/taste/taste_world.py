"""A small world with tastes: items look a little like their taste, and people stay with one or two."""

import numpy as np

from bowerbird.core.actions import ACTION_CODES, Action
from bowerbird.taste.encoder import LinkColumns, TasteColumns

HOUR_MS = 3_600_000
START_MS = 1_700_000_000_000
TASTES = 6


def world(
    *, items: int = 120, persons: int = 60, actions: int = 10, new: int = 0, noise: float = 1.0, seed: int = 0
) -> TasteColumns:
    """Item n has taste n % 6; nobody meets the `new` ones at the end; a query names a taste."""
    rng = np.random.default_rng(seed)
    middles = rng.normal(size=(TASTES, 16))
    tastes = np.arange(items + new) % TASTES
    content = middles[tastes] + noise * rng.normal(size=(items + new, 16)) * 2
    content /= np.linalg.norm(content, axis=1, keepdims=True)
    owner = np.repeat(np.arange(persons), actions)
    likes = (owner % TASTES).astype(np.int64)
    chosen = likes + TASTES * rng.integers(items // TASTES, size=len(owner))
    at_ms = START_MS + rng.permutation(len(owner)) * HOUR_MS
    save = np.full(len(owner), ACTION_CODES[Action.SAVE], dtype=np.int8)
    asks = rng.random(len(owner)) < 0.3
    words = middles / np.linalg.norm(middles, axis=1, keepdims=True)
    return TasteColumns(
        content.astype(np.float32),
        persons,
        persons,
        TASTES,
        LinkColumns.of(chosen, owner, at_ms),
        LinkColumns.of(owner, chosen, at_ms, actions=save),
        LinkColumns.of(likes[asks], chosen[asks], at_ms[asks]),
        words.astype(np.float32),
        np.zeros((persons, 16), np.float32),
    )
