"""This file is about the trie of all ids, as columns: which codes may follow a prefix, and no others."""

from dataclasses import dataclass

import numpy as np

from bowerbird.retrieve.semantic.ids import SemanticIds


@dataclass(frozen=True, slots=True)
class Trie:
    """Prefixes as nodes, numbered within their level in the order of their codes; level 0 is the root alone.

    The children of node n of level l are the nodes `starts[l][n] .. starts[l][n + 1]` of level l + 1.

    Attributes:
        starts: by level 0..L, int64 [nodes of the level + 1].
        codes: by level 1..L + 1, int32 [nodes of the level] the code that leads there.
        parents: by level 1..L + 1, int64 [nodes of the level].
        leaves: by level 0..L + 1, int64 [nodes of the level] how many items lie under a node.
        items: int32 [N] the item of each node of level L + 1.
        nodes: int32 [L + 2, N] the node of each item, by level.
    """

    starts: tuple[np.ndarray, ...]
    codes: tuple[np.ndarray, ...]
    parents: tuple[np.ndarray, ...]
    leaves: tuple[np.ndarray, ...]
    items: np.ndarray
    nodes: np.ndarray

    @property
    def depth(self) -> int:
        """Steps from the root to an item: L + 1."""
        return len(self.codes)

    @property
    def size_bytes(self) -> int:
        """Of all columns."""
        columns = (*self.starts, *self.codes, *self.parents, *self.leaves, self.items, self.nodes)
        return sum(column.nbytes for column in columns)


def trie_of(ids: SemanticIds) -> Trie:
    """The trie of a catalogue; an item that is alone under L codes has code 0 in the last level."""
    codes = np.maximum(ids.codes, 0)
    count, depth = codes.shape
    order = np.lexsort(codes.T[::-1])
    in_order = codes[order]
    nodes = np.zeros((depth + 1, count), dtype=np.int32)
    starts, labels, parents = [], [], []
    leaves = [np.array([count], dtype=np.int64)]
    node_before = np.zeros(count, dtype=np.int64)
    is_first = np.zeros(count, dtype=bool)
    is_first[:1] = True
    for level in range(depth):
        is_first[1:] |= in_order[1:, level] != in_order[:-1, level]
        firsts = np.flatnonzero(is_first)
        node = np.cumsum(is_first) - 1
        parent = node_before[firsts]
        children = np.bincount(parent, minlength=len(leaves[-1]))
        starts.append(np.concatenate([[0], np.cumsum(children)]).astype(np.int64))
        labels.append(in_order[firsts, level].astype(np.int32))
        parents.append(parent)
        leaves.append(np.bincount(node, minlength=len(firsts)).astype(np.int64))
        nodes[level + 1, order] = node
        node_before = node
    return Trie(tuple(starts), tuple(labels), tuple(parents), tuple(leaves), order.astype(np.int32), nodes)


def moved(vectors: tuple[np.ndarray, ...], before: Trie, after: Trie) -> tuple[np.ndarray, ...]:
    """Vectors of nodes of levels 2 and on, for a trie that has grown; nodes that were not there get zeros."""
    count = before.nodes.shape[1]
    grown = []
    for level, old in enumerate(vectors, start=2):
        new = np.zeros((len(after.leaves[level]), old.shape[1]), dtype=old.dtype)
        new[after.nodes[level, :count]] = old[before.nodes[level]]
        grown.append(new)
    return tuple(grown)
