"""This file is about items over HTTP: one item, more like it, hiding it, adding and deleting."""

from typing import Annotated

from fastapi import APIRouter, File, Form, Path, Request, UploadFile
from starlette.responses import Response

from bowerbird.core.ids import new_id
from bowerbird.core.request import RelatedRequest
from bowerbird.lake.types import ItemFields
from bowerbird.serve.http.answers import DONE, Json, forget_shown, nothing, told
from bowerbird.serve.http.asking import (
    Cursor,
    FilterText,
    Forget,
    Limit,
    Ready,
    Who,
    page_limit,
    read_filter,
    read_model,
)
from bowerbird.serve.http.idempotency import once
from bowerbird.serve.http.problems import require_edits
from bowerbird.serve.http.schemas import Card, ForgetShown, ItemDetail, NewItemFields, PageShown
from bowerbird.serve.http.uploads import uploaded_media

router = APIRouter(tags=["items"])

# Ids come from catalogues and may hold slashes, so they match to the end of the path.
ItemId = Annotated[str, Path(max_length=256)]


@router.get("/v1/items/{item_id:path}/related", response_model=None, responses=told(PageShown))
async def related(
    request: Request,
    service: Ready,
    person: Who,
    item_id: ItemId,
    limit: Limit = None,
    cursor: Cursor = None,
    where: FilterText = None,
) -> Response:
    """More like one item."""
    asked = RelatedRequest(
        person.person_id,
        service.number_of(item_id),
        page_limit(service, limit),
        service.clock.now_ms(),
        read_filter(where),
        cursor,
        request.state.request_id,
    )
    return Json(await service.lanes.models.run(service.related_page, asked))


@router.post("/v1/items/{item_id:path}/hide", status_code=204, response_model=None, responses=DONE)
async def hide(request: Request, service: Ready, person: Who, item_id: ItemId) -> Response:
    """Never show the item to this person again."""

    def act() -> Response:
        service.hide(person.person_id, item_id, is_hidden=True)
        return nothing()

    return await once(service, request, person, b"", act)


@router.delete("/v1/items/{item_id:path}/hide", status_code=204, response_model=None, responses=DONE)
async def unhide(service: Ready, person: Who, item_id: ItemId) -> Response:
    """Show the item again."""
    await service.lanes.writes.run(service.hide, person.person_id, item_id, is_hidden=False)
    return nothing()


@router.get("/v1/items/{item_id:path}", response_model=None, responses=told(ItemDetail))
async def read_item(service: Ready, person: Who, item_id: ItemId) -> Response:
    """One item with everything that its own page shows."""
    return Json(await service.lanes.reads.run(service.item_detail, person.person_id, item_id))


@router.post("/v1/items", status_code=201, response_model=None, responses=told(Card, 201, "Searchable"))
async def add_item(
    request: Request,
    service: Ready,
    person: Who,
    picture: Annotated[UploadFile, File(description="A picture or video file")],
    fields: Annotated[
        str, Form(max_length=200_000, description="JSON of `NewItemFields`; an id is made up without one")
    ] = "{}",
) -> Response:
    """A new item, or a changed one under the same id; searchable when this answers."""
    require_edits(service.settings)
    content = await uploaded_media(picture, service.settings)
    given: NewItemFields = read_model(fields, NewItemFields, "fields")

    def act() -> Response:
        item = ItemFields(**{**given.model_dump(), "id": given.id or new_id("item")})
        return Json(service.edits.add(item, content), 201)

    return await once(service, request, person, (fields.encode(), content), act)


@router.delete(
    "/v1/items/{item_id:path}", status_code=204, response_model=None, responses={**DONE, **told(ForgetShown)}
)
async def delete_item(service: Ready, item_id: ItemId, forget: Forget = False) -> Response:
    """The item is gone from every page when this answers; with `forget`, from every row and for good."""
    require_edits(service.settings)
    if forget:
        report = await service.lanes.writes.run(service.forgetting.forget, "item", item_id)
        return Json(forget_shown(report))
    await service.lanes.writes.run(service.edits.delete, item_id)
    return nothing()
