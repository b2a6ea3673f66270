"""This file is about the person who asks, over HTTP: who they are to us, and being forgotten."""

from fastapi import APIRouter
from starlette.responses import Response

from bowerbird.serve.http.answers import DONE, json, told
from bowerbird.serve.http.asking import Ready, Who
from bowerbird.serve.http.schemas import Me
from bowerbird.serve.people import clear_cookie

router = APIRouter(tags=["people"])


@router.get("/v1/me", response_model=None, responses=told(Me))
async def me(service: Ready, person: Who) -> Response:
    """Who the server takes the client for, and how much it remembers."""
    saves, hides = await service.lanes.writes.run(service.remembered, person.person_id)
    return json(
        {
            "person_id": person.person_id,
            "token": person.token,
            "is_new": person.is_new,
            "saves": saves,
            "hides": hides,
        }
    )


@router.delete("/v1/me", status_code=204, response_model=None, responses=DONE)
async def forget_me(service: Ready, person: Who) -> Response:
    """Forget the person: boards, saves, hides, history. The next request is someone new."""
    await service.lanes.writes.run(service.forget, person.person_id)
    cookie = clear_cookie(is_secure=service.settings.cookie_secure)
    return Response(status_code=204, headers={"Set-Cookie": cookie})
