"""This file is about how routes answer: bytes that are JSON already, and their schemas for OpenAPI."""

from dataclasses import asdict
from typing import Any

import orjson
from pydantic import BaseModel
from starlette.responses import Response

from bowerbird.lake.forgetting.types import ForgetReport
from bowerbird.serve.http.problems import MEDIA_TYPE


class Json(Response):
    """JSON bytes, encoded by us; private to the person who asked."""

    media_type = "application/json"


def json(value: object, status: int = 200) -> Json:
    """`value` as a JSON answer."""
    return Json(orjson.dumps(value), status)


def forget_shown(report: ForgetReport) -> bytes:
    """What was forgotten and what remains, as JSON."""
    return orjson.dumps(
        {
            "kind": report.kind,
            "forgotten": report.forgotten,
            "removed": report.removed,
            "remains": [asdict(each) for each in report.remains],
        }
    )


def nothing() -> Response:
    """Done, and there is nothing to tell."""
    return Response(status_code=204)


def told(
    model: type[BaseModel], status: int = 200, text: str = "As asked"
) -> dict[int | str, dict[str, Any]]:
    """The `responses` of a route whose good answer is `model`; problems are added to every route."""
    return {status: {"model": model, "description": text}, **PROBLEMS}


PROBLEM_SCHEMA = {"$ref": "#/components/schemas/Problem"}
PROBLEMS: dict[int | str, dict[str, Any]] = {
    "default": {
        "description": "What went wrong, and what to do (RFC 9457)",
        "content": {MEDIA_TYPE: {"schema": PROBLEM_SCHEMA}},
    }
}
DONE: dict[int | str, dict[str, Any]] = {204: {"description": "Done"}, **PROBLEMS}
