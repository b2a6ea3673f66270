"""This file is about whether the server lives, can answer, and how it fares."""

from fastapi import APIRouter
from starlette.responses import Response

from bowerbird.serve.http.answers import json, told
from bowerbird.serve.http.asking import Open
from bowerbird.serve.http.schemas import Health

router = APIRouter(tags=["health"])


@router.get("/healthz", response_model=None, responses=told(Health, text="The process runs"))
async def healthz() -> Response:
    """Whether the process runs; restart it if this does not answer."""
    return json({"status": "ok", "detail": ""})


@router.get(
    "/readyz",
    response_model=None,
    responses={**told(Health, text="It can answer"), 503: {"model": Health, "description": "Not yet"}},
)
async def readyz(house: Open) -> Response:
    """Whether models and indexes are warm; send no requests before."""
    status, detail = house.status()
    return json({"status": status, "detail": detail}, 200 if status == "ready" else 503)


@router.get(
    "/metrics",
    response_model=None,
    responses={
        200: {"description": "Prometheus text", "content": {"text/plain": {"schema": {"type": "string"}}}}
    },
)
async def metrics(house: Open) -> Response:
    """What the server measures of itself."""
    return Response(house.metrics.text(), media_type=house.metrics.CONTENT_TYPE)
