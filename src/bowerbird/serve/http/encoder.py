"""This file is about the lake's encoder over HTTP: which one serves, and switching to another one."""

from typing import Annotated

from fastapi import APIRouter, Body
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from bowerbird.retrieve.switch_told import GenerationsTold
from bowerbird.serve.http.answers import Json, told
from bowerbird.serve.http.asking import Ready
from bowerbird.serve.http.problems import require_edits
from bowerbird.serve.service import Service

router = APIRouter(tags=["admin"])


class EncoderShown(GenerationsTold):
    """Which encoder serves, and how far a switch to another one is.

    Attributes:
        answers_with: generation that this server answers with; for a moment after a switch the one before.
        problem: why this server cannot serve what the lake names; empty where it does.
    """

    answers_with: str
    problem: str


class SwitchAsked(BaseModel):
    """To which encoder."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    encoder: Annotated[str, Field(max_length=1_000, pattern=r"^(lite0|lite0-float32|[a-z0-9_]+:.+)$")]


@router.get("/v1/admin/encoder", response_model=None, responses=told(EncoderShown))
async def read_encoder(service: Ready) -> Response:
    """What serves, what served before, and how far a switch is."""
    return await _shown(service)


@router.post(
    "/v1/admin/encoder/switch", status_code=202, response_model=None, responses=told(EncoderShown, 202)
)
async def switch_encoder(service: Ready, asked: Annotated[SwitchAsked, Body()]) -> Response:
    """Begin to switch, or go on with it; the lake serves as before until everything is ready."""
    require_edits(service.settings)
    await service.lanes.writes.run(service.encoders.switch, asked.encoder)
    return await _shown(service, 202)


@router.post("/v1/admin/encoder/cancel", response_model=None, responses=told(EncoderShown))
async def cancel_switch(service: Ready) -> Response:
    """Give up the switch that is under way."""
    require_edits(service.settings)
    await service.lanes.writes.run(service.encoders.cancel)
    return await _shown(service)


@router.post(
    "/v1/admin/encoder/rollback", status_code=202, response_model=None, responses=told(EncoderShown, 202)
)
async def roll_back(service: Ready) -> Response:
    """Begin to go back to the generation before, with everything that came in since."""
    require_edits(service.settings)
    await service.lanes.writes.run(service.encoders.roll_back)
    return await _shown(service, 202)


async def _shown(service: Service, status: int = 200) -> Response:
    known = await service.lanes.reads.run(service.encoders.told)
    facts = known.model_dump() | {
        "answers_with": service.encoders.serves.id,
        "problem": service.encoders.problem,
    }
    return Json(EncoderShown(**facts).model_dump_json().encode(), status)
