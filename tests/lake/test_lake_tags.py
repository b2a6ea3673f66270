import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bowerbird.cli.main import main
from bowerbird.core.errors import ConflictError, InputError, NotFoundError
from bowerbird.lake.config import LakeConfig
from bowerbird.lake.items import StoredItem, delete_items, put_items
from bowerbird.lake.lake import Lake
from bowerbird.lake.tags import list_tags, make_tag, remove_tag
from bowerbird.lake.types import ItemFields

FORGETFUL = LakeConfig(keep_versions_hours=0)


@pytest.fixture(params=["disk", "s3"])
def lake(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Lake]:
    on_disk = request.param == "disk"
    address = tmp_path / "lake" if on_disk else f"{request.getfixturevalue('s3_bucket')}/lake"
    home = None if on_disk else tmp_path / "home"
    with Lake.open(address, create=True, config=FORGETFUL, home=home) as opened:
        yield opened


def put(lake: Lake, **titles: str) -> int:
    return put_items(lake, [StoredItem(ItemFields(id=id_, title=title)) for id_, title in titles.items()])


def test_tagged_state_of_every_table_outlives_changes_and_clean_up(lake: Lake) -> None:
    put(lake, vase="Red vase", lamp="Lamp")
    lake.embeddings("words", "test.1.0", 4)
    make_tag(lake.place, "train-1", lake.clock)

    put(lake, vase="Blue vase")
    delete_items(lake, ["lamp"])
    lake.maintain()

    then = lake.at("train-1")
    assert then.count() == 2
    assert then.item("vase").fields.title == "Red vase"
    assert sorted(then.table("item").read(["title"])["title"].to_pylist()) == ["Lamp", "Red vase"]
    assert then.table("embedding/words/test.1.0").count() == 0
    assert lake.items.count() == 1
    assert lake.at(lake.items.version).item("vase").fields.title == "Blue vase"


def test_state_without_its_tag_is_let_go_by_clean_up(lake: Lake) -> None:
    put(lake, vase="Red vase")
    tag = make_tag(lake.place, "train-1", lake.clock)
    put(lake, vase="Blue vase")

    assert remove_tag(lake.place, "train-1") == tag
    lake.maintain()

    with pytest.raises(NotFoundError, match="tags are: none"):
        lake.at("train-1")
    with pytest.raises(NotFoundError, match="is not kept"):
        lake.at(tag.tables["item"])
    assert list_tags(lake.place) == []


def test_tag_is_made_once_and_names_are_checked(lake: Lake) -> None:
    make_tag(lake.place, "a", lake.clock)

    with pytest.raises(ConflictError, match="there is a tag 'a' already"):
        make_tag(lake.place, "a", lake.clock)
    for name in ("", "7", "2026-11-22", "a/b", "../a", "-a", "a" * 65, "a b", "ü"):
        with pytest.raises(InputError, match="needed is a letter"):
            make_tag(lake.place, name, lake.clock)
    with pytest.raises(NotFoundError, match="tags are: a"):
        remove_tag(lake.place, "b")


def test_other_tables_as_of_a_time_fit_the_items_of_that_time(lake: Lake) -> None:
    put(lake, vase="Red vase")
    moment = datetime.now(UTC)

    view = lake.at(moment)

    assert view.table("media").count() == 0
    with pytest.raises(NotFoundError, match="there is no table 'nothing'"):
        view.table("nothing")


def test_tag_commands_make_list_show_and_take_away(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    address = str(tmp_path / "lake")
    with Lake.open(tmp_path / "lake", create=True) as lake:
        put(lake, vase="Red vase")

    assert main(["lake", "tag", "train-1", "--lake", address]) == 0
    assert "as train-1" in capsys.readouterr().out
    with Lake.open(tmp_path / "lake") as lake:
        delete_items(lake, ["vase"])
    assert main(["lake", "show", "vase", "--as-of", "train-1", "--lake", address]) == 0
    assert "Red vase" in capsys.readouterr().out
    assert main(["lake", "tags", "--json", "--lake", address]) == 0
    assert [tag["name"] for tag in json.loads(capsys.readouterr().out)["tags"]] == ["train-1"]
    assert main(["lake", "untag", "train-1", "--lake", address]) == 0
    assert main(["lake", "show", "vase", "--as-of", "train-1", "--lake", address]) == 1
