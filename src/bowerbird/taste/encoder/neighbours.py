"""This file is about neighbours: items that short random walks from an item visit most, as of a moment.

Sources: importance by visit counts from PinSage (1806.01973, section 3.2); degrees that damp hubs after Pixie
(1711.07601, section 3.1).
"""

from dataclasses import dataclass

import numpy as np

from bowerbird.taste.encoder.config import EncoderConfig
from bowerbird.taste.encoder.types import TasteColumns, held

_WALKERS_AT_ONCE = 400_000


@dataclass(frozen=True, slots=True)
class Neighbours:
    """Nearest items of each item by visit counts, most visited first.

    Attributes:
        items: int32 [N, K], -1 where there are fewer.
        shares: float32 [N, K] of the visits to those K; they add up to 1 in a row that has any.
    """

    items: np.ndarray
    shares: np.ndarray


def contexts_of(columns: TasteColumns, at_ms: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Edges of items with boards, persons and queries as of a moment, with one numbering for these three.

    Returns:
        int64 [E] items; int64 [E] contexts: boards, then persons, then queries; float64 [E] weights above 0.
    """
    saved, acted, found = columns.saved, columns.acted, columns.found
    parts = (
        (saved.sources, saved.targets, saved, 0),
        (acted.targets, acted.sources, acted, columns.boards),
        (found.targets, found.sources, found, columns.boards + columns.persons),
    )
    items, contexts, weights = [], [], []
    for item, context, links, first in parts:
        keep = held(links, at_ms) & (links.weights > 0)
        items.append(item[keep])
        contexts.append(context[keep] + first)
        weights.append(links.weights[keep].astype(np.float64))
    return np.concatenate(items), np.concatenate(contexts), np.concatenate(weights)


def neighbours_of(
    columns: TasteColumns,
    at_ms: int,
    config: EncoderConfig,
    *,
    seed: int = 0,
    starts: np.ndarray | None = None,
) -> Neighbours:
    """The neighbours of all items, or of `starts`, from edges held at the moment.

    Args:
        starts: int64 [N] items to walk from; none: all. Only their rows are given back.
    """
    starts = np.arange(columns.items) if starts is None else starts
    items, contexts, weights = contexts_of(columns, at_ms)
    count = columns.boards + columns.persons + columns.queries
    to_context = _Side(items, contexts, weights, columns.items, config.hub_power, count)
    to_item = _Side(contexts, items, weights, count, config.hub_power, columns.items)
    found = Neighbours(
        np.full((len(starts), config.neighbours), -1, dtype=np.int32),
        np.zeros((len(starts), config.neighbours), dtype=np.float32),
    )
    size = max(_WALKERS_AT_ONCE // config.walks, 1)
    for start in range(0, len(starts), size):
        rows = np.arange(start, min(start + size, len(starts)))
        # A draw of its own for each part, so that an answer does not depend on how many items follow.
        rng = np.random.default_rng((seed, start))
        visits = _visited(starts[rows], to_context, to_item, config, rng)
        _fill(found, start, visits, config.neighbours)
    return found


class _Side:
    """From each row's node to one of its others, by weight over the other's degree to a power."""

    def __init__(
        self,
        rows: np.ndarray,
        others: np.ndarray,
        weights: np.ndarray,
        count: int,
        power: float,
        other_count: int,
    ) -> None:
        degrees = np.bincount(others, minlength=other_count)
        order = np.argsort(rows, kind="stable")
        self._others = others[order]
        damped = weights[order] / np.maximum(degrees[self._others], 1) ** power
        self._bounds = np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=count))])
        self._sums = np.concatenate([[0.0], np.cumsum(damped)])

    def step(self, nodes: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """int64 [W] where each walker goes; -1 where there is no way."""
        first, last = self._bounds[nodes], self._bounds[nodes + 1] - 1
        low, high = self._sums[first], self._sums[last + 1]
        drawn = low + rng.random(len(nodes)) * (high - low)
        # Rounding may carry a draw over the border of its row.
        edge = np.clip(np.searchsorted(self._sums, drawn, side="right") - 1, first, np.maximum(last, first))
        has_way = last >= first
        found = np.full(len(nodes), -1, dtype=np.int64)
        found[has_way] = self._others[edge[has_way]]
        return found


def _visited(
    starts: np.ndarray, to_context: _Side, to_item: _Side, config: EncoderConfig, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Row of the start and item of each visit, the start itself left out."""
    row = np.repeat(np.arange(len(starts)), config.walks)
    here = starts[row]
    rows, items = [], []
    for _ in range(config.hops):
        context = to_context.step(here, rng)
        goes_on = context >= 0
        row, context = row[goes_on], context[goes_on]
        here = to_item.step(context, rng)
        is_other = here != starts[row]
        rows.append(row[is_other])
        items.append(here[is_other])
    return np.concatenate(rows), np.concatenate(items)


def _fill(found: Neighbours, start: int, visits: tuple[np.ndarray, np.ndarray], most: int) -> None:
    rows, items = visits
    if not len(rows):
        return
    width = int(items.max()) + 1
    keys, counts = np.unique(rows * width + items, return_counts=True)
    row, item = np.divmod(keys, width)
    order = np.lexsort((item, -counts, row))
    row, item, counts = row[order], item[order], counts[order]
    firsts = np.searchsorted(row, row)
    place = np.arange(len(row)) - firsts
    keep = place < most
    row, item, place = row[keep], item[keep], place[keep]
    found.items[start + row, place] = item
    found.shares[start + row, place] = counts[keep]
    totals = found.shares[start + np.unique(row)].sum(axis=1, keepdims=True)
    found.shares[start + np.unique(row)] /= totals
