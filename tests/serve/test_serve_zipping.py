"""Zipping: long JSON for clients that take it, and nothing else."""

import asyncio

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from bowerbird.serve.http.zipping import LEAST_BYTES, Zipped

LONG = b'"' + b"x" * LEAST_BYTES + b'"'


async def answer(request: Request) -> Response:
    kind = request.path_params["kind"]
    if kind == "stream":
        return StreamingResponse(iter([LONG, b" "]), media_type="application/json")
    content = b'"short"' if kind == "short" else LONG
    return Response(content, media_type="image/webp" if kind == "picture" else "application/json")


def ask(kind: str, encoding: str) -> httpx.Response:
    async def main() -> httpx.Response:
        transport = httpx.ASGITransport(app=Zipped(Starlette(routes=[Route("/{kind}", answer)])))
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            return await client.get(f"/{kind}", headers={"Accept-Encoding": encoding})

    return asyncio.run(main())


def test_long_json_is_zipped_and_reads_the_same() -> None:
    zipped = ask("long", "gzip, br")

    assert zipped.headers["content-encoding"] == "gzip"
    assert zipped.headers["vary"] == "Accept-Encoding"
    assert int(zipped.headers["content-length"]) < len(LONG) / 10
    assert zipped.content == LONG


@pytest.mark.parametrize(
    ("kind", "encoding"), [("long", "identity"), ("short", "gzip"), ("picture", "gzip"), ("stream", "gzip")]
)
def test_nothing_else_is_zipped(kind: str, encoding: str) -> None:
    plain = ask(kind, encoding)

    assert "content-encoding" not in plain.headers
    assert plain.status_code == 200
