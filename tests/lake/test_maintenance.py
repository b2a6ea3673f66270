import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from bowerbird.cli.main import main
from bowerbird.core.clock import HeldClock
from bowerbird.lake.chores import Chore, Chores
from bowerbird.lake.config import LakeConfig
from bowerbird.lake.debt import TableDebt
from bowerbird.lake.items import StoredItem, put_items
from bowerbird.lake.lake import Lake
from bowerbird.lake.maintaining import Maintainer, Pace, in_this_process
from bowerbird.lake.maintenance_right import MaintenanceRight
from bowerbird.lake.types import ItemFields

HOUR_MS = 3_600_000
NONE = TableDebt(rows=100, fragments=1, deleted_rows=0, unindexed_rows=0, versions=1, oldest_ms=0)
EAGER = LakeConfig(upkeep_writes=10, compact_files=4, maintain_every_hours=1_000)


@pytest.fixture(params=["disk", "s3"])
def lake(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Lake]:
    on_disk = request.param == "disk"
    address = tmp_path / "lake" if on_disk else f"{request.getfixturevalue('s3_bucket')}/lake"
    with Lake.open(address, create=True, config=EAGER, home=None if on_disk else tmp_path / "home") as opened:
        yield opened


def write(lake: Lake, count: int, *, first: int = 0) -> None:
    for n in range(first, first + count):
        put_items(lake, [StoredItem(ItemFields(id=f"k{n}", title=f"Vase {n}"))])


@contextmanager
def owned_elsewhere(lake: Lake) -> Iterator[None]:
    """Another process owns the upkeep in the block."""
    with MaintenanceRight(lake.place, lake.clock).turn() as is_ours:
        assert is_ours
        yield


# Which chores are due.


def chores(clock: HeldClock, run: Callable[[Chore], bool] = lambda _: True) -> Chores:
    return Chores(LakeConfig(), clock, run, clock.now_ms())


def test_nothing_is_due_without_debt() -> None:
    clock = HeldClock()

    assert chores(clock).due({"item": replace(NONE, oldest_ms=clock.now_ms())}, {"item": 1.0}) == []


def test_each_kind_of_debt_has_its_chore_and_what_slows_searches_comes_first() -> None:
    clock = HeldClock()
    known = chores(clock)
    clock.advance(by_ms=25 * HOUR_MS)
    old = clock.now_ms() - 3 * HOUR_MS
    debts = {
        "old": replace(NONE, versions=9, oldest_ms=old),
        "young": replace(NONE, versions=9, oldest_ms=clock.now_ms()),
        "scattered": replace(NONE, fragments=40, oldest_ms=clock.now_ms()),
        "deleted": replace(NONE, deleted_rows=11, oldest_ms=clock.now_ms()),
        "unindexed": replace(NONE, unindexed_rows=2_000, oldest_ms=clock.now_ms()),
        "few unkeyed": replace(NONE, unkeyed_rows=9_999, oldest_ms=clock.now_ms()),
        "unkeyed": replace(NONE, unkeyed_rows=10_000, oldest_ms=clock.now_ms()),
    }

    due = known.due(debts, dict.fromkeys(debts, 2.0))

    assert due == [
        Chore("index", "unindexed"),
        Chore("index", "unkeyed"),
        Chore("compact", "scattered"),
        Chore("compact", "deleted"),
        Chore("clean", "old"),
        Chore("all"),
    ]


def test_compaction_goes_on_while_it_helps_and_then_waits_for_new_files() -> None:
    clock, fragments = HeldClock(), iter([100, 70, 70, 45, 45, 45])
    known = chores(clock)

    def debts() -> dict[str, TableDebt]:
        return {"item": replace(NONE, fragments=next(fragments), oldest_ms=clock.now_ms())}

    def due(count: int) -> list[Chore]:
        return known.due({"item": replace(NONE, fragments=count, oldest_ms=clock.now_ms())}, {"item": 1.0})

    chore = Chore("compact", "item")
    assert known.do(chore, debts)
    assert due(70) == [chore]
    assert known.do(chore, debts)
    assert due(45) == [chore]
    assert known.do(chore, debts)
    assert due(45) == []
    assert due(76) == []
    assert due(77) == [chore]


def test_chore_that_fails_waits_longer_each_time_and_no_other_waits() -> None:
    clock = HeldClock()
    known = chores(clock, lambda _: False)
    debts = {name: replace(NONE, fragments=40, oldest_ms=clock.now_ms()) for name in ("item", "media")}
    hours = dict.fromkeys(debts, 1.0)

    for minutes in (1, 2, 4):
        assert not known.do(Chore("compact", "item"), lambda: debts)
        clock.advance(by_ms=minutes * 60_000 - 1)
        assert known.due(debts, hours) == [Chore("compact", "media")]
        clock.advance(by_ms=1)
        assert known.due(debts, hours) == [Chore("compact", "item"), Chore("compact", "media")]


# Who does them.


def test_writers_tidy_up_where_nobody_owns_the_upkeep_and_leave_it_where_somebody_does(lake: Lake) -> None:
    write(lake, 25)
    assert lake.items.debt().fragments < 12

    with owned_elsewhere(lake):
        write(lake, 25, first=100)
        assert lake.items.debt().fragments >= 25
        assert lake.maintenance.owner() is not None
    assert lake.maintenance.owner() is None
    write(lake, 12, first=200)
    assert lake.items.debt().fragments < 25


def test_maintainer_works_the_debt_off_and_keeps_every_row(lake: Lake) -> None:
    before = lake.items.version
    with owned_elsewhere(lake):
        write(lake, 21)
    maintainer = Maintainer(lake, in_this_process(lake, lake.maintain), Pace(1.0))

    done = [maintainer.run_once() for _ in range(8)]

    assert Chore("compact", "item") in (done[0] or [])
    assert done[-1] == []
    assert lake.items.debt().fragments <= 4
    assert sorted(lake.items.read(["id"])["id"].to_pylist()) == sorted(f"k{n}" for n in range(21))
    assert lake.at(before).count() == 0


def test_second_maintainer_stands_by(lake: Lake) -> None:
    with owned_elsewhere(lake):
        assert Maintainer(lake, lambda _: True, Pace(1.0)).run_once() is None


def test_maintainer_stops_between_chores(lake: Lake) -> None:
    with owned_elsewhere(lake):
        write(lake, 6)
    started = threading.Event()

    def run(chore: Chore) -> bool:
        started.set()
        time.sleep(0.2)
        return False

    maintainer = Maintainer(lake, run, Pace(0.05))
    thread = threading.Thread(target=maintainer.run)
    thread.start()
    assert started.wait(30)
    maintainer.stop()
    thread.join(30)

    assert not thread.is_alive()
    assert lake.maintenance.owner() is None


# The process.


@contextmanager
def working(path: Path, *words: str) -> "Iterator[subprocess.Popen[bytes]]":
    command = [sys.executable, "-m", "bowerbird.cli.main", "work", "maintain", "--lake", str(path)]
    with subprocess.Popen([*command, "--look-every-s", "0.2", *words]) as process:
        try:
            yield process
        finally:
            process.kill()


def wait_for(condition: Callable[[], bool], *, seconds: float = 90.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "not in time"
        time.sleep(0.1)


@pytest.mark.slow
def test_process_owns_the_upkeep_until_it_is_stopped_or_killed(tmp_path: Path) -> None:
    with Lake.open(tmp_path / "lake", create=True) as lake:
        with working(tmp_path / "lake") as process:
            wait_for(lambda: lake.maintenance.owner() is not None)
            owner = lake.maintenance.owner()
            assert owner is not None
            assert owner.pid == process.pid
            write(lake, 40)
            wait_for(lambda: lake.items.debt().fragments <= 12)
            process.send_signal(signal.SIGTERM)
            assert process.wait(timeout=60) == 0
            assert lake.maintenance.owner() is None
        with working(tmp_path / "lake") as process:
            wait_for(lambda: lake.maintenance.owner() is not None)
            process.kill()
            process.wait()
            assert lake.maintenance.owner() is None
        assert lake.items.count() == 40


@pytest.mark.slow
def test_process_ends_when_its_parent_does(tmp_path: Path) -> None:
    with Lake.open(tmp_path / "lake", create=True):
        pass
    with working(tmp_path / "lake", "--parent", "1") as process:  # ours is another: the parent is gone
        assert process.wait(timeout=60) == 0


def test_chore_that_runs_out_of_memory_fails_and_harms_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Lake.open(tmp_path / "lake", create=True) as lake:
        write(lake, 6)
        words = ["work", "chore", "compact", "--table", "item", "--lake", str(tmp_path / "lake")]
        command = [sys.executable, "-m", "bowerbird.cli.main", *words, "--memory-mb", "60"]
        ended = subprocess.run(command, capture_output=True, check=False, env=os.environ)
        assert ended.returncode != 0

        assert lake.items.count() == 6
        assert main(words) == 0
        assert lake.items.debt().fragments == 1
        assert lake.items.count() == 6


def test_once_does_what_is_due_and_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with Lake.open(tmp_path / "lake", create=True) as lake:
        write(lake, 33)

    assert main(["work", "maintain", "--once", "--lake", str(tmp_path / "lake")]) == 0
    assert "compact item" in capsys.readouterr().out
    assert main(["work", "chore", "clean", "--table", "nothing", "--lake", str(tmp_path / "lake")]) == 1
    assert "needed is one of item" in capsys.readouterr().err


def test_status_says_where_the_lake_lies_and_what_is_to_be_done(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with Lake.open(tmp_path / "lake", create=True) as lake:
        write(lake, 3)

    assert main(["lake", "status", "--lake", str(tmp_path / "lake")]) == 0
    said = capsys.readouterr().out
    assert "item: 3 rows in 3 files" in said
    assert "maintained: by whoever writes" in said
