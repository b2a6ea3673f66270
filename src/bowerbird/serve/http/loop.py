"""This file is about the loop over HTTP: which ranker serves, every step to it, and steps by hand."""

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict
from starlette.responses import Response

from bowerbird.learn.loop import LoopRun
from bowerbird.serve.http.answers import Json, told
from bowerbird.serve.http.asking import Ready
from bowerbird.serve.http.problems import require_edits
from bowerbird.serve.service import Service

router = APIRouter(tags=["admin"])

MostRuns = Annotated[int, Query(ge=1, le=500, description="Newest steps to tell of")]
_MOST_RUNS = 50


class Shown(BaseModel):
    """What is told, and no more."""

    model_config = ConfigDict(extra="forbid")


class CanaryShown(Shown):
    """The challenger that serves a share of the people since some moment; an empty id: none does."""

    id: str
    share: float
    since_ms: int


class ShadowShown(Shown):
    """The challenger that is asked about `pages` pages beside what serves; an empty id: none is."""

    id: str
    pages: int
    share: float


class GainShown(Shown):
    """What a challenger is better by, as a share, with its 95 % interval.

    `of` is what it was judged by: `pages` of the past that both models spoke of, or `people` that it served.
    """

    of: str
    gain: float
    low: float
    high: float
    pages: int


class StepShown(Shown):
    """One step of the loop; `champion` served before it."""

    id: str
    began_ms: int
    ended_ms: int
    outcome: str
    champion: str
    challenger: str
    pages: int
    reasons: list[str]
    gain: GainShown | None


class LoopShown(Shown):
    """Which ranker serves, and how it came to.

    Attributes:
        champion: id of what the lake names; empty for the plain ranker.
        answers_with: id of what this server answers with; for a moment after a step still the one before.
        problem: why this server cannot serve what the lake names; empty where it does.
        steps: newest first.
    """

    champion: str
    answers_with: str
    problem: str
    canary: CanaryShown
    shadow: ShadowShown
    steps: list[StepShown]


@router.get("/v1/admin/loop", response_model=None, responses=told(LoopShown))
async def read_loop(service: Ready, limit: MostRuns = _MOST_RUNS) -> Response:
    """Which ranker serves, and every step of the loop with its reasons."""
    return await _shown(service, limit)


@router.post("/v1/admin/loop/promote", response_model=None, responses=told(LoopShown))
async def promote_challenger(service: Ready) -> Response:
    """Let the challenger on trial, in the shadow or for a share of the people, serve all."""
    require_edits(service.settings)
    await service.lanes.writes.run(service.loop.promote)
    return await _shown(service)


@router.post("/v1/admin/loop/rollback", response_model=None, responses=told(LoopShown))
async def roll_back_ranker(service: Ready) -> Response:
    """End the trial of a challenger; or, where there is none, let the champion before serve again."""
    require_edits(service.settings)
    await service.lanes.writes.run(service.loop.roll_back)
    return await _shown(service)


async def _shown(service: Service, limit: int = _MOST_RUNS) -> Response:
    found = await service.lanes.reads.run(service.loop.told, limit)
    shown = LoopShown(
        champion=found.champion,
        answers_with=found.answers_with,
        problem=found.problem,
        canary=CanaryShown(**asdict(found.canary)),
        shadow=ShadowShown(**asdict(found.shadow)),
        steps=[_step(run) for run in found.runs],
    )
    return Json(shown.model_dump_json().encode())


def _step(run: LoopRun) -> StepShown:
    facts = run.model_dump(include=set(StepShown.model_fields) - {"gain", "reasons"})
    gain = _gain("people", run.live) or _gain("pages", run.gate)
    return StepShown(**facts, reasons=list(run.reasons), gain=gain)


def _gain(of: str, told: dict[str, Any]) -> GainShown | None:
    names = ("gain", "low", "high", "pages")
    if any(told.get(name) is None for name in names):
        return None
    return GainShown(of=of, **{name: told[name] for name in names})
