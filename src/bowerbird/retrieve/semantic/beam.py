"""This file is about beam search over the trie: many persons at once, only ids that exist."""

from typing import Protocol, runtime_checkable

import numpy as np

from bowerbird.learn.data import Histories
from bowerbird.learn.data.histories import entries_of
from bowerbird.learn.evaluate import top_of_scores
from bowerbird.learn.types import Found
from bowerbird.retrieve.semantic.trie import Trie


@runtime_checkable
class Spelling(Protocol):
    """Says how well each code fits after a prefix; remembers the prefixes that it was told last."""

    def append(self, level: int, parents: np.ndarray, codes: np.ndarray) -> None:
        """Prefixes of `level` codes from now on, where those before had one code less.

        Args:
            parents: int64 [B, W] which of the prefixes of before is made longer.
            codes: int64 [B, W] by which code of level `level`.
        """
        ...

    def fits(self, level: int, rows: np.ndarray, children: np.ndarray) -> np.ndarray:
        """float32, one a child: its logit among those that lead on from its prefix.

        Args:
            rows: int64 the prefix, numbered over all persons: b W + w.
            children: int64 the node of level `level + 1`.
        """
        ...


def beam_search(
    trie: Trie, spelling: Spelling, persons: int, width: int, exclude: Histories | None = None
) -> Found:
    """The likeliest items of each person, at most `width`, with the log probabilities of their ids.

    A code competes with those that lead on from the same prefix, so that the probabilities of the whole
    catalogue add up to one. A prefix is kept while it is among the `width` likeliest of its level and an item
    is left under it, so that fewer than `width` items come back only where the catalogue has no more. It is
    exact when `width` is the number of prefixes of every level but the last. Equal scores come in the order
    of codes.

    Args:
        exclude: [B] items that must not come back; what only they lie under takes no place in a beam.
    """
    nodes = np.zeros((persons, 1), dtype=np.int64)
    scores = np.zeros((persons, 1), dtype=np.float32)
    codes = parents = nodes
    seen = _seen(trie, exclude)
    for level in range(trie.depth):
        is_last = level == trie.depth - 1
        if not (nodes >= 0).any():
            return Found(np.full(nodes.shape, -1, np.int32), np.full(nodes.shape, -np.inf, np.float32))
        children, rows, counts = _children(trie, level, nodes)
        values = scores.ravel()[rows]
        if not is_last or (counts > 1).any():
            if level:
                spelling.append(level, parents, codes)
            values = values + _log_shares(spelling.fits(level, rows, children), counts)
        columns = entries_of(np.zeros(persons, np.int64), counts.reshape(nodes.shape).sum(axis=1))
        _forbid(trie, level, nodes, values, *seen)
        nodes, parents, codes, scores = _best(
            trie, level, nodes.shape, children, rows, columns, values, width, by_score=is_last
        )
    items = np.where(nodes >= 0, trie.items[nodes], -1).astype(np.int32)
    return Found(items, scores)


def _children(trie: Trie, level: int, nodes: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Children of all prefixes, flat: node, and prefix (over all persons); and how many each prefix has."""
    starts, flat = trie.starts[level], nodes.ravel()
    counts = np.where(flat >= 0, starts[flat + 1] - starts[flat], 0)
    return entries_of(starts[flat], counts), np.repeat(np.arange(len(flat)), counts), counts


def _log_shares(fit: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """float32: logits less the log of the sum over their own prefix."""
    begins = (np.cumsum(counts) - counts)[counts > 0]
    place = np.repeat(np.arange(len(begins)), counts[counts > 0])
    lowered = fit - np.maximum.reduceat(fit, begins)[place]
    shares: np.ndarray = lowered - np.log(np.add.reduceat(np.exp(lowered), begins))[place]
    return shares


def _seen(trie: Trie, exclude: Histories | None) -> tuple[np.ndarray, np.ndarray]:
    """Persons and items that must not meet, each pair once."""
    if exclude is None or len(exclude.items) == 0:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    pairs = np.unique(exclude.row_of_entry() * len(trie.items) + exclude.items)
    return pairs // len(trie.items), pairs % len(trie.items)


def _forbid(
    trie: Trie, level: int, nodes: np.ndarray, values: np.ndarray, person: np.ndarray, item: np.ndarray
) -> None:
    """Children under which every item was seen get -inf, in place.

    Prefixes stand in ascending order within a person, so that a dead child is found by its parent.
    """
    if len(item) == 0:
        return
    reach = len(trie.leaves[level + 1])
    keys, under = np.unique(person * reach + trie.nodes[level + 1][item], return_counts=True)
    person, child = np.divmod(keys, reach)
    is_dead = under == trie.leaves[level + 1][child]
    person, child = person[is_dead], child[is_dead]
    before = len(trie.leaves[level])
    place = np.flatnonzero(nodes.ravel() >= 0)
    held = place // nodes.shape[1] * before + nodes.ravel()[place]
    parent = trie.parents[level][child]
    wanted = person * before + parent
    at = np.minimum(np.searchsorted(held, wanted), len(held) - 1)
    is_held = held[at] == wanted
    starts = trie.starts[level]
    node = nodes.ravel()[place]
    firsts = np.concatenate([[0], np.cumsum(starts[node + 1] - starts[node])])
    values[firsts[at[is_held]] + child[is_held] - starts[parent[is_held]]] = -np.inf


def _best(
    trie: Trie,
    level: int,
    shape: tuple[int, ...],
    children: np.ndarray,
    rows: np.ndarray,
    columns: np.ndarray,
    values: np.ndarray,
    width: int,
    *,
    by_score: bool,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """The best of each person: nodes, parents (within the person), codes, scores, [B, width] each."""
    persons, before = shape
    of_person = rows // before
    breadth = int(columns.max(initial=-1)) + 1
    grid = np.full((persons, breadth), -np.inf, dtype=np.float32)
    grid[of_person, columns] = values
    firsts = np.concatenate([[0], np.cumsum(np.bincount(of_person, minlength=persons))])[:-1]
    found = top_of_scores(grid, min(width, max(breadth, 1)))
    chosen, scores = found.items.astype(np.int64), found.scores
    if not by_score:
        # In the order of codes, which `_forbid` counts on and which settles ties; the missing go last.
        order = np.argsort(np.where(chosen < 0, breadth, chosen), axis=1, kind="stable")
        chosen, scores = np.take_along_axis(chosen, order, 1), np.take_along_axis(scores, order, 1)
    is_there = chosen >= 0
    at = np.where(is_there, firsts[:, None] + chosen, 0)
    nodes = np.where(is_there, children[at], -1)
    parents = np.where(is_there, rows[at] % before, 0)
    codes = np.where(is_there, trie.codes[level][np.maximum(nodes, 0)], 0).astype(np.int64)
    return nodes, parents, codes, scores
