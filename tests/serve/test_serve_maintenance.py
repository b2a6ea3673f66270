"""The maintenance process beside a server, and the debt that the server tells."""

import os
import signal
import time
from pathlib import Path

import pytest

from bowerbird.lake.items import StoredItem, put_items
from bowerbird.lake.lake import Lake
from bowerbird.lake.leases import Holder
from bowerbird.lake.types import ItemFields
from bowerbird.serve.maintenance import DebtWatch, maintained_beside
from bowerbird.serve.settings import ServeSettings


@pytest.fixture
def path(tmp_path: Path) -> Path:
    with Lake.open(tmp_path / "lake", create=True) as lake:
        for n in range(3):
            put_items(lake, [StoredItem(ItemFields(id=f"k{n}", title="Red vase"))])
    return tmp_path / "lake"


def owner_of(lake: Lake, other_than: int = 0) -> Holder:
    """Who owns the upkeep, as soon as somebody else than this process does."""
    deadline = time.monotonic() + 60
    while (owner := lake.maintenance.owner()) is None or owner.pid == other_than:
        assert time.monotonic() < deadline, "nobody owns the upkeep"
        time.sleep(0.1)
    return owner


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
            owner_of(lake)
        assert lake.maintenance.owner() is None


@pytest.mark.slow
def test_process_that_was_killed_beside_a_server_is_followed_by_another(path: Path) -> None:
    with Lake.open(path) as lake, maintained_beside(ServeSettings(lake=path)):
        killed = owner_of(lake)

        os.kill(killed.pid, signal.SIGKILL)

        assert owner_of(lake, other_than=killed.pid).pid != killed.pid


def test_process_that_cannot_start_is_tried_again_ever_later_and_told(
    path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("sys.executable", str(path / "not-there"))
    monkeypatch.setattr("bowerbird.serve.beside._PAUSE_S", 0.01)

    with maintained_beside(ServeSettings(lake=path)):
        time.sleep(0.5)

    pauses = [each.another_in_s for each in caplog.records if each.message == "maintenance process ended"]
    assert len(pauses) >= 3
    assert pauses == sorted(pauses)


def test_no_process_is_started_where_the_settings_say_off(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("subprocess.Popen", lambda *_, **__: pytest.fail("a process was started"))

    with maintained_beside(ServeSettings(lake=path, maintenance="off")):
        pass
