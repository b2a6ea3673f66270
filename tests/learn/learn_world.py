"""Small data that a reader can check by eye."""

from collections.abc import Sequence

import numpy as np

from bowerbird.learn.data import DataConfig, Histories, Interactions, ItemFacts
from bowerbird.learn.data.cleaning import CleaningReport, cleaned
from bowerbird.learn.data.histories import bounds_of
from bowerbird.learn.data.raw import RawRows, Rejects, all_alike

NOW_MS = 1_700_000_000_000
DAY_MS = 86_400_000


def raw_rows(
    rows: Sequence[tuple[str, str, int]], *, listed: Sequence[str] = (), is_closed: bool = False
) -> RawRows:
    """Rows of (person, item, time in ms)."""
    actions, weights = all_alike(len(rows))
    return RawRows(
        [row[0] for row in rows],
        [row[1] for row in rows],
        np.array([row[2] for row in rows], dtype=np.int64),
        actions,
        weights,
        None,
        None,
        ItemFacts(tuple(listed), tuple(f"item {id_}" for id_ in listed), tuple(() for _ in listed)),
        is_closed=is_closed,
        time="absolute",
        rejects=Rejects(),
    )


def interactions_of(
    rows: Sequence[tuple[str, str, int]], config: DataConfig | None = None
) -> tuple[Interactions, CleaningReport]:
    return cleaned(raw_rows(rows), config or DataConfig(), NOW_MS)


def ring(persons: int, items: int, length: int, *, seed: int = 0) -> Interactions:
    """Everyone walks up a ring of items from a random place: what follows n is always n + 1."""
    rng = np.random.default_rng(seed)
    rows = []
    for person in range(persons):
        start = int(rng.integers(items))
        rows += [
            (f"p{person}", str((start + step) % items), NOW_MS - (length - step) * DAY_MS - person)
            for step in range(length)
        ]
    return interactions_of(rows)[0]


def histories(rows: Sequence[Sequence[int]]) -> Histories:
    items = np.array([item for row in rows for item in row], dtype=np.int32)
    count = len(items)
    return Histories(
        np.arange(len(rows), dtype=np.int32),
        bounds_of(np.array([len(row) for row in rows], dtype=np.int64)),
        items,
        np.arange(count, dtype=np.int64),
        np.zeros(count, dtype=np.int8),
        np.ones(count, dtype=np.float32),
        np.full(len(rows), -1, dtype=np.int64),
    )
