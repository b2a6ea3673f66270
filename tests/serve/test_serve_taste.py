"""A person sees their interests, says what they want of them, and the next page answers."""

import time
from typing import Any

import httpx
import pytest
from live_server import LiveServer


def save(client: httpx.Client, board: str, *ids: str) -> None:
    for id_ in ids:
        assert client.post(f"/v1/boards/{board}/items", json={"item_id": id_}).status_code in (200, 201)


def profile(client: httpx.Client, **params: Any) -> dict[str, Any]:
    until = time.monotonic() + 60
    while (answer := client.get("/v1/taste/me", params=params)).status_code == 503:
        assert time.monotonic() < until, answer.text
        time.sleep(0.2)
    told: dict[str, Any] = answer.json()
    return told


def board_of(client: httpx.Client, name: str, *, is_secret: bool = False) -> str:
    made = client.post("/v1/boards", json={"name": name, "is_secret": is_secret})
    return str(made.json()["id"])


def categories(client: httpx.Client) -> dict[str, list[str]]:
    """Item ids by the interest that stands at the top of their path."""
    found: dict[str, list[str]] = {}
    page: dict[str, Any] = client.get("/v1/feed", params={"limit": 48}).json()
    for each in page["items"]:
        item = client.get(f"/v1/items/{each['item']['id']}").json()
        found.setdefault(item["title"].split()[1], []).append(item["id"])
    return found


def wish(client: httpx.Client, interest: str, what: str, **more: Any) -> dict[str, Any]:
    answer = client.post("/v1/taste/me/wishes", json={"interest_id": interest, "wish": what, **more})
    assert answer.status_code == 201, answer.text
    told: dict[str, Any] = answer.json()
    return told


def shown(client: httpx.Client, kind: str) -> int:
    page = client.get("/v1/feed", params={"limit": 12}).json()
    return sum(each["item"]["title"].split()[1] == kind for each in page["items"])


def test_interests_follow_saves_and_a_wish_changes_the_next_page_and_is_taken_back(
    server: LiveServer,
) -> None:
    client = server.client()
    kinds = categories(client)
    kind = min(kinds)
    before_ms = int(time.time() * 1000)
    save(client, board_of(client, "Mine"), *kinds[kind][:4])

    told = profile(client)

    liked = next(each for each in told["interests"] if each["evidence"])
    assert {each["item"]["id"] for each in liked["evidence"]} <= set(kinds[kind])
    assert liked["over_time"][-1] > 0 == liked["over_time"][0]
    assert all(not each["evidence"] for each in profile(client, as_of_ms=before_ms)["interests"])
    assert shown(client, kind) > 0
    interests = [each["id"] for each in told["interests"] if each["evidence"] and not each["parent_id"]]
    for interest in interests:
        wish(client, interest, "never")
    assert shown(client, kind) == 0
    assert wish(client, interests[0], "mute", days=3)["replaced"] == "never"
    assert shown(client, kind) == 0
    for interest in interests:
        wish(client, interest, "clear")
    assert shown(client, kind) > 0


def test_neighbours_by_boards_name_the_edge_and_secret_boards_do_not_count(server: LiveServer) -> None:
    one, other, third = server.item_ids(server.client(), 3)
    for secret, ids in ((False, (one, other)), (False, (one, other)), (True, (one, third))):
        client = server.client()
        save(client, board_of(client, "Together", is_secret=secret), *ids)
    client, until = server.client(), time.monotonic() + 30

    by_boards: dict[str, Any] = {}
    while "saved to 2 boards with this one" not in by_boards.get(other, {"why": ""})["why"]:
        assert time.monotonic() < until, by_boards
        time.sleep(0.2)
        found = client.get(f"/v1/taste/items/{one}/neighbours").json()
        by_boards = {each["item"]["id"]: each for each in found["boards"]}

    assert third not in by_boards
    assert found["look"] != found["boards"] != found["blended"]
    assert {each["item"]["id"] for each in found["blended"]} >= set(by_boards)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"interest_id": "nothing", "wish": "more"}, 404),
        ({"interest_id": "nothing", "wish": "loudly"}, 422),
        ({"interest_id": "nothing", "wish": "mute", "days": 0}, 422),
    ],
)
def test_wish_that_cannot_be_is_told(server: LiveServer, body: dict[str, Any], status: int) -> None:
    client = server.client()
    profile(client)

    answer = client.post("/v1/taste/me/wishes", json=body)

    assert answer.status_code == status
    assert answer.json()["detail"]


def test_query_is_about_what_its_words_name_and_about_what_it_led_to(server: LiveServer) -> None:
    client = server.client()
    told = client.get("/v1/taste/interests", params={"query": "a red circle"}).json()

    chances = [each["chance"] for each in told["interests"]]
    assert chances == sorted(chances, reverse=True)
    assert chances[0] > 0.2
    assert told["interests"][0]["path"][-1].lower().startswith("circle")
    assert told["is_sure"]
    strange = client.get("/v1/taste/interests", params={"query": "insurance for a used tractor"}).json()
    assert strange["interests"][0]["chance"] < chances[0]
    assert told["calibration"]["titles"] > 0
    assert 0 <= told["calibration"]["ece"] <= 1
    assert told["found"] == 0

    now_ms = int(time.time() * 1000)
    circle = categories(client)["circle"][0]
    asked = {"event_id": "q1", "action": "search", "query": "Softness", "at_ms": now_ms - 2_000}
    saved = {"event_id": "q2", "action": "save", "item_id": circle, "at_ms": now_ms - 1_000}
    assert client.post("/v1/events", json={"events": [asked, saved]}).status_code == 202
    told = client.get("/v1/taste/interests", params={"query": "softness"}).json()
    assert told["found"] > 0.9
    assert told["is_sure"]
    assert client.get("/v1/taste/interests").status_code == 422
