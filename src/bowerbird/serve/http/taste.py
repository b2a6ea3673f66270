"""This file is about tastes over HTTP: one's own interests, what one wants of them, neighbours, the graph."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from bowerbird.core.clock import LATEST_MS
from bowerbird.serve.http.answers import json, told
from bowerbird.serve.http.asking import Ready, Who
from bowerbird.serve.http.idempotency import once
from bowerbird.serve.http.taste_schemas import (
    GraphShown,
    NeighboursShown,
    ProfileShown,
    QueryInterestsShown,
    WishAsked,
    WishNoted,
)
from bowerbird.serve.taste_shown import health_shown, neighbours_shown, profile_shown, query_shown, wish_shown
from bowerbird.taste.interest_tree import Wish

router = APIRouter(tags=["taste"])

ItemId = Annotated[str, Path(max_length=256)]
AsOf = Annotated[int | None, Query(ge=0, le=LATEST_MS, description="UTC ms; as it was then")]
Typed = Annotated[str, Query(min_length=1, max_length=200, description="As typed into a search")]
Count = Annotated[int, Query(ge=1, le=100, description="Items in each list")]


@router.get("/v1/taste/me", response_model=None, responses=told(ProfileShown))
async def my_profile(service: Ready, person: Who, as_of_ms: AsOf = None) -> Response:
    """How much of each interest the person has, why, and how it came to be."""
    t_ms = service.clock.now_ms() + 1 if as_of_ms is None else as_of_ms

    def act() -> Response:
        return json(profile_shown(service.taste, service.catalogue, person.person_id, t_ms))

    return await service.lanes.reads.run(act)


@router.post(
    "/v1/taste/me/wishes", status_code=201, response_model=None, responses=told(WishNoted, 201, "Noted")
)
async def wish(request: Request, service: Ready, person: Who, asked: WishAsked) -> Response:
    """Say what is wanted of an interest: more, less, never, mute, forget, or clear. The next page answers."""

    def act() -> Response:
        noted = service.taste.wish(person.person_id, asked.interest_id, Wish(asked.wish), days=asked.days)
        return json(wish_shown(*noted), 201)

    return await once(service, request, person, asked.model_dump_json().encode(), act)


@router.get("/v1/taste/interests", response_model=None, responses=told(QueryInterestsShown))
async def query_interests(service: Ready, query: Typed, limit: Count = 12) -> Response:
    """Which interests a query is about: from its words, and from what people liked after asking it."""
    return await service.lanes.models.run(lambda: json(query_shown(service.taste, query, limit)))


@router.get("/v1/taste/items/{item_id:path}/neighbours", response_model=None, responses=told(NeighboursShown))
async def neighbours(service: Ready, person: Who, item_id: ItemId, limit: Count = 12) -> Response:
    """Neighbours of an item by look, by what people put together, by learned taste, and all as one."""

    def act() -> Response:
        number = service.number_of(item_id)
        hidden = service.lake.online.hidden(person.person_id)
        return json(
            neighbours_shown(service.taste, service.taste_space(), service.catalogue, number, limit, hidden)
        )

    return await service.lanes.models.run(act)


@router.get("/v1/taste/graph", response_model=None, responses=told(GraphShown))
async def graph(service: Ready) -> Response:
    """How the Taste Graph is doing: degrees, hubs, components, freshness."""
    return await service.lanes.reads.run(lambda: json(health_shown(service.taste)))
