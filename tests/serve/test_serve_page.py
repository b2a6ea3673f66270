"""The page: built files with tags, one index for all its addresses, a plain word where it is not built."""

import asyncio
import gzip
from pathlib import Path

import httpx
import pytest
from starlette.exceptions import HTTPException
from starlette.types import Receive, Scope, Send

from bowerbird.serve.http.page import PageFiles


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text("<!doctype html><title>Bowerbird</title>" + " " * 2_000)
    (tmp_path / "assets" / "app-1f2e.js").write_text("const x = 1;\n" * 200)
    (tmp_path / "favicon.svg").write_text("<svg/>")
    return tmp_path


def ask(folder: Path, path: str, method: str = "GET", **headers: str) -> httpx.Response:
    files = PageFiles(folder)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        scope.setdefault("state", {})
        await files(scope, receive, send)

    async def main() -> httpx.Response:
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            names = {name.replace("_", "-"): value for name, value in headers.items()}
            return await client.request(method, path, headers=names)

    return asyncio.run(main())


@pytest.mark.parametrize("path", ["/", "/item/a%2Fb", "/search?q=x", "/boards", "/board/board_1"])
def test_every_address_of_the_page_gives_its_index(folder: Path, path: str) -> None:
    answer = ask(folder, path)

    assert answer.status_code == 200
    assert "<title>Bowerbird" in answer.text
    assert answer.headers["cache-control"] == "no-cache"


def test_hashed_files_may_be_kept_for_ever(folder: Path) -> None:
    answer = ask(folder, "/assets/app-1f2e.js")

    assert "immutable" in answer.headers["cache-control"]
    assert answer.headers["content-type"].startswith("text/javascript")


def test_file_that_the_client_has_is_not_sent_again(folder: Path) -> None:
    etag = ask(folder, "/").headers["etag"]

    answer = ask(folder, "/", If_None_Match=etag)

    assert (answer.status_code, answer.content) == (304, b"")


def test_text_is_zipped_for_clients_that_take_it(folder: Path) -> None:
    zipped = ask(folder, "/assets/app-1f2e.js", Accept_Encoding="gzip")
    plain = ask(folder, "/assets/app-1f2e.js", Accept_Encoding="identity")

    assert zipped.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert zipped.content == plain.content
    assert len(gzip.compress(plain.content)) < len(plain.content)


@pytest.mark.parametrize("path", ["/v1/nothing", "/img/x", "/assets/old.js", "/metrics/x"])
def test_unknown_address_of_the_api_is_not_the_page(folder: Path, path: str) -> None:
    with pytest.raises(HTTPException) as raised:
        ask(folder, path)
    assert raised.value.status_code == 404


def test_page_cannot_be_written_to(folder: Path) -> None:
    with pytest.raises(HTTPException) as raised:
        ask(folder, "/", method="POST")
    assert raised.value.status_code == 405


@pytest.mark.parametrize("path", ["/../secret", "/assets/../../secret", "/%2e%2e/secret"])
def test_no_file_outside_the_folder_is_given(folder: Path, path: str) -> None:
    (folder.parent / "secret").write_text("secret words")

    assert "secret words" not in ask(folder, path).text


def test_page_that_is_not_built_says_how_to_build_it(tmp_path: Path) -> None:
    answer = ask(tmp_path / "missing", "/")

    assert answer.status_code == 503
    assert "hatch_build.py" in answer.text
