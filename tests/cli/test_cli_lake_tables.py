import argparse
import json
from pathlib import Path

import pytest

from bowerbird.cli.lake_tables import add_table_commands
from bowerbird.core.errors import NotFoundError
from bowerbird.lake.items import StoredItem, put_items
from bowerbird.lake.lake import Lake
from bowerbird.lake.types import Event, ItemFields


@pytest.fixture
def path(tmp_path: Path) -> Path:
    with Lake.open(tmp_path / "lake", create=True) as lake:
        put_items(lake, [StoredItem(ItemFields(id="a", title="First"))])
        put_items(lake, [StoredItem(ItemFields(id="a", title="Second")), StoredItem(ItemFields(id="b"))])
        lake.events.append([Event(event_id=f"e{n}", action="save", at_ms=n, person_id="p") for n in range(3)])
    return tmp_path / "lake"


def said(capsys: pytest.CaptureFixture[str], path: Path, *words: str) -> str:
    parser = argparse.ArgumentParser()
    add_table_commands(parser.add_subparsers(required=True))
    args = parser.parse_args([words[0], "--lake", str(path), *words[1:]])
    assert args.run(args) == 0
    return capsys.readouterr().out.strip()


def test_show_as_of_an_earlier_version_shows_the_earlier_item(
    capsys: pytest.CaptureFixture[str], path: Path
) -> None:
    now = json.loads(said(capsys, path, "show", "a", "--json"))
    before = json.loads(said(capsys, path, "show", "a", "--json", "--as-of", str(now["version"] - 1)))

    assert now["item"]["title"] == "Second"
    assert before["item"]["title"] == "First"
    assert said(capsys, path, "show") == f"2 items at version {now['version']}"


def test_versions_lists_times_that_show_understands(capsys: pytest.CaptureFixture[str], path: Path) -> None:
    versions = json.loads(said(capsys, path, "versions", "--json"))["versions"]

    shown = json.loads(said(capsys, path, "show", "--json", "--as-of", versions[-1]["at"]))

    assert shown == {"version": versions[-1]["version"], "items": 2}
    assert len(said(capsys, path, "versions").splitlines()) == len(versions)


def test_delete_takes_items_out_and_refuses_unknown_ones(
    capsys: pytest.CaptureFixture[str], path: Path
) -> None:
    assert said(capsys, path, "delete", "a", "zz") == "deleted 1 of 2 items"
    assert json.loads(said(capsys, path, "show", "--json"))["items"] == 1
    with pytest.raises(NotFoundError, match="none of 1 ids"):
        said(capsys, path, "delete", "zz")


def test_events_are_listed_from_an_offset(capsys: pytest.CaptureFixture[str], path: Path) -> None:
    listed = json.loads(said(capsys, path, "events", "--after", "1", "--limit", "1", "--json"))

    assert [event["event_id"] for event in listed["events"]] == ["e1"]
    assert listed["total"] == 3
    assert said(capsys, path, "events").splitlines()[-1] == "3 of 3 events"


def test_maintain_says_what_is_left(capsys: pytest.CaptureFixture[str], path: Path) -> None:
    tables = json.loads(said(capsys, path, "maintain", "--json"))["tables"]

    assert tables["item"]["rows"] == 2
    assert tables["item"]["fragments"] == 1
    assert "item: 2 rows in 1 files" in said(capsys, path, "maintain")
