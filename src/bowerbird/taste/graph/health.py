"""This file is about the health of the Taste Graph: degrees, hubs, components, freshness by kind of edge."""

from dataclasses import dataclass

import numpy as np

from bowerbird.taste.graph.graph import TasteGraph
from bowerbird.taste.graph.types import ENDS, EdgeKind, Edges

HUBS = 10
_DONE = (EdgeKind.ACTED, EdgeKind.SAVED_TO, EdgeKind.KEEPS, EdgeKind.ASKED, EdgeKind.FOUND)
"""What people did. Interests and owners would make everything hang together."""
_HOUR_MS, _DAY_MS = 3_600_000, 86_400_000


@dataclass(frozen=True, slots=True)
class Degrees:
    """How many different nodes the nodes at one end are joined to.

    Attributes:
        nodes: that have an edge at all.
        p50, p90, p99, most: of them.
        hubs: (number, degree) of the ones with most.
    """

    nodes: int
    p50: int
    p90: int
    p99: int
    most: int
    hubs: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class KindHealth:
    """One kind of edge.

    Attributes:
        edges: that hold.
        taken_back: that do not hold any more.
        newest_ms: when the newest one came; -1 where there is none.
        last_hour, last_day: how many came so recently.
    """

    edges: int
    taken_back: int
    newest_ms: int
    last_hour: int
    last_day: int
    source: Degrees
    target: Degrees


@dataclass(frozen=True, slots=True)
class GraphHealth:
    """All kinds, and how much hangs together by what people did.

    Attributes:
        components: groups of nodes with no edge between them.
        largest_share: of all joined nodes, those in the largest.
        size_bytes: of the marks in memory.
    """

    kinds: dict[str, KindHealth]
    components: int
    largest_share: float
    size_bytes: int


def health_of(graph: TasteGraph, now_ms: int) -> GraphHealth:
    """How the graph is doing now."""
    edges = {kind: graph.edges(kind) for kind in EdgeKind}
    kinds = {str(kind): _kind_health(each, now_ms) for kind, each in edges.items()}
    components, share = _components([edges[kind].held() for kind in _DONE])
    return GraphHealth(kinds, components, share, graph.size_bytes)


def _kind_health(edges: Edges, now_ms: int) -> KindHealth:
    held = edges.held()
    return KindHealth(
        len(held),
        len(edges) - len(held),
        int(held.at_ms.max(initial=-1)),
        int(np.count_nonzero(held.at_ms > now_ms - _HOUR_MS)),
        int(np.count_nonzero(held.at_ms > now_ms - _DAY_MS)),
        degrees(held.sources, held.targets),
        degrees(held.targets, held.sources),
    )


def degrees(ends: np.ndarray, others: np.ndarray) -> Degrees:
    """Of the nodes at one end; several edges of one pair count once."""
    if not len(ends):
        return Degrees(0, 0, 0, 0, 0, ())
    pairs = np.unique(np.stack([ends, others]), axis=1)
    nodes, counts = np.unique(pairs[0], return_counts=True)
    order = np.lexsort((nodes, -counts))[:HUBS]
    hubs = tuple(zip(nodes[order].tolist(), counts[order].tolist(), strict=True))
    p50, p90, p99 = np.percentile(counts, [50, 90, 99], method="lower")
    return Degrees(len(nodes), int(p50), int(p90), int(p99), int(counts.max()), hubs)


def _components(parts: list[Edges]) -> tuple[int, float]:
    """How many there are, and the share of the largest."""
    kinds = sorted({node for part in parts for node in ENDS[part.kind]})
    sizes = {
        node: max(
            (
                int(numbers.max(initial=-1)) + 1
                for part in parts
                for end, numbers in zip(ENDS[part.kind], (part.sources, part.targets), strict=True)
                if end is node
            ),
            default=0,
        )
        for node in kinds
    }
    starts = dict(zip(kinds, np.cumsum([0, *sizes.values()]).tolist(), strict=False))
    one = np.concatenate([part.sources + starts[ENDS[part.kind][0]] for part in parts])
    other = np.concatenate([part.targets + starts[ENDS[part.kind][1]] for part in parts])
    if not len(one):
        return 0, 0.0
    labels = _labels(one, other, sum(sizes.values()))
    _, counts = np.unique(labels[np.unique(np.concatenate([one, other]))], return_counts=True)
    return len(counts), float(counts.max() / counts.sum())


def _labels(one: np.ndarray, other: np.ndarray, count: int) -> np.ndarray:
    """int64 [count] the least node that each hangs together with: hook to the lower label, then jump."""
    labels, before = np.arange(count), np.zeros(0, np.int64)
    while not np.array_equal(before, labels):
        before = labels.copy()
        low = np.minimum(labels[one], labels[other])
        np.minimum.at(labels, labels[one], low)
        np.minimum.at(labels, labels[other], low)
        while not np.array_equal(jumped := labels[labels], labels):
            labels = jumped
    return labels
