"""The maintenance process beside a server, and the debt that the server tells."""

import time
from pathlib import Path

import pytest

from bowerbird.lake.items import StoredItem, put_items
from bowerbird.lake.lake import Lake
from bowerbird.lake.types import ItemFields
from bowerbird.serve.maintenance import DebtWatch, maintained_beside
from bowerbird.serve.settings import ServeSettings


@pytest.fixture
def path(tmp_path: Path) -> Path:
    with Lake.open(tmp_path / "lake", create=True) as lake:
        for n in range(3):
            put_items(lake, [StoredItem(ItemFields(id=f"k{n}", title="Red vase"))])
    return tmp_path / "lake"


def test_debt_of_every_table_is_told_and_whether_somebody_maintains_it(path: Path) -> None:
    with Lake.open(path) as lake:
        watch = DebtWatch(lake)
        assert {name for name, *_ in watch.readings()} == {"bowerbird_lake_maintained"}

        watch.look()

        told = {(name, *labels.values()): value for name, _, labels, value in watch.readings()}
        assert told["bowerbird_lake_debt", "item", "fragments"] == 3
        assert told["bowerbird_lake_debt", "item", "unindexed_rows"] == 3
        assert ("bowerbird_lake_debt", "blob", "reclaimable_bytes") in told
        assert told["bowerbird_lake_maintained",] == 0
        with lake.maintenance.turn():
            watch.look()
            assert [value for name, *_, value in watch.readings() if name == "bowerbird_lake_maintained"] == [
                1
            ]


@pytest.mark.slow
def test_process_beside_a_server_lives_as_long_as_it_does(path: Path) -> None:
    with Lake.open(path) as lake:
        with maintained_beside(ServeSettings(lake=path)):
            deadline = time.monotonic() + 60
            while lake.maintenance.owner() is None:
                assert time.monotonic() < deadline, "nobody owns the upkeep"
                time.sleep(0.1)
        assert lake.maintenance.owner() is None


def test_no_process_is_started_where_the_settings_say_off(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("subprocess.Popen", lambda *_, **__: pytest.fail("a process was started"))

    with maintained_beside(ServeSettings(lake=path, maintenance="off")):
        pass
