"""This file is about `Idempotency-Key`: a request sent twice is done once and answered the same."""

import hashlib
from collections.abc import Callable, Sequence

from fastapi import Request
from starlette.responses import Response

from bowerbird.core.errors import InputError
from bowerbird.lake.records import Answer
from bowerbird.serve.http.answers import Json
from bowerbird.serve.people import Person
from bowerbird.serve.service import Service

HEADER = "idempotency-key"
REPLAYED = "Idempotent-Replayed"
_MAX_CHARS = 128


async def once(
    service: Service,
    request: Request,
    person: Person,
    body: bytes | Sequence[bytes],
    act: Callable[[], Response],
) -> Response:
    """What `act` answers; with a key that was used before, the answer of then, and nothing is done.

    Args:
        body: all that tells this request from another one with the same method and path.
        act: does the work; runs on a thread for writes.

    Raises:
        ConflictError: the key came with another request, or that request is still under way.
    """
    key = request.headers.get(HEADER)
    if key is None:
        return await service.lanes.writes.run(act)
    if not 0 < len(key) <= _MAX_CHARS or not key.isprintable():
        raise InputError(f"Idempotency-Key of {len(key)} characters was sent; needed are 1 to {_MAX_CHARS}")
    digest = hashlib.sha256(f"{request.method} {request.url.path}\n".encode())
    for part in (body,) if isinstance(body, bytes) else body:
        digest.update(part)
    return await service.lanes.writes.run(_once, service, person.person_id, key, digest.hexdigest(), act)


def _once(service: Service, person_id: str, key: str, digest: str, act: Callable[[], Response]) -> Response:
    keys = service.lake.records.idempotency
    known = keys.begin(person_id, key, digest)
    if known is not None:
        headers = {REPLAYED: "true"}
        if not known.body:
            return Response(status_code=known.status, headers=headers)
        return Json(known.body, known.status, headers)
    try:
        answer = act()
    except BaseException:
        keys.give_up(person_id, key)
        raise
    keys.finish(person_id, key, Answer(answer.status_code, bytes(answer.body)))
    return answer
