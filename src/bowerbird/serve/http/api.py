"""This file is about the whole API: routes, errors and OpenAPI put together around one `House`."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp, Scope

from bowerbird import __version__
from bowerbird.core.errors import BowerbirdError
from bowerbird.serve.house import House
from bowerbird.serve.http import (
    behaviour,
    boards,
    controls,
    encoder,
    events,
    feed,
    health,
    items,
    loop,
    people,
    pictures,
    search,
    sources,
    taste,
    videos,
)
from bowerbird.serve.http.middleware import BoundedBody, Guarded, Identified, Observed
from bowerbird.serve.http.page import PageFiles
from bowerbird.serve.http.problems import (
    BAD_INPUT,
    FieldProblem,
    Problem,
    kind_of_status,
    problem,
    problem_of,
)
from bowerbird.serve.http.schemas import EventsGiven, NewItemFields
from bowerbird.serve.http.zipping import Zipped
from bowerbird.serve.people import COOKIE_NAME, PersonTokens
from bowerbird.serve.settings import ServeSettings

ROUTERS = (
    feed,
    items,
    search,
    boards,
    controls,
    events,
    people,
    behaviour,
    pictures,
    videos,
    taste,
    sources,
    encoder,
    loop,
    health,
)
_FORM_ROOM_BYTES = 65_536
_REF = "#/components/schemas/{model}"
_ABOUT = (
    "Discovery over a catalogue of pictures: a feed, search by words and pictures, boards. "
    "Errors are problem details (RFC 9457). Any POST may carry an `Idempotency-Key`."
)


@dataclass(frozen=True, slots=True)
class Api:
    """A server: the ASGI application, and the house that it opens when it starts and closes when it ends."""

    app: ASGIApp
    house: House


def build_api(settings: ServeSettings, house: House, tokens: PersonTokens, page_folder: Path) -> Api:
    """The server around one house."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        house.warm_up()
        try:
            yield
        finally:
            house.close()

    api = _routes(lifespan=lifespan)
    api.state.house = house
    api.router.default = PageFiles(page_folder)

    def limit_of(scope: Scope) -> int:
        path = scope["path"] if scope["method"] == "POST" else ""
        if path == "/v1/search":
            return settings.upload_limit_bytes + _FORM_ROOM_BYTES
        if path == "/v1/items":
            return max(settings.upload_limit_bytes, settings.video_limit_bytes) + _FORM_ROOM_BYTES
        return settings.body_limit_bytes

    app: ASGIApp = Identified(api, tokens=tokens, is_secure=settings.cookie_secure)
    app = BoundedBody(app, limit_of=limit_of)
    app = Guarded(app, own=("localhost", settings.host), allowed=settings.allowed_hosts)
    return Api(Observed(Zipped(app), metrics=house.metrics), house)


def openapi() -> dict[str, Any]:
    """The description of every route, OpenAPI 3.1."""
    schema: dict[str, Any] = _routes().openapi()
    return schema


def _routes(**settings: Any) -> FastAPI:
    api = FastAPI(
        title="Bowerbird",
        version=__version__,
        description=_ABOUT,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        generate_unique_id_function=lambda route: route.name,
        **settings,
    )
    for area in ROUTERS:
        api.include_router(area.router)
    api.add_api_route("/openapi.json", _described(api), include_in_schema=False)
    api.add_exception_handler(BowerbirdError, _tell)
    api.add_exception_handler(RequestValidationError, _tell_fields)
    api.add_exception_handler(HTTPException, _tell_status)
    api.add_exception_handler(Exception, _tell_mistake)
    return api


def _described(api: FastAPI) -> Any:
    def describe() -> dict[str, Any]:
        if api.openapi_schema is None:
            schema = get_openapi(
                title=api.title, version=api.version, description=api.description, routes=api.routes
            )
            _complete(schema)
            api.openapi_schema = schema
        return api.openapi_schema

    api.openapi = describe  # type: ignore[method-assign]

    async def serve_schema() -> Response:
        return Response(orjson.dumps(describe()), media_type="application/json")

    return serve_schema


def _complete(schema: dict[str, Any]) -> None:
    """Add what routes cannot say: problems, bodies that are read by hand, who is asking."""
    components = schema.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    for model in (Problem, EventsGiven, NewItemFields):
        _add_model(schemas, model)
    components["securitySchemes"] = {
        "person_cookie": {"type": "apiKey", "in": "cookie", "name": COOKIE_NAME},
        "person_header": {"type": "apiKey", "in": "header", "name": "Bowerbird-Person"},
    }
    # An empty requirement: without a token, one is made.
    schema["security"] = [{}, {"person_cookie": []}, {"person_header": []}]
    key = {
        "name": "Idempotency-Key",
        "in": "header",
        "required": False,
        "schema": {"type": "string", "minLength": 1, "maxLength": 128},
    }
    for path, operations in schema["paths"].items():
        if "post" in operations and path not in ("/v1/search", "/v1/events"):
            operations["post"].setdefault("parameters", []).append(key)


def _add_model(schemas: dict[str, Any], model: type[BaseModel]) -> None:
    made = model.model_json_schema(ref_template=_REF)
    schemas.update(made.pop("$defs", {}))
    schemas[model.__name__] = made


async def _tell(request: Request, error: Exception) -> Response:
    return problem_of(error, request.url.path)


async def _tell_mistake(request: Request, _: Exception) -> Response:
    kind_detail = f"quote request {request.state.request_id} when you report it"
    return problem(kind_of_status(500), kind_detail, request.url.path)


async def _tell_status(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    headers = dict(error.headers or {})
    return problem(kind_of_status(error.status_code), str(error.detail), request.url.path, headers=headers)


async def _tell_fields(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    fields = [
        FieldProblem(
            field=".".join(str(part) for part in each["loc"][1:]) or str(each["loc"][0]),
            code=each["type"],
            hint=each["msg"],
        )
        for each in error.errors()
    ]
    first = fields[0]
    detail = f"{first.field} cannot be used: {first.hint}; mend it and send again"
    return problem(BAD_INPUT, detail, request.url.path, fields)
