"""This file is about the page: built files, read once, and every address that the page itself resolves."""

import gzip
import hashlib
import mimetypes
from dataclasses import dataclass
from pathlib import Path

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

_MISSING = (
    "The API is here, the page is not: its files are not built in this checkout.\n"
    "Build them with `.venv/bin/python hatch_build.py` (or install the wheel, which has them),\n"
    "then start the server again. The API is described at /openapi.json\n"
)
_NOT_PAGE = ("/v1/", "/img/", "/assets/", "/healthz", "/readyz", "/metrics", "/openapi.json")
_IMMUTABLE = "public, max-age=31536000, immutable"
_SMALL_BYTES = 1_024
_TEXT = ("text/", "application/javascript", "application/json", "image/svg+xml", "application/manifest+json")


@dataclass(frozen=True, slots=True)
class Asset:
    """One file of the page, ready to send."""

    content: bytes
    zipped: bytes | None
    media_type: str
    etag: str
    is_immutable: bool


class PageFiles:
    """Answers what no route answers: files of the page, and `index.html` for addresses that it resolves."""

    def __init__(self, folder: Path) -> None:
        self._assets = {
            f"/{path.relative_to(folder).as_posix()}": _load(path, folder)
            for path in (sorted(folder.rglob("*")) if folder.is_dir() else ())
            if path.is_file() and not path.name.startswith(".")
        }
        self._index = self._assets.get("/index.html")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request that no route took."""
        if scope["type"] != "http":
            return
        await self._answer(scope)(scope, receive, send)

    def _answer(self, scope: Scope) -> Response:
        path: str = scope["path"]
        asset = self._assets.get(path)
        if asset is None:
            if path.startswith(_NOT_PAGE):
                raise HTTPException(
                    404, f"there is nothing at {path[:200]}; /openapi.json says what there is"
                )
            asset = self._index
        if scope["method"] != "GET":
            raise HTTPException(405, f"{path[:200]} can only be read", {"Allow": "GET, HEAD"})
        scope["state"]["route"] = "/assets/*" if asset and asset.is_immutable else "/*"
        if asset is None:
            return PlainTextResponse(_MISSING, 503 if path == "/" else 404)
        return _send(asset, Headers(scope=scope))


def _send(asset: Asset, asked: Headers) -> Response:
    headers = {
        "ETag": asset.etag,
        "Cache-Control": _IMMUTABLE if asset.is_immutable else "no-cache",
        "Vary": "Accept-Encoding",
    }
    if asset.etag in asked.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    if asset.zipped is not None and "gzip" in asked.get("accept-encoding", ""):
        headers["Content-Encoding"] = "gzip"
        return Response(asset.zipped, headers=headers, media_type=asset.media_type)
    return Response(asset.content, headers=headers, media_type=asset.media_type)


def _load(path: Path, folder: Path) -> Asset:
    content = path.read_bytes()
    media_type = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    is_text = media_type.startswith(_TEXT) and len(content) > _SMALL_BYTES
    return Asset(
        content,
        # Zipped once at the start, at the highest level: nothing is left to do per request.
        gzip.compress(content, 9, mtime=0) if is_text else None,
        media_type,
        f'"{hashlib.sha256(content).hexdigest()[:24]}"',
        # Built names under assets/ carry a hash of the content.
        path.relative_to(folder).parts[0] == "assets",
    )
