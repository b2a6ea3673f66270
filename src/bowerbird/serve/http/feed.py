"""This file is about the feed and the first visit over HTTP."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from bowerbird.core.request import FeedRequest
from bowerbird.serve.http.answers import DONE, Json, nothing, told
from bowerbird.serve.http.asking import Cursor, FilterText, Limit, Ready, Who, page_limit, read_filter
from bowerbird.serve.http.idempotency import once
from bowerbird.serve.http.schemas import Onboarding, PageShown, Picks

router = APIRouter(tags=["feed"])

MoreTo = Annotated[
    Literal["save", "shop", "look"] | None,
    Query(description="Which actions count more; where a trained ranker serves"),
]


@router.get("/v1/feed", response_model=None, responses=told(PageShown))
async def feed(
    request: Request,
    service: Ready,
    person: Who,
    limit: Limit = None,
    cursor: Cursor = None,
    where: FilterText = None,
    more_to: MoreTo = None,
) -> Response:
    """The next page of the feed; a cheaper one, marked degraded, when too many ask at once."""
    asked = FeedRequest(
        person.person_id,
        page_limit(service, limit),
        service.clock.now_ms(),
        read_filter(where),
        cursor,
        more_to or "",
        request.state.request_id,
    )
    return Json(await service.feed_page(asked))


@router.get("/v1/onboarding", response_model=None, responses=told(Onboarding))
async def topics(service: Ready) -> Response:
    """Themes to choose from at the first visit."""
    return Json(await service.lanes.models.run(service.topics))


@router.post("/v1/onboarding", status_code=204, response_model=None, responses=DONE)
async def pick(request: Request, service: Ready, person: Who, picks: Picks) -> Response:
    """What was chosen; the next page of the feed answers to it."""

    def act() -> Response:
        service.pick(person.person_id, picks.topic_ids, picks.item_ids)
        return nothing()

    return await once(service, request, person, picks.model_dump_json().encode(), act)
