"""This file is about events over HTTP: durable when answered, known to the next page."""

from typing import Any

import orjson
from fastapi import APIRouter, Request
from pydantic import ValidationError
from starlette.responses import Response

from bowerbird.core.errors import InputError, TooLargeError
from bowerbird.lake.types import Event
from bowerbird.serve.http.answers import json, told
from bowerbird.serve.http.asking import Ready, Who
from bowerbird.serve.http.schemas import EventGiven, EventsTaken, RejectedEvent

router = APIRouter(tags=["events"])

# Read by hand, so that one wrong event does not stop the others; `EventsGiven` describes it.
_BODY = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/EventsGiven"}}},
    }
}


@router.post(
    "/v1/events",
    status_code=202,
    response_model=None,
    responses=told(EventsTaken, 202, "Stored"),
    openapi_extra=_BODY,
)
async def take(request: Request, service: Ready, person: Who) -> Response:
    """Store what happened. Sent again with the same `event_id`, an event changes nothing.

    A wrong event does not stop the others: it is named in `rejected`.
    """
    given = _given(await request.body(), service.settings.events_limit)
    events, rejected = _checked(given, person.person_id, service.clock.now_ms())
    result = await service.effects.take(events)
    service.metrics.count_events(
        accepted=result.accepted, duplicates=result.duplicates, rejected=len(rejected)
    )
    outcome = {
        "accepted": result.accepted,
        "duplicates": result.duplicates,
        "rejected": [each.model_dump() for each in rejected],
    }
    return json(outcome, 202)


def _given(body: bytes, most: int) -> list[Any]:
    try:
        parsed = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise InputError(f'the body is not JSON ({error}); send {{"events": […]}}') from error
    if not isinstance(parsed, dict) or set(parsed) != {"events"} or not isinstance(parsed["events"], list):
        raise InputError(
            'a body without a list of events was received; send {"events": […]} and nothing else'
        )
    events: list[Any] = parsed["events"]
    if len(events) > most:
        raise TooLargeError(f"{len(events)} events were sent at once; send at most {most}")
    return events


def _checked(given: list[Any], person_id: str, now_ms: int) -> tuple[list[Event], list[RejectedEvent]]:
    events: list[Event] = []
    rejected: list[RejectedEvent] = []
    for index, each in enumerate(given):
        try:
            event = EventGiven.model_validate(each)
        except ValidationError as error:
            first = error.errors()[0]
            field = ".".join(str(part) for part in first["loc"]) or "event"
            rejected.append(RejectedEvent(index=index, field=field, code=first["type"], hint=first["msg"]))
        else:
            events.append(Event(**event.model_dump(), person_id=person_id, received_ms=now_ms))
    return events, rejected
