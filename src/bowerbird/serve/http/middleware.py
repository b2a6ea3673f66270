"""This file is about what happens around every request, as pure ASGI: a `BaseHTTPMiddleware` costs 180 µs.

Outermost first: `Observed` (request id, headers, log line, metrics, the last catch), `Zipped`, `Guarded`
(host, origin), `BoundedBody`, `Identified` (who is asking).
"""

import ipaddress
import logging
import re
import time
from collections.abc import Callable, Iterable
from http.cookies import CookieError, SimpleCookie
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bowerbird.core.ids import new_id
from bowerbird.serve.http.problems import (
    CROSS_SITE,
    INTERNAL,
    TOO_LARGE,
    WRONG_HOST,
    BadPersonError,
    problem,
    problem_of,
)
from bowerbird.serve.metrics import Metrics
from bowerbird.serve.people import COOKIE_NAME, HEADER_NAME, PersonTokens, set_cookie

log = logging.getLogger("bowerbird.serve.http")

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_REQUEST_ID = re.compile(r"[A-Za-z0-9_\-]{8,64}")
_CONTENT_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; style-src-attr 'unsafe-inline'; "
    "img-src 'self' data: blob:; media-src 'self' blob:; font-src 'self'; connect-src 'self'; "
    "manifest-src 'self'; worker-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS = (
    (b"content-security-policy", _CONTENT_POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"geolocation=(), microphone=(), camera=(self)"),
)


class Observed:
    """Gives every request an id, every answer its headers, a log line and a measure; never a traceback."""

    def __init__(self, app: ASGIApp, *, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started_s = time.perf_counter()
        method: str = scope["method"]
        if method == "HEAD":
            scope["method"] = "GET"
        given = Headers(scope=scope).get("x-request-id", "")
        request_id = given if _REQUEST_ID.fullmatch(given) else new_id("req")
        scope.setdefault("state", {}).update(request_id=request_id, is_head=method == "HEAD")
        status = 0

        async def observed_send(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                extra = [(b"x-request-id", request_id.encode()), *_HEADERS]
                message["headers"] = [*message.get("headers", []), *extra]
            elif method == "HEAD":
                message = {**message, "body": b""}
            await send(message)

        self._metrics.in_flight.inc()
        try:
            await self._app(scope, receive, observed_send)
        except Exception:
            log.exception("request failed", extra={"request_id": request_id})
            if status == 0:
                detail = f"quote request {request_id} when you report it"
                await problem(INTERNAL, detail, scope["path"])(scope, receive, observed_send)
        finally:
            self._metrics.in_flight.dec()
            seconds = time.perf_counter() - started_s
            route = _route_of(scope)
            # 499: the client left before there was an answer.
            self._metrics.count_request(route, method, status or 499, seconds)
            _write_line(method, route, status or 499, seconds, request_id)


class Guarded:
    """Refuses names that are not ours (DNS rebinding) and changes asked for by other sites (CSRF)."""

    def __init__(self, app: ASGIApp, *, own: Iterable[str], allowed: Iterable[str]) -> None:
        """Answer to the names in `own` and `allowed`; pages from `allowed` hosts may change things too.

        Behind a proxy the host that the browser knows is not the one that we are asked for.
        """
        self._app = app
        self._allowed = frozenset(name.lower() for name in allowed)
        self._names = self._allowed | {name.lower() for name in own}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        if not self._is_ours(host):
            detail = (
                f"the request was for host {host[:80]!r}; if that is this server, add it to `allowed_hosts` "
                "in bowerbird.toml"
            )
            await problem(WRONG_HOST, detail, scope["path"])(scope, receive, send)
            return
        if scope["method"] not in SAFE_METHODS and self._is_cross_site(headers, host):
            origin = headers.get("origin", "another site")[:80]
            detail = f"the request came from {origin!r}; send it from this site"
            await problem(CROSS_SITE, detail, scope["path"])(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _is_ours(self, host: str) -> bool:
        name = _host_name(f"//{host}")
        if not name:
            return False
        # A rebinding attack needs a name that its owner points at us; a bare address cannot be one.
        return name in self._names or self._is_under_wildcard(name) or _is_address(name)

    def _is_cross_site(self, headers: Headers, host: str) -> bool:
        origin = headers.get("origin")
        if origin is None:
            return headers.get("sec-fetch-site", "none") not in {"none", "same-origin"}
        if origin.lower() in (f"http://{host}".lower(), f"https://{host}".lower()):
            return False
        name = _host_name(origin)
        return name not in self._allowed and not self._is_under_wildcard(name)

    def _is_under_wildcard(self, name: str) -> bool:
        _, dot, parent = name.partition(".")
        return bool(dot) and f"*.{parent}" in self._allowed


class BoundedBody:
    """Stops reading a body that is over the limit of its route, however it is sent."""

    def __init__(self, app: ASGIApp, *, limit_of: Callable[[Scope], int]) -> None:
        self._app = app
        self._limit_of = limit_of

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http" or scope["method"] in SAFE_METHODS:
            await self._app(scope, receive, send)
            return
        limit = self._limit_of(scope)
        detail = f"the body is over {limit:,} bytes; send a smaller one"
        announced = Headers(scope=scope).get("content-length", "0")
        if announced.isdigit() and int(announced) > limit:
            headers = {"Connection": "close"}  # the rest of the body is not read
            await problem(TOO_LARGE, detail, scope["path"], headers=headers)(scope, receive, send)
            return
        received = 0

        async def bounded_receive() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > limit:
                raise HTTPException(TOO_LARGE.status, detail, {"Connection": "close"})
            return message

        await self._app(scope, bounded_receive, send)


class Identified:
    """Puts the `Person` who asks into `scope["state"]`, and gives new ones a cookie."""

    def __init__(self, app: ASGIApp, *, tokens: PersonTokens, is_secure: bool) -> None:
        self._app = app
        self._tokens = tokens
        self._is_secure = is_secure

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http" or not scope["path"].startswith("/v1/"):
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        token = headers.get(HEADER_NAME)
        if token is not None:
            person = self._tokens.read(token)
            if person is None:
                # A client that says who it is must be right; silently becoming someone else loses its saves.
                refused = BadPersonError(
                    "the Bowerbird-Person header holds a token that this server did not sign; "
                    "leave it out to get a new one from GET /v1/me"
                )
                await problem_of(refused, scope["path"])(scope, receive, send)
                return
        else:
            person = self._tokens.read(_cookie(headers)) or self._tokens.new()
        scope.setdefault("state", {})["person"] = person
        if not person.is_new:
            await self._app(scope, receive, send)
            return

        async def send_with_cookie(message: Message) -> None:
            if message["type"] == "http.response.start":
                sent = MutableHeaders(scope=message)
                if "set-cookie" not in sent:
                    sent.append("set-cookie", set_cookie(person.token, is_secure=self._is_secure))
            await send(message)

        await self._app(scope, receive, send_with_cookie)


def _route_of(scope: Scope) -> str:
    # Templates, never paths: one label value a route, not one an item.
    found = getattr(scope.get("route"), "path", None) or scope.get("state", {}).get("route", "unmatched")
    return str(found)


def _write_line(method: str, route: str, status: int, seconds: float, request_id: str) -> None:
    is_mistake = status >= 500 and route != "/readyz"  # which says 503 until all is warm
    level = logging.WARNING if is_mistake else logging.INFO
    if log.isEnabledFor(level):
        facts = {
            "method": method,
            "route": route,
            "status": status,
            "ms": round(seconds * 1000, 2),
            "request_id": request_id,
        }
        log.log(level, "request served", extra=facts)


def _cookie(headers: Headers) -> str:
    try:
        morsel = SimpleCookie(headers.get("cookie", "")).get(COOKIE_NAME)
    except CookieError:
        return ""
    return str(morsel.value) if morsel else ""


def _host_name(address: str) -> str:
    """The host in lower case without port; empty where there is none to be read."""
    try:
        return urlsplit(address).hostname or ""
    except ValueError:  # such as an open bracket
        return ""


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
