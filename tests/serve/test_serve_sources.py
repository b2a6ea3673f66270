"""Registered sources are run by the server when they are due, in processes that may die without it."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from live_server import LiveServer, copied, serving, settings_of
from serve_lake import drawing

from bowerbird.lake.importing.job import ImportOptions
from bowerbird.lake.importing.syncing import add_source
from bowerbird.lake.lake import Lake


@pytest.fixture
def feed(tmp_path: Path) -> Path:
    folder = tmp_path / "shop"
    folder.mkdir()
    for at in range(4):
        (folder / f"{at}.png").write_bytes(drawing("red", "circle", variant=at + 3))
    write(folder / "feed.tsv", 4)
    return folder / "feed.tsv"


def write(path: Path, count: int) -> None:
    rows = [f"offer-{at}\tZanzibar vase {at}\t{at}.png" for at in range(count)]
    path.write_text("\n".join(["id\ttitle\timage_link", *rows]))


@pytest.fixture
def shop(drawn_lake: Path, tmp_path: Path, feed: Path) -> Iterator[LiveServer]:
    lake_path = copied(drawn_lake, tmp_path)
    with Lake.open(lake_path) as lake:
        options = ImportOptions(workers=1, remove_missing=True)
        add_source(lake, "shop", str(feed), options, every_s=3_600)
        add_source(lake, "broken", str(tmp_path / "gone.tsv"), options, every_s=3_600)
    with serving(settings_of(lake_path)) as server:
        yield server


def until(server: LiveServer, name: str, outcome: str) -> dict[str, object]:
    """The source, once its last run ended so."""
    client, until_s = server.client(), time.monotonic() + 90
    while True:
        found = {each["name"]: each for each in client.get("/v1/admin/sources").json()["sources"]}[name]
        if found["last_run"] is not None and found["last_run"]["outcome"] == outcome:
            return found
        assert time.monotonic() < until_s, found
        time.sleep(0.3)


@pytest.mark.slow
def test_server_runs_what_is_due_holds_what_is_much_and_says_how_it_fares(
    shop: LiveServer, feed: Path
) -> None:
    client = shop.client()
    shop.service.background.look_for_sources()

    done = until(shop, "shop", "done")
    failed = until(shop, "broken", "failed")
    until_s = time.monotonic() + 60
    while client.get("/v1/items/offer-2").status_code != 200:
        assert time.monotonic() < until_s
        time.sleep(0.2)
    write(feed, 1)
    called = client.post("/v1/admin/sources/shop/run")
    waiting = until(shop, "shop", "waiting")
    metrics = client.get("/metrics").text
    agreed = client.post("/v1/admin/sources/shop/agree")
    ended = until(shop, "shop", "done")

    assert done["last_run"]["rows"] == {"accepted": 4, "unchanged": 0, "rejected": 0, "removed": 0}  # type: ignore[index]
    assert (failed["state"], failed["failures"]) == ("failing", 1)
    assert "there is nothing at" in failed["last_run"]["said"]  # type: ignore[index]
    assert (called.status_code, waiting["state"], waiting["held_missing"]) == (202, "waiting", 3)
    assert 'bowerbird_source_waiting{source="shop"} 1.0' in metrics
    assert 'bowerbird_source_failures{source="broken"} 1.0' in metrics
    assert 'bowerbird_source_rows{outcome="removed",source="shop"} 0.0' in metrics
    assert 'bowerbird_source_age_seconds{source="shop"}' in metrics
    assert agreed.status_code == 202
    assert (ended["state"], ended["last_run"]["rows"]["removed"]) == ("ready", 3)  # type: ignore[index]


def test_sources_are_nobodys_business_where_edits_are_off(drawn_lake: Path, tmp_path: Path) -> None:
    with serving(settings_of(copied(drawn_lake, tmp_path), allow_edits=False, run_sources=False)) as server:
        client = server.client()
        answers = [
            client.get("/v1/admin/sources"),
            client.post("/v1/admin/sources/x/run"),
            client.post("/v1/admin/sources/x/agree"),
        ]

    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [(403, "edits-off")] * 3


def test_source_that_is_not_there_or_waits_for_nothing_is_told_so(shop: LiveServer) -> None:
    client = shop.client()

    assert client.post("/v1/admin/sources/none/run").status_code == 404
    assert client.post("/v1/admin/sources/shop/agree").status_code == 409
