from collections.abc import Iterator
from pathlib import Path

import pytest

from bowerbird.cli.main import main
from bowerbird.core.clock import HeldClock
from bowerbird.lake.catalogue import Catalogue
from bowerbird.lake.forgetting.removing import forget
from bowerbird.lake.items import StoredItem, put_items
from bowerbird.lake.lake import TASTE_GRAPH, Lake
from bowerbird.lake.types import Event, ItemFields
from bowerbird.taste.graph import EdgeKind, LiveGraph, NodeKind, Shelves


@pytest.fixture
def lake(tmp_path: Path) -> Iterator[Lake]:
    with Lake.open(tmp_path / "lake", create=True, clock=HeldClock()) as opened:
        put_items(opened, [StoredItem(ItemFields(id=f"i{n}", title=f"item {n}")) for n in range(4)])
        yield opened


def saved(lake: Lake, n: int, person: str, item: str, board: str, **facts: object) -> None:
    body = {"event_id": f"e{n}", "action": "save", "at_ms": n, "person_id": person, "item_id": item}
    lake.events.append([Event.model_validate({**body, "board_id": board, "facts": facts})])


def fill(lake: Lake) -> None:
    for n, (person, item, board) in enumerate(
        [("ann", "i0", "b-ann"), ("ann", "i1", "b-ann"), ("bob", "i0", "b-bob"), ("bob", "i2", "b-bob")]
    ):
        saved(lake, n + 1, person, item, board)


def test_graph_follows_the_log_and_goes_on_from_its_file(lake: Lake) -> None:
    fill(lake)
    catalogue = Catalogue.open(lake)
    live = LiveGraph(lake, catalogue)
    assert len(live.graph.edges(EdgeKind.ACTED)) == 4

    live.save()
    saved(lake, 9, "ann", "i3", "b-ann")
    again = LiveGraph(lake, catalogue)

    assert again.offset == live.offset + 1
    assert len(again.graph.edges(EdgeKind.ACTED)) == 5
    assert live.follow() == 1
    assert again.follow() == 0


def test_secret_board_makes_no_neighbours(lake: Lake) -> None:
    fill(lake)
    for n, item in enumerate(("i0", "i3")):
        saved(lake, 20 + n, "eve", item, "b-eve", is_secret=True)
    live = LiveGraph(lake, Catalogue.open(lake))

    found = Shelves(live.public_saves()).together_with(0, 10)

    assert sorted(found.items.tolist()) == [1, 2]
    assert len(live.graph.as_of(EdgeKind.SAVED_TO, None)) == 6


def test_forgotten_person_is_gone_from_the_graph_and_from_its_file(lake: Lake) -> None:
    fill(lake)
    live = LiveGraph(lake, Catalogue.open(lake))
    live.save()
    path = lake.path / TASTE_GRAPH
    assert b"b-ann" in path.read_bytes()

    forget(lake, "person", ["ann"])

    assert not path.exists()
    live.save()
    assert not path.exists()
    live.follow()
    assert live.graph.names[NodeKind.PERSON].all() == ["bob"]
    live.save()
    assert b"ann" not in path.read_bytes()


def test_command_tells_health_and_neighbours(lake: Lake, capsys: pytest.CaptureFixture[str]) -> None:
    fill(lake)
    folder = str(lake.path)

    assert main(["taste", "graph", "--lake", folder]) == 0
    assert "saved_to: 4 edges" in capsys.readouterr().out
    assert main(["taste", "neighbours", "i0", "--lake", folder]) == 0
    assert "i1  on 1 boards with it" in capsys.readouterr().out
    assert main(["taste", "neighbours", "i3", "--lake", folder, "--json"]) == 0
    assert '"neighbours": []' in capsys.readouterr().out
    assert main(["taste", "neighbours", "nothing", "--lake", folder]) == 1
    assert "check the id" in capsys.readouterr().err
    assert main(["taste", "neighbours", "i0", "--lake", folder, "--as-of", "soon"]) == 1
    assert "2026-11-22T18:00" in capsys.readouterr().err
