"""This file is about columns from a lake: edges of its Taste Graph, and the raw vectors of its items."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from bowerbird.core.actions import Action
from bowerbird.core.errors import InputError, NotFoundError
from bowerbird.encode.registry import Encoders
from bowerbird.encode.stored import raw_items
from bowerbird.lake.catalogue import Catalogue
from bowerbird.lake.lake import Lake
from bowerbird.taste.encoder.types import LinkColumns, TasteColumns
from bowerbird.taste.graph import EdgeKind, Edges, LiveGraph, NodeKind, TasteGraph


@dataclass(frozen=True, slots=True)
class LakeColumns:
    """Columns, and the graph whose numbers they have; items go by the catalogue's numbers.

    Attributes:
        version: of the items and of the newest event, for cards.
    """

    columns: TasteColumns
    graph: TasteGraph
    version: str


def columns_of_lake(lake: Lake, encoders: Encoders, tell: Callable[[str], None]) -> LakeColumns:
    """What everyone who consents did, and content from pictures and words.

    Nothing is learned from what lies on secret boards: a vector could tell of it.

    Raises:
        InputError: no item is encoded yet.
    """
    catalogue = Catalogue.open(lake)
    content = content_of(lake, encoders, catalogue.size)
    if not np.abs(content).sum():
        raise InputError(
            "no item of this lake has vectors; needed are encoded items; run `bowerbird encode run` first"
        )
    live = LiveGraph(lake, catalogue)
    graph = live.graph
    boards, queries = graph.names[NodeKind.BOARD].all(), graph.names[NodeKind.QUERY].all()
    acted = graph.edges(EdgeKind.ACTED)
    tell(
        f"{catalogue.size:,} items, {len(acted):,} actions, {len(queries):,} queries, {len(boards):,} boards"
    )
    columns = TasteColumns(
        content,
        len(boards),
        len(graph.names[NodeKind.PERSON]),
        len(queries),
        _public(lake, graph),
        acted,
        graph.edges(EdgeKind.FOUND),
        _words(queries, encoders),
        _words([_name_of(lake, board) for board in boards], encoders),
        _left_alone(lake, catalogue, graph, acted),
    )
    return LakeColumns(columns, graph, f"items@{lake.items.version},events@{live.offset}")


def encoders_text(encoders: Encoders) -> str:
    """Which encoders content comes from; a space knows that of its own alone."""
    return f"{encoders.pictures.stamp.text}+{encoders.words.stamp.text}"


def columns_to_answer(
    lake: Lake, encoders: Encoders, catalogue: Catalogue, graph: TasteGraph
) -> TasteColumns:
    """What vectors of the items as of now need: content and edges, without words and what was left alone."""
    boards, queries = len(graph.names[NodeKind.BOARD]), len(graph.names[NodeKind.QUERY])
    nothing = np.zeros((1, encoders.words.width), dtype=np.float32)
    return TasteColumns(
        content_of(lake, encoders, catalogue.size),
        boards,
        len(graph.names[NodeKind.PERSON]),
        queries,
        _public(lake, graph),
        graph.edges(EdgeKind.ACTED),
        graph.edges(EdgeKind.FOUND),
        np.broadcast_to(nothing, (queries, encoders.words.width)),
        np.broadcast_to(nothing, (boards, encoders.words.width)),
    )


def _public(lake: Lake, graph: TasteGraph) -> Edges:
    """Saves to boards that are not secret, those taken back among them."""
    is_secret = graph.secret_boards()
    for id_, is_one in lake.records.boards.secrecy().items():
        if (number := graph.names[NodeKind.BOARD].find(id_)) >= 0:
            is_secret[number] = is_one
    saved = graph.edges(EdgeKind.SAVED_TO)
    return saved.where(~is_secret[saved.targets])


def _left_alone(lake: Lake, catalogue: Catalogue, graph: TasteGraph, acted: Edges) -> LinkColumns:
    """Of what was shown, what the person never acted on; the graph does not keep what was only seen."""
    shown = [
        (graph.names[NodeKind.PERSON].find(event.person_id), event.item_id, event.at_ms)
        for _, event in lake.events.replay()
        if event.consent and event.action is Action.IMPRESSION and event.item_id
    ]
    persons = np.array([row[0] for row in shown], dtype=np.int64)
    items = catalogue.numbers_of([row[1] for row in shown]).astype(np.int64)
    at_ms = np.array([row[2] for row in shown], dtype=np.int64)
    is_known = (persons >= 0) & (items >= 0)
    persons, items, at_ms = persons[is_known], graph.nodes_of(items[is_known]), at_ms[is_known]
    count = catalogue.size
    is_left = ~np.isin(persons * count + items, acted.sources * count + acted.targets)
    return LinkColumns.of(persons[is_left], items[is_left], at_ms[is_left])


def content_of(lake: Lake, encoders: Encoders, count: int, numbers: np.ndarray | None = None) -> np.ndarray:
    """float32 [count, Dp + Dw] by item number; zeros for an item that is gone, not encoded, or not asked for.

    Args:
        numbers: int64 of the items asked for; none: all.
    """
    widths = encoders.pictures.width, encoders.words.width
    content = np.zeros((count, sum(widths)), dtype=np.float32)
    for each in raw_items(lake, encoders, numbers):
        content[each.numbers, : widths[0]] = _unit(each.pictures)
        content[each.numbers, widths[0] :] = _unit(each.words)
    return np.nan_to_num(content, nan=0.0, posinf=0.0, neginf=0.0)


def _unit(rows: np.ndarray) -> np.ndarray:
    unit: np.ndarray = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)
    return unit


def _words(texts: list[str], encoders: Encoders) -> np.ndarray:
    found = np.zeros((len(texts), encoders.words.width), dtype=np.float32)
    said = [row for row, text in enumerate(texts) if text.strip()]
    if said:
        found[said] = encoders.words.encode_words([texts[row] for row in said])
    return found


def _name_of(lake: Lake, board_id: str) -> str:
    if not board_id:
        return ""
    try:
        board = lake.records.boards.get(board_id)
    except NotFoundError:
        return ""
    return f"{board.name} {board.description}".strip()
