"""A taste space is trained on what people saved, proposes for pages, takes in new items, goes out of use."""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from live_server import LiveServer, build_lake, serving, settings_of

COMMAND = [sys.executable, "-P", "-m", "bowerbird.cli.main", "taste"]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    with serving(settings_of(build_lake(tmp_path_factory.mktemp("space")))) as server:
        yield server


def taste(server: LiveServer, *words: str) -> dict[str, Any]:
    """What a command says; the lake is the server's."""
    whole = [*COMMAND, words[0], "--lake", str(server.lake_path), "--json", *words[1:]]
    done = subprocess.run(whole, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def until(has_come: Callable[[], bool]) -> None:
    """The server notices within seconds."""
    end = time.monotonic() + 60
    while not has_come():
        assert time.monotonic() < end, "the server has not noticed"
        time.sleep(0.3)


def page_of(client: httpx.Client) -> dict[str, Any]:
    found: dict[str, Any] = client.get("/v1/feed", params={"limit": 24}).json()
    return found


def test_space_that_was_trained_proposes_until_it_is_put_out_of_use(server: LiveServer) -> None:
    ids = sorted({id_ for _ in range(3) for id_ in server.item_ids(server.client(), 48)})
    now_ms = int(time.time() * 1000)
    for person in range(16):
        events = [
            {
                "event_id": f"e-{person}-{step}",
                "action": "save",
                "item_id": ids[(person % 4 + 4 * step) % len(ids)],
                "board_id": f"board-{person}",
                "at_ms": now_ms - 900_000 + 1_000 * (16 * step + person),
            }
            for step in range(8)
        ]
        assert server.client().post("/v1/events", json={"events": events}).status_code == 202
    client = server.client()
    saved = {"event_id": "mine", "action": "save", "item_id": ids[0], "at_ms": now_ms}
    client.post("/v1/events", json={"events": [saved]})
    assert "taste" not in page_of(client)["models"]

    card = taste(server, "train", "--epochs", "1")
    until(lambda: "taste" in page_of(client)["models"])

    page = page_of(client)
    assert page["models"]["taste"] == f"taste {card['id']}"
    led_here = [each for each in page["items"] if each["reason"]["kind"] == "taste"]
    assert led_here, "nothing of the space is on the page"
    assert all(each["reason"]["evidence"] == [ids[0]] for each in led_here)
    near = client.get(f"/v1/taste/items/{ids[0]}/neighbours").json()
    assert near["taste"]
    assert ids[0] not in {each["item"]["id"] for each in near["taste"]}
    assert "bowerbird_taste_space_serving 1" in client.get("/metrics").text
    (row,) = taste(server, "space")["spaces"]
    assert row["in_use"]

    space = server.service.taste_space()
    assert space is not None
    known = len(space)
    picture = next(path for path in (server.lake_path.parent / "pictures").rglob("*") if path.is_file())
    added = client.post(
        "/v1/items",
        files={"picture": picture.read_bytes()},
        data={"fields": json.dumps({"id": "late", "title": "patchwork"})},
    )
    assert added.status_code < 300, added.text
    until(lambda: len(space) == known + 1)

    taste(server, "space", "--off")
    until(lambda: "taste" not in page_of(client)["models"])
    assert not client.get(f"/v1/taste/items/{ids[0]}/neighbours").json()["taste"]
    taste(server, "space", "--use", card["id"])
    until(lambda: "taste" in page_of(client)["models"])


def test_damaged_space_is_told_and_the_feed_goes_on(server: LiveServer) -> None:
    client = server.client()
    until(lambda: server.service.taste_space() is not None)
    (row,) = taste(server, "space")["spaces"]
    taste(server, "space", "--off")
    until(lambda: server.service.taste_space() is None)
    (server.lake_path / "models" / "taste" / "taste" / row["id"] / "space.json").write_text("{")

    taste(server, "space", "--use", row["id"])

    until(lambda: bool(server.service.taste_space.problem))
    assert page_of(client)["items"]
