"""This file is about pictures over HTTP: few sizes, addresses that never change their content."""

from typing import Annotated, Literal

from fastapi import APIRouter, Path, Request
from starlette.responses import Response

from bowerbird.lake.video.stored import MOST_FRAMES
from bowerbird.serve.http.answers import PROBLEMS
from bowerbird.serve.http.asking import Ready

router = APIRouter(tags=["pictures"])

Sha = Annotated[str, Path(pattern=r"^[0-9a-f]{64}$", description="sha256 of the original file")]
FrameIndex = Annotated[int, Path(ge=0, lt=MOST_FRAMES, description="Which of the frames of its item")]
_HEADERS = {"Cache-Control": "public, max-age=31536000, immutable"}
_RASTER = {"schema": {"type": "string", "format": "binary"}}


@router.get(
    "/img/{sha}/frame-{index}.jpg",
    response_model=None,
    responses={
        200: {"description": "The frame", "content": {"image/jpeg": _RASTER}},
        304: {"description": "The client has it"},
        **PROBLEMS,
    },
)
async def frame(request: Request, service: Ready, sha: Sha, index: FrameIndex) -> Response:
    """A small picture of one frame of a video or an animation."""
    etag = f'"{sha[:32]}-frame-{index}"'
    service.pictures.require_live(sha)
    headers = {"ETag": etag, **_HEADERS}
    if etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    content = await service.lanes.reads.run(service.pictures.frame, sha, index)
    return Response(content, headers=headers, media_type="image/jpeg")


@router.get(
    "/img/{sha}/preview.webp",
    response_model=None,
    responses={
        200: {"description": "The preview", "content": {"image/webp": _RASTER}},
        304: {"description": "The client has it"},
        **PROBLEMS,
    },
)
async def preview(request: Request, service: Ready, sha: Sha) -> Response:
    """A few seconds of a video as a light animation."""
    etag = f'"{sha[:32]}-preview"'
    service.pictures.require_live(sha)
    headers = {"ETag": etag, **_HEADERS}
    if etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    content = await service.lanes.pictures.run(service.pictures.preview, sha)
    return Response(content, headers=headers, media_type="image/webp")


@router.get(
    "/img/{sha}/{size}.{ext}",
    response_model=None,
    responses={
        200: {"description": "The picture", "content": {"image/webp": _RASTER, "image/jpeg": _RASTER}},
        304: {"description": "The client has it"},
        **PROBLEMS,
    },
)
async def picture(
    request: Request,
    service: Ready,
    sha: Sha,
    size: Literal["236", "474", "736", "orig"],
    ext: Literal["webp", "jpg"],
) -> Response:
    """One size of a picture; `orig` is in its own format if browsers show it, else as a large `ext`."""
    # The address holds the content's hash, so the tag needs no look at the file.
    etag = f'"{sha[:32]}-{size}-{ext}"'
    service.pictures.require_live(sha)
    headers = {"ETag": etag, **_HEADERS}
    if etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    content, media_type = await service.lanes.pictures.run(service.pictures.read, sha, size, ext)
    return Response(content, headers=headers, media_type=media_type)
