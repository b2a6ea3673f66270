"""Behaviour features of a running server: what one does is counted at once."""

import time
from collections.abc import Callable
from uuid import uuid4

import httpx
from live_server import LiveServer

from bowerbird.rank.declared import NAMES, VERSION


def features(client: httpx.Client, item: str = "") -> dict[str, float]:
    told = client.get("/v1/me/features", params={"item": item} if item else {}).json()
    assert told["version"] == VERSION
    assert [each["name"] for each in told["features"]] == list(NAMES)
    return {each["name"]: each["value"] for each in told["features"]}


def act(client: httpx.Client, action: str, item: str, event_id: str = "") -> None:
    event = {
        "event_id": event_id or uuid4().hex,
        "action": action,
        "item_id": item,
        "at_ms": int(time.time() * 1_000),
    }
    assert client.post("/v1/events", json={"events": [event]}).status_code in (200, 202)


def until(holds: Callable[[], bool], *, within_s: float) -> None:
    end_s = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < end_s
        time.sleep(0.01)


def test_event_is_in_the_features_soon_and_once_however_often_it_is_sent(
    server: LiveServer,
) -> None:
    client = server.client()
    page = client.get("/v1/feed", params={"limit": 12}).json()
    assert page["models"]["features"] == VERSION
    item, other = (each["item"]["id"] for each in page["items"][:2])
    assert features(client, item)["person_item_acted_seconds_ago"] == -1

    for _ in range(3):
        act(client, "click", item, "the same click")
    act(client, "hide", other)
    until(lambda: features(client, other)["person_refused_30d"] > 0.9, within_s=5)

    told = features(client, item)
    assert 0.9 < told["person_clicked_1h"] <= 1
    assert told["person_acted_in_session"] == 2
    assert 0 <= told["person_item_acted_seconds_ago"] < 60
    assert 0.9 < features(client)["person_clicked_30d"] <= 1
    assert features(client)["person_item_acted_seconds_ago"] == -1
    assert features(server.client(), item)["person_clicked_1h"] == 0
    assert client.get("/v1/me/features", params={"item": "nothing"}).status_code == 404


def test_cleared_history_is_in_no_feature_until_it_is_taken_back(server: LiveServer) -> None:
    client = server.client()
    item = client.get("/v1/feed", params={"limit": 12}).json()["items"][0]["item"]["id"]
    act(client, "save", item)
    until(lambda: features(client)["person_saved_30d"] > 0.9, within_s=5)

    client.delete("/v1/me/history")
    until(lambda: features(client)["person_saved_30d"] == 0, within_s=5)

    client.post("/v1/me/history")
    until(lambda: features(client)["person_saved_30d"] > 0.9, within_s=5)
