"""This file is about videos over HTTP: originals in parts, so that players can start anywhere."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Header, Request
from starlette.responses import Response, StreamingResponse

from bowerbird.serve.http.answers import PROBLEMS
from bowerbird.serve.http.asking import Ready
from bowerbird.serve.http.pictures import Sha
from bowerbird.serve.service import Service
from bowerbird.serve.videos import Film, Span, span_of

router = APIRouter(tags=["videos"])

_PART_BYTES = 2**19
_HEADERS = {"Cache-Control": "public, max-age=31536000, immutable", "Accept-Ranges": "bytes"}
_BYTES = {"video/*": {"schema": {"type": "string", "format": "binary"}}}


@router.get(
    "/video/{sha}",
    response_model=None,
    responses={
        200: {"description": "The video", "content": _BYTES},
        206: {"description": "A part of it", "content": _BYTES},
        304: {"description": "The client has it"},
        416: {"description": "The part lies outside of the video"},
        **PROBLEMS,
    },
)
async def video(
    request: Request,
    service: Ready,
    sha: Sha,
    range_: Annotated[str | None, Header(alias="Range", max_length=200)] = None,
    if_range: Annotated[str | None, Header(alias="If-Range", max_length=200)] = None,
) -> Response:
    """The original of a video, all of it or one part."""
    service.pictures.require_live(sha)
    etag = f'"{sha[:32]}"'
    headers = {"ETag": etag, **_HEADERS}
    if etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    film = await service.lanes.reads.run(service.videos.open, sha)
    # A part of another version would not fit what the player has: it gets all of this one.
    is_same = if_range is None or if_range == etag
    try:
        span = span_of(range_, film.size_bytes) if range_ and is_same else None
    except ValueError:
        film.file.close()
        return Response(status_code=416, headers={**headers, "Content-Range": f"bytes */{film.size_bytes}"})
    sent = span or Span(0, film.size_bytes)
    headers["Content-Length"] = str(sent.end - sent.start)
    if span is not None:
        headers["Content-Range"] = f"bytes {span.start}-{span.end - 1}/{film.size_bytes}"
    status = 200 if span is None else 206
    if getattr(request.state, "is_head", False):
        film.file.close()
        return Response(status_code=status, headers=headers, media_type=film.media_type)
    return StreamingResponse(_parts(service, film, sent), status, headers, film.media_type)


async def _parts(service: Service, film: Film, span: Span) -> AsyncIterator[bytes]:
    try:
        at = span.start
        while at < span.end:
            part = await service.lanes.reads.run(film.part, at, min(_PART_BYTES, span.end - at))
            if not part:
                return
            at += len(part)
            yield part
    finally:
        film.file.close()
