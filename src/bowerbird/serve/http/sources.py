"""This file is about registered sources over HTTP: how they fare, running one, agreeing to a removal."""

from typing import Annotated

from fastapi import APIRouter, Path
from starlette.responses import Response

from bowerbird.serve.http.answers import json, told
from bowerbird.serve.http.asking import Ready
from bowerbird.serve.http.problems import require_edits
from bowerbird.serve.http.schemas import SourceShown, SourcesShown

router = APIRouter(tags=["sources"])

SourceName = Annotated[str, Path(max_length=100)]


@router.get("/v1/admin/sources", response_model=None, responses=told(SourcesShown))
async def list_sources(service: Ready) -> Response:
    """Every source with its state and its last run; where edits are allowed."""
    require_edits(service.settings)

    def act() -> Response:
        return json({"sources": service.sources.all()})

    return await service.lanes.reads.run(act)


@router.post(
    "/v1/admin/sources/{name}/run",
    status_code=202,
    response_model=None,
    responses=told(SourceShown, 202, "Due"),
)
async def run_source(service: Ready, name: SourceName) -> Response:
    """The source is due now; its run begins when the one before it has ended."""
    require_edits(service.settings)

    def act() -> Response:
        service.sources.call(name)
        service.background.look_for_sources()
        return json(service.sources.one(name), 202)

    return await service.lanes.writes.run(act)


@router.post(
    "/v1/admin/sources/{name}/agree",
    status_code=202,
    response_model=None,
    responses=told(SourceShown, 202, "Due"),
)
async def agree_source(service: Ready, name: SourceName) -> Response:
    """The next run, due now, may remove as many items as the last one did not."""
    require_edits(service.settings)

    def act() -> Response:
        service.sources.agree(name)
        service.background.look_for_sources()
        return json(service.sources.one(name), 202)

    return await service.lanes.writes.run(act)
