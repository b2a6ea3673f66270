"""A model is trained on what people did, told to serve, and proposes for the next pages; and is retired."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from live_server import LiveServer, build_lake, serving, settings_of

COMMAND = [sys.executable, "-P", "-m", "bowerbird.cli.main", "learn"]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    with serving(settings_of(build_lake(tmp_path_factory.mktemp("learned")))) as server:
        yield server


def learn(server: LiveServer, *words: str) -> dict[str, Any]:
    """What a command says; the lake is the server's."""
    whole = [*COMMAND, words[0], "--lake", str(server.lake_path), "--json", *words[1:]]
    done = subprocess.run(whole, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def feed_until(client: httpx.Client, has_model: bool) -> dict[str, Any]:
    """A page of the feed once the server has noticed."""
    until = time.monotonic() + 30
    while True:
        page: dict[str, Any] = client.get("/v1/feed", params={"limit": 20}).json()
        if ("retriever" in page["models"]) == has_model:
            return page
        assert time.monotonic() < until, "the server has not noticed"
        time.sleep(0.2)


def test_model_trained_on_what_people_did_serves_until_it_is_retired(server: LiveServer) -> None:
    ids = sorted({id_ for _ in range(3) for id_ in server.item_ids(server.client(), 48)})
    now_ms = int(time.time() * 1000)
    for person in range(12):
        walk = [ids[(person + 5 * step) % len(ids)] for step in range(6)]
        events = [
            {
                "event_id": f"e-{person}-{step}",
                "action": "save",
                "item_id": id_,
                "at_ms": now_ms - 9_000 + step,
            }
            for step, id_ in enumerate(walk)
        ]
        assert server.client().post("/v1/events", json={"events": events}).status_code == 202
    client = server.client()
    saved = {"event_id": "mine", "action": "save", "item_id": ids[0], "at_ms": now_ms}
    client.post("/v1/events", json={"events": [saved]})
    assert "retriever" not in client.get("/v1/feed").json()["models"]

    card = learn(server, "train", "--model", "transitions", "--activate")
    page = feed_until(client, has_model=True)

    assert page["models"]["retriever"] == f"transitions {card['id']}"
    expected = [each for each in page["items"] if each["reason"]["kind"] == "expected"]
    assert expected, "nothing of the model is on the page"
    assert all(each["reason"]["evidence"] == [ids[0]] for each in expected)
    (row,) = learn(server, "models")["models"]
    assert row["serves"]
    learn(server, "retire")
    page = feed_until(client, has_model=False)
    assert not [each for each in page["items"] if each["reason"]["kind"] == "expected"]
    assert "bowerbird_learned_serving 0" in client.get("/metrics").text


def test_damaged_model_is_told_and_the_feed_goes_on(server: LiveServer) -> None:
    client = server.client()
    (row,) = learn(server, "models")["models"]
    home = Path(server.lake_path) / "models" / "retrievers" / row["name"] / row["id"]
    (home / "links.npz").write_bytes(b"not what it was")

    learn(server, "activate", "--model", row["name"], row["id"])
    time.sleep(3)

    assert client.get("/v1/feed").status_code == 200
    assert "retriever" not in client.get("/v1/feed").json()["models"]
