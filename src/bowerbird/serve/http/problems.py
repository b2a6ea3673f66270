"""This file is about errors as a client sees them: one `application/problem+json` form for all of them.

Source: RFC 9457.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus

import orjson
from pydantic import BaseModel, ConfigDict
from starlette.responses import Response

from bowerbird.core.errors import (
    BowerbirdError,
    ConflictError,
    CursorError,
    DatabaseDamagedError,
    FilterError,
    InputError,
    NotFoundError,
    OverloadedError,
    PictureError,
    StageUnavailableError,
    TableDamagedError,
    TooLargeError,
)
from bowerbird.serve.settings import ServeSettings

MEDIA_TYPE = "application/problem+json"


class FieldProblem(BaseModel):
    """One field that was wrong."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    field: str
    code: str
    hint: str


class Problem(BaseModel):
    """What went wrong, and what to do; `code` is stable and meant for programs."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    type: str
    title: str
    status: int
    detail: str
    code: str
    instance: str
    errors: list[FieldProblem] | None = None


@dataclass(frozen=True, slots=True)
class Kind:
    """How one kind of error is told."""

    status: int
    code: str
    title: str
    retry_after_s: int | None = None


BAD_INPUT = Kind(422, "bad-input", "Something in the request cannot be used")
NOT_FOUND = Kind(404, "not-found", "Nothing here")
TOO_LARGE = Kind(413, "too-large", "Over a stated limit")
INTERNAL = Kind(500, "internal", "The server made a mistake")
NOT_OURS = Kind(401, "bad-person", "This person token was not signed here")
CROSS_SITE = Kind(403, "cross-site", "Another site may not change things here")
NOT_ALLOWED = Kind(403, "edits-off", "This server does not take edits")
DAMAGED = Kind(500, "lake-damaged", "Stored data is damaged; the log of the server says which")
WRONG_HOST = Kind(421, "wrong-host", "This server is not known by that name")

# Looked up along an error's classes, so a new error of a known family is told like its parent.
_KINDS: dict[type[BaseException], Kind] = {
    CursorError: Kind(400, "bad-cursor", "This cursor cannot be continued"),
    FilterError: Kind(422, "bad-filter", "This filter cannot be answered"),
    PictureError: Kind(422, "bad-picture", "This picture cannot be used"),
    NotFoundError: NOT_FOUND,
    ConflictError: Kind(409, "conflict", "This was already used for something else"),
    TooLargeError: TOO_LARGE,
    InputError: BAD_INPUT,
    DatabaseDamagedError: DAMAGED,
    TableDamagedError: DAMAGED,
    OverloadedError: Kind(503, "overloaded", "Too many requests at once", retry_after_s=1),
    StageUnavailableError: Kind(503, "not-ready", "A needed part is not available yet", retry_after_s=2),
}


class EditsOffError(BowerbirdError):
    """Items may not be added or deleted over HTTP on this server."""


class BadPersonError(BowerbirdError):
    """The `Bowerbird-Person` header holds a token that we did not sign."""


_KINDS[EditsOffError] = NOT_ALLOWED
_KINDS[BadPersonError] = NOT_OURS


def kind_of(error: BaseException) -> Kind:
    """How this error is told; anything unknown is the server's own mistake."""
    return next((_KINDS[kind] for kind in type(error).__mro__ if kind in _KINDS), INTERNAL)


def problem_of(error: BaseException, instance: str) -> Response:
    """The answer to a request that ended in `error`. Of our own mistakes only the kind is told."""
    kind = kind_of(error)
    detail = str(error) if kind.status < 500 or kind.retry_after_s else ""
    fields: tuple[FieldProblem, ...] = ()
    if isinstance(error, PictureError):
        fields = (FieldProblem(field="picture", code=error.code, hint=error.hint),)
    return problem(kind, detail, instance, fields)


def problem(
    kind: Kind,
    detail: str,
    instance: str,
    fields: Sequence[FieldProblem] = (),
    headers: dict[str, str] | None = None,
) -> Response:
    """A problem-details answer."""
    told = {
        "type": f"urn:bowerbird:problem:{kind.code}",
        "title": kind.title,
        "status": kind.status,
        "detail": detail or kind.title,
        "code": kind.code,
        "instance": instance,
    }
    if fields:
        told["errors"] = [field.model_dump() for field in fields]
    sent = dict(headers or {})
    if kind.retry_after_s is not None:
        sent["Retry-After"] = str(kind.retry_after_s)
    return Response(orjson.dumps(told), kind.status, sent, media_type=MEDIA_TYPE)


def kind_of_status(status: int) -> Kind:
    """How a bare status is told."""
    if status == NOT_FOUND.status:
        return NOT_FOUND
    if status == TOO_LARGE.status:
        return TOO_LARGE
    phrase = HTTPStatus(status).phrase
    return Kind(status, phrase.lower().replace(" ", "-"), phrase)


def require_edits(settings: ServeSettings) -> None:
    """Nothing, where clients may change the catalogue.

    Raises:
        EditsOffError: they may not.
    """
    if not settings.takes_edits:
        raise EditsOffError(
            "the catalogue cannot be changed over HTTP here; set `allow_edits = true` in bowerbird.toml"
        )
