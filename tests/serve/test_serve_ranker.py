"""A ranker is trained on pages that people saw, orders the feed of a running server, and is retired."""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from live_server import LiveServer, build_lake, serving, settings_of

from bowerbird.learn.registry import ModelRegistry
from bowerbird.rank.ranker.keeping import rankers_folder
from bowerbird.rank.ranker.trials import ShadowSeen, shadow_seen

COMMAND = [sys.executable, "-P", "-m", "bowerbird.cli.main", "rank"]
PLAIN = "linear-1"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    with serving(settings_of(build_lake(tmp_path_factory.mktemp("ranked")))) as server:
        yield server


def rank(server: LiveServer, *words: str) -> dict[str, Any]:
    """What a command says; the lake is the server's."""
    whole = [*COMMAND, words[0], "--lake", str(server.lake_path), "--json", *words[1:]]
    done = subprocess.run(whole, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def page_of(client: httpx.Client, **more: Any) -> dict[str, Any]:
    found: dict[str, Any] = client.get("/v1/feed", params={"limit": 16, **more}).json()
    return found


def until(has_come: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not has_come():
        assert time.monotonic() < end, "the server has not noticed"
        time.sleep(0.2)


def watch_pages(server: LiveServer) -> None:
    """Circles are saved and squares are opened, by twelve people on eight pages each."""
    now_ms = int(time.time() * 1000)
    for number in range(12):
        client = server.client()
        for page in range(8):
            shown = page_of(client)
            at_ms = now_ms - 400_000 + 30_000 * page + number
            events = []
            for each in shown["items"]:
                item, facts = each["item"], {"request_id": shown["request_id"], "item_id": each["item"]["id"]}
                named = f"{now_ms}-{number}-{page}-{item['id']}"
                events.append(
                    {
                        "event_id": f"s{named}",
                        "action": "impression",
                        "at_ms": at_ms,
                        "position": each["position"],
                        **facts,
                    }
                )
                kind = item["title"].split()[1]
                if kind in ("circle", "square"):
                    action = "save" if kind == "circle" else "closeup"
                    events.append(
                        {"event_id": f"a{named}", "action": action, "at_ms": at_ms + 2_000, **facts}
                    )
            assert client.post("/v1/events", json={"events": events}).status_code == 202


def test_ranker_that_was_trained_orders_the_feed_until_it_is_retired(server: LiveServer) -> None:
    watch_pages(server)
    client = server.client()
    assert page_of(client)["models"]["ranker"] == PLAIN
    assert "bowerbird_ranker_serving 0" in client.get("/metrics").text

    card = rank(server, "train", "--epochs", "2", "--activate")
    until(lambda: page_of(client)["models"]["ranker"] != PLAIN)

    page = page_of(client)
    assert page["models"]["ranker"] == f"ranker {card['id']}"
    (stage,) = (each for each in page["report"]["stages"] if each["stage"] == "rank")
    assert stage["note"] == f"ranker {card['id']}"
    assert card["metrics"]["save auc"]["pages"] > 0
    assert {"rows", "events", "said", "was", "ece", "ratio"} <= set(
        card["facts"]["calibration"]["save"]["all"]
    )
    light = card["facts"]["prerank"]
    assert light["kept"] < light["candidates"]
    assert set(light["recall"]) == {"ours", "nearest like", "chance"}
    folder = server.lake_path / "models" / "rankers" / "ranker" / card["id"]
    assert json.loads((folder / "prerank.json").read_text())["of_ranker"] == card["facts"]["version"]
    assert "bowerbird_ranker_serving 1" in client.get("/metrics").text
    for more_to in ("save", "shop", "look"):
        assert page_of(client, more_to=more_to)["items"]
    assert client.get("/v1/feed", params={"more_to": "nothing"}).status_code == 422
    (row,) = rank(server, "models")["rankers"]
    assert row["serves"]

    rank(server, "retire")
    until(lambda: page_of(client)["models"]["ranker"] == PLAIN)
    rank(server, "activate", card["id"])
    until(lambda: page_of(client)["models"]["ranker"] != PLAIN)


def loop(server: LiveServer, *words: str) -> dict[str, Any]:
    whole = [*COMMAND[:-1], "loop", words[0], "--lake", str(server.lake_path), "--json", *words[1:]]
    done = subprocess.run(whole, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def seen_of(server: LiveServer) -> ShadowSeen:
    return shadow_seen(ModelRegistry(rankers_folder(server.lake_path)))


def test_turn_of_the_loop_is_recorded_serves_a_share_then_all_and_is_rolled_back(server: LiveServer) -> None:
    rank(server, "retire")
    for _ in range(3):
        watch_pages(server)
    clients = [server.client() for _ in range(12)]

    def served() -> set[str]:
        return {page_of(client)["models"]["ranker"] for client in clients}

    until(lambda: served() == {PLAIN})
    words = ("--once", "--epochs", "3", "--canary", "0.5", "--shadow-pages", "8", "--seed", "1")
    run = loop(server, "run", *words)
    assert run["outcome"] == "shadow", run["reasons"]
    until(lambda: served() == {PLAIN} and seen_of(server).pages >= 8)
    seen = seen_of(server)
    assert (seen.id, seen.failed) == (run["challenger"], 0)
    assert 0 < seen.overlap <= 1
    run = {**run, **loop(server, "run", "--once"), "gate": run["gate"]}
    assert run["gate"]["pages"] >= 40
    assert run["reasons"]
    assert run["outcome"] == "canary", run["reasons"]
    mine = f"ranker {run['challenger']}"
    until(lambda: served() == {PLAIN, mine})
    canary = loop(server, "status")["canary"]
    assert (canary["id"], canary["share"]) == (run["challenger"], 0.5)
    waiting = loop(server, "run", "--once", "--canary", "0.5")  # nobody was served enough yet
    assert (waiting["outcome"], waiting["challenger"]) == ("waiting", run["challenger"])

    assert loop(server, "promote")["outcome"] == "promoted"
    until(lambda: served() == {mine})
    told = clients[0].get("/v1/admin/loop").json()
    assert (told["champion"], told["answers_with"]) == (run["challenger"], run["challenger"])
    assert [(step["outcome"], step["gain"] is None) for step in told["steps"]] == [
        ("promoted", True),
        ("canary", True),
        ("shadow", False),
    ]
    back = clients[0].post("/v1/admin/loop/rollback").json()
    assert back["steps"][0]["outcome"] == "rolled back"
    assert served() == {PLAIN}  # from the very next page
    assert [each["outcome"] for each in loop(server, "status")["runs"]] == [
        "shadow",
        "canary",
        "promoted",
        "rolled back",
    ]


def test_damaged_ranker_is_told_and_the_plain_one_goes_on(server: LiveServer) -> None:
    client = server.client()
    row = rank(server, "models")["rankers"][0]
    rank(server, "retire")
    until(lambda: page_of(client)["models"]["ranker"] == PLAIN)
    (server.lake_path / "models" / "rankers" / "ranker" / row["id"] / "ranker.json").write_text("{")

    rank(server, "activate", row["id"])

    until(lambda: bool(client.get("/v1/admin/loop").json()["problem"]))
    assert page_of(client)["models"]["ranker"] == PLAIN
