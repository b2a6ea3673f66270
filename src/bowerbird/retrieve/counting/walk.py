"""This file is about random walks with restarts over persons and items, from the newest items of a history.

Source: the Pixie paper: short walks from weighted starts, visits counted by start and joined by the square of
    the sum
of roots, so that an item reached from several starts wins over one reached often from a single one.
"""

from pathlib import Path
from typing import Annotated, Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from bowerbird.learn.data import Histories, Interactions
from bowerbird.learn.evaluate import top_of_scores
from bowerbird.learn.types import Found
from bowerbird.retrieve.counting.transitions import prior_of

_ROWS_AT_ONCE = 64


class WalkConfig(BaseModel):
    """How walkers go.

    Attributes:
        walkers, steps: of each request; a step is item, person, item.
        restart: chance to go back to the start after a step.
        starts, decay: newest items that walks begin at, and how the share of walkers falls with age.
        window: a walker leaves a person's history at most so many places from where it came in.
        ahead: chance that it looks only at what came after.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    walkers: Annotated[int, Field(ge=1)] = 200
    steps: Annotated[int, Field(ge=1)] = 6
    restart: Annotated[float, Field(ge=0, lt=1)] = 0.5
    starts: Annotated[int, Field(ge=1)] = 10
    decay: Annotated[float, Field(gt=0, le=1)] = 0.7
    window: Annotated[int, Field(ge=1)] = 3
    ahead: Annotated[float, Field(ge=0, le=1)] = 0.5
    prior: Annotated[float, Field(ge=0)] = 1e-3


class WalkRetriever:
    """A `ScoringRetriever`. The same history and seed give the same walks, whatever else is in the batch."""

    def __init__(self, columns: dict[str, np.ndarray], setting: WalkConfig, seed: int) -> None:
        self._columns = columns
        self._items = columns["items"]
        self._persons = columns["persons"]
        self._bounds = columns["bounds"]
        self._by_item = columns["by_item"]
        self._item_bounds = columns["item_bounds"]
        self._prior = columns["prior"]
        self._setting = setting
        self._seed = seed

    @property
    def facts(self) -> dict[str, Any]:
        """Edges count as parameters."""
        return {
            "parameters": len(self._items),
            "size_bytes": sum(each.nbytes for each in self._columns.values()),
            "setting": self._setting.model_dump(),
        }

    def scores(self, histories: Histories) -> np.ndarray:
        """float32 [B, N]."""
        found = np.empty((len(histories), len(self._prior)), dtype=np.float32)
        for start in range(0, len(histories), _ROWS_AT_ONCE):
            stop = min(start + _ROWS_AT_ONCE, len(histories))
            found[start:stop] = self._walk(histories.rows(start, stop).newest(self._setting.starts))
        return found

    def top(self, histories: Histories, k: int, exclude: Histories | None = None) -> Found:
        """The k best items of each history."""
        return top_of_scores(self.scores(histories), k, exclude)

    def save(self, folder: Path) -> None:
        """Edges, prior, setting and seed."""
        with (folder / "walk.npz").open("wb") as file:
            np.savez(file, allow_pickle=False, seed=np.int64(self._seed), **self._columns)
        (folder / "setting.json").write_text(self._setting.model_dump_json())

    def _walk(self, histories: Histories) -> np.ndarray:
        setting, count = self._setting, len(self._prior)
        begins, row, start = self._begins(histories)
        drawn = Drawn(self._seed, _keys(histories)[row], np.arange(len(row)) % setting.walkers)
        at = begins.copy()
        visits = []
        for _ in range(setting.steps):
            degree = self._item_bounds[at + 1] - self._item_bounds[at]
            stuck = degree == 0
            place = self._item_bounds[at] + (drawn.uniform() * degree).astype(np.int64)
            entry = self._by_item[np.where(stuck, 0, place)] if len(self._by_item) else np.zeros_like(at)
            at = np.where(stuck, at, self._leave(entry, drawn))
            visits.append(np.where(stuck, -1, at))
            at = np.where(drawn.uniform() < setting.restart, begins, at)
        found = self._counted(np.stack(visits), row, start, len(histories), count)
        found += self._prior
        return found

    def _begins(self, histories: Histories) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Item, row and start of each walker: shares by age, the first walkers to the newest item."""
        walkers = (np.arange(self._setting.walkers) + 0.5) / self._setting.walkers
        shares = np.power(self._setting.decay, np.arange(self._setting.starts))
        ends = np.cumsum(shares)
        row = np.repeat(np.arange(len(histories)), self._setting.walkers)
        lengths = histories.lengths
        whole = ends[np.maximum(np.minimum(lengths, len(ends)), 1) - 1][row]
        start = np.searchsorted(ends, np.tile(walkers, len(histories)) * whole)
        is_there = lengths[row] > 0
        row, start = row[is_there], start[is_there]
        return histories.items[histories.bounds[1:][row] - 1 - start].astype(np.int64), row, start

    def _leave(self, entry: np.ndarray, drawn: "Drawn") -> np.ndarray:
        person = self._persons[entry]
        first, last = self._bounds[person], self._bounds[person + 1] - 1
        is_ahead = (drawn.uniform() < self._setting.ahead) & (entry < last)
        low = np.where(is_ahead, entry + 1, np.maximum(first, entry - self._setting.window))
        high = np.minimum(last, entry + self._setting.window)
        items: np.ndarray = self._items[low + (drawn.uniform() * (high - low + 1)).astype(np.int64)]
        return items.astype(np.int64)

    def _counted(
        self, visits: np.ndarray, row: np.ndarray, start: np.ndarray, rows: int, count: int
    ) -> np.ndarray:
        keys = ((row * self._setting.starts + start) * count + visits)[visits >= 0]
        found, times = np.unique(keys, return_counts=True)
        flat = found // count // self._setting.starts * count + found % count
        roots = np.bincount(flat, np.sqrt(times), minlength=rows * count)
        return np.square(roots).reshape(rows, count).astype(np.float32) / self._setting.walkers


class Drawn:
    """Numbers in [0, 1) by row, walker and draw: a hash in place of a generator's state (splitmix64)."""

    def __init__(self, seed: int, keys: np.ndarray, walkers: np.ndarray) -> None:
        self._keys = keys ^ (walkers.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15))
        self._draw = np.array([seed * 1_000_003 + 1], dtype=np.uint64)  # an array: it may overflow

    def uniform(self) -> np.ndarray:
        """float64, one a walker; another one at every call."""
        mixed = self._keys + self._draw * np.uint64(0xD1B54A32D192ED03)
        self._draw += np.uint64(1)
        for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
            mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)
        mixed ^= mixed >> np.uint64(31)
        number: np.ndarray = (mixed >> np.uint64(11)).astype(np.float64) / 2**53
        return number


def walk_settings(_: Interactions) -> tuple[WalkConfig, ...]:
    """Restarts, then how far from the place and in which direction."""
    return tuple(
        WalkConfig(restart=restart, window=window, ahead=ahead, decay=decay)
        for restart, decay in ((0.5, 0.7), (0.8, 0.5))
        for window in (1, 3, 50)
        for ahead in (0.5, 0.9)
    )


def fit_walk(training: Interactions, setting: WalkConfig, seed: int) -> WalkRetriever:
    """The graph of the training part: each interaction is an edge."""
    by_item = np.argsort(training.items, kind="stable")
    lengths = np.bincount(training.items, minlength=training.item_count)
    columns = {
        "items": training.items,
        "persons": training.persons,
        "bounds": training.bounds(),
        "by_item": by_item,
        "item_bounds": np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
        "prior": prior_of(training, setting.prior),
    }
    return WalkRetriever(columns, setting, seed)


def load_walk(folder: Path) -> WalkRetriever:
    """What `save` wrote."""
    setting = WalkConfig.model_validate_json((folder / "setting.json").read_text())
    with np.load(folder / "walk.npz", allow_pickle=False) as held:
        columns = {name: held[name] for name in held.files if name != "seed"}
        return WalkRetriever(columns, setting, int(held["seed"]))


def _keys(histories: Histories) -> np.ndarray:
    """uint64 [B] a hash of each row's items."""
    items = (histories.items.astype(np.uint64) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
    places = histories.places_from_end().astype(np.uint64) * np.uint64(0xC2B2AE3D27D4EB4F)
    mixed = (items ^ places) * np.uint64(0xD6E8FEB86659FD93)
    sums = np.concatenate([[np.uint64(0)], np.cumsum(mixed ^ (mixed >> np.uint64(32)), dtype=np.uint64)])
    keys: np.ndarray = sums[histories.bounds[1:]] - sums[histories.bounds[:-1]]
    return keys
