"""This file is about the set that stands for a board: a bounded part of its items, old and new."""

from dataclasses import dataclass

import numpy as np

from bowerbird.taste.encoder.labels import CO_SAVE, Labels
from bowerbird.taste.encoder.types import Links, held

NO_ITEM = -1
_HASH = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True, slots=True)
class BoardSets:
    """What is looked at of each board.

    Attributes:
        boards: int64 [B].
        items: int64 [B, M] the newest first, then the others; -1 where there are fewer.
        sizes: int64 [B] how many items the board really holds.
    """

    boards: np.ndarray
    items: np.ndarray
    sizes: np.ndarray

    def __len__(self) -> int:
        return len(self.boards)


def sets_at(saved: Links, boards: np.ndarray, at_ms: int, most: int) -> BoardSets:
    """The sets of these boards as of a moment; the same items again as long as the board stays the same.

    Args:
        saved: item to board.
        boards: int64 [B].
        most: M, even.
    """
    rows = np.flatnonzero(held(saved, at_ms) & np.isin(saved.targets, boards))
    # Newest first; of saves of one moment the item with the lower number.
    rows = rows[np.lexsort((saved.sources[rows], -saved.at_ms[rows], saved.targets[rows]))]
    owners, items = saved.targets[rows], saved.sources[rows]
    firsts, lasts = np.searchsorted(owners, boards), np.searchsorted(owners, boards, side="right")
    found = np.full((len(boards), most), NO_ITEM, dtype=np.int64)
    sizes = np.zeros(len(boards), dtype=np.int64)
    for row, (first, last) in enumerate(zip(firsts.tolist(), lasts.tolist(), strict=True)):
        # An item that was saved twice, to two sections say, is one item.
        own = _each_once(items[first:last])
        sizes[row] = len(own)
        newest, others = own[: most // 2], own[most // 2 :]
        if len(others) > most - len(newest):
            # By a hash of the item, so that a refresh draws the same ones again.
            drawn = np.argsort(others.astype(np.uint64) * _HASH, kind="stable")[: most - len(newest)]
            others = others[np.sort(drawn)]
        chosen = np.concatenate([newest, others])
        found[row, : len(chosen)] = chosen
    return BoardSets(boards, found, sizes)


def board_labels(saved: Links, most: int, rng: np.random.Generator) -> Labels:
    """Each save, to be found from what its board held before: half the newest, half drawn from the rest.

    Returns:
        Labels whose sources are the sets, and whose queries and contexts are the boards.
    """
    rows = np.flatnonzero(saved.weights > 0)
    rows = rows[np.lexsort((saved.at_ms[rows], saved.targets[rows]))]
    boards, items = saved.targets[rows], saved.sources[rows]
    at_ms, until_ms = saved.at_ms[rows], saved.until_ms[rows]
    first = np.searchsorted(boards, boards)
    # Strictly earlier ones: of a moment's saves none was before another.
    moment = np.unique(np.stack([boards, at_ms]), axis=1, return_inverse=True)[1].ravel()
    earlier = np.searchsorted(moment, moment) - first
    known = np.flatnonzero(earlier > 0)
    first, earlier = first[known], earlier[known]
    half = most // 2
    newest = earlier[:, None] - 1 - np.arange(half)
    rest = np.maximum(earlier - half, 0)[:, None]
    drawn = (rng.random((len(known), half)) * rest).astype(np.int64)
    drawn = np.sort(drawn, axis=1)
    is_again = np.concatenate([np.zeros((len(drawn), 1), bool), drawn[:, 1:] == drawn[:, :-1]], axis=1)
    place = np.concatenate([newest, np.where((rest == 0) | is_again, -1, drawn)], axis=1)
    entry = first[:, None] + np.maximum(place, 0)
    is_there = (
        (place >= 0) & (until_ms[entry] >= at_ms[known][:, None]) & (items[entry] != items[known][:, None])
    )
    sources = np.where(is_there, items[entry], NO_ITEM)
    keep = is_there.any(axis=1)
    known, sources = known[keep], sources[keep]
    count = len(known)
    return Labels(np.full(count, CO_SAVE), sources, boards[known], boards[known], items[known], at_ms[known])


def _each_once(items: np.ndarray) -> np.ndarray:
    _, first = np.unique(items, return_index=True)
    once: np.ndarray = items[np.sort(first)]
    return once
