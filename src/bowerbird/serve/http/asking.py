"""This file is about what routes have in common when they read a request."""

from typing import Annotated, Any

import orjson
from fastapi import Depends, Query, Request
from pydantic import BaseModel, ValidationError

from bowerbird.core.errors import FilterError, InputError
from bowerbird.core.filters import Filter, parse_filter
from bowerbird.serve.house import House
from bowerbird.serve.people import Person
from bowerbird.serve.service import Service

Limit = Annotated[int | None, Query(ge=1, le=500, description="Items on this page")]
# Together they stay below the 64 kB that the parser takes as an address, every character escaped.
Cursor = Annotated[
    str | None,
    Query(max_length=16_000, pattern=r"^[A-Za-z0-9_\-]+$", description="`cursor` of the page before"),
]
FilterText = Annotated[
    str | None, Query(alias="filter", max_length=4_000, description='JSON, e.g. `{"eq": ["brand", "Oak"]}`')
]

Forget = Annotated[bool, Query(description="Also out of history and files; answers what remains of it")]


async def house(request: Request) -> House:
    """The server's own state, there from the first moment."""
    found: House = request.app.state.house
    return found


async def ready(request: Request) -> Service:
    """The opened service.

    Raises:
        StageUnavailableError: it is still warming up, or could not be opened.
    """
    return (await house(request)).ready()


async def who(request: Request) -> Person:
    """The person who asks."""
    person: Person = request.state.person
    return person


Ready = Annotated[Service, Depends(ready)]
Who = Annotated[Person, Depends(who)]
Open = Annotated[House, Depends(house)]


def page_limit(service: Service, asked: int | None) -> int:
    """How many items the page gets.

    Raises:
        InputError: more than this server gives at once.
    """
    most = service.settings.page_limit_max
    if asked is not None and asked > most:
        raise InputError(f"limit {asked} was asked for; at most {most} are given at once; follow the cursor")
    return asked or min(service.settings.page_limit, most)


def read_filter(text: str | None) -> Filter | None:
    """The filter in a request; None when there is none.

    Raises:
        FilterError: not JSON, or not a filter.
    """
    return parse_filter(_json_of(text, FilterError, "filter")) if text else None


def read_model(text: str, model: type[BaseModel], what: str) -> Any:
    """`text` as `model`, for JSON that travels inside a form.

    Raises:
        InputError: not JSON, or with a wrong field, which is named.
    """
    given = _json_of(text, InputError, what)
    try:
        return model.model_validate(given)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or what
        raise InputError(
            f"{place} in {what} cannot be used: {first['msg']}; mend it and send again"
        ) from error


def _json_of(text: str, kind: type[InputError], what: str) -> object:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise kind(f"{what} {text[:80]!r} is not JSON ({error}); send a JSON object") from error
