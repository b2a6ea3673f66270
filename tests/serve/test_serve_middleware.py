"""Around every request: hosts, origins, body limits, who is asking, and an answer for every error."""

import asyncio
import logging
from collections.abc import AsyncIterator

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from bowerbird.serve.http.middleware import BoundedBody, Guarded, Identified, Observed
from bowerbird.serve.metrics import Metrics
from bowerbird.serve.people import COOKIE_NAME, PersonTokens

LIMIT = 1_000
TOKENS = PersonTokens(b"k" * 32)


async def echo(request: Request) -> Response:
    body = await request.body()
    person = getattr(request.state, "person", None)
    return JSONResponse({"bytes": len(body), "person": person.person_id if person else None})


async def fail(request: Request) -> Response:
    raise ZeroDivisionError("secret words")


def app(metrics: Metrics | None = None) -> ASGIApp:
    routes = [
        Route("/v1/echo", echo, methods=["GET", "POST"]),
        Route("/v1/fail", fail),
        Route("/page", echo),
    ]
    inner: ASGIApp = Identified(Starlette(routes=routes), tokens=TOKENS, is_secure=False)
    inner = BoundedBody(inner, limit_of=lambda _: LIMIT)
    inner = Guarded(inner, own=("localhost",), allowed=("birds.example", "*.nest.example"))
    return Observed(inner, metrics=metrics or Metrics())


def ask(method: str, path: str, *, metrics: Metrics | None = None, **given: object) -> httpx.Response:
    async def main() -> httpx.Response:
        transport = httpx.ASGITransport(app=app(metrics), raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost:8330") as client:
            return await client.request(method, path, **given)  # type: ignore[arg-type]

    return asyncio.run(main())


@pytest.mark.parametrize(
    "host",
    [
        "localhost:8330",
        "LOCALHOST",
        "127.0.0.1:1",
        "[::1]:8330",
        "192.168.1.7",
        "a.nest.example",
        "birds.example",
    ],
)
def test_host_that_is_ours_is_answered(host: str) -> None:
    assert ask("GET", "/v1/echo", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "localhost.evil.example",
        "nest.example",
        "",
        "127.0.0.1.evil.example",
        "a@b:c",
        "[::1",
        "//",
    ],
)
def test_host_that_is_not_ours_is_refused_with_the_setting_to_change(host: str) -> None:
    answer = ask("GET", "/v1/echo", headers={"Host": host})

    assert answer.status_code == 421
    assert answer.headers["content-type"] == "application/problem+json"
    assert "allowed_hosts" in answer.json()["detail"]


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://["},
        {"Origin": "http://localhost:9"},
        {"Sec-Fetch-Site": "cross-site"},
    ],
)
def test_change_asked_for_by_another_site_is_refused(headers: dict[str, str]) -> None:
    assert ask("POST", "/v1/echo", headers=headers).json()["code"] == "cross-site"
    assert ask("GET", "/v1/echo", headers=headers).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "http://localhost:8330"},
        {"Sec-Fetch-Site": "same-origin"},
        {"Origin": "https://birds.example"},  # a proxy in front asked for localhost
        {"Origin": "https://a.nest.example"},
    ],
)
def test_change_asked_for_by_this_site_or_no_browser_is_taken(headers: dict[str, str]) -> None:
    assert ask("POST", "/v1/echo", headers=headers).status_code == 200


def test_body_at_the_limit_is_taken_and_over_it_refused() -> None:
    assert ask("POST", "/v1/echo", content=b"x" * LIMIT).json()["bytes"] == LIMIT
    over = ask("POST", "/v1/echo", content=b"x" * (LIMIT + 1))

    assert (over.status_code, over.json()["code"]) == (413, "too-large")


def test_body_without_announced_length_is_stopped_while_it_streams() -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while sent < 1_000_000:
            sent += 100
            yield b"x" * 100

    answer = ask("POST", "/v1/echo", content=endless())

    assert answer.status_code == 413
    assert sent < 10 * LIMIT


def test_first_contact_gives_a_cookie_that_keeps_the_person() -> None:
    first = ask("GET", "/v1/echo")
    token = first.cookies[COOKIE_NAME]
    second = ask("GET", "/v1/echo", headers={"Cookie": f"{COOKIE_NAME}={token}"})

    assert second.json()["person"] == first.json()["person"]
    assert "set-cookie" not in second.headers
    assert "HttpOnly" in first.headers["set-cookie"]


def test_page_itself_gives_no_cookie() -> None:
    assert "set-cookie" not in ask("GET", "/page").headers


@pytest.mark.parametrize("cookie", ["person_x.forged", "", "a=b; c", '"'])
def test_cookie_that_we_did_not_sign_makes_a_new_person(cookie: str) -> None:
    answer = ask("GET", "/v1/echo", headers={"Cookie": f"{COOKIE_NAME}={cookie}"})

    assert answer.status_code == 200
    assert answer.json()["person"].startswith("person_")
    assert COOKIE_NAME in answer.cookies


def test_header_that_we_did_not_sign_is_refused() -> None:
    answer = ask("GET", "/v1/echo", headers={"Bowerbird-Person": "person_x.forged"})

    assert (answer.status_code, answer.json()["code"]) == (401, "bad-person")


def test_header_names_the_person_without_a_cookie() -> None:
    person = TOKENS.new()

    answer = ask("GET", "/v1/echo", headers={"Bowerbird-Person": person.token})

    assert answer.json()["person"] == person.person_id
    assert "set-cookie" not in answer.headers


def test_mistake_of_ours_is_told_without_its_words_and_logged_with_its_id(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.ERROR):
        answer = ask("GET", "/v1/fail")

    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert any("secret words" in (record.exc_text or "") for record in caplog.records if record.exc_info)


def test_every_answer_carries_an_id_and_forbids_outside_requests() -> None:
    answer = ask("GET", "/v1/echo")

    assert answer.headers["x-request-id"].startswith("req_")
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_head_gives_the_headers_of_get_without_the_body() -> None:
    answer = ask("HEAD", "/v1/echo")

    assert answer.status_code == 200
    assert answer.content == b""


def test_requests_are_counted_by_route_and_status() -> None:
    metrics = Metrics()

    ask("GET", "/v1/echo", metrics=metrics)
    ask("GET", "/v1/fail", metrics=metrics)

    text = metrics.text().decode()
    assert 'status="200"' in text
    assert 'status="500"' in text
    assert "bowerbird_requests_in_flight 0.0" in text


def test_log_lines_hold_no_person(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        answer = ask("GET", "/v1/echo")

    lines = [str(record.__dict__) for record in caplog.records if record.name == "bowerbird.serve.http"]
    assert lines
    assert not any(answer.json()["person"] in line for line in lines)
