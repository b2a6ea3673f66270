"""A walk through all routes: what a person does, and every answer in the form that OpenAPI declares."""

import io
import time
from typing import Any

import httpx
import jsonschema_rs
import pytest
import schemathesis
from live_server import LiveServer
from PIL import Image
from serve_lake import drawing

from bowerbird.serve.http.api import openapi

PLAIN = {
    "GET /metrics", "GET /img/{sha}/{size}.{ext}", "GET /img/{sha}/frame-{index}.jpg", "GET /video/{sha}",
    "GET /img/{sha}/preview.webp",
}  # fmt: skip
"""Answers that are not JSON; other tests read them."""


class Walker:
    """A client that checks each answer against the declared schema and notes the operation."""

    def __init__(self, client: httpx.Client) -> None:
        self.client = client
        self.schema = openapi()
        self.visited: set[str] = set()

    def ask(
        self, method: str, template: str, status: int, *, at: dict[str, str] | None = None, **given: Any
    ) -> Any:
        path = template.format(**(at or {}))
        answer = self.client.request(method, path, **given)
        assert answer.status_code == status, f"{method} {path}: {answer.status_code} {answer.text}"
        self.visited.add(f"{method} {template}")
        operation = self.schema["paths"][template][method.lower()]
        declared = operation["responses"].get(str(status)) or operation["responses"]["default"]
        if "content" not in declared:
            assert answer.content == b""
            return None
        media_type = answer.headers["content-type"].split(";")[0]
        wanted = {"components": self.schema["components"], **declared["content"][media_type]["schema"]}
        errors = [
            str(error) for error in jsonschema_rs.Draft202012Validator(wanted).iter_errors(answer.json())
        ]
        assert not errors, f"{method} {path}: {errors[:3]}"
        return answer.json()


def until_told(walker: Walker, path: str) -> Any:
    """An answer that is there soon after the start."""
    until = time.monotonic() + 60
    while walker.client.get(path).status_code == 503:
        assert time.monotonic() < until
        time.sleep(0.2)
    return walker.ask("GET", path, 200)


def test_schema_is_valid_openapi_3_1() -> None:
    schema = openapi()

    assert schema["openapi"].startswith("3.1")
    schemathesis.openapi.from_dict(schema).validate()


def test_every_operation_has_its_own_id_and_tells_of_problems() -> None:
    operations = [each for path in openapi()["paths"].values() for each in path.values()]

    ids = [operation["operationId"] for operation in operations]
    assert len(ids) == len(set(ids))
    assert all("default" in each["responses"] for each in operations if each["operationId"] != "metrics")


def test_walk_through_every_route_answers_as_declared(server: LiveServer) -> None:
    walker = Walker(server.client())
    ask = walker.ask
    ask("GET", "/healthz", 200)
    ask("GET", "/readyz", 200)
    me = ask("GET", "/v1/me", 200)
    assert me["is_new"]

    # The first visit: topics, a pick, a page that answers to it.
    topics = ask("GET", "/v1/onboarding", 200)["topics"]
    ask("POST", "/v1/onboarding", 204, json={"topic_ids": [topics[0]["id"]]})
    page = ask("GET", "/v1/feed", 200, params={"limit": 10})
    assert len(page["items"]) == 10
    assert page["cursor"]
    more = ask("GET", "/v1/feed", 200, params={"limit": 10, "cursor": page["cursor"]})
    first, second = page["items"][0]["item"]["id"], page["items"][1]["item"]["id"]
    assert not {each["item"]["id"] for each in page["items"]} & {each["item"]["id"] for each in more["items"]}

    # One item, more like it, hidden and shown again.
    at = {"item_id": first}
    assert ask("GET", "/v1/items/{item_id}", 200, at=at)["saved_in"] == []
    assert ask("GET", "/v1/items/{item_id}/related", 200, at=at, params={"limit": 5})["items"]
    assert ask("GET", "/v1/taste/items/{item_id}/neighbours", 200, at=at)["look"]
    profile = until_told(walker, "/v1/taste/me")
    assert ask("GET", "/v1/taste/graph", 200)["kinds"]
    assert ask("GET", "/v1/taste/interests", 200, params={"query": "red circle"})["interests"]
    on_page = {"request_id": page["request_id"], "item_id": first}
    assert ask("GET", "/v1/feed/{request_id}/why/{item_id}", 200, at=on_page)["parts"]

    assert ask("GET", "/v1/me/features", 200, params={"item": first})["features"]

    # What is set about one's own feed, and taken back.
    assert ask("GET", "/v1/me/controls", 200)["adventure"] == 0.5
    assert ask("PATCH", "/v1/me/controls", 200, json={"adventure": 0.7})["adventure"] == 0.7
    ask("PATCH", "/v1/me/controls", 200, json={"adventure": 0.5})
    owner = {"owner": "loud"}
    assert ask("PUT", "/v1/me/blocked/{owner}", 200, at=owner)["blocked_owners"] == ["loud"]
    assert ask("DELETE", "/v1/me/blocked/{owner}", 200, at=owner)["blocked_owners"] == []
    assert ask("DELETE", "/v1/me/history", 200)["history_from_ms"] > 0
    assert ask("POST", "/v1/me/history", 200)["history_from_ms"] == 0
    wish = {"interest_id": profile["interests"][0]["id"], "wish": "more"}
    assert ask("POST", "/v1/taste/me/wishes", 201, json=wish)["replaced"] == ""
    ask("POST", "/v1/items/{item_id}/hide", 204, at=at)
    assert ask("GET", "/v1/items/{item_id}", 200, at=at)["is_hidden"]
    ask("DELETE", "/v1/items/{item_id}/hide", 204, at=at)

    # Search by words, a picture, a part of an item, and on to the next page.
    found = ask("GET", "/v1/search", 200, params={"q": "red circle", "limit": 2})
    assert found["verdict"] == "found"
    assert found["query"]["colours"] == ["red"]
    files = {"picture": ("a.png", drawing("blue", "square"), "image/png")}
    by_picture = ask("POST", "/v1/search", 200, files=files, data={"limit": "3"})
    assert by_picture["query"]["has_picture"]
    ask("GET", "/v1/search", 200, params={"cursor": by_picture["cursor"], "limit": 3})
    form = {"item_id": first, "region": "0.2,0.2,0.5,0.5", "q": "blue"}
    assert ask("POST", "/v1/search", 200, data=form)["query"]["region"]["x"] == 0.2
    assert ask("GET", "/v1/suggest", 200, params={"q": "ci"})["suggestions"]
    assert ask("GET", "/v1/facets", 200)["colour"]

    # Boards.
    board = ask("POST", "/v1/boards", 201, json={"name": "Kitchen", "is_secret": True})
    other = ask("POST", "/v1/boards", 201, json={"name": "Hall"})
    on, there = {"board_id": board["id"]}, {"board_id": other["id"]}
    section = ask("POST", "/v1/boards/{board_id}/sections", 201, at=on, json={"name": "Tiles"})
    part = {**on, "section_id": section["id"]}
    ask("PATCH", "/v1/boards/{board_id}/sections/{section_id}", 200, at=part, json={"name": "Walls"})
    save = {"item_id": first, "section_id": section["id"]}
    assert ask("POST", "/v1/boards/{board_id}/items", 201, at=on, json=save)["item"]["id"] == first
    ask("POST", "/v1/boards/{board_id}/items", 201, at=on, json={"item_id": second})
    assert len(ask("GET", "/v1/boards/{board_id}", 200, at=on)["items"]) == 2
    assert ask("GET", "/v1/items/{item_id}", 200, at=at)["saved_in"] == [board["id"]]
    move = "/v1/boards/{board_id}/items/{item_id}/move"
    ask("POST", move, 200, at={**on, "item_id": second}, json=there)
    ask("PATCH", "/v1/boards/{board_id}", 200, at=there, json={"description": "for later"})
    boards = ask("GET", "/v1/boards", 200)["boards"]
    assert {each["name"]: each["count"] for each in boards} == {"Kitchen": 1, "Hall": 1}
    ask("DELETE", "/v1/boards/{board_id}/items/{item_id}", 204, at={**on, "item_id": first})
    ask("DELETE", "/v1/boards/{board_id}/sections/{section_id}", 204, at=part)
    ask("DELETE", "/v1/boards/{board_id}", 204, at=there)

    # Events, a new item and its end.
    event = {"event_id": "walk-1", "action": "closeup", "at_ms": 1, "item_id": first}
    assert ask("POST", "/v1/events", 202, json={"events": [event]})["accepted"] == 1
    files = {"picture": ("new.png", drawing("purple", "cross", px=300), "image/png")}
    made = ask("POST", "/v1/items", 201, files=files, data={"fields": '{"title": "A walk"}'})
    ask("DELETE", "/v1/items/{item_id}", 204, at={"item_id": made["id"]})
    ask("DELETE", "/v1/people/{person_id}", 200, at={"person_id": "nobody"})
    ask("DELETE", "/v1/me", 200)

    # Looking after the lake: nothing to switch to, go back to, cancel or synchronise.
    assert ask("GET", "/v1/admin/encoder", 200)["active"]["encoder"] == "lite0"
    ask("POST", "/v1/admin/encoder/switch", 409, json={"encoder": "lite0"})
    ask("POST", "/v1/admin/encoder/rollback", 409)
    ask("POST", "/v1/admin/encoder/cancel", 404)
    assert ask("GET", "/v1/admin/loop", 200)["steps"] == []
    ask("POST", "/v1/admin/loop/promote", 404)
    ask("POST", "/v1/admin/loop/rollback", 404)
    assert ask("GET", "/v1/admin/sources", 200)["sources"] == []
    ask("POST", "/v1/admin/sources/{name}/run", 404, at={"name": "nobody"})
    ask("POST", "/v1/admin/sources/{name}/agree", 404, at={"name": "nobody"})

    declared = {
        f"{method.upper()} {path}"
        for path, operations in walker.schema["paths"].items()
        for method in operations
    }
    assert declared - walker.visited == PLAIN


def test_every_address_of_the_page_is_answered_by_the_page_or_by_how_to_build_it(server: LiveServer) -> None:
    client = server.client()

    answers = [client.get(path) for path in ("/", "/item/x", "/search?q=a", "/boards")]

    assert all(answer.status_code in (200, 404, 503) for answer in answers)
    assert all(answer.headers["content-type"].startswith("text/") for answer in answers)


def test_openapi_is_served_as_it_is_printed(server: LiveServer) -> None:
    assert server.client().get("/openapi.json").json() == openapi()


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/v1/nothing", 404, "not-found"),
        ("POST", "/v1/nothing", 404, "not-found"),
        ("PUT", "/v1/feed", 405, "method-not-allowed"),
        ("GET", "/v1/items/no-such-item", 404, "not-found"),
        ("GET", "/v1/items/no-such-item/related", 404, "not-found"),
        ("GET", "/v1/boards/no-such-board", 404, "not-found"),
        ("GET", "/v1/feed?limit=0", 422, "bad-input"),
        ("GET", "/v1/feed?limit=101", 422, "bad-input"),
        ("GET", "/v1/feed?limit=many", 422, "bad-input"),
        ("GET", "/v1/feed?cursor=forged", 400, "bad-cursor"),
        ("GET", "/v1/feed?filter=nonsense", 422, "bad-filter"),
        ("GET", "/v1/feed?filter=%7B%22eq%22%3A%5B%22shoe%22%2C1%5D%7D", 422, "bad-filter"),
        ("GET", "/v1/search", 422, "bad-input"),
        ("GET", "/img/" + "0" * 64 + "/236.webp", 404, "not-found"),
        ("GET", "/img/" + "0" * 64 + "/9999.webp", 422, "bad-input"),
        ("GET", "/img/short/236.webp", 422, "bad-input"),
    ],
)
def test_wrong_request_is_told_as_a_problem(
    server: LiveServer, method: str, path: str, status: int, code: str
) -> None:
    answer = server.client().request(method, path)

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["content-type"] == "application/problem+json"
    assert {"type", "title", "status", "detail", "code", "instance"} <= set(answer.json())


def test_wrong_body_names_the_field_and_the_hint(server: LiveServer) -> None:
    answer = server.client().post("/v1/boards", json={"name": "", "colour": "red"})

    fields = {each["field"]: each["code"] for each in answer.json()["errors"]}
    assert fields == {"name": "string_too_short", "colour": "extra_forbidden"}


def test_body_that_is_no_json_is_told_as_a_problem(server: LiveServer) -> None:
    client = server.client()

    for path in ("/v1/boards", "/v1/events"):
        answer = client.post(path, content=b"{nonsense", headers={"Content-Type": "application/json"})
        assert answer.status_code == 422
        assert answer.headers["content-type"] == "application/problem+json"


def test_metrics_are_in_the_prometheus_form_and_hold_what_operators_watch(server: LiveServer) -> None:
    from prometheus_client.parser import text_string_to_metric_families

    client = server.client()
    client.get("/v1/feed")
    text = client.get("/metrics").text

    names = {family.name for family in text_string_to_metric_families(text)}
    assert {
        "bowerbird_requests",
        "bowerbird_request_seconds",
        "bowerbird_stage_milliseconds",
        "bowerbird_queue_depth",
        "bowerbird_index_items",
        "bowerbird_catalogue_items",
        "bowerbird_sync_age_seconds",
    } <= names
    assert 'route="/v1/feed"' in text


def test_picture_has_a_tag_and_is_not_sent_twice(server: LiveServer) -> None:
    client = server.client()
    sha = client.get("/v1/feed", params={"limit": 1}).json()["items"][0]["item"]["picture"]["sha"]

    for size, ext in (("236", "webp"), ("474", "jpg"), ("736", "webp"), ("orig", "jpg")):
        first = client.get(f"/img/{sha}/{size}.{ext}")
        again = client.get(f"/img/{sha}/{size}.{ext}", headers={"If-None-Match": first.headers["etag"]})
        assert first.status_code == 200
        assert Image.open(io.BytesIO(first.content)).width <= (int(size) if size != "orig" else 256)
        assert "immutable" in first.headers["cache-control"]
        assert (again.status_code, again.content) == (304, b"")
        assert "set-cookie" not in first.headers
