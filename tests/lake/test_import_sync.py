"""Registered sources run when they are due, one run at a time, and never remove much without a yes."""

import json
import multiprocessing
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from feed_files import FeedServer, rss, tsv
from test_import_feeds import product
from test_import_job import picture

from bowerbird.cli.main import main
from bowerbird.core.clock import HeldClock
from bowerbird.core.errors import ConfigError, ConflictError, NotFoundError
from bowerbird.lake.importing import syncing
from bowerbird.lake.importing.job import ImportOptions
from bowerbird.lake.importing.syncing import add_source, run_source
from bowerbird.lake.lake import Lake
from bowerbird.lake.records import SourceRun

HOME = ImportOptions(workers=1, remove_missing=True, allowed_hosts=("127.0.0.1",))
HOUR_MS = 3_600_000


@pytest.fixture
def clock() -> HeldClock:
    return HeldClock(at_ms=1_800_000_000_000)


@pytest.fixture
def lake(tmp_path: Path, clock: HeldClock) -> Iterator[Lake]:
    with Lake.open(tmp_path / "lake", create=True, clock=clock) as made:
        yield made


@pytest.fixture
def shop() -> Iterator[FeedServer]:
    server = FeedServer()
    server.files = {f"/{seed}.jpg": picture(seed) for seed in range(10)}
    yield server
    server.shutdown()
    server.server_close()


def offers(shop: FeedServer, count: int, **more: str) -> None:
    shop.files["/feed.xml"] = rss([product(str(at), image_link=f"{at}.jpg", **more) for at in range(count)])


def counts(run: SourceRun) -> tuple[int, int, int, int]:
    report = json.loads(run.report)
    return report["accepted"], report["unchanged"], report["rejected"], report["removed"]


def test_source_runs_when_it_is_due_and_skips_what_has_not_changed(
    lake: Lake, clock: HeldClock, shop: FeedServer
) -> None:
    offers(shop, 10)
    add_source(lake, "shop", shop.address("/feed.xml"), HOME, every_s=3_600)

    first = run_source(lake, "shop")
    due_after_run = [each.name for each in lake.records.sources.due()]
    clock.at_ms += HOUR_MS
    due_after_hour = [each.name for each in lake.records.sources.due()]
    second = run_source(lake, "shop")
    offers(shop, 9, brand="New")
    third = run_source(lake, "shop")

    assert (due_after_run, due_after_hour) == ([], ["shop"])
    assert (first.outcome, counts(first)) == ("done", (10, 0, 0, 0))
    assert second.outcome == "unchanged"
    assert (third.outcome, counts(third)) == ("done", (9, 0, 0, 1))
    assert [run.outcome for run in lake.records.sources.runs("shop")] == ["done", "unchanged", "done"]
    assert lake.records.sources.get("shop").last_good_ms == clock.at_ms


def test_run_that_would_remove_much_waits_until_somebody_agrees(lake: Lake, shop: FeedServer) -> None:
    offers(shop, 10)
    add_source(lake, "shop", shop.address("/feed.xml"), HOME, every_s=3_600)
    run_source(lake, "shop")

    offers(shop, 4, brand="New")
    held = run_source(lake, "shop")
    again = run_source(lake, "shop")
    kept = lake.items.count()
    waiting = lake.records.sources.get("shop")
    lake.records.sources.agree("shop")
    is_due = [each.name for each in lake.records.sources.due()]
    agreed = run_source(lake, "shop")

    assert (held.outcome, counts(held)[0], again.outcome, kept) == ("waiting", 4, "waiting", 10)
    assert "lake sync agree shop" in held.said
    assert (waiting.state, waiting.held_missing, is_due) == ("waiting", 6, ["shop"])
    assert (agreed.outcome, counts(agreed)[3], lake.items.count()) == ("done", 6, 4)
    assert lake.records.sources.get("shop").state == "ready"
    with pytest.raises(ConflictError, match="waits for nothing"):
        lake.records.sources.agree("shop")


def test_agreement_is_to_what_was_asked_and_not_to_more(lake: Lake, shop: FeedServer) -> None:
    offers(shop, 10)
    add_source(lake, "shop", shop.address("/feed.xml"), HOME, every_s=3_600)
    run_source(lake, "shop")
    offers(shop, 6)
    run_source(lake, "shop")
    lake.records.sources.agree("shop")

    offers(shop, 1)
    worse = run_source(lake, "shop")

    assert (worse.outcome, lake.items.count()) == ("waiting", 10)


def test_feed_that_recovers_needs_no_agreement(lake: Lake, shop: FeedServer) -> None:
    offers(shop, 10)
    add_source(lake, "shop", shop.address("/feed.xml"), HOME, every_s=3_600)
    run_source(lake, "shop")
    offers(shop, 2)
    run_source(lake, "shop")

    offers(shop, 10)
    back = run_source(lake, "shop")

    assert (back.outcome, lake.records.sources.get("shop").state, lake.items.count()) == ("done", "ready", 10)


def test_source_that_fails_is_tried_later_and_later(lake: Lake, clock: HeldClock, shop: FeedServer) -> None:
    add_source(lake, "shop", shop.address("/gone.xml"), HOME, every_s=3_600)

    rests, outcomes = [], set()
    for _ in range(12):
        outcomes.add(run_source(lake, "shop").outcome)
        source = lake.records.sources.get("shop")
        rests.append((source.next_run_ms - clock.at_ms) // 60_000)
        clock.at_ms = source.next_run_ms
    failing = lake.records.sources.get("shop")
    shop.files["/gone.xml"] = rss([product("a", image_link="1.jpg")])
    good = run_source(lake, "shop")

    assert (outcomes, failing.state, failing.failures, failing.last_good_ms) == (
        {"failed"},
        "failing",
        12,
        None,
    )
    assert rests == [1, 2, 4, 8, 16, 32, 64, 128, 256, 360, 360, 360]
    assert "not-found" in lake.records.sources.runs("shop")[1].said
    assert (good.outcome, lake.records.sources.get("shop").failures) == ("done", 0)


def test_local_file_whose_bytes_are_the_same_is_not_read(
    lake: Lake, tmp_path: Path, shop: FeedServer
) -> None:
    path = tmp_path / "feed.tsv"
    path.write_bytes(tsv([product(str(at), image_link=shop.address(f"/{at}.jpg")) for at in range(3)]))
    add_source(lake, "feed", str(path), HOME, every_s=60)
    run_source(lake, "feed")
    path.touch()

    assert run_source(lake, "feed").outcome == "unchanged"


def test_local_pictures_are_looked_at_in_every_run(lake: Lake, tmp_path: Path) -> None:
    for at in range(3):
        (tmp_path / f"{at}.jpg").write_bytes(picture(at))
    (tmp_path / "feed.tsv").write_bytes(tsv([product(str(at), image_link=f"{at}.jpg") for at in range(3)]))
    add_source(lake, "feed", str(tmp_path / "feed.tsv"), HOME, every_s=60)
    run_source(lake, "feed")
    (tmp_path / "1.jpg").write_bytes(picture(8))

    assert counts(run_source(lake, "feed")) == (1, 2, 0, 0)


def held_lock(path: Path, ready: "multiprocessing.synchronize.Event") -> None:
    with Lake.open(path) as lake, syncing._alone(lake, "shop"):
        ready.set()
        time.sleep(60)


def test_source_is_run_by_one_process_at_a_time(lake: Lake, shop: FeedServer) -> None:
    offers(shop, 1)
    add_source(lake, "shop", shop.address("/feed.xml"), HOME, every_s=60)
    spawn = multiprocessing.get_context("spawn")
    ready = spawn.Event()
    other = spawn.Process(target=held_lock, args=(lake.path, ready), daemon=True)
    other.start()
    assert ready.wait(60)

    with pytest.raises(ConflictError, match="is being run"):
        run_source(lake, "shop")
    other.kill()
    other.join()

    assert run_source(lake, "shop").outcome == "done"


RUN = """
import sys
from pathlib import Path
from bowerbird.lake.importing import job
from bowerbird.lake.importing.syncing import run_source
from bowerbird.lake.lake import Lake
job._BATCH_ROWS = job._FIRST_BATCH_ROWS = 8
with Lake.open(Path(sys.argv[1])) as lake:
    print("begun", flush=True)
    run_source(lake, "shop")
"""


def test_run_that_is_killed_goes_on_in_the_next_one(lake: Lake, shop: FeedServer) -> None:
    shop.files["/feed.xml"] = rss([product(str(at), image_link=f"{at % 10}.jpg") for at in range(300)])
    add_source(lake, "shop", shop.address("/feed.xml"), HOME, every_s=60)

    for _ in range(3):
        run = subprocess.Popen(
            [sys.executable, "-c", RUN, str(lake.path)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        assert run.stdout is not None
        run.stdout.readline()
        before, until = lake.items.count(), time.monotonic() + 60
        while lake.items.count() < min(before + 16, 300) and run.poll() is None and time.monotonic() < until:
            time.sleep(0.05)
        run.send_signal(signal.SIGKILL)
        run.wait()
        run.stdout.close()
    killed = lake.records.sources.get("shop")
    kept = lake.items.count()
    last = run_source(lake, "shop")

    assert killed.failures == 3
    assert (last.outcome, sum(counts(last)[:2]), lake.items.count()) == ("done", 300, 300)
    assert counts(last)[1] >= kept - 8 > 0
    assert [each.outcome for each in lake.records.sources.runs("shop")][1:] == ["stopped"] * 3


def test_names_and_sources_that_cannot_be_are_refused(lake: Lake) -> None:
    add_source(lake, "shop", "https://shop.example/feed", ImportOptions(), every_s=60)

    for name in ("", "a/b", "x" * 101, "a\nb"):
        with pytest.raises(ConfigError):
            add_source(lake, name, "https://shop.example/feed", ImportOptions(), every_s=60)
    with pytest.raises(ConflictError, match="already"):
        add_source(lake, "shop", "https://shop.example/feed", ImportOptions(), every_s=60)
    with pytest.raises(NotFoundError):
        run_source(lake, "other")


def test_commands_add_list_run_agree_and_remove(
    tmp_path: Path, shop: FeedServer, capsys: pytest.CaptureFixture[str]
) -> None:
    where = ["--lake", str(tmp_path / "lake")]

    def said(*words: str, code: int = 0) -> str:
        assert main(["lake", "sync", *words, *where]) == code
        return capsys.readouterr().out

    offers(shop, 10)
    address = shop.address("/feed.xml")
    options = ["--every", "2h", "--remove-missing", "--allow-host", "127.0.0.1", "--workers", "1"]
    assert "is registered" in said("add", "shop", address, *options)
    assert "never run well" in said("list")
    assert said("run", "--due", "--quiet").startswith("shop: done: 10 in, 0 unchanged")
    assert said("run", "--due") == "no source is due\n"
    offers(shop, 2)
    assert "sync agree shop" in said("run", "shop", code=1)
    assert "shop: waiting, last good run" in said("list")
    assert "up to 8 items" in said("agree", "shop")
    (run,) = json.loads(said("run", "--due", "--json"))["runs"]
    assert (run["outcome"], run["report"]["removed"]) == ("done", 8)
    assert said("runs", "shop").count("shop: ") == 3
    assert "its items stay" in said("remove", "shop")
    assert said("list") == "there are no sources\n"
    assert main(["lake", "sync", "add", "x", "y", "--every", "often", *where]) == 1
