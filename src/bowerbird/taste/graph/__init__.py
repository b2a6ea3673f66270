"""Takes the event log, gives the Taste Graph: typed edges with times, read as of any moment."""

from bowerbird.taste.graph.following import LiveGraph
from bowerbird.taste.graph.graph import TasteGraph, found_after
from bowerbird.taste.graph.health import GraphHealth, health_of
from bowerbird.taste.graph.together import Shelves, Together
from bowerbird.taste.graph.types import ENDS, NEVER, EdgeKind, Edges, NodeKind

__all__ = [
    "ENDS",
    "NEVER",
    "EdgeKind",
    "Edges",
    "GraphHealth",
    "LiveGraph",
    "NodeKind",
    "Shelves",
    "TasteGraph",
    "Together",
    "found_after",
    "health_of",
]
