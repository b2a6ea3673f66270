"""Each control changes the next page measurably, and taken back the page is as before."""

import json
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

import httpx
import numpy as np
import pytest
from live_server import LiveServer, build_lake, serving, settings_of

from bowerbird.lake.items import StoredItem, item, put_items


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    with serving(settings_of(build_lake(tmp_path_factory.mktemp("controls")))) as server:
        yield server


def page_of(client: httpx.Client, limit: int = 16) -> dict[str, Any]:
    found: dict[str, Any] = client.get("/v1/feed", params={"limit": limit}).json()
    return found


def kinds(client: httpx.Client, limit: int = 16) -> Counter[str]:
    return Counter(each["reason"]["kind"] for each in page_of(client, limit)["items"])


def fan_of(server: LiveServer, word: str, likes: int = 4) -> httpx.Client:
    """Someone who saved a few things of one shape."""
    client = server.client()
    shapes = [each["item"] for each in page_of(client, 48)["items"] if word in each["item"]["title"]]
    for each in shapes[:likes]:
        assert act(client, "save", each["id"]) == 1
    return client


def act(client: httpx.Client, action: str, item_id: str) -> int:
    event = {"event_id": f"{action}-{item_id}-{time.time_ns()}", "action": action, "item_id": item_id,
             "at_ms": int(time.time() * 1000)}  # fmt: skip
    answer = client.post("/v1/events", json={"events": [event]})
    assert answer.status_code == 202
    return int(answer.json()["accepted"])


def controls(client: httpx.Client, **changes: Any) -> dict[str, Any]:
    answer = client.patch("/v1/me/controls", json=changes)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_slider_moves_the_page_between_what_is_liked_and_surprise_and_back(server: LiveServer) -> None:
    client = fan_of(server, "circle")
    personal = []
    for adventure in (0.0, 0.5, 1.0, 0.5):
        assert controls(client, adventure=adventure)["adventure"] == adventure
        personal.append(np.mean([kinds(client)["saved"] for _ in range(4)]))
    assert personal[0] > personal[2]
    assert personal[0] >= personal[1] >= personal[2]
    assert abs(personal[3] - personal[1]) <= 1.5  # chance differs between visits
    assert client.patch("/v1/me/controls", json={"adventure": 2}).status_code == 422


def test_cleared_history_says_nothing_until_it_is_let_count_again(server: LiveServer) -> None:
    client = fan_of(server, "triangle")
    assert kinds(client)["saved"] > 0

    cleared = client.delete("/v1/me/history").json()

    assert cleared["history_from_ms"] > 0
    assert kinds(client)["saved"] == 0
    time.sleep(0.01)
    fresh = page_of(client)["items"][0]["item"]["id"]
    act(client, "save", fresh)
    page = page_of(client)
    assert {
        id_
        for each in page["items"]
        if each["reason"]["kind"] == "saved"
        for id_ in each["reason"]["evidence"]
    } <= {fresh}
    assert client.post("/v1/me/history").json()["history_from_ms"] == 0
    assert kinds(client)["saved"] > 0


def test_incognito_leaves_nothing_and_the_feed_goes_on(server: LiveServer) -> None:
    client = server.client()
    controls(client, is_incognito=True)
    shown = page_of(client)["items"][0]["item"]["id"]

    assert act(client, "save", shown) == 0
    assert act(client, "impression", shown) == 0

    assert kinds(client)["saved"] == 0
    person = client.get("/v1/me").json()["person_id"]
    assert server.service.lake.events.count_of(person_id=person) == 0
    assert not len(server.service.lake.online.seen(person))
    controls(client, is_incognito=False)
    assert act(client, "save", shown) == 1
    assert kinds(client)["saved"] > 0


def test_blocked_owner_and_other_countries_are_left_out_counted_and_come_back(server: LiveServer) -> None:
    client = server.client()
    ids = [each["item"]["id"] for each in page_of(client, 48)["items"]]
    lake, service = server.service.lake, server.service
    changes = {ids[0]: {"owner": "loud"}, ids[1]: {"owner": "loud"}, ids[2]: {"country": "FR"}}
    put_items(
        lake,
        [
            StoredItem(stored.fields.model_copy(update=changes[id_]), stored.media_ids)
            for id_ in changes
            for stored in [item(lake, id_)]
        ],
    )
    service.catalogue.refresh()

    def on_page() -> set[str]:
        # Of near copies a page takes one: another visit may take another.
        pages = [page_of(client, 48) for _ in range(6)]
        return {each["item"]["id"] for page in pages for each in page["items"]}

    def removed(page: dict[str, Any]) -> dict[str, int]:
        return {each["stage"]: each["taken"] - each["given"] for each in page["report"]["stages"]}

    assert set(ids[:3]) <= on_page()
    assert client.put("/v1/me/blocked/loud").json()["blocked_owners"] == ["loud"]
    controls(client, country="de")
    assert not on_page() & set(ids[:3])
    told = removed(page_of(client, 48))
    assert told["eligible/blocked"] > 0
    assert told["eligible/not for this country"] > 0
    assert client.delete("/v1/me/blocked/loud").json()["blocked_owners"] == []
    controls(client, country="FR")
    assert set(ids[:3]) <= on_page()


def test_kept_page_is_held_against_the_rules_again(server: LiveServer) -> None:
    client = server.client()
    first = page_of(client, 8)
    asked = {"limit": 8, "cursor": first["cursor"]}
    second = client.get("/v1/feed", params=asked).json()
    gone = second["items"][3]["item"]["id"]
    client.post(f"/v1/items/{gone}/hide")

    again = client.get("/v1/feed", params=asked).json()

    assert [each["item"]["id"] for each in again["items"]] == [
        each["item"]["id"] for each in second["items"] if each["item"]["id"] != gone
    ]
    told = {each["stage"]: each["taken"] - each["given"] for each in again["report"]["stages"]}
    assert told["eligible again/hidden"] == 1


def test_why_adds_up_to_the_value_that_ordered_the_page(server: LiveServer) -> None:
    client = fan_of(server, "square")
    page = page_of(client)
    for each in page["items"][:6]:
        why = client.get(f"/v1/feed/{page['request_id']}/why/{each['item']['id']}").json()
        assert sum(part["adds"] for part in why["parts"]) == pytest.approx(each["value"], abs=2e-3)
        assert why["value"] == pytest.approx(each["value"], abs=1e-4)
        assert 0 < why["propensity"] <= 1
    saved = next(each for each in page["items"] if each["reason"]["kind"] == "saved")
    why = client.get(f"/v1/feed/{page['request_id']}/why/{saved['item']['id']}").json()
    assert {part["name"] for part in why["parts"]} >= {"closeness"}
    other = server.client()
    other.get("/v1/me")
    assert other.get(f"/v1/feed/{page['request_id']}/why/{saved['item']['id']}").status_code == 404


def test_forgotten_person_leaves_no_controls(server: LiveServer) -> None:
    client = server.client()
    controls(client, adventure=0.9, country="DE")
    person = client.get("/v1/me").json()["person_id"]
    client.put("/v1/me/blocked/somebody")
    client.delete("/v1/me/history")

    client.delete("/v1/me")

    assert server.service.lake.records.controls.of(person).adventure == 0.5
    assert server.service.lake.online.counts_from(person) == 0
    assert "somebody" not in json.dumps(server.service.lake.records.controls.of(person).blocked_owners)
