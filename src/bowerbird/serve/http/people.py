"""This file is about the person who asks, over HTTP: who they are to us, and being forgotten."""

from typing import Annotated

from fastapi import APIRouter, Path
from starlette.responses import Response

from bowerbird.core.ids import SIMULATED_PREFIX
from bowerbird.serve.http.answers import Json, forget_shown, json, told
from bowerbird.serve.http.asking import Ready, Who
from bowerbird.serve.http.problems import require_edits
from bowerbird.serve.http.schemas import ForgetShown, Me
from bowerbird.serve.people import clear_cookie

router = APIRouter(tags=["people"])

PersonId = Annotated[str, Path(max_length=256)]


@router.get("/v1/me", response_model=None, responses=told(Me))
async def me(service: Ready, person: Who) -> Response:
    """Who the server takes the client for, and how much it remembers."""
    saves, hides = await service.lanes.writes.run(service.remembered, person.person_id)
    simulated = await service.lanes.reads.run(service.lake.records.people.count, SIMULATED_PREFIX)
    return json(
        {
            "person_id": person.person_id,
            "token": person.token,
            "is_new": person.is_new,
            "saves": saves,
            "hides": hides,
            "simulated_people": simulated,
        }
    )


@router.delete("/v1/me", response_model=None, responses=told(ForgetShown, text="Forgotten"))
async def forget_me(service: Ready, person: Who) -> Response:
    """Forget the person: boards, saves, hides, history. The next request is someone new."""
    report = await service.lanes.writes.run(service.forgetting.forget_person, person.person_id)
    cookie = clear_cookie(is_secure=service.settings.cookie_secure)
    return Json(forget_shown(report), headers={"Set-Cookie": cookie})


@router.delete(
    "/v1/people/{person_id:path}", response_model=None, responses=told(ForgetShown, text="Forgotten")
)
async def forget_person(service: Ready, person_id: PersonId) -> Response:
    """Forget somebody else, who has asked for it; only where items may be edited over HTTP too."""
    require_edits(service.settings)
    report = await service.lanes.writes.run(service.forgetting.forget_person, person_id)
    return Json(forget_shown(report))
