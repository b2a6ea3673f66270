"""This file is about controls over HTTP: what a person sets about their feed, and why they see an item."""

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Path
from starlette.responses import Response

from bowerbird.lake.records import Controls
from bowerbird.serve.http.answers import json, told
from bowerbird.serve.http.asking import Ready, Who
from bowerbird.serve.http.control_schemas import ControlsGiven, ControlsShown, WhyShown

router = APIRouter(tags=["controls"])

Owner = Annotated[str, Path(min_length=1, max_length=256)]
RequestId = Annotated[str, Path(max_length=128)]
ItemId = Annotated[str, Path(max_length=256)]


@router.get("/v1/me/controls", response_model=None, responses=told(ControlsShown))
async def controls(service: Ready, person: Who) -> Response:
    """What is set."""
    return _shown(await service.lanes.reads.run(service.controls, person.person_id))


@router.patch("/v1/me/controls", response_model=None, responses=told(ControlsShown))
async def change(service: Ready, person: Who, given: ControlsGiven) -> Response:
    """Set some; the next page answers."""
    changes = given.model_dump(exclude_none=True)

    def act() -> Controls:
        return service.controls.change(person.person_id, **changes)

    return _shown(await service.lanes.writes.run(act))


@router.delete("/v1/me/history", response_model=None, responses=told(ControlsShown))
async def clear_history(service: Ready, person: Who) -> Response:
    """What was done until now says nothing any more. It is kept, and `POST` lets it count again."""
    return _shown(await service.lanes.writes.run(service.controls.clear_history, person.person_id))


@router.post("/v1/me/history", response_model=None, responses=told(ControlsShown))
async def restore_history(service: Ready, person: Who) -> Response:
    """Everything that was done counts again."""

    def act() -> Controls:
        return service.controls.change(person.person_id, history_from_ms=0)

    return _shown(await service.lanes.writes.run(act))


@router.put("/v1/me/blocked/{owner:path}", response_model=None, responses=told(ControlsShown))
async def block(service: Ready, person: Who, owner: Owner) -> Response:
    """Show nothing of this owner any more."""
    return _shown(await service.lanes.writes.run(service.controls.block, person.person_id, owner))


@router.delete("/v1/me/blocked/{owner:path}", response_model=None, responses=told(ControlsShown))
async def unblock(service: Ready, person: Who, owner: Owner) -> Response:
    """Show the owner again."""
    return _shown(await service.lanes.writes.run(service.controls.unblock, person.person_id, owner))


@router.get("/v1/feed/{request_id}/why/{item_id:path}", response_model=None, responses=told(WhyShown))
async def why(service: Ready, person: Who, request_id: RequestId, item_id: ItemId) -> Response:
    """Why an item was on a page of the feed that was just made."""

    def act() -> Response:
        feed = service.generations.current.feed
        return json(asdict(feed.why(person.person_id, request_id, service.number_of(item_id))))

    return await service.lanes.reads.run(act)


def _shown(controls: Controls) -> Response:
    return json(asdict(controls))
